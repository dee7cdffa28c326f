/**
 * What the public face throws: a failed call, and a signal that ends an access.
 *
 * Shaped like Node's own system errors, so that programs written against `fs` feel at home.
 */

import { errnoName, isFailure } from '../errno.ts';
import type { Word } from '../units.ts';

/** A call failed: `code` is the errno's name, `errno` its negative number, as in Node. */
export class SyscallError extends Error {
  override readonly name = 'SyscallError';
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;

  constructor(errno: number, syscall: string) {
    super(`${errnoName(errno)}: ${syscall}`);
    this.code = errnoName(errno);
    this.errno = -errno;
    this.syscall = syscall;
  }
}

/** An access ended in a signal that was not handled, or whose handler gave the access up. */
export class SignalError extends Error {
  override readonly name = 'SignalError';
  readonly signal: number;
  /** si_code. */
  readonly code: number;
  /** si_addr; a bigint beyond 2^53. */
  readonly address: Word;
  /** The process died of it. */
  readonly killed: boolean;

  constructor(signal: number, code: number, address: Word, killed: boolean) {
    super(`signal ${signal} (code ${code}) at 0x${address.toString(16)}${killed ? ', process killed' : ''}`);
    this.signal = signal;
    this.code = code;
    this.address = address;
    this.killed = killed;
  }
}

/** The result of a call, or its failure as an exception. */
export function check<T extends number | bigint>(result: T, syscall: string): T {
  if (isFailure(result)) throw new SyscallError(-Number(result), syscall);
  return result;
}

/** The same for a call that gives two descriptors. */
export function checkPair(result: readonly [number, number] | number, syscall: string): readonly [number, number] {
  if (typeof result === 'number') throw new SyscallError(-result, syscall);
  return result;
}
