/**
 * The advisory locks that a file has, and giving and taking them.
 *
 * What becomes of the old locks of an owner when it is given another of some bytes:
 *
 *     the same type, overlapping or side by side     one lock of all the bytes
 *     another type, covered                          gone
 *     another type, partly covered                   what is beside the bytes stays, in two pieces where they are in its midst
 *
 * Locks have numbers, and who waits for one is behind its number. A lock that is joined by another keeps its number; one that is
 * new has that of the request. Those behind a lock that is gone, or has lost bytes, may try again.
 *
 * Source: fcntl(2); Linux fs/locks.c posix_lock_inode.
 */

import { F_UNLCK, F_WRLCK } from '../flags.ts';
import type { Lock, LockOwner } from './file-records.ts';
import type { FileObject, State, Thread } from './state.ts';
import { takeNumber } from './state.ts';

/** The last byte that a lock can cover. */
export const LAST = (1n << 63n) - 1n;

/** Those of fcntl, or those of flock, which cover all bytes and are of F_RDLCK or F_WRLCK as well. */
export type LockList = 'locks' | 'flocks';

export function isSameOwner(a: LockOwner, b: LockOwner): boolean {
  return a.process === b.process && a.file === b.file;
}

export function overlap(a: Lock, b: Lock): boolean {
  return a.start <= b.last && b.start <= a.last;
}

/** Whether two locks cannot both be had. */
export function exclude(a: Lock, b: Lock): boolean {
  return overlap(a, b) && !isSameOwner(a.owner, b.owner) && (a.type === F_WRLCK || b.type === F_WRLCK);
}

/** The first lock that its owner holds on some of these bytes. */
export function heldOf(locks: readonly Lock[], wanted: Lock): Lock | undefined {
  return locks.find((lock) => isSameOwner(lock.owner, wanted.owner) && overlap(lock, wanted));
}

/** Those behind this lock or request, the first that came first. */
export function behind(state: State, number: number): Thread[] {
  return [...state.threads.values()]
    .filter(({ waiting }) => waiting?.lock?.behind === number)
    .sort((a, b) => (a.waiting?.since ?? 0) - (b.waiting?.since ?? 0));
}

/** Those behind this lock or request may try again, in their turn. */
export function loosen(state: State, number: number): void {
  for (const { waiting } of behind(state, number)) {
    if (!waiting?.lock) continue;
    waiting.lock.behind = undefined;
    waiting.turn = takeNumber(state);
  }
}

function touches(lock: Lock, wanted: Lock): boolean {
  return lock.start <= wanted.last + 1n && wanted.start <= lock.last + 1n;
}

function covers(wanted: Lock, lock: Lock): boolean {
  return wanted.start <= lock.start && lock.last <= wanted.last;
}

/** What a lock still covers when another takes some of its bytes. */
function beside(state: State, lock: Lock, { start, last }: Lock): Lock[] {
  const below = lock.start < start ? [{ ...lock, last: start - 1n }] : [];
  const above = lock.last > last ? [{ ...lock, start: last + 1n }] : [];
  const isSplit = below.length + above.length === 2;
  return [...below.map((piece) => ({ ...piece, number: isSplit ? takeNumber(state) : piece.number })), ...above];
}

function united(locks: readonly Lock[], number: number, wanted: Lock): Lock {
  const all = [...locks, wanted];
  const start = all.reduce((least, lock) => (lock.start < least ? lock.start : least), wanted.start);
  const last = all.reduce((most, lock) => (lock.last > most ? lock.last : most), wanted.last);
  return { ...wanted, number, start, last };
}

/** Gives the owner's bytes this type; F_UNLCK frees them. Nobody else's lock excludes it. */
export function giveLock(state: State, object: FileObject, list: LockList, wanted: Lock): void {
  const place = object[list].findIndex(({ owner }) => isSameOwner(owner, wanted.owner));
  const others = object[list].filter(({ owner }) => !isSameOwner(owner, wanted.owner));
  const own = object[list].filter(({ owner }) => isSameOwner(owner, wanted.owner));
  const joined = own.filter((lock) => lock.type === wanted.type && touches(lock, wanted));
  const lost = own.filter((lock) => lock.type !== wanted.type && overlap(lock, wanted));
  const replaced = own.filter((lock) => joined.includes(lock) || (lost.includes(lock) && covers(wanted, lock)));
  const survivor = replaced.length > 0 && joined.includes(replaced[0]) ? replaced[0].number : wanted.number;
  const rest = own.filter((lock) => !joined.includes(lock) && !lost.includes(lock));
  const pieces = lost.flatMap((lock) => beside(state, lock, wanted));
  const given = wanted.type === F_UNLCK ? [] : [united(joined, survivor, wanted)];
  const after = [...rest, ...pieces, ...given].sort((a, b) => (a.start < b.start ? -1 : 1));
  others.splice(place < 0 ? others.length : place, 0, ...after);
  object[list] = others;
  const gone = replaced.filter(({ number }) => number !== survivor);
  const cut = lost.filter((lock) => !covers(wanted, lock)).sort((a, b) => (a.start > b.start ? -1 : 1));
  for (const { number } of [...gone, ...cut]) loosen(state, number);
}

/** All locks of an owner are gone. */
export function dropLocks(state: State, object: FileObject, list: LockList, owner: LockOwner): void {
  if (!object[list].some((lock) => isSameOwner(lock.owner, owner))) return;
  giveLock(state, object, list, { number: takeNumber(state), owner, type: F_UNLCK, start: 0n, last: LAST });
}
