/**
 * Signals that accesses and calls raise: disposition, handler, or death.
 *
 * Place: the access engine gives a FAULT_* reason; here it becomes siginfo, and the task's
 * disposition decides. A handler may make calls and fault itself: the information is a copy.
 * A real fault cannot be ignored: 'ignore' kills as 'default' does.
 * Source: Linux kernel/signal.c force_sig_fault; rules of arch/x86/mm/fault.c.
 */

import { type Counters, SIGNALS } from '../counters.ts';
import { BUS_ADRERR, SEGV_ACCERR, SEGV_MAPERR, SI_KERNEL, SIGBUS, SIGKILL, SIGSEGV } from '../flags.ts';
import { RECORD_ID, type Trace } from '../trace.ts';
import type { Word } from '../units.ts';
import type { Exiter } from './exit.ts';
import type { SignalInfo, Task } from './task.ts';
import { FAULT_ACCERR, FAULT_BUS, FAULT_NONCANONICAL, FAULT_OOM } from './vm-fault.ts';

/** What became of a signal. */
export const SIGNAL_RETRY = 0;
export const SIGNAL_ABANDONED = 1;
export const SIGNAL_KILLED = 2;

/** The siginfo of a failed access. */
export function faultSignal(failure: number, address: Word): SignalInfo {
  if (failure === FAULT_NONCANONICAL) return { signal: SIGSEGV, code: SI_KERNEL, address: 0 };
  if (failure === FAULT_BUS) return { signal: SIGBUS, code: BUS_ADRERR, address };
  if (failure === FAULT_OOM) return { signal: SIGKILL, code: SI_KERNEL, address };
  return { signal: SIGSEGV, code: failure === FAULT_ACCERR ? SEGV_ACCERR : SEGV_MAPERR, address };
}

export class Signals {
  private readonly exiter: Exiter;
  private readonly counters: Counters;
  private readonly trace: Trace;

  constructor(exiter: Exiter, counters: Counters, trace: Trace) {
    this.exiter = exiter;
    this.counters = counters;
    this.trace = trace;
  }

  /** Delivers a signal that cannot be held back; SIGNAL_* says what became of it. */
  force(task: Task, info: SignalInfo): number {
    const disposition = task.group.dispositions.get(info.signal) ?? 'default';
    this.note(info);
    if (info.signal === SIGKILL || disposition === 'default' || disposition === 'ignore') {
      this.exiter.kill(task, info.signal);
      return SIGNAL_KILLED;
    }
    task.caught = info;
    return disposition(info) === 'retry' ? SIGNAL_RETRY : SIGNAL_ABANDONED;
  }

  /** Delivers a signal that may be ignored (SIGXFSZ); SIGNAL_RETRY means that nothing happened. */
  send(task: Task, info: SignalInfo): number {
    if (task.group.dispositions.get(info.signal) === 'ignore') return SIGNAL_RETRY;
    return this.force(task, info);
  }

  private note(info: SignalInfo): void {
    this.counters.add(SIGNALS, 1);
    if (this.trace.mask !== 0)
      this.trace.emit(RECORD_ID.signal_generate, info.signal, info.code, Number(info.address), 0);
  }
}
