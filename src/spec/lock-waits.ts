/**
 * Waiting for advisory locks.
 *
 * Who cannot have a lock is behind the first lock in its way; but behind the request of another that is there and excludes its
 * own, if there is one. So of those behind one lock all can be had at once, and each has its own behind it:
 *
 *     main has 0-9 <- a wants 0-4 <- c wants 3
 *                  <- b wants 5-9
 *
 * When the lock is gone or loses bytes, those behind it try again in the order in which they came. With the lock a request takes over
 * those behind it, unless it joined a lock that was there: then they try again too, as they do when it fails or its thread ends.
 *
 * Deadlock: the owner of the lock in the way waits behind a lock, whose owner waits, and so on up to the one who asks. Only for
 * F_SETLKW; but the chain may lead over owners of F_OFD_SETLKW who wait for locks of processes.
 *
 * Source: fcntl(2), flock(2); Linux fs/locks.c __locks_insert_block, posix_locks_deadlock, fcntl_setlk.
 */

import { EBADF, EDEADLK } from '../errno.ts';
import { F_UNLCK } from '../flags.ts';
import { type Answer, failure, SUCCESS } from './answer.ts';
import type { Opened } from './descriptors.ts';
import type { Lock, LockOwner } from './file-records.ts';
import { behind, dropLocks, exclude, giveLock, heldOf, isSameOwner, type LockList, loosen } from './lock-lists.ts';
import type { Caller, FileObject, Process, State, Thread } from './state.ts';
import { takeNumber } from './state.ts';
import { lives } from './threads.ts';
import type { LockWait } from './waiting.ts';

/** So many owners in a row are asked what they wait for. */
const CHAIN_MAX = 11;

/** Takes a lock that can be had; the first lock in its way if it cannot. flock gives up the lock there is. */
export function tryLock(state: State, object: FileObject, list: LockList, wanted: Lock): Lock | undefined {
  if (list === 'flocks') {
    if (heldOf(object.flocks, wanted)?.type === wanted.type) return undefined;
    dropLocks(state, object, list, wanted.owner);
  }
  const other = wanted.type === F_UNLCK ? undefined : object[list].find((lock) => exclude(lock, wanted));
  if (!other) giveLock(state, object, list, wanted);
  return other;
}

/** Takes a lock, or waits for it. */
export function lockOrWait(caller: Caller, fd: number, found: Opened, list: LockList, wanted: Lock): Answer {
  const { state, thread } = caller;
  const other = tryLock(state, found.object, list, wanted);
  if (!other) return SUCCESS;
  if (isDeadlock(state, wanted, other)) return failure(EDEADLK);
  const wait = {
    list,
    object: found.file.object,
    fd,
    file: found.number,
    wanted,
    behind: placeFor(state, wanted, other),
  };
  thread.waiting = { lock: wait, since: takeNumber(state) };
  return { kind: 'waiting' };
}

/** The number of what a request is behind: the lock in its way, or somebody's request there. */
function placeFor(state: State, wanted: Lock, lock: Lock): number {
  let place = lock.number;
  for (;;) {
    const rival = behind(state, place).find(({ waiting }) => waiting?.lock && exclude(waiting.lock.wanted, wanted));
    if (!rival?.waiting?.lock) return place;
    place = rival.waiting.lock.wanted.number;
  }
}

/** A thread that waits for a lock tries again. undefined: it waits on. */
export function lockAgain(state: State, process: Process, thread: Thread, wait: LockWait): Answer | undefined {
  const object = state.objects.get(wait.object) as FileObject;
  const { wanted, list } = wait;
  const other = tryLock(state, object, list, wanted);
  if (other) {
    loosen(state, wanted.number);
    if (isDeadlock(state, wanted, other)) return failure(EDEADLK);
    wait.behind = placeFor(state, wanted, other);
    thread.waiting = { lock: wait, since: takeNumber(state) };
    return undefined;
  }
  if (!object[list].some(({ number }) => number === wanted.number)) loosen(state, wanted.number);
  if (list === 'flocks' || wanted.owner.process === undefined || process.descriptors.get(wait.fd) === wait.file)
    return SUCCESS;
  giveLock(state, object, list, { ...wanted, number: takeNumber(state), type: F_UNLCK });
  return failure(EBADF);
}

function isDeadlock(state: State, wanted: Lock, other: Lock): boolean {
  if (wanted.owner.process === undefined) return false;
  let next = awaitedBy(state, other.owner);
  for (let steps = 0; next && steps < CHAIN_MAX; steps++) {
    if (isSameOwner(next.owner, wanted.owner)) return true;
    next = awaitedBy(state, next.owner);
  }
  return false;
}

/** The lock that the owner waits for, whoever is in between: that of its latest request behind a process's lock or request. */
function awaitedBy(state: State, owner: LockOwner): Lock | undefined {
  const waits = [...state.threads.values()].flatMap(({ waiting }) =>
    waiting?.lock && isSameOwner(waiting.lock.wanted.owner, owner)
      ? [{ ...waiting.lock, since: waiting.since ?? 0 }]
      : [],
  );
  const ofProcess = waits.filter((wait) => lockNumbered(state, wait)?.owner.process !== undefined);
  const latest = ofProcess.sort((a, b) => b.since - a.since)[0];
  return latest && rootOf(state, latest);
}

function rootOf(state: State, wait: LockWait): Lock | undefined {
  for (let next: LockWait | undefined = wait; ; ) {
    const lock = lockNumbered(state, next);
    const request = requestNumbered(state, lock?.number);
    if (!request || request.behind === undefined) return lock;
    next = request;
  }
}

/** What a request is behind: a lock, or another request. */
function lockNumbered(state: State, { behind: number, object, list }: LockWait): Lock | undefined {
  const held = state.objects.get(object)?.[list].find((lock) => lock.number === number);
  return held ?? requestNumbered(state, number)?.wanted;
}

function requestNumbered(state: State, number: number | undefined): LockWait | undefined {
  return [...state.threads.values()].map(({ waiting }) => waiting?.lock).find((wait) => wait?.wanted.number === number);
}

function endWait(state: State, thread: Thread, { wanted }: LockWait): void {
  thread.waiting = undefined;
  loosen(state, wanted.number);
}

/** What is over with threads, processes and open files: their requests, their locks. */
export function releaseLocks(state: State, isOpen: (file: number) => boolean): void {
  for (const thread of state.threads.values()) {
    const { waiting } = thread;
    if (!waiting?.lock || lives(state, thread)) continue;
    endWait(state, thread, waiting.lock);
  }
  for (const object of state.objects.values())
    for (const list of ['locks', 'flocks'] as const)
      for (const { owner } of [...object[list]])
        if (!exists(state, owner, isOpen)) dropLocks(state, object, list, owner);
}

function exists(state: State, { process, file }: LockOwner, isOpen: (file: number) => boolean): boolean {
  return process === undefined ? isOpen(file as number) : state.processes.get(process)?.status.state === 'running';
}
