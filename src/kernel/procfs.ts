/**
 * What /proc/PID says of an address space: maps, smaps.
 *
 * Counted from VMAs and page tables when asked, as Linux does.
 * Source: Linux fs/proc/task_mmu.c.
 */

import { PTE_DIRTY, PTE_PRESENT, PTE_PROT_NONE } from '../mmu/entry-codes.ts';
import { FRAME_ANON, FRAME_DIRTY, type FrameTable } from '../mmu/frames.ts';
import type { PageTables } from '../mmu/page-tables.ts';
import type { Mm } from './mm.ts';
import { VM_EXEC, VM_HUGETLB, VM_LOCKED, VM_MAYSHARE, VM_READ, VM_WRITE } from './vm-flags.ts';
import type { Vma } from './vma.ts';

/** One line of /proc/PID/maps; addresses and offset in bytes (an offset beyond 2^53 is a bigint). */
export interface MapsLine {
  readonly start: number;
  readonly end: number;
  /** Such as 'rw-p'. */
  readonly perms: string;
  readonly offset: number | bigint;
  /** Base name of the file (with ' (deleted)'), '[heap]', '[stack]', '/dev/zero (deleted)', '/memfd:NAME (deleted)', or ''. */
  readonly path: string;
}

/** The fields of /proc/PID/smaps for one mapping, in KiB. */
export interface SmapsFields {
  readonly Rss: number;
  readonly Pss: number;
  readonly Shared_Clean: number;
  readonly Shared_Dirty: number;
  readonly Private_Clean: number;
  readonly Private_Dirty: number;
  readonly Anonymous: number;
  readonly Swap: number;
  readonly Locked: number;
}

export function permissions(vma: Vma): string {
  const { flags } = vma;
  return `${flags & VM_READ ? 'r' : '-'}${flags & VM_WRITE ? 'w' : '-'}${flags & VM_EXEC ? 'x' : '-'}${flags & VM_MAYSHARE ? 's' : 'p'}`;
}

function pathOf(mm: Mm, vma: Vma): string {
  if (vma.name !== '') return vma.name;
  if (vma.file !== null) return vma.file.dentry.shown;
  return vma.start < mm.brk && vma.end > mm.startBrk ? '[heap]' : '';
}

function offsetOf(vma: Vma): number | bigint {
  if (vma.file === null) return 0;
  const bytes = vma.pgoff * vma.mm.pageSize;
  return Number.isSafeInteger(bytes) ? bytes : BigInt(vma.pgoff) * BigInt(vma.mm.pageSize);
}

export function mapsOf(mm: Mm): MapsLine[] {
  return [...mm.vmas].map((vma) => ({
    start: vma.start,
    end: vma.end,
    perms: permissions(vma),
    offset: offsetOf(vma),
    path: pathOf(mm, vma),
  }));
}

/** Bits behind the point in which Linux counts a page's share. */
const PSS_SHIFT = 12;

/** Bytes of one VMA's resident pages by kind. */
class SmapsCounts {
  /** Clean and dirty bytes. */
  readonly shared: [number, number];
  readonly private: [number, number];
  anonymous: number;
  resident: number;
  /** In units of 2^-PSS_SHIFT bytes, each page's share cut to a whole one. */
  proportional: number;

  constructor() {
    this.shared = [0, 0];
    this.private = [0, 0];
    this.anonymous = 0;
    this.resident = 0;
    this.proportional = 0;
  }
}

/** Counts the pages of one VMA. */
export function smapsOf(tables: PageTables, frames: FrameTable, zeroPfn: number, vma: Vma): SmapsFields {
  const counts = new SmapsCounts();
  // Huge pages from the pool have fields of their own there.
  const end = vma.flags & VM_HUGETLB ? vma.start : vma.end;
  for (let va = vma.start; va < end; ) {
    const slot = tables.lookup(vma.mm.root, va);
    if (slot < 0) {
      va = tables.missingEnd(va);
      continue;
    }
    const flags = tables.flags(slot);
    if (flags & (PTE_PRESENT | PTE_PROT_NONE))
      countPage(counts, frames, zeroPfn, tables.frame(slot), flags, tables.pageSize);
    va += tables.pageSize;
  }
  const kib = (bytes: number): number => Math.floor(bytes / 1024);
  return {
    Rss: kib(counts.resident),
    Pss: kib(counts.proportional / 2 ** PSS_SHIFT),
    Shared_Clean: kib(counts.shared[0]),
    Shared_Dirty: kib(counts.shared[1]),
    Private_Clean: kib(counts.private[0]),
    Private_Dirty: kib(counts.private[1]),
    Anonymous: kib(counts.anonymous),
    Swap: 0,
    Locked: vma.flags & VM_LOCKED ? kib(counts.proportional / 2 ** PSS_SHIFT) : 0,
  };
}

function countPage(
  counts: SmapsCounts,
  frames: FrameTable,
  zeroPfn: number,
  pfn: number,
  flags: number,
  pageSize: number,
): void {
  if (pfn === zeroPfn) return;
  const mapped = frames.mapcount[pfn];
  const dirty = flags & PTE_DIRTY || frames.has(pfn, FRAME_DIRTY) ? 1 : 0;
  counts.resident += pageSize;
  counts.proportional += Math.floor((pageSize * 2 ** PSS_SHIFT) / mapped);
  if (frames.has(pfn, FRAME_ANON)) counts.anonymous += pageSize;
  if (mapped > 1) counts.shared[dirty] += pageSize;
  else counts.private[dirty] += pageSize;
}
