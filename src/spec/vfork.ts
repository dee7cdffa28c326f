/**
 * vfork(2), and address spaces that two processes share because of it.
 *
 * One of them owns the memory, the others borrow it: for each of their calls it is lent to them. When the owner ends first, the
 * eldest borrower owns it from then on.
 *
 * Source: vfork(2); Linux kernel/fork.c copy_mm, complete_vfork_done.
 */

import { type Answer, value } from './answer.ts';
import { childOf } from './processes.ts';
import type { Caller, Process, State } from './state.ts';
import { lives, newThread } from './threads.ts';

/**
 * @call vfork
 * Makes a child that runs in the memory of its parent, and answers it.
 *
 * The thread that calls it waits until the child has ended: its statements print `waiting`. What the child stores, maps and unmaps
 * its parent finds so; descriptors, limits and signal handlers are the child's own, as after fork.
 *
 * @errors none
 *
 * @differs There is no EAGAIN: processes are not counted against RLIMIT_NPROC.
 */
export function vfork(caller: Caller, made: bigint): Answer {
  const { state, process, number, thread } = caller;
  const child = childOf(process, number);
  child.borrows = process.borrows ?? number;
  state.processes.set(Number(made), child);
  state.threads.set(Number(made), newThread(Number(made)));
  thread.waiting = { child: Number(made) };
  return value(made);
}

/** Moves the memory of one process to another, which had none. */
function moveMemory(from: Process, to: Process): void {
  to.memory = from.memory;
  to.vmas = from.vmas;
  to.pages = from.pages;
  to.huge = from.huge;
  to.brk = from.brk;
  to.lockedPages = from.lockedPages;
  to.futureFlags = from.futureFlags;
  to.mdwe = from.mdwe;
  to.mergesPages = from.mergesPages;
  from.vmas = [];
  from.pages = new Map();
  from.huge = new Map();
}

/** Before a call: a borrower gets the memory. */
export function lend(state: State, process: Process): void {
  const owner = process.borrows === undefined ? undefined : state.processes.get(process.borrows);
  if (owner) moveMemory(owner, process);
}

/** After a call: the memory goes back. */
export function giveBack(state: State, process: Process): void {
  const owner = process.borrows === undefined ? undefined : state.processes.get(process.borrows);
  if (owner) moveMemory(process, owner);
}

/** What has ended leaves nothing behind. */
export function sweep(state: State): void {
  for (const [number, process] of state.processes)
    if (process.status.state !== 'running') clean(state, number, process);
}

function clean(state: State, number: number, process: Process): void {
  if (process.descriptors.size === 0 && process.vmas.length === 0 && process.borrows === undefined) return;
  process.program = undefined;
  process.borrows = undefined;
  process.descriptors = new Map();
  bequeath(state, number, process);
  process.vmas = [];
  process.pages = new Map();
  process.huge = new Map();
}

function bequeath(state: State, number: number, process: Process): void {
  const [heir, ...others] = [...state.processes].filter(([, { borrows }]) => borrows === number);
  if (heir === undefined) return;
  moveMemory(process, heir[1]);
  heir[1].borrows = undefined;
  for (const [, other] of others) other.borrows = heir[0];
}

/** Whoever waits in vfork for a thread that has ended, or runs another program, goes on. */
export function resumeParents(state: State): void {
  for (const thread of state.threads.values()) {
    const child = thread.waiting?.child;
    const made = child === undefined ? undefined : state.threads.get(child);
    if (child !== undefined && (!lives(state, made) || made.executing)) thread.waiting = undefined;
  }
}

/** The process in which the memory of another stands while `caller` makes a call. */
export function memoryOf({ state, process, number }: Caller, other: number): Process {
  const found = state.processes.get(other) as Process;
  const owner = found.borrows ?? other;
  return owner === (process.borrows ?? number) ? process : (state.processes.get(owner) as Process);
}
