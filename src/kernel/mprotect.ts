/**
 * mprotect(2), and what a change of rights does to the page tables.
 *
 * VMA by VMA: what was changed before an error stays changed.
 *
 *   rw -> r      PTE: writable -> read-only
 *   r  -> rw     PTE: private page of ours alone -> writable at once; shared: when dirty already
 *   ?  -> none   PTE: present -> kept, but invisible to the hardware
 *
 * Source: Linux mm/mprotect.c do_mprotect_pkey, mprotect_fixup, change_pte_range.
 */

import { EACCES, EINVAL, ENOMEM, EPERM } from '../errno.ts';
import { PROT_EXEC, PROT_GROWSDOWN, PROT_GROWSUP, PROT_READ, PROT_SEM, PROT_WRITE } from '../flags.ts';
import { PTE_ACCESSED, PTE_DIRTY, PTE_PRESENT, PTE_PROT_NONE, PTE_WRITE } from '../mmu/entry-codes.ts';
import { FRAME_ANON, FRAME_ANON_EXCLUSIVE, type FrameTable } from '../mmu/frames.ts';
import type { PageTables } from '../mmu/page-tables.ts';
import { RECORD_ID, TRACE_STATE, type Trace } from '../trace.ts';
import { isZero, pageStart, pagesUp, registerEnd, toFlags, type Word } from '../units.ts';
import { accountRights, mayCommit, mayExpand } from './memory-limits.ts';
import { protFlags } from './mmap.ts';
import { entryFlags, type PageMapper, wantsWriteNotify } from './page-mapper.ts';
import type { Populator } from './populate.ts';
import { deniesExec } from './prctl.ts';
import type { Task } from './task.ts';
import { FLUSH_PROTECT, type TlbFlusher } from './tlb-flush.ts';
import {
  VM_ACCESS,
  VM_ACCOUNT,
  VM_GROWSDOWN,
  VM_HUGETLB,
  VM_LOCKED,
  VM_NORESERVE,
  VM_SEALED,
  VM_SHARED,
  VM_WRITE,
} from './vm-flags.ts';
import type { Vma } from './vma.ts';
import type { VmaOps } from './vma-ops.ts';

export interface MprotectParts {
  readonly vmaOps: VmaOps;
  readonly tables: PageTables;
  readonly frames: FrameTable;
  readonly mapper: PageMapper;
  readonly flusher: TlbFlusher;
  readonly trace: Trace;
  readonly populator: Populator;
}

const KNOWN_PROT = PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM;

export function mprotect(parts: MprotectParts, task: Task, address: Word, length: Word, protection: Word): number {
  const { mm } = task;
  const asked = toFlags(protection);
  const grows = asked & (PROT_GROWSDOWN | PROT_GROWSUP);
  const prot = asked - grows;
  let start = pageStart(address, mm.pageSize);
  if (grows === (PROT_GROWSDOWN | PROT_GROWSUP) || start < 0) return -EINVAL;
  const pages = pagesUp(length, mm.pageSize, mm.wordBits);
  if (pages === 0) return isZero(length) ? 0 : -ENOMEM;
  const end = start + pages * mm.pageSize;
  if (end >= registerEnd(mm.wordBits)) return -ENOMEM;
  if (prot - (prot & KNOWN_PROT) !== 0) return -EINVAL;
  const first = mm.vmas.find(start);
  if (first === null || first.start >= end) return -ENOMEM;
  if (grows & PROT_GROWSDOWN) {
    start = first.start;
    if (!(first.flags & VM_GROWSDOWN)) return -EINVAL;
  } else if (first.start > start) return -ENOMEM;
  // No mapping grows upwards on this architecture.
  if (grows & PROT_GROWSUP) return -EINVAL;
  return protectRange(parts, task, first, start, end, protFlags(prot));
}

/** `first` holds `start`. What stands behind a VMA is looked up when that is done, since it may be another by then. */
function protectRange(
  parts: MprotectParts,
  task: Task,
  first: Vma,
  start: number,
  end: number,
  rights: number,
): number {
  let vma: Vma | null = first;
  let va = start;
  while (vma !== null) {
    const flags = (vma.flags & ~VM_ACCESS) | rights;
    // VM_MAY* stand four bits above the rights they allow.
    if (flags & ~(flags >> 4) & VM_ACCESS || deniesExec(task.mm, vma.flags, flags)) return -EACCES;
    const stop = Math.min(vma.end, end);
    const result = protectVma(parts, task, vma, va, stop, flags);
    if (result < 0 || stop === end) return result;
    va = stop;
    vma = task.mm.vmas.containing(va);
  }
  return -ENOMEM;
}

