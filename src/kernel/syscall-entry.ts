/**
 * How every system call begins and ends: cost, counters, due alarms, trace sinks, and the invariant check.
 *
 * Place: under the tables of calls (syscalls.ts, syscalls-shm.ts, process-calls.ts), which add a method for each call. It knows no call.
 */

import { UserError } from '../assert.ts';
import { SYSCALLS } from '../counters.ts';
import { RECORD_ID } from '../trace.ts';
import { toRegister, type Word } from '../units.ts';
import { checkMachine } from './invariants.ts';
import type { Kernel, KernelParts } from './kernel.ts';
import type { Task } from './task.ts';

export class SyscallEntry {
  protected readonly kernel: Kernel;
  protected readonly parts: KernelParts;
  protected readonly task: Task;

  constructor(kernel: Kernel, task: Task) {
    this.kernel = kernel;
    this.parts = kernel.parts;
    this.task = task;
  }

  /** Throws `UserError` for a task that does not run. */
  protected enter(call: number): void {
    requireRunning(this.task, 'calls');
    const { parts } = this;
    parts.engine.activate(this.task);
    parts.counters.add(SYSCALLS, 1);
    parts.clock.advance(parts.costs.syscallNs);
    parts.trace.timeNs = parts.clock.nowNs;
    if (parts.trace.mask !== 0) parts.trace.emit(RECORD_ID.sys_enter, call, 0, 0, 0);
  }

  /** What the register of an argument holds; file offsets have 64 bits on any machine. */
  protected reg(word: Word): Word {
    return toRegister(word, this.task.mm.wordBits);
  }

  protected leave<T>(result: T): T {
    finishCall(this.kernel);
    return result;
  }
}

/** Throws `UserError` for a task that has ended, or that waits in a call. */
export function requireRunning(task: Task, what: string): void {
  if (task.exited || task.waitsFor !== '') refuse(task, what);
}

function refuse(task: Task, what: string): never {
  if (task.exited) throw new UserError(`process ${task.id} has ended and makes no more ${what}`);
  throw new UserError(`process ${task.id} waits (${task.waitsFor}) and makes no ${what} until that is over`);
}

/** What every public operation ends with: second tries of those it woke, due alarms, trace sinks, and at level 2 the whole-machine check. */
export function finishCall(kernel: Kernel): void {
  const { clock, trace, config, waits } = kernel.parts;
  waits.settle();
  clock.runDue();
  trace.drain();
  if (config.invariants === 2) checkMachine(kernel);
}
