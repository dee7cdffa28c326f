/**
 * The memory of a program that a transfer is about: one range, or several told by iovecs.
 *
 * The iovecs are read whole before anything moves (process-vm.ts); from then on their ranges are one after the other, and
 * together no longer than the longest transfer.
 *
 * Source: readv(2); Linux lib/iov_iter.c __import_iovec.
 */

import { EFAULT } from '../errno.ts';
import { type Errno, min, transferMax } from './arithmetic.ts';
import type { UserRange } from './file-records.ts';
import { isUserRange } from './memory-access.ts';
import { ownVectors } from './process-vm.ts';
import type { Caller } from './state.ts';

/** `count` iovecs from `iov` on. */
export interface Vector {
  readonly iov: bigint;
  readonly count: bigint;
}

export class Ranges {
  private readonly caller: Caller;
  private readonly memory: UserRange | Vector;
  private ranges: readonly UserRange[];

  constructor(caller: Caller, memory: UserRange | Vector) {
    this.caller = caller;
    this.memory = memory;
    this.ranges = [];
  }

  /** Bytes of all of them together. */
  get length(): bigint {
    return this.ranges.reduce((sum, { length }) => sum + length, 0n);
  }

  /** Looks where they are: their length, or what is wrong with them. */
  find(): bigint | Errno {
    const { memory } = this;
    if ('iov' in memory) return this.findVector(memory);
    if (!isUserRange(this.caller.state, memory.address, memory.length)) return EFAULT;
    this.ranges = [memory];
    return memory.length;
  }

  private findVector({ iov, count }: Vector): bigint | Errno {
    const told = ownVectors(this.caller, { address: iov, count });
    if (typeof told === 'number') return told;
    let left = transferMax();
    this.ranges = told.map(({ address, length: whole }) => {
      const length = min(whole, left);
      left -= length;
      return { address, length };
    });
    return this.length;
  }

  /** Those that were found. */
  get found(): readonly UserRange[] {
    return this.ranges;
  }

  move(at: bigint, length: number, part: RangePart): number {
    return moveInRanges(this.ranges, at, length, part);
  }
}

/** Moves up to `length` bytes at an address, of which the first is the `done`th; those moved. */
export type RangePart = (address: bigint, done: number, length: number) => number;

/** Moves `length` bytes from the `at`th on, range by range; those moved. */
export function moveInRanges(ranges: readonly UserRange[], at: bigint, length: number, part: RangePart): number {
  let done = 0;
  let start = 0n;
  for (const range of ranges) {
    const inside = at + BigInt(done) - start;
    start += range.length;
    if (inside >= range.length) continue;
    const wanted = Number(min(BigInt(length - done), range.length - inside));
    const moved = part(range.address + inside, done, wanted);
    done += moved;
    if (moved < wanted || done === length) return done;
  }
  return done;
}