function protectVma(parts: MprotectParts, task: Task, vma: Vma, start: number, end: number, wanted: number): number {
  const before = vma.flags;
  const pages = (end - start) / task.mm.pageSize;
  if (before & VM_SEALED) return -EPERM;
  if (wanted === before) return 0;
  const flags = countedFlags(task, vma, wanted, pages);
  if (flags < 0) return flags;
  const changed = parts.vmaOps.modify(vma, start, end, flags);
  if (typeof changed === 'number') return changed;
  accountRights(task.mm, before, flags, pages);
  changeEntries(parts, changed, start, end);
  if ((before & (VM_WRITE | VM_SHARED | VM_LOCKED)) === VM_LOCKED && flags & VM_WRITE) {
    parts.populator.vmaRange(task, changed, start, end);
  }
  return 0;
}

/** `wanted`, and whether these pages of `vma` count as promised then; -ENOMEM beyond a limit. */
function countedFlags(task: Task, vma: Vma, wanted: number, pages: number): number {
  const before = vma.flags;
  if (!(wanted & VM_WRITE)) {
    const isFree = before & VM_ACCOUNT && vma.isAnonymous && vma.anonVma === null;
    return isFree ? wanted & ~VM_ACCOUNT : wanted;
  }
  if (!mayExpand(task, wanted, pages) && mayExpand(task, before, pages)) return -ENOMEM;
  if (before & (VM_ACCOUNT | VM_WRITE | VM_SHARED | VM_NORESERVE | VM_HUGETLB)) return wanted;
  const flags = wanted | VM_ACCOUNT;
  return mayCommit(task.mm, flags, pages) ? flags : -ENOMEM;
}

/** Rewrites the entries of [start, end) for the rights that `vma` has now. */
function changeEntries(parts: MprotectParts, vma: Vma, start: number, end: number): void {
  const { tables } = parts;
  const { root } = vma.mm;
  let changed = 0;
  let va = start;
  while (va < end) {
    tables.sought = va;
    const first = tables.find(root);
    if (first < 0) {
      va = tables.missingEnd(va);
      continue;
    }
    const stop = Math.min(end, (Math.floor(va / tables.tableSpan) + 1) * tables.tableSpan);
    changed += changeTable(parts, vma, va, first, (stop - va) / tables.pageSize);
    va = stop;
  }
  if (changed === 0) return;
  if (parts.trace.mask !== 0) parts.trace.emit(RECORD_ID.change_protection, start, end, changed, 0);
  parts.flusher.flushRange(vma.mm, start, end, FLUSH_PROTECT);
}

/**
 * The part of a range inside one lowest-level table: `pages` entries from slot `first` on, which map `va` upwards. Entries
 * changed. Addresses are doubles, and one handed to a function is one allocated: only a
 * trace of mutations asks for that of each page.
 */
function changeTable(parts: MprotectParts, vma: Vma, va: number, first: number, pages: number): number {
  const { tables, trace } = parts;
  const rights = entryFlags(vma) & ~PTE_ACCESSED;
  const traced = (trace.mask & TRACE_STATE) !== 0;
  let changed = 0;
  for (let page = 0; page < pages; page++) {
    const slot = first + page;
    const before = tables.flags(slot);
    if (!(before & (PTE_PRESENT | PTE_PROT_NONE))) continue;
    const flags = changedFlags(parts, vma, slot, before, rights);
    if (flags === before) continue;
    if (traced) parts.mapper.change(vma.mm, va + page * tables.pageSize, slot, flags);
    else tables.set(slot, tables.frame(slot), flags);
    changed++;
  }
  return changed;
}

function changedFlags(parts: MprotectParts, vma: Vma, slot: number, before: number, rights: number): number {
  const flags = rights | (before & (PTE_ACCESSED | PTE_DIRTY));
  const stores = flags & PTE_PRESENT && vma.flags & VM_WRITE && mayStoreAtOnce(parts, vma, slot, before);
  return stores ? flags | PTE_WRITE : flags;
}

/** A store to the page would need no fault to be noticed or copied (can_change_pte_writable). */
function mayStoreAtOnce(parts: MprotectParts, vma: Vma, slot: number, flags: number): boolean {
  if (vma.flags & VM_SHARED) return !wantsWriteNotify(vma) || (flags & PTE_DIRTY) !== 0;
  const pfn = parts.tables.frame(slot);
  return (parts.frames.flags[pfn] & (FRAME_ANON | FRAME_ANON_EXCLUSIVE)) === (FRAME_ANON | FRAME_ANON_EXCLUSIVE);
}
