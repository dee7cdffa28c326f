/**
 * Advisory locks: flock(2), and the record locks of fcntl(2).
 *
 * They forbid nothing but each other. A flock lock belongs to an open file description, whoever has descriptors or mappings
 * of it, and ends with it; changing its kind gives the old one up first, and may fail then. Record locks cover bytes and
 * belong to a table of descriptors (F_SETLK), where closing any descriptor of the file ends them, or to a description
 * (F_OFD_SETLK).
 * Differs: nobody waits. F_SETLKW and flock without LOCK_NB fail with EAGAIN where they would.
 * Invariant: locks of one owner do not overlap; they stand side by side in the list, by where they start.
 * Source: Linux fs/locks.c flock_lock_inode, posix_lock_inode, flock_to_posix_lock.
 */

import { EAGAIN, EBADF, EINVAL, EOVERFLOW } from '../errno.ts';
import {
  F_GETLK,
  F_OFD_GETLK,
  F_OFD_SETLK,
  F_OFD_SETLKW,
  F_RDLCK,
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
import type { OpenFile } from './open-file.ts';
import type { RecordLock } from './record-locks.ts';
import type { Task } from './task.ts';

/** The last byte that there can be. */
const OFFSET_MAX = (1n << 63n) - 1n;

export function flock(task: Task, fd: Word, operation: Word): number {
  const kind = toInt(operation) & ~LOCK_NB;
  if (kind !== LOCK_SH && kind !== LOCK_EX && kind !== LOCK_UN) return -EINVAL;
  const file = task.files.usable(toInt(fd));
  if (file === null || (kind !== LOCK_UN && !file.readable && !file.writable)) return -EBADF;
  const { flocks } = file.inode;
  if (flocks.get(file) === kind) return 0;
  flocks.delete(file);
  if (kind === LOCK_UN) return 0;
  const taken = [...flocks.values()];
  if (kind === LOCK_EX ? taken.length > 0 : taken.includes(LOCK_EX)) return -EAGAIN;
  flocks.set(file, kind);
  return 0;
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

/** fcntl with a struct flock: 0, the status that F_GETLK asks for, or a negative errno. */
export function recordLock(
  task: Task,
  pageSize: number,
  fd: Word,
  commandWord: Word,
  request: LockRequest,
): LockStatus | number {
  const command = toInt(commandWord);
  const file = task.files.usable(toInt(fd));
  if (file === null) return -EBADF;
  const type = (toInt(request.type) << 16) >> 16;
  const asks = command === F_GETLK || command === F_OFD_GETLK;
  const asksForOwn = command === F_OFD_GETLK && type === F_UNLCK;
  if (asks && !asksForOwn && type !== F_RDLCK && type !== F_WRLCK) return -EINVAL;
  const range = rangeOf(file, pageSize, request);
  if (typeof range === 'number') return range;
  if (type !== F_RDLCK && type !== F_WRLCK && type !== F_UNLCK) return -EINVAL;
  const owner = OFD_COMMANDS.includes(command) ? file : task.files;
  const lock = { owner, type, ...range };
  if (asks) return statusOf(asksForOwn ? file.inode.locks.held(lock) : file.inode.locks.conflict(lock));
  if ((type === F_RDLCK && !file.readable) || (type === F_WRLCK && !file.writable)) return -EBADF;
  if (type !== F_UNLCK && file.inode.locks.conflict(lock) !== undefined) return -EAGAIN;
  file.inode.locks.set(lock);
  return 0;
}

function statusOf(lock: RecordLock | undefined): LockStatus {
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
