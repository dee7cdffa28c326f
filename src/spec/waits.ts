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
import { lives } from './threads.ts';

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
 */
export function waited({ thread }: Caller): Answer {
  return thread.waited ? { ...thread.waited } : failure(EINVAL);
}

/** After each call. */
export function settle(state: State): void {
  for (;;) {
    releaseLocks(state, (file) => isOpen(state, file));
    const thread = nextInTurn(state);
    if (!thread) return;
    tryAgain(state, thread);
  }
}

function nextInTurn(state: State): Thread | undefined {
  const woken = [...state.threads.values()].filter((thread) => thread.waiting?.turn !== undefined);
  return woken.sort((a, b) => (a.waiting?.turn ?? 0) - (b.waiting?.turn ?? 0))[0];
}

function tryAgain(state: State, thread: Thread): void {
  const wait = thread.waiting?.lock;
  if (!wait) return;
  const process = state.processes.get(thread.process) as Process;
  const answer = lockAgain(state, process, thread, wait);
  if (!answer) return;
  thread.waiting = undefined;
  thread.waited = deliverPending(process, answer);
}

/** Whether anybody has a descriptor or mapping of an open file, or waits in a call on it. */
function isOpen(state: State, file: number): boolean {
  const isHeld = [...state.processes.values()].some(
    ({ status, descriptors, vmas }) =>
      status.state === 'running' &&
      ([...descriptors.values()].includes(file) || vmas.some((vma) => vma.file === file || vma.zero === file)),
  );
  return isHeld || [...state.threads.values()].some((one) => one.waiting?.lock?.file === file && lives(state, one));
}
