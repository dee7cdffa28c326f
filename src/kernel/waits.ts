/**
 * Calls that wait, and their second tries.
 *
 * A call that has to wait comes back at once and says so, since nothing in this machine blocks: what it would do goes into its
 * task as a `WaitingCall`. Whoever gives way wakes the task, and at the end of the public operation that did so each of those
 * woken tries again, the first that was woken first, as if the scheduler had come to it. It may have to wait once more.
 *
 * Place: under every call that waits but futex(2) and vfork(2), which are over once they are woken.
 * Invariant: a task has a waiting call if and only if it waits for a file.
 * Source: Linux kernel/sched/wait.c.
 */

import { type Task, WAITING, type WaitingCall, type WaitsFor } from './task.ts';

export class Waits {
  /** Woken, and not tried again yet. */
  private readonly woken: Task[];
  private isTrying: boolean;

  constructor() {
    this.woken = [];
    this.isTrying = false;
  }

  /** The task makes no calls until `call` has come back. */
  begin(task: Task, waitsFor: WaitsFor, call: WaitingCall): typeof WAITING {
    task.waitsFor = waitsFor;
    task.call = call;
    return WAITING;
  }

  wake(task: Task): void {
    if (!this.woken.includes(task)) this.woken.push(task);
  }

  /** A task that waits has ended. */
  forget(task: Task): void {
    const { call } = task;
    task.call = null;
    const place = this.woken.indexOf(task);
    if (place >= 0) this.woken.splice(place, 1);
    call?.giveUp();
  }

  /** Lets those that were woken try again, and those that they wake. A signal handler may make calls: they are no time for it. */
  settle(): void {
    if (this.woken.length === 0 || this.isTrying) return;
    this.isTrying = true;
    for (let task = this.woken.shift(); task !== undefined; task = this.woken.shift()) tryAgain(task);
    this.isTrying = false;
  }
}

function tryAgain(task: Task): void {
  const { call } = task;
  if (call === null) return;
  task.caught = null;
  const result = call.again();
  // It may have died in it.
  if (result === WAITING || task.exited) return;
  task.call = null;
  task.waitsFor = '';
  task.waited = { call, result, signal: task.caught };
}
