/**
 * What threads wait for. Plain data.
 */

import type { Lock, UserRange } from './file-records.ts';

/** A lock that cannot be had yet. */
export interface LockWait {
  readonly list: 'locks' | 'flocks';
  /** Number of the object. */
  readonly object: number;
  readonly fd: number;
  /** Number of the open file, which is held until the call is over. */
  readonly file: number;
  readonly wanted: Lock;
  /** The number of the lock or request that it waits for; undefined when it may try again. */
  behind: number | undefined;
}

/** Where a transfer moves bytes: what it shows or is given, or memory of the process that it stores to or loads from. */
export type UserBytes =
  | { readonly kind: 'shown' }
  | { readonly kind: 'given'; readonly bytes: Uint8Array }
  | { readonly kind: 'stored' | 'loaded'; readonly ranges: readonly UserRange[] };

/** A transfer of a pipe or socket. */
export interface StreamWait {
  readonly direction: 'read' | 'write';
  /** Number of the object. */
  readonly object: number;
  /** Number of the open file, which is held until the call is over. */
  readonly file: number;
  /** Bytes that are to be moved, and those that were. */
  readonly count: number;
  readonly user: UserBytes;
  done: number;
  /** A write found the pipe empty when it began, or went on. */
  wasEmpty: boolean;
  /** It has waited and was woken. */
  wasWoken: boolean;
  /** Without O_NONBLOCK when it began. */
  readonly isPatient: boolean;
}

/** What a thread waits for. */
export interface Waiting {
  /** The key of a word of memory, and when it began: who began earlier has the smaller number. */
  word?: { key: string; since: number };
  /** The thread that vfork has made, which is to end first. */
  child?: number;
  lock?: LockWait;
  stream?: StreamWait;
  /** Who waits longer for the same has the smaller number. */
  since?: number;
  /** It was woken, and tries again: those with smaller numbers first. */
  turn?: number;
}
