/**
 * The record locks of one file, as a list.
 *
 * Place: state of an inode; file-locks.ts says who may have which.
 * Invariant: locks of one owner do not overlap or touch with the same type; they stand side by side, by where they start.
 * Source: Linux fs/locks.c posix_lock_inode.
 */

import { F_UNLCK, F_WRLCK } from '../flags.ts';

/** A table of descriptors or an open file description: compared, never looked into. */
export type LockOwner = object;

/** Bytes [start, end], both included. */
export interface RecordLock {
  readonly owner: LockOwner;
  readonly type: number;
  readonly start: bigint;
  readonly end: bigint;
}

function overlap(a: RecordLock, b: RecordLock): boolean {
  return a.start <= b.end && b.start <= a.end;
}

function conflicts(a: RecordLock, b: RecordLock): boolean {
  return overlap(a, b) && a.owner !== b.owner && (a.type === F_WRLCK || b.type === F_WRLCK);
}

/** What is left of a lock beside [start, end]. */
function without(lock: RecordLock, { start, end }: RecordLock): RecordLock[] {
  if (lock.end < start || lock.start > end) return [lock];
  const below = lock.start < start ? [{ ...lock, end: start - 1n }] : [];
  return lock.end > end ? [...below, { ...lock, start: end + 1n }] : below;
}

function joined(locks: readonly RecordLock[]): RecordLock[] {
  const result: RecordLock[] = [];
  for (const lock of locks) {
    const last = result.at(-1);
    if (last !== undefined && last.type === lock.type && last.end + 1n === lock.start) {
      result[result.length - 1] = { ...last, end: lock.end };
    } else result.push(lock);
  }
  return result;
}

export class RecordLocks {
  private list: RecordLock[];

  constructor() {
    this.list = [];
  }

  /** The first lock that stands in the way of another. */
  conflict(wanted: RecordLock): RecordLock | undefined {
    return this.list.find((lock) => conflicts(lock, wanted));
  }

  /** The first lock that its owner holds on some of these bytes. */
  held(wanted: RecordLock): RecordLock | undefined {
    return this.list.find((lock) => lock.owner === wanted.owner && overlap(lock, wanted));
  }

  /** Gives the owner's bytes this type; F_UNLCK frees them. Nobody else's lock is in the way. */
  set(wanted: RecordLock): void {
    const place = this.list.findIndex(({ owner }) => owner === wanted.owner);
    const own = this.list.filter(({ owner }) => owner === wanted.owner).flatMap((lock) => without(lock, wanted));
    const others = this.list.filter(({ owner }) => owner !== wanted.owner);
    if (wanted.type !== F_UNLCK) own.push(wanted);
    own.sort((a, b) => (a.start < b.start ? -1 : 1));
    others.splice(place < 0 ? others.length : place, 0, ...joined(own));
    this.list = others;
  }

  drop(owner: LockOwner): void {
    if (this.list.some((lock) => lock.owner === owner)) this.list = this.list.filter((lock) => lock.owner !== owner);
  }
}
