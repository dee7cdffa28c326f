/**
 * Calls that wait for others, and how they come to an end.
 *
 * A thread whose call has to wait does nothing until another gives way. When a call is over, those that it has woken try again
 * one after the other, in the order in which they were woken, and then those that these have woken. What a call has come to in
 * the end its thread can ask for.
 */

import { EINVAL } from '../errno.ts';
import { type Answer, failure } from './answer.ts';
import { lockAgain, releaseLocks } from './lock-waits.ts';
import { deliverPending } from './signals.ts';
import type { Caller, Process, State, Thread } from './state.ts';
import { streamAgain, wakeOrphans } from './stream-calls.ts';
import { lives } from './threads.ts';
import { giveBack, lend, resumeParents, sweep } from './vfork.ts';

/**
 * @call waited
 * Answers what the last call of this process or thread came to that had to wait, once that is over.
 *
 * No system call: it shows what the statement that printed `waiting` would have printed later. What a read that shows its
 * bytes has read is shown. Of vfork it says nothing.
 *
 * @errors
 * EINVAL: none of its calls had to wait
 * EDEADLK: F_SETLKW, as if it had been called then
 * EBADF: F_SETLKW: the descriptor was closed while the call waited
 * EPIPE: a write: nobody reads any more; SIGPIPE came with it
 * ECONNRESET: a read: the other socket was closed with bytes unread
 * EFAULT: the first byte already cannot be stored, or loaded
 * EAGAIN: O_NONBLOCK was set meanwhile
 */
export function waited({ thread }: Caller): Answer {
  return thread.waited ?? failure(EINVAL);
}

/** After each call. */
export function settle(state: State): void {
  for (;;) {
    for (const one of state.threads.values()) if (one.waiting?.stream && !lives(state, one)) endWait(one);
    releaseLocks(state, (file) => isOpen(state, file));
    wakeOrphans(state);
    resumeParents(state);
    const thread = nextInTurn(state);
    if (!thread) return;
    tryAgain(state, thread);
  }
}

function endWait(thread: Thread): void {
  thread.waiting = undefined;
}

function nextInTurn(state: State): Thread | undefined {
  const woken = [...state.threads.values()].filter((thread) => thread.waiting?.turn !== undefined);
  return woken.sort((a, b) => (a.waiting?.turn ?? 0) - (b.waiting?.turn ?? 0))[0];
}

function tryAgain(state: State, thread: Thread): void {
  const process = state.processes.get(thread.process) as Process;
  lend(state, process);
  const answer = answerOf({ state, process, number: thread.process, thread });
  if (answer) {
    thread.waiting = undefined;
    thread.waited = deliverPending(process, answer);
  }
  giveBack(state, process);
  if (process.status.state !== 'running') sweep(state);
}

/** undefined: it waits on. */
function answerOf(caller: Caller): Answer | undefined {
  const { state, process, thread } = caller;
  const { lock, stream } = thread.waiting ?? {};
  if (lock) return lockAgain(state, process, thread, lock);
  return stream && streamAgain(caller, stream);
}

/** Whether anybody has a descriptor or mapping of an open file, or waits in a call on it. */
function isOpen(state: State, file: number): boolean {
  const isHeld = [...state.processes.values()].some(
    ({ status, descriptors, vmas }) =>
      status.state === 'running' &&
      ([...descriptors.values()].includes(file) || vmas.some((vma) => vma.file === file || vma.zero === file)),
  );
  const holds = ({ waiting }: Thread): boolean => waiting?.lock?.file === file || waiting?.stream?.file === file;
  return isHeld || [...state.threads.values()].some((one) => holds(one) && lives(state, one));
}
