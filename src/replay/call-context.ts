/**
 * What the replayed calls of one process act on: the simulated process, and what the log knows of its
 * descriptors and files.
 *
 * Place: traced-process.ts holds one per address space and hands it to memory-calls.ts and file-calls.ts.
 * Threads of one process and a vfork child before its execve share it.
 */

import type { Process } from '../index.ts';
import type { Descriptors } from './descriptors.ts';
import type { RecordedCall } from './log-event.ts';
import type { RecordedFiles } from './recorded-files.ts';
import type { SimDescriptors } from './sim-descriptors.ts';

export const PAGE = 4096;

export function pageUp(va: number): number {
  return Math.ceil(va / PAGE) * PAGE;
}

/** The program break as the log shows it. */
export interface Heap {
  /** Undefined before the first brk. */
  start: number | undefined;
  end: number;
}

export interface CallContext {
  readonly process: Process;
  readonly sims: SimDescriptors;
  readonly descriptors: Descriptors;
  readonly files: RecordedFiles;
  readonly heap: Heap;
  /** Sizes of SysV segments by id, as shmget said. */
  readonly segments: Map<number, number>;
}

/** A call as its handlers see it. */
export interface ReplayedCall extends RecordedCall {
  readonly result: number;
  /** st_size that this call gave, where a strace shows it. */
  readonly size: number | undefined;
}

export type CallHandler = (context: CallContext, call: ReplayedCall) => void;
