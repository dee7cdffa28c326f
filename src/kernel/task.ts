/**
 * Task: one thread of execution, and ThreadGroup: the threads that are one process.
 *
 *   ThreadGroup   limits, signal dispositions, umask, parent, how it ended
 *     └ Task...   CPU, fault counts, what it waits for     each with the same Mm and FdTable
 *
 * Place: everything the public calls act on behalf of. It is state; fork.ts makes tasks, exit.ts ends them, access.ts
 * runs their accesses on the CPU they are on.
 * Invariant: a group has ended if and only if it has no thread that lives.
 * Source: Linux struct task_struct, signal_struct, sighand_struct.
 */

import type { Word } from '../units.ts';
import type { Cpu } from './cpu.ts';
import type { FdTable } from './fd-table.ts';
import type { Limits } from './limits.ts';
import type { Mm } from './mm.ts';
import type { OpenFile } from './open-file.ts';

/** What a signal handler is told (siginfo_t). `address` is exact: a bigint beyond 2^53. */
export interface SignalInfo {
  readonly signal: number;
  readonly code: number;
  readonly address: Word;
}

/** A handler repairs and returns ('retry': the access is tried again) or gives the access up. */
export type SignalHandler = (info: SignalInfo) => 'retry' | 'abandon';
export type Disposition = 'default' | 'ignore' | SignalHandler;

/** What keeps a task from running: nothing, or a call of its own that has not come back. */
export type WaitsFor = '' | 'futex' | 'vfork' | 'lock' | 'stream';

/** The task waits now. Not a number, since every number is a result. */
export const WAITING = 'waiting';

/** A call on a file that waits. Plain state, since snapshots hold it. */
export interface WaitingCall {
  /** The call holds on to it, whatever becomes of the descriptor. */
  readonly file: OpenFile;
  /** Of a read that shows its bytes: where they are; else null. */
  readonly shown: Uint8Array | null;
  /** What it comes to, now that it was woken. */
  again(): number | typeof WAITING;
  /** Its task has ended. */
  giveUp(): void;
}

/** What the last call that waited has come to. */
export interface Waited {
  /** null for futex(2). */
  readonly call: WaitingCall | null;
  readonly result: number;
  /** That came with it and was caught. */
  readonly signal: SignalInfo | null;
}

export class ThreadGroup {
  /** That of its first task. */
  readonly id: number;
  readonly parent: ThreadGroup | null;
  readonly limits: Limits;
  /** What each signal does; 'default' where absent. */
  readonly dispositions: Map<number, Disposition>;
  /** Those that have not ended, the oldest first. */
  readonly threads: Task[];
  umask: number;
  /** Faults of threads that have ended. */
  minorFaults: number;
  majorFaults: number;
  /** The most pages that were resident in what it ran before execve. */
  peakRss: number;
  exited: boolean;
  exitCode: number;
  /** Signal that killed it, or 0. */
  killedBy: number;
  reaped: boolean;

  constructor(id: number, parent: ThreadGroup | null, limits: Limits) {
    this.id = id;
    this.parent = parent;
    this.limits = limits;
    this.dispositions = new Map();
    this.threads = [];
    this.umask = 0;
    this.minorFaults = 0;
    this.majorFaults = 0;
    this.peakRss = 0;
    this.exited = false;
    this.exitCode = 0;
    this.killedBy = 0;
    this.reaped = false;
  }
}

export class Task {
  readonly id: number;
  readonly group: ThreadGroup;
  mm: Mm;
  files: FdTable;
  cpu: Cpu;
  minorFaults: number;
  majorFaults: number;
  exited: boolean;
  waitsFor: WaitsFor;
  call: WaitingCall | null;
  waited: Waited | null;
  /** The last signal that a handler of it was told of. */
  caught: SignalInfo | null;
  /** The task that waits (vfork) until this one has ended or runs another program. */
  vforkParent: Task | null;
  /** It has all capabilities, as user 0 has again after execve: memory locks are not limited, others may not reach into it. */
  privileged: boolean;

  constructor(id: number, group: ThreadGroup, mm: Mm, files: FdTable, cpu: Cpu) {
    this.id = id;
    this.group = group;
    this.mm = mm;
    this.files = files;
    this.cpu = cpu;
    this.minorFaults = 0;
    this.majorFaults = 0;
    this.exited = false;
    this.waitsFor = '';
    this.call = null;
    this.waited = null;
    this.caught = null;
    this.vforkParent = null;
    this.privileged = false;
    group.threads.push(this);
  }

  /** Its number leads to it: it runs, or it is the first of a process that nobody has waited for yet. */
  get isFound(): boolean {
    return !this.exited || (this.id === this.group.id && !this.group.reaped);
  }

  get limits(): Limits {
    return this.group.limits;
  }
}
