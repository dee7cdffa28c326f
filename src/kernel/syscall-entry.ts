/**
 * How every system call begins and ends: cost, counters, due alarms, trace sinks, and the invariant check.
 *
 * Place: under the tables of calls (syscalls.ts, syscalls-shm.ts), which add a method for each call. It knows no call.
 */

import { UserError } from '../assert.ts';
import { SYSCALLS } from '../counters.ts';
import { RECORD_ID } from '../trace.ts';
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

  protected enter(call: number): void {
    if (this.task.exited) throw new UserError(`process ${this.task.id} has ended and makes no more calls`);
    const { parts } = this;
    parts.engine.activate(this.task);
    parts.counters.add(SYSCALLS, 1);
    parts.clock.advance(parts.costs.syscallNs);
    parts.trace.timeNs = parts.clock.nowNs;
    if (parts.trace.mask !== 0) parts.trace.emit(RECORD_ID.sys_enter, call, 0, 0, 0);
  }

  protected leave<T>(result: T): T {
    finishCall(this.kernel);
    return result;
  }
}

/** What every public operation ends with: due alarms, trace sinks, and at level 2 the whole-machine check. */
export function finishCall(kernel: Kernel): void {
  const { clock, trace, config } = kernel.parts;
  clock.runDue();
  trace.drain();
  if (config.invariants === 2) checkMachine(kernel);
}
