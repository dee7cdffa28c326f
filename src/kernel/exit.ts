/**
 * exit(2), death by a signal, and wait.
 *
 * The address space goes with its last user, descriptors with theirs; the task stays as a record
 * until its parent has waited for it.
 * Source: Linux kernel/exit.c, mm/mmap.c exit_mmap.
 */

import { ECHILD } from '../errno.ts';
import type { PageTables } from '../mmu/page-tables.ts';
import type { AccessEngine } from './access.ts';
import type { Cpu } from './cpu.ts';
import type { Mm } from './mm.ts';
import type { OpenFiles } from './open-files.ts';
import type { Task } from './task.ts';
import { FLUSH_UNMAP, type TlbFlusher } from './tlb-flush.ts';
import type { Unmapper } from './unmap.ts';
import { VM_SEALED } from './vm-flags.ts';

/** What `wait` reports: still running, or how the child ended. */
export interface WaitStatus {
  readonly exited: boolean;
  readonly exitCode: number;
  /** The signal that killed it, or 0. */
  readonly signal: number;
}

export class Exiter {
  private readonly unmapper: Unmapper;
  private readonly openFiles: OpenFiles;
  private readonly tables: PageTables;
  private readonly flusher: TlbFlusher;
  private readonly cpus: readonly Cpu[];
  private readonly engine: AccessEngine;

  constructor(
    unmapper: Unmapper,
    openFiles: OpenFiles,
    tables: PageTables,
    flusher: TlbFlusher,
    cpus: readonly Cpu[],
    engine: AccessEngine,
  ) {
    this.unmapper = unmapper;
    this.openFiles = openFiles;
    this.tables = tables;
    this.flusher = flusher;
    this.cpus = cpus;
    this.engine = engine;
  }

  exit(task: Task, code: number): void {
    task.exitCode = code & 0xff;
    this.end(task);
  }

  kill(task: Task, signal: number): void {
    task.killedBy = signal;
    this.end(task);
  }

  private end(task: Task): void {
    task.exited = true;
    this.engine.active = null;
    if (--task.files.users === 0) for (const file of task.files.files()) this.openFiles.put(file);
    if (--task.mm.users === 0) this.releaseMm(task.mm);
  }

  /** Frees an address space that nobody uses. */
  releaseMm(mm: Mm): void {
    for (const vma of mm.vmas) vma.flags &= ~VM_SEALED;
    this.unmapper.unmap(mm, 0, Number.MAX_SAFE_INTEGER);
    this.flusher.flushAll(mm, FLUSH_UNMAP);
    for (const cpu of this.cpus) if (cpu.current === mm) cpu.current = null;
    this.tables.freeRoot(mm.root);
    mm.root = 0;
  }

  /** The state of `child`, reaping it if it has ended; -ECHILD if it is not a child to wait for. Never blocks. */
  wait(task: Task, child: Task | null): WaitStatus | number {
    if (child === null || child.parent !== task || child.reaped) return -ECHILD;
    if (child.exited) child.reaped = true;
    return { exited: child.exited, exitCode: child.exitCode, signal: child.killedBy };
  }
}
