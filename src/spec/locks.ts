/**
 * Advisory locks: flock(2), and fcntl(2) on bytes of a file. They forbid nothing but each other.
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
import { sizeOf } from './file-sizes.ts';
import { exclude, heldOf, LAST, type LockList } from './lock-lists.ts';
import { lockOrWait, tryLock } from './lock-waits.ts';
import type { Caller, FileObject, State } from './state.ts';
import { takeNumber } from './state.ts';

/** A lock of flock is one of all bytes. */
const FLOCK_TYPES: ReadonlyMap<number, number> = new Map([
  [LOCK_SH, F_RDLCK],
  [LOCK_EX, F_WRLCK],
  [LOCK_UN, F_UNLCK],
]);

/**
 * @call flock
 * Locks an open file for reading by several (LOCK_SH) or for itself alone (LOCK_EX), or unlocks it (LOCK_UN).
 *
 * The lock is that of the open file: all its descriptors and mappings keep it, in children too. Another kind of lock is had
 * by giving the first up, which is gone even if the other cannot be had. Who has to wait comes after those who waited
 * before; there is no EDEADLK.
 *
 * @errors
 * EINVAL: no kind of lock, or several
 * EBADF: `fd` is no descriptor, or one of O_PATH; not open for reading or writing
 * EAGAIN: with LOCK_NB: another open file has a lock that does not allow it
 *
 * @flags LOCK_
 */
export function flock(caller: Caller, fd: bigint, operation: bigint): Answer {
  const { state, process } = caller;
  const type = FLOCK_TYPES.get(low32(operation) & ~LOCK_NB);
  if (type === undefined) return failure(EINVAL);
  const found = opened(state, process, fd);
  if (!found || (type !== F_UNLCK && !found.file.readable && !found.file.writable)) return failure(EBADF);
  const wanted = { number: takeNumber(state), owner: ownedByFile(found.number), type, start: 0n, last: LAST };
  const waits = (low32(operation) & LOCK_NB) === 0;
  return waits ? lockOrWait(caller, low32(fd), found, 'flocks', wanted) : lockNow(state, found, 'flocks', wanted);
}

function lockNow(state: State, { object }: Opened, list: LockList, wanted: Lock): Answer {
  return tryLock(state, object, list, wanted) ? failure(EAGAIN) : SUCCESS;
}

const ASKING: readonly number[] = [F_GETLK, F_OFD_GETLK];
const OF_FILES: readonly number[] = [F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW];
const WAITING: readonly number[] = [F_SETLKW, F_OFD_SETLKW];
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
  const wanted = { number: takeNumber(state), owner, type, ...bytes };
  if (asks) return tell(found.object, wanted);
  const { readable, writable } = found.file;
  if ((type === F_RDLCK && !readable) || (type === F_WRLCK && !writable)) return failure(EBADF);
  const waits = WAITING.includes(bits);
  return waits ? lockOrWait(caller, low32(fd), found, 'locks', wanted) : lockNow(state, found, 'locks', wanted);
}

function ownedByFile(file: number): LockOwner {
  return { process: undefined, file };
}

function ownedByProcess(process: number): LockOwner {
  return { process, file: undefined };
}

function tell({ locks }: FileObject, wanted: Lock): Answer {
  const isOwn = wanted.type === F_UNLCK;
  const other = isOwn ? heldOf(locks, wanted) : locks.find((lock) => exclude(lock, wanted));
  if (!other) return { kind: 'lock', type: F_UNLCK, start: 0n, length: 0n };
  const length = other.last === LAST ? 0n : other.last - other.start + 1n;
  return { kind: 'lock', type: other.type, start: other.start, length };
}

/** EINVAL: no such whence; before the start of the file. EOVERFLOW: behind the last byte there can be. */
function bytesOf({ file, object }: Opened, request: LockRequest): { start: bigint; last: bigint } | Errno {
  const bases = new Map([
    [SEEK_SET, 0n],
    [SEEK_CUR, file.position],
    [SEEK_END, sizeOf(object)],
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
