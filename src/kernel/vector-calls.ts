/**
 * readv(2), preadv(2), writev(2), pwritev(2): transfers between a file and several ranges of user memory.
 *
 * The ranges stand in user memory too, as an array of iovecs, which is read whole before anything moves. From then on they
 * are one transfer: what cannot be touched ends it wherever it lies.
 * Source: Linux lib/iov_iter.c __import_iovec, fs/read_write.c vfs_readv, vfs_writev.
 */

import { ACCESS_READ, ACCESS_WRITE } from '../mmu/mmu.ts';
import type { Word } from '../units.ts';
import { type FileCallParts, fileFor, type Offset, readInto, writeFrom } from './file-calls.ts';
import { type IoVector, importLocal } from './iovec.ts';
import type { Task } from './task.ts';
import type { ByteSink } from './transfers.ts';

function lengthOf(ranges: readonly IoVector[]): number {
  return ranges.reduce((sum, { length }) => sum + length, 0);
}

/** Moves bytes between physical memory and the ranges, one after the other, until one cannot be touched. */
function moverOf(parts: FileCallParts, task: Task, ranges: readonly IoVector[], access: number): ByteSink {
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
  const ranges = importLocal(parts, task, { address, count });
  if (typeof ranges === 'number') return ranges;
  const length = lengthOf(ranges);
  if (length === 0) return 0;
  return readInto(parts, task, file, BigInt(length), offset, moverOf(parts, task, ranges, ACCESS_WRITE));
}

/** writev and pwritev: bytes moved or a negative errno. */
export function writev(parts: FileCallParts, task: Task, fd: Word, address: Word, count: Word, offset: Offset): number {
  const file = fileFor(task, fd, offset, 'write');
  if (typeof file === 'number') return file;
  const ranges = importLocal(parts, task, { address, count });
  if (typeof ranges === 'number') return ranges;
  const length = lengthOf(ranges);
  if (length === 0) return 0;
  return writeFrom(parts, task, file, BigInt(length), offset, moverOf(parts, task, ranges, ACCESS_READ));
}
