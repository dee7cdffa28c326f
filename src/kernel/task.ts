/**
 * Task: one thread of execution; its address space and descriptors may be shared with others.
 *
 * Place: everything the public calls act on behalf of. It is state; fork.ts makes tasks, exit.ts
 * ends them, access.ts runs their accesses on the CPU they are on.
 * Source: Linux struct task_struct, signal_struct.
 */

import type { Word } from '../units.ts';
import type { Cpu } from './cpu.ts';
import type { FdTable } from './fd-table.ts';
import type { Limits } from './limits.ts';
import type { Mm } from './mm.ts';

/** What a signal handler is told (siginfo_t). `address` is exact: a bigint beyond 2^53. */
export interface SignalInfo {
  readonly signal: number;
  readonly code: number;
  readonly address: Word;
}

/** A handler repairs and returns ('retry': the access is tried again) or gives the access up. */
export type SignalHandler = (info: SignalInfo) => 'retry' | 'abandon';
export type Disposition = 'default' | 'ignore' | SignalHandler;

export class Task {
  readonly id: number;
  mm: Mm;
  files: FdTable;
  cpu: Cpu;
  readonly limits: Limits;
  /** What each signal does; 'default' where absent. */
  readonly dispositions: Map<number, Disposition>;
  readonly parent: Task | null;
  readonly children: Task[];
  minorFaults: number;
  majorFaults: number;
  exited: boolean;
  exitCode: number;
  /** Signal that killed it, or 0. */
  killedBy: number;
  reaped: boolean;
  umask: number;
  /** CAP_IPC_LOCK: memory locks are not limited. */
  mayLockMemory: boolean;

  constructor(id: number, parent: Task | null, mm: Mm, files: FdTable, cpu: Cpu, limits: Limits) {
    this.id = id;
    this.parent = parent;
    this.mm = mm;
    this.files = files;
    this.cpu = cpu;
    this.limits = limits;
    this.dispositions = new Map();
    this.children = [];
    this.minorFaults = 0;
    this.majorFaults = 0;
    this.exited = false;
    this.exitCode = 0;
    this.killedBy = 0;
    this.reaped = false;
    this.umask = 0;
    this.mayLockMemory = false;
  }
}
