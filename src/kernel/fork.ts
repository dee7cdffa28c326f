/**
 * fork(2): a child with a copy of the address space; and threads, which share it.
 *
 *   private, stored to   PTE: both sides read-only, frames shared (copied at the next store)
 *   private, only read   nothing copied: the child faults
 *   shared               nothing copied: the child faults on the same object
 *   DONTFORK left out; WIPEONFORK there, but empty; locks are not inherited
 *
 * Source: Linux kernel/fork.c dup_mmap, mm/memory.c copy_page_range, copy_present_pte.
 */

import { ENOMEM } from '../errno.ts';
import { PTE_GUARD, PTE_PRESENT, PTE_PROT_NONE } from '../mmu/entry-codes.ts';
import type { PageTables } from '../mmu/page-tables.ts';
import { RECORD_ID, type Trace } from '../trace.ts';
import type { AnonVmas } from './anon-vma.ts';
import type { Asids } from './asids.ts';
import type { EntryRuns } from './entry-runs.ts';
import type { Exiter } from './exit.ts';
import { accountPages, mayCommit } from './memory-limits.ts';
import { Mm } from './mm.ts';
import type { OpenFiles } from './open-files.ts';
import type { PageMapper } from './page-mapper.ts';
import { inheritedMdwe } from './prctl.ts';
import { Task, ThreadGroup } from './task.ts';
import { FLUSH_FORK, type TlbFlusher } from './tlb-flush.ts';
import { VM_DONTCOPY, VM_LOCKED_MASK, VM_MAYBE_GUARD, VM_SHARED, VM_WIPEONFORK } from './vm-flags.ts';
import { Vma } from './vma.ts';
import type { VmaOps } from './vma-ops.ts';

export interface ForkParts {
  readonly vmaOps: VmaOps;
  readonly anonVmas: AnonVmas;
  readonly tables: PageTables;
  readonly mapper: PageMapper;
  readonly runs: EntryRuns;
  readonly flusher: TlbFlusher;
  readonly openFiles: OpenFiles;
  readonly asids: Asids;
  readonly exiter: Exiter;
  readonly trace: Trace;
}

/** A child of `parent` with the ids given, not yet in any table of tasks; or -ENOMEM, nothing changed. */
export function fork(parts: ForkParts, parent: Task, taskId: number, mmId: number): Task | number {
  const mm = copyMm(parts, parent.mm, mmId);
  if (mm === null) return -ENOMEM;
  const child = new Task(taskId, copyGroup(parent.group, taskId), mm, parent.files.copy(), parent.cpu);
  child.privileged = parent.privileged;
  return child;
}

/** vfork: a child that runs in the address space of `parent`, who waits meanwhile. */
export function vfork(parent: Task, taskId: number): Task {
  const child = new Task(taskId, copyGroup(parent.group, taskId), parent.mm, parent.files.copy(), parent.cpu);
  child.mm.users++;
  child.privileged = parent.privileged;
  child.vforkParent = parent;
  parent.waitsFor = 'vfork';
  return child;
}

/** Another thread of the process of `task`: it has the same address space and descriptors. */
export function newThread(task: Task, id: number): Task {
  const thread = new Task(id, task.group, task.mm, task.files, task.cpu);
  thread.mm.users++;
  thread.files.users++;
  thread.privileged = task.privileged;
  return thread;
}

function copyGroup(parent: ThreadGroup, id: number): ThreadGroup {
  const group = new ThreadGroup(id, parent, parent.limits.copy());
  for (const [signal, disposition] of parent.dispositions) group.dispositions.set(signal, disposition);
  group.umask = parent.umask;
  return group;
}

