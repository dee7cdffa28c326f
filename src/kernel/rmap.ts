/**
 * Reverse mapping: from a frame to the page-table entries that name it.
 *
 * Place: write-back, truncation and reclaim ask here. By object, as in Linux: the frame's owner
 * keeps an interval set of VMAs; each VMA that covers the page gives one address, and the entry
 * there counts if it names the frame.
 * Source: Linux mm/rmap.c (rmap_walk_anon, rmap_walk_file, folio_mkclean).
 */

import { PTE_DIRTY, PTE_PRESENT, PTE_PROT_NONE, PTE_WRITE } from '../mmu/entry-codes.ts';
import type { FrameTable } from '../mmu/frames.ts';
import type { PageTables } from '../mmu/page-tables.ts';
import { Inode } from './inode.ts';
import type { OwnerTable } from './owners.ts';
import { FLUSH_CLEAN, type TlbFlusher } from './tlb-flush.ts';
import type { Vma } from './vma.ts';

export class Rmap {
  private readonly frames: FrameTable;
  private readonly tables: PageTables;
  private readonly owners: OwnerTable;
  private readonly flusher: TlbFlusher;

  constructor(frames: FrameTable, tables: PageTables, owners: OwnerTable, flusher: TlbFlusher) {
    this.frames = frames;
    this.tables = tables;
    this.owners = owners;
    this.flusher = flusher;
  }

  /** Calls `visit(vma, va, slot)` for every entry that names `pfn`. */
  forEachMapping(pfn: number, visit: (vma: Vma, va: number, slot: number) => void): void {
    if (this.frames.mapcount[pfn] === 0) return;
    const owner = this.owners.get(this.frames.owner[pfn]);
    const index = this.frames.index[pfn];
    // An inode's mappings are VMAs: only VMAs enter themselves there (Vma.link).
    const vmas =
      owner instanceof Inode
        ? (owner.mappings.overlapping(index, index + 1) as Vma[])
        : owner.vmas.overlapping(index, index + 1);
    for (const vma of vmas) {
      const va = vma.start + (index - vma.pgoff) * vma.mm.pageSize;
      const slot = this.tables.lookup(vma.mm.root, va);
      if (slot < 0 || !(this.tables.flags(slot) & (PTE_PRESENT | PTE_PROT_NONE))) continue;
      if (this.tables.frame(slot) === pfn) visit(vma, va, slot);
    }
  }

  /** The VMAs that map any of the pages [from, end) of a file. */
  mappingsOf(inode: Inode, from: number, end: number): Vma[] {
    return inode.mappings.overlapping(from, end) as Vma[];
  }

  /** Write-protects and cleans every entry that names page `index` of a file, `pfn`; the VMAs that map it are among `vmas`. */
  makeClean(vmas: readonly Vma[], index: number, pfn: number): void {
    for (const vma of vmas) {
      const page = index - vma.pgoff;
      if (page >= 0 && page < vma.pages) this.cleanEntry(vma, vma.start + page * vma.mm.pageSize, pfn);
    }
  }

  private cleanEntry(vma: Vma, va: number, pfn: number): void {
    const slot = this.tables.lookup(vma.mm.root, va);
    if (slot < 0) return;
    const flags = this.tables.flags(slot);
    if (!(flags & (PTE_PRESENT | PTE_PROT_NONE)) || !(flags & (PTE_WRITE | PTE_DIRTY))) return;
    if (this.tables.frame(slot) !== pfn) return;
    this.tables.set(slot, pfn, flags & ~(PTE_WRITE | PTE_DIRTY));
    this.flusher.flushPage(vma.mm, va, FLUSH_CLEAN);
  }
}
