/**
 * Removes the translations of a range of one VMA, or of a range of a file everywhere.
 *
 * Place: munmap, mremap, MADV_DONTNEED, truncation and exit. The intent (VMAs, file sizes) is
 * changed by the caller first; here only its consequences go.
 * Source: Linux mm/memory.c (zap_page_range_single, unmap_mapping_range, free_pgtables).
 */

import { PTE_GUARD } from '../mmu/entry-codes.ts';
import { FRAME_ANON, type FrameTable } from '../mmu/frames.ts';
import type { PageTables } from '../mmu/page-tables.ts';
import { freeTables } from '../mmu/table-freeing.ts';
import { RECORD_ID, type Trace } from '../trace.ts';
import type { EntryRuns } from './entry-runs.ts';
import { restoreReservation } from './hugetlb.ts';
import type { Inode } from './inode.ts';
import type { PageMapper } from './page-mapper.ts';
import { FLUSH_UNMAP, type TlbFlusher } from './tlb-flush.ts';
import { VM_HUGEPAGE } from './vm-flags.ts';
import type { Vma } from './vma.ts';

/** What a zap leaves in place. */
export const ZAP_ALL = 0;
/** Private copies stay (hole punching); guard markers too. */
export const ZAP_KEEP_COPIES = 1;
/** Guard markers stay (truncation, MADV_DONTNEED). */
export const ZAP_KEEP_GUARDS = 2;

export class Zapper {
  private readonly frames: FrameTable;
  private readonly tables: PageTables;
  private readonly mapper: PageMapper;
  private readonly runs: EntryRuns;
  private readonly flusher: TlbFlusher;
  private readonly trace: Trace;
  /** Entries emptied by the last call. */
  removed: number;

  constructor(
    frames: FrameTable,
    tables: PageTables,
    mapper: PageMapper,
    runs: EntryRuns,
    flusher: TlbFlusher,
    trace: Trace,
  ) {
    this.frames = frames;
    this.tables = tables;
    this.mapper = mapper;
    this.runs = runs;
    this.flusher = flusher;
    this.trace = trace;
    this.removed = 0;
  }

  /** Empties the entries of [start, end) of `vma` as `mode` (ZAP_*) says. */
  zapRange(vma: Vma, start: number, end: number, mode: number): void {
    const { tables } = this;
    this.removed = 0;
    // What was kept for the mapping of its huge pages is so once more, whoever takes them away.
    if (vma.hugeReservation !== null) restoreReservation(vma, start, end);
    let va = start;
    while (va < end) {
      const slot = tables.lookup(vma.mm.root, va);
      if (slot < 0) {
        va = tables.missingEnd(va);
        continue;
      }
      vma.mm.noteHighWater();
      const stop = Math.min(end, (Math.floor(va / tables.tableSpan) + 1) * tables.tableSpan);
      this.zapTable(vma, va, stop, slot, mode);
      // A huge page leaves no table behind: the next touch may be huge again.
      if (vma.flags & VM_HUGEPAGE && stop - va === tables.tableSpan)
        freeTables(tables, vma.mm.root, va, stop, va, stop);
      va = stop;
    }
    if (this.removed > 0 && this.trace.mask !== 0) this.trace.emit(RECORD_ID.zap_range, start, end, this.removed, 0);
    if (this.removed > 0) this.flusher.flushRange(vma.mm, start, end, FLUSH_UNMAP);
  }

  /** Empties all entries of `vma`. Below one that was never touched there is often no table, and then no more to do. */
  zapVma(vma: Vma): void {
    const { tables } = this;
    tables.sought = vma.start;
    const isBare = tables.find(vma.mm.root) < 0 && tables.missingEnd(vma.start) >= vma.end;
    if (!isBare || vma.hugeReservation !== null) this.zapRange(vma, vma.start, vma.end, ZAP_ALL);
  }

  /** The part of a range inside one lowest-level table. */
  private zapTable(vma: Vma, start: number, stop: number, first: number, mode: number): void {
    const { tables, mapper } = this;
    if (mode === ZAP_ALL) {
      this.removed += this.runs.remove(vma.mm, start, first, ((stop - start) / tables.pageSize) | 0);
      return;
    }
    let slot = first;
    for (let va = start; va < stop; va += tables.pageSize, slot++) {
      if (tables.isEmpty(slot) || this.stays(slot, mode)) continue;
      mapper.remove(vma.mm, va, slot);
      this.removed++;
    }
  }

  private stays(slot: number, mode: number): boolean {
    if (this.tables.flags(slot) & PTE_GUARD) return true;
    return mode === ZAP_KEEP_COPIES && this.frames.has(this.tables.frame(slot), FRAME_ANON);
  }

  /** Unmaps pages [from, end) of a file in every process (Linux unmap_mapping_range). */
  unmapFile(inode: Inode, from: number, end: number, mode: number): void {
    for (const vma of inode.mappings.overlapping(from, end) as Vma[]) {
      const { pageSize } = vma.mm;
      const first = Math.max(vma.start, vma.start + (from - vma.pgoff) * pageSize);
      const last = Math.min(vma.end, vma.start + (end - vma.pgoff) * pageSize);
      this.zapRange(vma, first, last, mode);
    }
  }
}
