/**
 * The specification as one function: a state and a call give the next state and the answer.
 *
 * The calls themselves work on an immer draft and may be read as if they changed it in place; the state that was
 * given stays as it was, and shares with the next whatever the call did not touch.
 */

import { current, type Draft, enableMapSet, isDraft, produce } from 'immer';
import { assert } from '../assert.ts';
import type { Answer } from './answer.ts';
import { withGeometry } from './arithmetic.ts';
import { CALLS, type Call } from './calls.ts';
import { inRegisters } from './registers.ts';
import { deliverPending } from './signals.ts';
import type { Process, State } from './state.ts';
import { lives } from './threads.ts';
import { giveBack, lend, sweep } from './vfork.ts';
import { settle } from './waits.ts';

enableMapSet();

/** `call.process` is a thread, which must be running: see `isRunning`. */
export function step(state: State, call: Call): readonly [State, Answer] {
  let answer: Answer | undefined;
  const next = produce(state, (draft) => {
    const given = withGeometry(state.layout, () => perform(draft as State, call));
    // What is kept in the state is lent out for the time of the call only.
    answer = isDraft(given) ? (current(given as Draft<Answer>) as Answer) : given;
  });
  assert(answer !== undefined, `the call ${call.name} gave no answer`);
  return [next, answer];
}

function perform(state: State, call: Call): Answer {
  const thread = state.threads.get(call.process);
  assert(lives(state, thread), `${call.process} calls ${call.name} and is not running`);
  const process = state.processes.get(thread.process) as Process;
  if (thread.waiting !== undefined) return { kind: 'waiting' };
  if (thread.executing && call.name !== 'maps') return { kind: 'executing' };
  const run = CALLS[call.name] as (...args: readonly unknown[]) => Answer;
  lend(state, process);
  const answer = deliverPending(process, run({ state, process, number: thread.process, thread }, ...inRegisters(call)));
  giveBack(state, process);
  if (process.status.state !== 'running' || call.name === 'kill') sweep(state);
  settle(state);
  return answer;
}

/** Whether a process or thread was made and has not ended. One that waits is running too, but does nothing. */
export function isRunning(state: State, thread: number): boolean {
  return lives(state, state.threads.get(thread));
}
