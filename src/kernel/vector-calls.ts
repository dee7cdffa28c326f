/**
 * readv(2), preadv(2), writev(2), pwritev(2): transfers between a file and several ranges of user memory.
 *
 * The ranges stand in user memory too, as an array of iovecs, which is read whole before anything moves. From then on they
 * are one transfer: what cannot be touched ends it wherever it lies.
 * Source: Linux lib/iov_iter.c __import_iovec, fs/read_write.c vfs_readv, vfs_writev.
 */

import { EFAULT, EINVAL } from '../errno.ts';
import { ACCESS_READ, ACCESS_WRITE } from '../mmu/mmu.ts';
import { toUnsigned, type Word } from '../units.ts';
import { BY_KERNEL } from './access.ts';
import { type FileCallParts, fileFor, type Offset, readInto, writeFrom } from './file-calls.ts';
import type { Task } from './task.ts';
import { type ByteSink, TRANSFER_MAX } from './transfers.ts';

/** A range of user memory. */
export interface UserRange {
  readonly address: number;
  readonly length: number;
}

/** UIO_MAXIOV */
const RANGES_MAX = 1024n;
/** Bytes of a struct iovec: address, length. */
const IOVEC_BYTES = 16;
const LENGTH_END = 1n << 63n;

/** One struct iovec of the task's memory, as two unsigned numbers; null if it cannot be read. */
function loadIovec(parts: FileCallParts, task: Task, address: number): readonly [bigint, bigint] | null {
  const bytes = new Uint8Array(IOVEC_BYTES);
  if (parts.engine.copyFromUser(task, address, bytes, BY_KERNEL) < IOVEC_BYTES) return null;
  const view = new DataView(bytes.buffer);
  return [view.getBigUint64(0, true), view.getBigUint64(8, true)];
}

/**
 * The ranges of an array of `count` iovecs at `address`, together at most TRANSFER_MAX bytes long; or a negative errno. A
 * single range is cut to that length before it is looked where it lies, several are not.
 */
export function importIovecs(
  parts: FileCallParts,
  task: Task,
  address: Word,
  count: Word,
): readonly UserRange[] | number {
  const ranges = toUnsigned(count);
  const array = toUnsigned(address);
  if (ranges > RANGES_MAX) return -EINVAL;
  const end = BigInt(parts.placement.layout.userEnd);
  if (ranges > 0n && array + ranges * BigInt(IOVEC_BYTES) > end) return -EFAULT;
  const iovecs: (readonly [bigint, bigint])[] = [];
  for (let index = 0; index < Number(ranges); index++) {
    const iovec = loadIovec(parts, task, Number(array) + index * IOVEC_BYTES);
    if (iovec === null) return -EFAULT;
    if (iovec[1] >= LENGTH_END) return -EINVAL;
    iovecs.push(iovec);
  }
  return cutIovecs(iovecs, end);
}

function cutIovecs(iovecs: readonly (readonly [bigint, bigint])[], userEnd: bigint): readonly UserRange[] | number {
  let left = BigInt(TRANSFER_MAX);
  const ranges: UserRange[] = [];
  for (const [address, whole] of iovecs) {
    const length = whole > left ? left : whole;
    if (address + (iovecs.length === 1 ? length : whole) > userEnd) return -EFAULT;
    ranges.push({ address: Number(address), length: Number(length) });
    left -= length;
  }
  return ranges;
}

export function lengthOfRanges(ranges: readonly UserRange[]): number {
  return ranges.reduce((sum, { length }) => sum + length, 0);
}

/** Moves bytes between physical memory and the ranges, one after the other, until one cannot be touched. */
function moverOf(parts: FileCallParts, task: Task, ranges: readonly UserRange[], access: number): ByteSink {
  let index = 0;
  let inside = 0;
  return (pa, length) => {
    let done = 0;
    while (done < length && index < ranges.length) {
      const range = ranges[index];
      const wanted = Math.min(length - done, range.length - inside);
      const moved = parts.engine.moveUser(task, range.address + inside, pa + done, wanted, access);
      done += moved;
      inside += moved;
      if (moved < wanted) break;
      if (inside === range.length) {
        index++;
        inside = 0;
      }
    }
    return done;
  };
}

/** readv and preadv: bytes moved or a negative errno. */
export function readv(parts: FileCallParts, task: Task, fd: Word, address: Word, count: Word, offset: Offset): number {
  const file = fileFor(task, fd, offset, 'read');
  if (typeof file === 'number') return file;
  const ranges = importIovecs(parts, task, address, count);
  if (typeof ranges === 'number') return ranges;
  const length = lengthOfRanges(ranges);
  if (length === 0) return 0;
  return readInto(parts, file, BigInt(length), offset, moverOf(parts, task, ranges, ACCESS_WRITE));
}

/** writev and pwritev: bytes moved or a negative errno. */
export function writev(parts: FileCallParts, task: Task, fd: Word, address: Word, count: Word, offset: Offset): number {
  const file = fileFor(task, fd, offset, 'write');
  if (typeof file === 'number') return file;
  const ranges = importIovecs(parts, task, address, count);
  if (typeof ranges === 'number') return ranges;
  const length = lengthOfRanges(ranges);
  if (length === 0) return 0;
  return writeFrom(parts, task, file, BigInt(length), offset, moverOf(parts, task, ranges, ACCESS_READ));
}
