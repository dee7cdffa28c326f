/**
 * What threads wait for. Plain data.
 */

import type { Lock } from './file-records.ts';

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

/** What a thread waits for. */
export interface Waiting {
  /** The key of a word of memory, and when it began: who began earlier has the smaller number. */
  word?: { key: string; since: number };
  /** The thread that vfork has made, which is to end first. */
  child?: number;
  lock?: LockWait;
  /** Who waits longer for the same has the smaller number. */
  since?: number;
  /** It was woken, and tries again: those with smaller numbers first. */
  turn?: number;
}