function copyMm(parts: ForkParts, from: Mm, id: number): Mm | null {
  const mm = new Mm(id, from.pageSize, from.wordBits, from.stackGuard, from.commitments);
  const tablesBefore = parts.tables.tableFrames;
  mm.root = parts.tables.newTable();
  if (mm.root === 0) return null;
  parts.asids.assign(mm);
  mm.startBrk = from.startBrk;
  mm.brk = from.brk;
  mm.mdwe = inheritedMdwe(from);
  mm.futureMergeable = from.futureMergeable;
  mm.program = from.program;
  if (mm.program !== null) {
    mm.program.refs++;
    mm.program.inode.programs++;
  }
  for (const vma of from.vmas) {
    if (vma.flags & VM_DONTCOPY) continue;
    if (!copyVma(parts, vma, mm)) {
      parts.exiter.releaseMm(mm);
      parts.flusher.flushAll(from, FLUSH_FORK);
      return null;
    }
  }
  if (parts.trace.mask !== 0) {
    const entries = mm.rss.reduce((sum, pages) => sum + pages, 0);
    parts.trace.emit(RECORD_ID.dup_mm, mm.id, mm.vmas.count, entries, parts.tables.tableFrames - tablesBefore);
  }
  parts.flusher.flushAll(from, FLUSH_FORK);
  mm.noteHighWater();
  return mm;
}

function copyVma(parts: ForkParts, vma: Vma, mm: Mm): boolean {
  if (!mayCommit(vma.mm as Mm, vma.flags, vma.pages)) return false;
  const copy = new Vma(mm, vma.start, vma.end, vma.flags & ~VM_LOCKED_MASK, vma.pgoff, vma.file);
  copy.name = vma.name;
  const wiped = (vma.flags & VM_WIPEONFORK) !== 0;
  if (!wiped) parts.anonVmas.fork(copy, vma);
  if (vma.file !== null) parts.openFiles.hold(vma.file, copy);
  parts.vmaOps.insert(mm, copy);
  accountPages(mm, copy.flags, copy.pages);
  const found = vma.anonVma === null && !(vma.flags & VM_MAYBE_GUARD);
  return wiped || found || copyEntries(parts, vma, copy);
}

/** Copies the entries of a VMA that has private pages; false when no table can be made. */
function copyEntries(parts: ForkParts, vma: Vma, copy: Vma): boolean {
  const { tables } = parts;
  let va = vma.start;
  while (va < vma.end) {
    const from = tables.lookup(vma.mm.root, va);
    if (from < 0) {
      va = tables.missingEnd(va);
      continue;
    }
    const stop = Math.min(vma.end, (Math.floor(va / tables.tableSpan) + 1) * tables.tableSpan);
    if (!copyTable(parts, vma, copy, va, stop, from)) return false;
    va = stop;
  }
  return true;
}

/** The part of a VMA inside one lowest-level table. */
function copyTable(parts: ForkParts, vma: Vma, copy: Vma, start: number, stop: number, first: number): boolean {
  const { tables } = parts;
  const count = ((stop - start) / tables.pageSize) | 0;
  let begin = 0;
  while (begin < count && tables.isEmpty(first + begin)) begin++;
  if (begin === count) return true;
  const to = tables.ensure(copy.mm.root, start);
  if (to < 0) return false;
  const other = (i: number): void => copyEntry(parts, vma, copy, start + i * tables.pageSize, first + i, to + i);
  if (vma.flags & VM_SHARED) {
    for (let i = begin; i < count; i++) if (!tables.isEmpty(first + i)) other(i);
  } else parts.runs.inherit(copy.mm, first, to, count, other);
  return true;
}

function copyEntry(parts: ForkParts, vma: Vma, copy: Vma, va: number, from: number, to: number): void {
  const { tables, mapper } = parts;
  const flags = tables.flags(from);
  if (flags & PTE_GUARD) {
    tables.set(to, 0, PTE_GUARD);
    return;
  }
  if (!(flags & (PTE_PRESENT | PTE_PROT_NONE))) return;
  const { writeLow, accessedLow, dirtyLow } = tables.codes;
  // A page without rights has no write bit to lose: a scheme may use that bit for the mark itself.
  const write = flags & PTE_PRESENT ? writeLow : 0;
  if (vma.flags & VM_SHARED) mapper.inherit(copy.mm, va, from, to, dirtyLow | accessedLow, 0);
  else mapper.inherit(copy.mm, va, from, to, write | accessedLow, write);
}
