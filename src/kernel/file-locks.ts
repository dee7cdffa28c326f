/**
 * Advisory locks: flock(2), and the record locks of fcntl(2).
 *
 * They forbid nothing but each other. A flock lock belongs to an open file description, whoever has descriptors or mappings
 * of it, and ends with it; changing its kind gives the old one up first, and may fail or wait then. Record locks cover bytes and
 * belong to a table of descriptors (F_SETLK), where closing any descriptor of the file ends them, or to a description
 * (F_OFD_SETLK).
 * Source: Linux fs/locks.c sys_flock, fcntl_getlk, fcntl_setlk, flock_to_posix_lock.
 */

import { EBADF, EINVAL, EOVERFLOW } from '../errno.ts';
import {
  F_GETLK,
  F_OFD_GETLK,
  F_OFD_SETLK,
  F_OFD_SETLKW,
  F_RDLCK,
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
import { toInt, toSigned, type Word } from '../units.ts';
import { FileLock } from './file-lock.ts';
import { type LockParts, takeLock } from './lock-call.ts';
import type { OpenFile } from './open-file.ts';
import { OFFSET_MAX } from './record-locks.ts';
import type { Task, WAITING } from './task.ts';

/** A lock of flock is one of all bytes there can be. */
const FLOCK_TYPES: ReadonlyMap<number, number> = new Map([
  [LOCK_SH, F_RDLCK],
  [LOCK_EX, F_WRLCK],
  [LOCK_UN, F_UNLCK],
]);

export function flock(parts: LockParts, task: Task, fd: Word, operation: Word): number | typeof WAITING {
  const kind = toInt(operation) & ~LOCK_NB;
  const type = FLOCK_TYPES.get(kind);
  if (type === undefined) return -EINVAL;
  const file = task.files.usable(toInt(fd));
  if (file === null || (type !== F_UNLCK && !file.readable && !file.writable)) return -EBADF;
  const request = new FileLock(file, 'flock', type, 0n, OFFSET_MAX);
  return takeLock(parts, task, toInt(fd), file, request, toInt(operation) & LOCK_NB ? 'fails' : 'waits');
}

/** `struct flock` as it is asked for. */
export interface LockRequest {
  readonly type: Word;
  readonly whence: Word;
  readonly start: Word;
  readonly length: Word;
}

/** What F_GETLK tells: F_UNLCK, or the lock in the way, counted from the start of the file; a length of 0 is to its end. */
export interface LockStatus {
  readonly type: number;
  readonly start: bigint;
  readonly length: bigint;
}

const OFD_COMMANDS: readonly number[] = [F_OFD_GETLK, F_OFD_SETLK, F_OFD_SETLKW];
const WAITING_COMMANDS: readonly number[] = [F_SETLKW, F_OFD_SETLKW];

/** fcntl with a struct flock: 0, the status that F_GETLK asks for, `WAITING`, or a negative errno. */
export function recordLock(
  parts: LockParts,
  task: Task,
  fd: Word,
  commandWord: Word,
  request: LockRequest,
): LockStatus | number | typeof WAITING {
  const command = toInt(commandWord);
  const file = task.files.usable(toInt(fd));
  if (file === null) return -EBADF;
  const type = (toInt(request.type) << 16) >> 16;
  const asks = command === F_GETLK || command === F_OFD_GETLK;
  const asksForOwn = command === F_OFD_GETLK && type === F_UNLCK;
  if (asks && !asksForOwn && type !== F_RDLCK && type !== F_WRLCK) return -EINVAL;
  const range = rangeOf(file, parts.pageSize, request);
  if (typeof range === 'number') return range;
  if (type !== F_RDLCK && type !== F_WRLCK && type !== F_UNLCK) return -EINVAL;
  const isOfd = OFD_COMMANDS.includes(command);
  const lock = new FileLock(isOfd ? file : task.files, isOfd ? 'ofd' : 'posix', type, range.start, range.end);
  if (asks) return statusOf(asksForOwn ? file.inode.locks.held(lock) : file.inode.locks.conflict(lock));
  if ((type === F_RDLCK && !file.readable) || (type === F_WRLCK && !file.writable)) return -EBADF;
  return takeLock(parts, task, toInt(fd), file, lock, WAITING_COMMANDS.includes(command) ? 'waits' : 'fails');
}

function statusOf(lock: FileLock | undefined): LockStatus {
  if (lock === undefined) return { type: F_UNLCK, start: 0n, length: 0n };
  const { type, start, end } = lock;
  return { type, start, length: end === OFFSET_MAX ? 0n : end - start + 1n };
}

/** The first and the last byte; or a negative errno. */
function rangeOf(
  file: OpenFile,
  pageSize: number,
  request: LockRequest,
): { readonly start: bigint; readonly end: bigint } | number {
  const base = baseOf(file, BigInt(pageSize), (toInt(request.whence) << 16) >> 16);
  if (base < 0n) return -EINVAL;
  const offset = toSigned(request.start);
  const length = toSigned(request.length);
  if (offset > OFFSET_MAX - base) return -EOVERFLOW;
  const start = base + offset;
  if (start < 0n) return -EINVAL;
  if (length === 0n) return { start, end: OFFSET_MAX };
  if (length > 0n) return length - 1n > OFFSET_MAX - start ? -EOVERFLOW : { start, end: start + length - 1n };
  return start + length < 0n ? -EINVAL : { start: start + length, end: start - 1n };
}

/** Where `whence` counts from; negative for none. */
function baseOf({ inode, positionPage, positionByte }: OpenFile, pageSize: bigint, whence: number): bigint {
  if (whence === SEEK_SET) return 0n;
  if (whence === SEEK_CUR) return BigInt(positionPage) * pageSize + BigInt(positionByte);
  return whence === SEEK_END ? BigInt(inode.sizePages) * pageSize + BigInt(inode.sizeTail) : -1n;
}
