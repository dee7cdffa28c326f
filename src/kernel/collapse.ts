/**
 * MADV_COLLAPSE: makes huge pages of what is in memory, now and at any price.
 *
 *   anonymous       PTE: what is there, and none  -> 512 frames in a row with the same contents and zeros
 *   shared memory   Cache: holes of the stretch   -> pages of zeros
 *
 * A mapping that has no whole, aligned stretch is refused, and so is a stretch without any page.
 * Differs: the frames are entered one by one (see fault-huge.ts); pages of shared memory stay where they are.
 * Source: Linux mm/khugepaged.c madvise_collapse, thp_vma_allowable_order.
 */

import { EINVAL, ENOMEM } from '../errno.ts';
import { PTE_GUARD, PTE_PRESENT, PTE_PROT_NONE } from '../mmu/entry-codes.ts';
import type { PageCache } from '../pagecache/page-cache.ts';
import { adoptAnonFrame } from './fault-anon.ts';
import { copyFrame } from './fault-file.ts';
import type { FilePages } from './file-pages.ts';
import type { OpenFile } from './open-file.ts';
import { writableEntryFlags } from './page-mapper.ts';
import { FLUSH_COW } from './tlb-flush.ts';
import type { FaultParts } from './vm-fault.ts';
import { VM_NOHUGEPAGE, VM_SHARED, VM_SPECIAL } from './vm-flags.ts';
import type { Vma } from './vma.ts';

export interface CollapseParts {
  readonly faultParts: FaultParts;
  readonly filePages: FilePages;
  readonly cache: PageCache;
}

/** 0, -EINVAL or -ENOMEM: the error of the last stretch of [start, end) that could not be collapsed. */
export function collapse(parts: CollapseParts, vma: Vma, start: number, end: number): number {
  const span = parts.faultParts.tables.tableSpan;
  if (!mayHaveHugePages(vma, span)) return -EINVAL;
  let result = 0;
  for (let va = Math.ceil(start / span) * span; va + span <= end; va += span) {
    const failed = vma.file === null ? collapseAnonymous(parts.faultParts, vma, va) : fillStretch(parts, vma, va);
    if (failed < 0) result = failed;
  }
  return result;
}

/** Of files only shared memory; the stretches of the object are those of the addresses. */
function mayHaveHugePages(vma: Vma, span: number): boolean {
  if (vma.flags & (VM_NOHUGEPAGE | VM_SPECIAL)) return false;
  if (vma.file === null) {
    if (vma.anonVma === null) return false;
  } else {
    const isSharedMemory = vma.file.inode.fs.swapBacked && (vma.flags & VM_SHARED) !== 0;
    const offset = vma.start - vma.pgoff * vma.mm.pageSize;
    if (!isSharedMemory || offset % span !== 0) return false;
  }
  return Math.floor(vma.end / span) * span - span >= vma.start;
}

function collapseAnonymous(parts: FaultParts, vma: Vma, start: number): number {
  const { tables, frames } = parts;
  const first = tables.lookup(vma.mm.root, start);
  if (first < 0) return -EINVAL;
  const pages = tables.entriesPerTable;
  for (let page = 0; page < pages; page++) if (tables.flags(first + page) & PTE_GUARD) return -EINVAL;
  const order = Math.log2(pages);
  const head = tables.frame(first);
  if (isThere(parts, first) && frames.order[head] === order) return 0;
  const block = parts.pool.allocBlock(order);
  if (block === 0) return -ENOMEM;
  for (let page = 0; page < pages; page++) {
    const va = start + page * tables.pageSize;
    replace(parts, vma, va, first + page, block + page);
  }
  return 0;
}

function isThere({ tables }: FaultParts, slot: number): boolean {
  return !tables.isEmpty(slot) && (tables.flags(slot) & (PTE_PRESENT | PTE_PROT_NONE)) !== 0;
}

/** The page at `va` moves to `frame`; zeros where there was none. */
function replace(parts: FaultParts, vma: Vma, va: number, slot: number, frame: number): void {
  const { tables, mapper } = parts;
  if (isThere(parts, slot) && tables.frame(slot) !== parts.pool.zeroPfn)
    copyFrame(parts, { va }, tables.frame(slot), frame);
  else parts.ram.zeroFrame(frame);
  adoptAnonFrame(parts, vma, va, frame);
  if (isThere(parts, slot)) {
    mapper.remove(vma.mm, va, slot);
    parts.flusher.flushPage(vma.mm, va, FLUSH_COW);
  }
  mapper.enter(vma.mm, va, slot, frame, writableEntryFlags(vma));
}

function fillStretch(parts: CollapseParts, vma: Vma, start: number): number {
  const { inode } = vma.file as OpenFile;
  const first = vma.indexAt(start);
  const last = first + parts.faultParts.tables.entriesPerTable;
  if (inode.cache.nextCached(first, last, 0) < 0) return -EINVAL;
  for (let index = first; index < last; index++) {
    if (inode.cache.get(index) !== 0) continue;
    const pfn = parts.filePages.allocateMemory(inode, index);
    if (pfn < 0) return pfn;
    parts.cache.setDirty(inode.cache, index, pfn);
    parts.filePages.forWrite(inode, index, 0, 0);
  }
  return 0;
}
