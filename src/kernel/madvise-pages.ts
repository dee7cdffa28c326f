/**
 * Advice that acts on pages: drop, free lazily, remove from the file, read ahead, guard.
 *
 *   DONTNEED        PTE: -> none (private copies are lost; the object stays)
 *   FREE            PTE: clean; the frame may be dropped while it stays so
 *   REMOVE          Cache: a hole   PTE: -> none
 *   GUARD_INSTALL   PTE: -> guard   (touching it is SIGSEGV)
 *
 * Source: Linux mm/madvise.c.
 */

import { EFBIG, ENOMEM, EPERM } from '../errno.ts';
import { F_SEAL_FUTURE_WRITE, F_SEAL_WRITE, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE } from '../flags.ts';
import { PTE_ACCESSED, PTE_DIRTY, PTE_GUARD, PTE_PRESENT } from '../mmu/entry-codes.ts';
import { FRAME_ANON, FRAME_LAZY_FREE, type FrameTable } from '../mmu/frames.ts';
import type { PageTables } from '../mmu/page-tables.ts';
import type { AnonVmas } from './anon-vma.ts';
import type { FilePages } from './file-pages.ts';
import type { FramePool } from './frame-pool.ts';
import { comparePosition, type Inode } from './inode.ts';
import type { PageMapper } from './page-mapper.ts';
import { FLUSH_CLEAN, type TlbFlusher } from './tlb-flush.ts';
import { VM_MAYBE_GUARD } from './vm-flags.ts';
import type { Vma } from './vma.ts';
import { ZAP_ALL, ZAP_KEEP_GUARDS, type Zapper } from './zap.ts';

export interface PageAdviceParts {
  readonly zapper: Zapper;
  readonly tables: PageTables;
  readonly mapper: PageMapper;
  readonly frames: FrameTable;
  readonly pool: FramePool;
  readonly flusher: TlbFlusher;
  readonly anonVmas: AnonVmas;
  readonly filePages: FilePages;
}

export function dropRange(parts: PageAdviceParts, vma: Vma, start: number, end: number): number {
  parts.zapper.zapRange(vma, start, end, ZAP_KEEP_GUARDS);
  return 0;
}

/** The pages of `inode` that [start, end) of `vma` maps become a hole. */
export function removeRange(inode: Inode, vma: Vma, start: number, end: number): number {
  const fromPage = vma.indexAt(start);
  const endPage = fromPage + (end - start) / vma.mm.pageSize;
  if (comparePosition(endPage, 0, inode.fs.maxSizePages, inode.fs.maxSizeTail) > 0) return -EFBIG;
  if (inode.seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) return -EPERM;
  const mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  const done = inode.fs.fallocate(inode, { mode, fromPage, fromByte: 0, endPage, endByte: 0 });
  if (done === 0) inode.noteModification();
  return done;
}

/** Reads the file's pages of the range into its cache; nothing to do for memory. */
export function willNeed(parts: PageAdviceParts, vma: Vma, start: number, end: number): number {
  if (vma.file === null || vma.file.inode.fs.swapBacked) return 0;
  const { inode } = vma.file;
  const from = vma.indexAt(start);
  const last = Math.min(inode.endPage, from + (end - start) / vma.mm.pageSize);
  for (let index = from; index < last; index++) parts.filePages.forRead(inode, index, 1);
  return 0;
}

/** Walks the present entries of [start, end). */
function forEachSlot(
  parts: PageAdviceParts,
  vma: Vma,
  start: number,
  end: number,
  visit: (va: number, slot: number) => void,
): void {
  const { tables } = parts;
  for (let va = start; va < end; ) {
    const slot = tables.lookup(vma.mm.root, va);
    if (slot < 0) {
      va = tables.missingEnd(va);
      continue;
    }
    if (!tables.isEmpty(slot)) visit(va, slot);
    va += tables.pageSize;
  }
}

export function freeLazily(parts: PageAdviceParts, vma: Vma, start: number, end: number): number {
  forEachSlot(parts, vma, start, end, (va, slot) => {
    const flags = parts.tables.flags(slot);
    const pfn = parts.tables.frame(slot);
    if (!(flags & PTE_PRESENT) || !parts.frames.has(pfn, FRAME_ANON) || parts.frames.mapcount[pfn] !== 1) return;
    parts.frames.set(pfn, FRAME_LAZY_FREE);
    parts.mapper.change(vma.mm, va, slot, flags & ~(PTE_DIRTY | PTE_ACCESSED));
    parts.flusher.flushPage(vma.mm, va, FLUSH_CLEAN);
  });
  return 0;
}

export function installGuards(parts: PageAdviceParts, vma: Vma, start: number, end: number): number {
  // Page tables now say more than the VMA does: fork must copy them.
  vma.flags |= VM_MAYBE_GUARD;
  if (vma.isAnonymous) parts.anonVmas.prepare(vma);
  parts.zapper.zapRange(vma, start, end, ZAP_ALL);
  for (let va = start; va < end; va += vma.mm.pageSize) {
    const slot = parts.tables.ensure(vma.mm.root, va);
    if (slot < 0) return -ENOMEM;
    parts.tables.set(slot, 0, PTE_GUARD);
  }
  return 0;
}

export function removeGuards(parts: PageAdviceParts, vma: Vma, start: number, end: number): number {
  forEachSlot(parts, vma, start, end, (_va, slot) => {
    if (parts.tables.flags(slot) & PTE_GUARD) parts.tables.clear(slot);
  });
  return 0;
}
