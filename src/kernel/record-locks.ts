/**
 * The advisory locks that are held on one file.
 *
 * Place: state of an inode; file-locks.ts says who may have which, file-lock.ts who waits for them.
 * Invariant: locks of one owner do not overlap or touch with the same type; they stand side by side, by where they start.
 * Source: Linux fs/locks.c posix_lock_inode, flock_lock_inode.
 */

import { F_UNLCK } from '../flags.ts';
import { FileLock, type LockOwner, type LockWaiters } from './file-lock.ts';

/** The last byte that there can be. */
export const OFFSET_MAX = (1n << 63n) - 1n;

/** What is left of other locks of the owner beside the bytes that change: the same lock if it encloses them. */
interface Rests {
  left: FileLock | null;
  right: FileLock | null;
}

export class RecordLocks {
  private readonly list: FileLock[];

  constructor() {
    this.list = [];
  }

  /** The first lock that stands in the way of another. */
  conflict(wanted: FileLock): FileLock | undefined {
    return this.list.find((lock) => lock.conflicts(wanted));
  }

  /** The first lock that its owner holds on some of these bytes. */
  held(wanted: FileLock): FileLock | undefined {
    return this.list.find((lock) => lock.owner === wanted.owner && lock.overlaps(wanted));
  }

  /**
   * Gives the owner's bytes this type; F_UNLCK frees them. Nobody else's lock is in the way. The request is used up: it may
   * grow to the lock that it joins, and who waits behind it stays there then.
   */
  set(request: FileLock, waiters: LockWaiters): void {
    const rests: Rests = { left: null, right: null };
    let wanted = request;
    let isThere = request.type === F_UNLCK;
    let place = this.firstOf(request.owner);
    for (; this.list[place]?.owner === request.owner; place++) {
      const lock = this.list[place];
      const isSame = lock.type === wanted.type;
      if (lock.end < (isSame ? wanted.start - 1n : wanted.start)) continue;
      if (lock.start > (isSame ? wanted.end + 1n : wanted.end)) break;
      if (isSame) unite(lock, wanted);
      else if (isRest(lock, wanted, rests)) {
        if (rests.right === lock) break;
        continue;
      }
      if (isThere) this.list.splice(place--, 1);
      else if (isSame) wanted = lock;
      else {
        wanted = wanted.granted();
        this.list[place] = wanted;
      }
      if (isThere || !isSame) waiters.wakeBehind(lock);
      isThere = true;
    }
    if (!isThere) this.list.splice(place, 0, request.granted());
    this.shorten(rests, wanted, place, waiters);
  }

  private firstOf(wanted: LockOwner): number {
    const place = this.list.findIndex(({ owner }) => owner === wanted);
    return place < 0 ? this.list.length : place;
  }

  /** Takes the bytes of `wanted`, which stands or would stand at `place`, from the locks on its sides. */
  private shorten({ left, right }: Rests, wanted: FileLock, place: number, waiters: LockWaiters): void {
    let before = left;
    if (right !== null && left === right) {
      before = right.copy();
      this.list.splice(place, 0, before);
    }
    if (right !== null) {
      right.start = wanted.end + 1n;
      waiters.wakeBehind(right);
    }
    if (before !== null) {
      before.end = wanted.start - 1n;
      waiters.wakeBehind(before);
    }
  }

  /** All locks of an owner are gone. */
  drop(owner: LockOwner, waiters: LockWaiters): void {
    if (this.list.some((lock) => lock.owner === owner))
      this.set(new FileLock(owner, 'posix', F_UNLCK, 0n, OFFSET_MAX), waiters);
  }

  locks(): readonly FileLock[] {
    return this.list;
  }
}

/** Both cover the bytes of both. */
function unite(lock: FileLock, wanted: FileLock): void {
  if (wanted.start < lock.start) lock.start = wanted.start;
  if (wanted.end > lock.end) lock.end = wanted.end;
  wanted.start = lock.start;
  wanted.end = lock.end;
}

/** Whether bytes of `lock` are left beside those of `wanted`: noted. */
function isRest(lock: FileLock, wanted: FileLock, rests: Rests): boolean {
  if (lock.start < wanted.start) rests.left = lock;
  if (lock.end > wanted.end) rests.right = lock;
  return lock.start < wanted.start || lock.end > wanted.end;
}
