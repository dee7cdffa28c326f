/**
 * One advisory lock, and what waits behind it.
 *
 * Place: under record-locks.ts and flock of file-locks.ts, which keep those of a file. A lock that cannot be had yet is a lock as
 * well: a request, with others behind it in turn. So all that wait are trees whose roots are locks that are held.
 *
 *     held [0, 10) W  <-  wants [0, 5) W  <-  wants [0, 2) R
 *                     <-  wants [5, 10) W                        beside the first: they do not conflict
 *
 * Invariant: `blocker.waiters` holds a lock if and only if `blocker` is that lock's; those behind one lock do not conflict.
 * Source: Linux fs/locks.c struct file_lock, __locks_insert_block, __locks_wake_up_blocks, posix_locks_deadlock.
 */

import { F_WRLCK } from '../flags.ts';
import type { Waker } from './wait-queue.ts';

/** A table of descriptors or an open file description: compared, never looked into. */
export type LockOwner = object;

/** F_SETLK's, F_OFD_SETLK's, flock's. */
export type LockKind = 'posix' | 'ofd' | 'flock';

/** Bytes [start, end], both included. */
export class FileLock {
  readonly owner: LockOwner;
  readonly kind: LockKind;
  type: number;
  start: bigint;
  end: bigint;
  /** Those behind it, the first that came at the front. */
  readonly waiters: FileLock[];
  /** Of a request that waits: what it waits for, and whom to wake. */
  blocker: FileLock | null;
  waker: Waker | null;

  constructor(owner: LockOwner, kind: LockKind, type: number, start: bigint, end: bigint) {
    this.owner = owner;
    this.kind = kind;
    this.type = type;
    this.start = start;
    this.end = end;
    this.waiters = [];
    this.blocker = null;
    this.waker = null;
  }

  overlaps(other: FileLock): boolean {
    return this.start <= other.end && other.start <= this.end;
  }

  conflicts(other: FileLock): boolean {
    return this.overlaps(other) && this.owner !== other.owner && (this.type === F_WRLCK || other.type === F_WRLCK);
  }

  /** The same lock once more; nobody waits for it. */
  copy(): FileLock {
    return new FileLock(this.owner, this.kind, this.type, this.start, this.end);
  }

  /** The lock that a request becomes: whoever waits behind the request waits behind the lock from now on. */
  granted(): FileLock {
    const lock = this.copy();
    for (const waiter of this.waiters.splice(0)) {
      waiter.blocker = lock;
      lock.waiters.push(waiter);
    }
    return lock;
  }
}

/** So many owners are followed; a longer chain is no deadlock (MAX_DEADLK_ITERATIONS). */
const CHAIN_MAX = 11;

/** Who waits for locks, over all files. */
export class LockWaiters {
  /** Requests behind a lock of F_SETLK, or behind a request for one; the latest first. */
  private readonly ofRecords: FileLock[];

  constructor() {
    this.ofRecords = [];
  }

  /** `request` waits behind `lock`, or behind the first of those there that it conflicts with. */
  add(request: FileLock, lock: FileLock): void {
    let blocker = lock;
    for (;;) {
      const rival = blocker.waiters.find((waiter) => waiter.conflicts(request));
      if (rival === undefined) break;
      blocker = rival;
    }
    request.blocker = blocker;
    blocker.waiters.push(request);
    if (blocker.kind === 'posix') this.ofRecords.unshift(request);
    // Those behind the request were in its way only: they may not be in that of the lock.
    this.wakeBehind(request);
  }

  /** The lock is gone, or smaller. */
  wakeBehind(lock: FileLock): void {
    for (const waiter of lock.waiters.splice(0)) {
      waiter.blocker = null;
      this.leaveRecords(waiter);
      waiter.waker?.wake();
    }
  }

  /** The request waits no more, whether it was granted or given up. */
  remove(request: FileLock): void {
    this.wakeBehind(request);
    if (request.blocker === null) return;
    const { waiters } = request.blocker;
    waiters.splice(waiters.indexOf(request), 1);
    request.blocker = null;
    this.leaveRecords(request);
  }

  private leaveRecords(request: FileLock): void {
    const place = this.ofRecords.indexOf(request);
    if (place >= 0) this.ofRecords.splice(place, 1);
  }

  /** Whether whoever has `lock` waits, over others, for the owner of `request`. Owners of F_OFD_SETLK are no processes. */
  isDeadlock(request: FileLock, lock: FileLock): boolean {
    if (request.kind !== 'posix') return false;
    let next = this.awaitedBy(lock.owner);
    for (let steps = 0; next !== null && steps < CHAIN_MAX; steps++) {
      if (next.owner === request.owner) return true;
      next = this.awaitedBy(next.owner);
    }
    return false;
  }

  /** The lock at the root of what the owner's latest request waits behind. */
  private awaitedBy(owner: LockOwner): FileLock | null {
    let lock = this.ofRecords.find((request) => request.owner === owner) ?? null;
    while (lock !== null && lock.blocker !== null) lock = lock.blocker;
    return lock;
  }
}
