/**
 * sigaction(2) for the three signals that memory and files can send, and what their delivery does.
 *
 * A caught signal abandons the access it came from. SIG_IGN cannot silence a fault: the kernel
 * kills the process as under SIG_DFL. SIGXFSZ is sent by a system call that goes on to fail with
 * EFBIG, and really can be ignored.
 */

import { EINVAL } from '../errno.ts';
import { SIGBUS, SIGKILL, SIGSEGV, SIGXFSZ } from '../flags.ts';
import { type Answer, failure, type Signal, SUCCESS, UNSPECIFIED } from './answer.ts';
import { low32 } from './arithmetic.ts';
import { killProcess } from './processes.ts';
import type { Caller, Handler, Process, SignalName } from './state.ts';

const SIGSTOP = 19;
const SIGNALS_MAX = 64;

const BY_NUMBER: ReadonlyMap<number, SignalName> = new Map([
  [SIGSEGV, 'SIGSEGV'],
  [SIGBUS, 'SIGBUS'],
  [SIGXFSZ, 'SIGXFSZ'],
]);

/** Sets what a signal does. EINVAL for a number that is no signal, or one that cannot be caught. */
export function sigaction({ process }: Caller, signal: bigint, handler: Handler | undefined): Answer {
  const number = low32(signal);
  if (number < 1 || number > SIGNALS_MAX || number === SIGKILL || number === SIGSTOP) return failure(EINVAL);
  const name = BY_NUMBER.get(number);
  if (name === undefined || handler === undefined) return UNSPECIFIED;
  process.handlers[name] = handler;
  return SUCCESS;
}

/** Delivers the signal of a fault. */
export function raise(process: Process, signal: Signal): Answer {
  if (process.handlers[signal.name] === 'catch') return { kind: 'signal', signal, outcome: 'caught' };
  killProcess(process, signal.name);
  return { kind: 'signal', signal, outcome: 'killed' };
}

/** Delivers, on the return from a system call, the signal that it sent to its own process. */
export function deliverPending(process: Process, answer: Answer): Answer {
  const name = process.pendingSignal;
  if (name === undefined) return answer;
  process.pendingSignal = undefined;
  const signal: Signal = { name, code: 'SI_USER' };
  if (process.handlers[name] === 'ignore') return answer;
  if (process.handlers[name] === 'catch') return answer.kind === 'failure' ? { ...answer, signal } : answer;
  killProcess(process, name);
  return { kind: 'signal', signal, outcome: 'killed' };
}
