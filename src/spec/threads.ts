/**
 * Threads: which there are, which run, and how they end.
 *
 * A process is numbered as its first thread. A thread runs as long as its process does and it has not ended itself; one that
 * waits runs again when it is woken.
 *
 * Source: clone(2), _exit(2), exit_group(2); Linux kernel/exit.c synchronize_group_exit.
 */

import { EINVAL } from '../errno.ts';
import { type Answer, failure, UNSPECIFIED, value } from './answer.ts';
import { low32 } from './arithmetic.ts';
import { endProcess } from './processes.ts';
import type { Caller, State, Thread } from './state.ts';

/** The first or another thread of a process. */
export function newThread(process: number): Thread {
  return { process, ended: false, waiting: undefined, waited: undefined, executing: false };
}

/** Whether a thread was made and has not ended. */
export function lives(state: State, thread: Thread | undefined): thread is Thread {
  if (thread === undefined || thread.ended) return false;
  return state.processes.get(thread.process)?.status.state === 'running';
}

/**
 * @call thread
 * Makes another thread of the process, and answers it.
 *
 * A thread is a process in all that a scenario can ask of one, but has no memory, descriptors, limits or signal handlers of
 * its own: what one thread maps, opens or sets all have. A signal that kills one kills all. In a simulated machine with
 * several CPUs threads run on different ones, so that what one unmaps has to leave the others' TLBs.
 *
 * @errors none
 *
 * @differs Of clone's flags it is CLONE_THREAD and what goes with it; there is no EAGAIN.
 */
export function thread({ state, number }: Caller, made: bigint): Answer {
  state.threads.set(Number(made), newThread(number));
  return value(made);
}

/**
 * @call exit_thread
 * Ends this thread alone.
 *
 * The system call `exit`; what `exit(n)` makes is `exit_group`. With its last thread the process has ended, and its parent
 * learns the low 8 bits of that one's `n`. Until then the process goes on, even if it was its first thread that ended.
 *
 * @errors none
 */
export function exitThread({ state, process, number, thread: own }: Caller, code: bigint): Answer {
  own.ended = true;
  const others = [...state.threads.values()].some((other) => other.process === number && !other.ended);
  if (!others) endProcess(process, { state: 'exited', code: low32(code) & 0xff });
  return { kind: 'gone' };
}

/**
 * @call getrusage
 * Tells what the process has used, with all its threads: one field of getrusage(RUSAGE_SELF).
 *
 * `ru_minflt` are faults that found the page in memory or made it, `ru_majflt` those that waited for a disk. Faults that system
 * calls take on behalf of the process count, mlock and MAP_POPULATE included. `ru_maxrss` is the most memory that was resident at a
 * time, in KiB: pages of files that are mapped, private and shared memory, without huge pages of the pool. execve does not lower
 * it; a child begins with what it has of its parent.
 *
 * @errors
 * EINVAL: there is no such field
 *
 * @differs Only these three fields; what a fault maps besides decides the numbers, which this specification does not say. The kernel
 * counts resident pages for each processor by itself, so that its ru_maxrss may lag: the driver of the real kernel does not tell it.
 */
export function getrusage(_caller: Caller, field: string): Answer {
  return ['ru_minflt', 'ru_majflt', 'ru_maxrss'].includes(field) ? UNSPECIFIED : failure(EINVAL);
}
