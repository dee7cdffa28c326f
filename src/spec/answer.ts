/**
 * What a call comes to, as the program that made it sees it.
 */

import { EFAULT } from '../errno.ts';
import type { Errno } from './arithmetic.ts';
import type { ProcessStatus, SignalName } from './process-status.ts';

export type SignalCode = 'SEGV_MAPERR' | 'SEGV_ACCERR' | 'BUS_ADRERR' | 'SI_KERNEL' | 'SI_USER';

export interface Signal {
  readonly name: SignalName;
  readonly code: SignalCode;
  /** si_addr; undefined if the signal has none. */
  readonly address?: bigint | undefined;
}

/** One line of /proc/PID/maps. */
export interface MapsLine {
  readonly start: bigint;
  readonly end: bigint;
  /** `rw-p` */
  readonly perms: string;
  /** In bytes. */
  readonly offset: bigint;
  readonly path: string;
}

export type Answer =
  /** `length`: how much lies at the address, where no argument says it. `signal` came with it and was caught. */
  | { readonly kind: 'value'; readonly value: bigint; readonly length?: bigint; readonly signal?: Signal }
  /** shmctl: a number and what else is told, by the names of the C structure. */
  | { readonly kind: 'struct'; readonly value: bigint; readonly members: Readonly<Record<string, bigint>> }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** pipe and socketpair: two descriptors. */
  | { readonly kind: 'pair'; readonly values: readonly [bigint, bigint] }
  /** fstat_mode */
  | { readonly kind: 'mode'; readonly mode: number; readonly links: number | undefined }
  /** times */
  | { readonly kind: 'times'; readonly changed: readonly string[] }
  /** fcntl: F_GETLK */
  | { readonly kind: 'lock'; readonly type: number; readonly start: bigint; readonly length: bigint }
  /** fstat */
  | { readonly kind: 'size'; readonly size: bigint }
  /** mincore: for each page whether it is in memory. */
  | { readonly kind: 'residency'; readonly pages: readonly boolean[] }
  | { readonly kind: 'maps'; readonly lines: readonly MapsLine[] }
  /** wait */
  | { readonly kind: 'status'; readonly status: ProcessStatus }
  /** smaps and vmflags of an address where nothing is. */
  | { readonly kind: 'unmapped' }
  /** vmflags: the letters of each flag. */
  | { readonly kind: 'vmflags'; readonly flags: readonly string[] }
  /** pagemap: `guard` and `absent` are all that this specification tells. */
  | { readonly kind: 'pagemap'; readonly pages: readonly ('guard' | 'absent')[] }
  /** `signal` came with it and was caught. */
  | { readonly kind: 'failure'; readonly errno: Errno; readonly signal?: Signal }
  /** An access was abandoned by its handler, or the process died of it. */
  | { readonly kind: 'signal'; readonly signal: Signal; readonly outcome: 'caught' | 'killed' }
  /** The thread waits, and does nothing until it is woken. */
  | { readonly kind: 'waiting' }
  /** The thread runs another program, and nothing was done. */
  | { readonly kind: 'executing' }
  /** The process died of a signal that nobody sees. */
  | { readonly kind: 'killed'; readonly signal: 'SIGSEGV' | 'SIGBUS' | 'SIGKILL' }
  /** exit: the process is no more. */
  | { readonly kind: 'gone' }
  /** This specification does not say. What the call changed is not known either, beyond what it says elsewhere. */
  | { readonly kind: 'unspecified' };

export const SUCCESS: Answer = { kind: 'value', value: 0n };
export const UNSPECIFIED: Answer = { kind: 'unspecified' };

export function value(number: bigint): Answer {
  return { kind: 'value', value: number };
}

export function failure(errno: Errno): Answer {
  return { kind: 'failure', errno };
}

/** 0, or the failure of an error number that is not 0. */
export function outcome(errno: Errno): Answer {
  return errno === 0 ? SUCCESS : failure(errno);
}

/** An address or number, or the failure of a negative one. */
export function addressAnswer(result: bigint): Answer {
  return result < 0n ? failure(Number(-result)) : value(result);
}

/** A count of bytes that a transfer moved, EFAULT if it was stopped before the first. */
export function transferred(count: bigint, wanted: bigint): Answer {
  return count === 0n && wanted > 0n ? failure(EFAULT) : value(count);
}
