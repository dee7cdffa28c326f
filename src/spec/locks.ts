/**
 * Advisory locks: flock(2), and fcntl(2) on bytes of a file. They forbid nothing but each other, and nobody waits for one.
 *
 *                  belongs to                   ends with
 *     flock        an open file                 the last descriptor and mapping of it
 *     F_SETLK      a process                    the process, or any of its descriptors of the file
 *     F_OFD_SETLK  an open file                 the last descriptor and mapping of it
 *
 * Source: flock(2), fcntl(2); Linux fs/locks.c.
 */

import { EAGAIN, EBADF, EINVAL, EOVERFLOW } from '../errno.ts';
import {
  F_GETLK,
  F_OFD_GETLK,
  F_OFD_SETLK,
  F_OFD_SETLKW,
  F_RDLCK,
  F_SETLK,
  F_SETLKW,
  F_UNLCK,
  F_WRLCK,
  LOCK_EX,
  LOCK_NB,
  LOCK_SH,
  LOCK_UN,
  SEEK_CUR,
  SEEK_END,
  SEEK_SET,
} from '../flags.ts';
import { type Answer, failure, SUCCESS, UNSPECIFIED } from './answer.ts';
import { type Errno, low32, signed } from './arithmetic.ts';
import { type Opened, opened } from './descriptors.ts';
import type { Lock, LockOwner } from './file-records.ts';
import type { Caller, FileObject, State } from './state.ts';

/** The last byte that a lock can cover. */
const LAST = (1n << 63n) - 1n;

function isOpen(state: State, file: number): boolean {
  return [...state.processes.values()].some(
    ({ status, descriptors, vmas }) =>
      status.state === 'running' &&
      ([...descriptors.values()].includes(file) || vmas.some((vma) => vma.file === file || vma.zero === file)),
  );
}

function exists(state: State, { process, file }: LockOwner): boolean {
  return process === undefined
    ? isOpen(state, file as number)
    : state.processes.get(process)?.status.state === 'running';
}

function isSame(a: LockOwner, b: LockOwner): boolean {
  return a.process === b.process && a.file === b.file;
}

/**
 * @call flock
 * Locks an open file for reading by several (LOCK_SH) or for itself alone (LOCK_EX), or unlocks it (LOCK_UN).
 *
 * The lock is that of the open file: all its descriptors and mappings keep it, in children too. Another kind of lock is had
 * by giving the first up, which is gone even if the other cannot be had. Nobody waits, LOCK_NB or not.
 *
 * @errors
 * EINVAL: no kind of lock, or several
 * EBADF: `fd` is no descriptor, or one of O_PATH; not open for reading or writing
 * EAGAIN: another open file has a lock that does not allow it
 *
 * @flags LOCK_
 */
export function flock({ state, process }: Caller, fd: bigint, operation: bigint): Answer {
  const kind = low32(operation) & ~LOCK_NB;
  if (![LOCK_SH, LOCK_EX, LOCK_UN].includes(kind)) return failure(EINVAL);
  const found = opened(state, process, fd);
  if (!found || (kind !== LOCK_UN && !found.file.readable && !found.file.writable)) return failure(EBADF);
  const { object, number } = found;
  for (const file of [...object.flocks.keys()]) if (!isOpen(state, file)) object.flocks.delete(file);
  if (object.flocks.get(number) === kind) return SUCCESS;
  object.flocks.delete(number);
  if (kind === LOCK_UN) return SUCCESS;
  const others = [...object.flocks.values()];
  if (others.length > 0 && (kind === LOCK_EX || others.includes(LOCK_EX))) return failure(EAGAIN);
  object.flocks.set(number, kind);
  return SUCCESS;
}

const ASKING: readonly number[] = [F_GETLK, F_OFD_GETLK];
const OF_FILES: readonly number[] = [F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW];
const COMMANDS: readonly number[] = [F_SETLK, F_SETLKW, ...ASKING, F_OFD_SETLK, F_OFD_SETLKW];

/** `struct flock`, as registers have it. */
export interface LockRequest {
  readonly type: bigint;
  readonly whence: bigint;
  readonly start: bigint;
  readonly length: bigint;
}

function short(value: bigint): number {
  return Number(BigInt.asIntN(16, value));
}

