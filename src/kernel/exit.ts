/**
 * exit(2), exit_group(2), death by a signal, and wait.
 *
 * A thread leaves its process; with the last one, or at once when any calls exit_group or is killed, the process has
 * ended. The address space goes with its last user, descriptors with theirs; the group stays as a record until its
 * parent has waited for it.
 * Source: Linux kernel/exit.c, mm/mmap.c exit_mmap.
 */

import { ECHILD } from '../errno.ts';
import type { PageTables } from '../mmu/page-tables.ts';
import type { AccessEngine } from './access.ts';
import type { Cpu } from './cpu.ts';
import type { Futexes } from './futex-queues.ts';
import type { Mm } from './mm.ts';
import type { OpenFiles } from './open-files.ts';
import type { Task, ThreadGroup } from './task.ts';
import { FLUSH_UNMAP, type TlbFlusher } from './tlb-flush.ts';
import type { Unmapper } from './unmap.ts';
import { VM_SEALED } from './vm-flags.ts';
import type { Waits } from './waits.ts';

/** What `wait` reports: still running, or how the child ended. */
export interface WaitStatus {
  readonly exited: boolean;
  readonly exitCode: number;
  /** The signal that killed it, or 0. */
  readonly signal: number;
}

/** The child of a vfork gives the address space back to the task that waits for it. */
export function endVfork(child: Task): void {
  if (child.vforkParent?.waitsFor === 'vfork') child.vforkParent.waitsFor = '';
  child.vforkParent = null;
}

export class Exiter {
  private readonly unmapper: Unmapper;
  private readonly openFiles: OpenFiles;
  private readonly tables: PageTables;
  private readonly flusher: TlbFlusher;
  private readonly futexes: Futexes;
  private readonly waits: Waits;
  private readonly cpus: readonly Cpu[];
  private readonly engine: AccessEngine;

  constructor(
    unmapper: Unmapper,
    openFiles: OpenFiles,
    tables: PageTables,
    flusher: TlbFlusher,
    futexes: Futexes,
    waits: Waits,
    cpus: readonly Cpu[],
    engine: AccessEngine,
  ) {
    this.unmapper = unmapper;
    this.openFiles = openFiles;
    this.tables = tables;
    this.flusher = flusher;
    this.futexes = futexes;
    this.waits = waits;
    this.cpus = cpus;
    this.engine = engine;
  }

  /** exit_group: the process of `task` ends, with all its threads. */
  exit(task: Task, code: number): void {
    task.group.exitCode = code & 0xff;
    this.endGroup(task.group);
  }

  /** exit: this thread alone ends. With the last one the process does, and its code is that of the process. */
  exitThread(task: Task, code: number): void {
    const { group } = task;
    this.endTask(task);
    if (group.threads.length > 0) return;
    group.exitCode = code & 0xff;
    group.exited = true;
  }

  kill(task: Task, signal: number): void {
    this.killGroup(task.group, signal);
  }

  killGroup(group: ThreadGroup, signal: number): void {
    group.killedBy = signal;
    this.endGroup(group);
  }

  private endGroup(group: ThreadGroup): void {
    for (const task of [...group.threads]) this.endTask(task);
    group.exited = true;
  }

  private endTask(task: Task): void {
    task.exited = true;
    task.group.threads.splice(task.group.threads.indexOf(task), 1);
    task.group.minorFaults += task.minorFaults;
    task.group.majorFaults += task.majorFaults;
    this.engine.active = null;
    if (task.waitsFor === 'futex') this.futexes.forget(task);
    this.waits.forget(task);
    task.waitsFor = '';
    endVfork(task);
    if (--task.files.users === 0) for (const file of task.files.files()) this.openFiles.close(file, task.files);
    this.leaveMm(task.mm);
  }

  /** The other threads of the process of `task` end, as execve wants it. */
  endOthers(task: Task): void {
    for (const other of [...task.group.threads]) if (other !== task) this.endTask(other);
  }

  /** A task does not use an address space any more. */
  leaveMm(mm: Mm): void {
    if (--mm.users === 0) this.releaseMm(mm);
  }

  /** Frees an address space that nobody uses. */
  releaseMm(mm: Mm): void {
    for (const vma of mm.vmas) vma.flags &= ~VM_SEALED;
    this.unmapper.unmap(mm, 0, Number.MAX_SAFE_INTEGER);
    this.flusher.flushAll(mm, FLUSH_UNMAP);
    for (const cpu of this.cpus) if (cpu.current === mm) cpu.current = null;
    this.tables.freeRoot(mm.root);
    if (mm.program !== null) {
      mm.program.inode.programs--;
      this.openFiles.put(mm.program);
      mm.program = null;
    }
    mm.root = 0;
  }

  /** The state of `child`, reaping it if it has ended; -ECHILD if it is not a child to wait for. Never blocks. */
  wait(task: Task, child: Task | null): WaitStatus | number {
    if (child === null || child.id !== child.group.id) return -ECHILD;
    const { group } = child;
    if (group.parent !== task.group || group.reaped) return -ECHILD;
    if (group.exited) group.reaped = true;
    return { exited: group.exited, exitCode: group.exitCode, signal: group.killedBy };
  }
}
