/**
 * sigaction(2) for the three signals that memory and files can send, and what their delivery does.
 */

import { EINVAL } from '../errno.ts';
import { SIGBUS, SIGKILL, SIGPIPE, SIGSEGV, SIGXFSZ } from '../flags.ts';
import { type Answer, failure, type Signal, SUCCESS, UNSPECIFIED } from './answer.ts';
import { low32 } from './arithmetic.ts';
import type { SignalName } from './process-status.ts';
import { endProcess } from './processes.ts';
import type { Caller, Handler, Process } from './state.ts';

const SIGSTOP = 19;
const SIGNALS_MAX = 64;

const BY_NUMBER: ReadonlyMap<number, SignalName> = new Map([
  [SIGSEGV, 'SIGSEGV'],
  [SIGBUS, 'SIGBUS'],
  [SIGXFSZ, 'SIGXFSZ'],
  [SIGPIPE, 'SIGPIPE'],
]);

/**
 * @call sigaction
 * Sets what a signal does to the process.
 *
 * | signal | when | si_code |
 * |---|---|---|
 * | SIGSEGV | an access where nothing is mapped, or to a guard | SEGV_MAPERR |
 * | SIGSEGV | an access that the mapping does not allow | SEGV_ACCERR |
 * | SIGSEGV | an address that is none (between the halves of the address space) | SI_KERNEL |
 * | SIGBUS | a page wholly behind the end of its file; no space, or an error of the disk, while a page is fetched | BUS_ADRERR |
 * | SIGXFSZ | a call would make a file larger than RLIMIT_FSIZE; the call fails with EFBIG as well | SI_USER |
 *
 * `catch` calls a handler, and the access that raised the signal is abandoned; `default` kills. `ignore` cannot silence
 * a fault: the access would be made again and again, so that the kernel kills as well; SIGXFSZ really can be ignored. A
 * child inherits what is set.
 *
 * @errors
 * EINVAL: there is no such signal, or it cannot be caught (SIGKILL, SIGSTOP)
 *
 * @flags SIGSEGV SIGBUS SIGXFSZ
 */
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
  endProcess(process, { state: 'killed', signal: signal.name });
  return { kind: 'signal', signal, outcome: 'killed' };
}

/** Delivers, on the return from a system call, the signal that it sent to its own process. */
export function deliverPending(process: Process, answer: Answer): Answer {
  const name = process.pendingSignal;
  if (name === undefined) return answer;
  process.pendingSignal = undefined;
  const signal: Signal = { name, code: 'SI_USER' };
  if (process.handlers[name] === 'ignore') return answer;
  if (process.handlers[name] === 'catch')
    return answer.kind === 'failure' || answer.kind === 'value' ? { ...answer, signal } : answer;
  endProcess(process, { state: 'killed', signal: name });
  return { kind: 'signal', signal, outcome: 'killed' };
}