/** fcntl with a struct flock. */
export function fcntlLock(caller: Caller, fd: bigint, command: bigint, request: LockRequest): Answer {
  const { state, process, number } = caller;
  const bits = low32(command);
  if (!COMMANDS.includes(bits)) return UNSPECIFIED;
  const found = opened(state, process, fd);
  if (!found) return failure(EBADF);
  const type = short(request.type);
  const asks = ASKING.includes(bits);
  const asksForOwn = bits === F_OFD_GETLK && type === F_UNLCK;
  if (asks && !asksForOwn && type !== F_RDLCK && type !== F_WRLCK) return failure(EINVAL);
  const bytes = bytesOf(found, request);
  if (typeof bytes === 'number') return failure(bytes);
  if (![F_RDLCK, F_WRLCK, F_UNLCK].includes(type)) return failure(EINVAL);
  const owner = OF_FILES.includes(bits) ? ownedByFile(found.number) : ownedByProcess(number);
  return asks ? tell(state, found.object, { owner, type, ...bytes }) : take(state, found, { owner, type, ...bytes });
}

function ownedByFile(file: number): LockOwner {
  return { process: undefined, file };
}

function ownedByProcess(process: number): LockOwner {
  return { process, file: undefined };
}

function tell(state: State, object: FileObject, wanted: Lock): Answer {
  const other = wanted.type === F_UNLCK ? heldOf(object, wanted) : inTheWay(state, object, wanted);
  if (!other) return { kind: 'lock', type: F_UNLCK, start: 0n, length: 0n };
  const length = other.last === LAST ? 0n : other.last - other.start + 1n;
  return { kind: 'lock', type: other.type, start: other.start, length };
}

function take(state: State, { object, file }: Opened, wanted: Lock): Answer {
  const { type } = wanted;
  if ((type === F_RDLCK && !file.readable) || (type === F_WRLCK && !file.writable)) return failure(EBADF);
  if (type !== F_UNLCK && inTheWay(state, object, wanted)) return failure(EAGAIN);
  const place = object.locks.findIndex(({ owner }) => isSame(owner, wanted.owner));
  const others = object.locks.filter(({ owner }) => !isSame(owner, wanted.owner));
  const own = object.locks.filter(({ owner }) => isSame(owner, wanted.owner)).flatMap((lock) => beside(lock, wanted));
  const after = merged(type === F_UNLCK ? own : [...own, wanted]);
  others.splice(place < 0 ? others.length : place, 0, ...after);
  object.locks = others;
  return SUCCESS;
}

/** The first lock of another owner that does not allow this one. */
function inTheWay(state: State, object: FileObject, wanted: Lock): Lock | undefined {
  object.locks = object.locks.filter(({ owner }) => exists(state, owner));
  return object.locks.find(
    (lock) =>
      overlap(lock, wanted) && !isSame(lock.owner, wanted.owner) && (lock.type === F_WRLCK || wanted.type === F_WRLCK),
  );
}

/** The first lock of this owner on some of these bytes. */
function heldOf(object: FileObject, wanted: Lock): Lock | undefined {
  return object.locks.find((lock) => isSame(lock.owner, wanted.owner) && overlap(lock, wanted));
}

function overlap(a: Lock, b: Lock): boolean {
  return a.start <= b.last && b.start <= a.last;
}

/** What a lock still covers when another takes its bytes. */
function beside(lock: Lock, { start, last }: Lock): Lock[] {
  if (lock.last < start || lock.start > last) return [lock];
  const below = lock.start < start ? [{ ...lock, last: start - 1n }] : [];
  const above = lock.last > last ? [{ ...lock, start: last + 1n }] : [];
  return [...below, ...above];
}

/** In the order of their bytes; those that touch and are of one type are one. */
function merged(locks: readonly Lock[]): Lock[] {
  const result: Lock[] = [];
  for (const lock of [...locks].sort((a, b) => (a.start < b.start ? -1 : 1))) {
    const before = result.at(-1);
    if (before && before.type === lock.type && before.last + 1n === lock.start) {
      result.splice(-1, 1, { ...before, last: lock.last });
    } else {
      result.push(lock);
    }
  }
  return result;
}

/** EINVAL: no such whence; before the start of the file. EOVERFLOW: behind the last byte there can be. */
function bytesOf({ file, object }: Opened, request: LockRequest): { start: bigint; last: bigint } | Errno {
  const bases = new Map([
    [SEEK_SET, 0n],
    [SEEK_CUR, file.position],
    [SEEK_END, object.size],
  ]);
  const base = bases.get(short(request.whence));
  if (base === undefined) return EINVAL;
  const offset = signed(request.start);
  const length = signed(request.length);
  if (offset > LAST - base) return EOVERFLOW;
  const start = base + offset;
  if (start < 0n) return EINVAL;
  if (length === 0n) return { start, last: LAST };
  if (length > 0n) return length - 1n > LAST - start ? EOVERFLOW : { start, last: start + length - 1n };
  return start + length < 0n ? EINVAL : { start: start + length, last: start - 1n };
}
