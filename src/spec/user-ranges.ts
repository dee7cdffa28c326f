/**
 * The memory of a program that a transfer is about: one range, or several told by iovecs.
 *
 * The iovecs, an address and a length of 8 bytes each, stand in the program's memory. They are read whole before
 * anything moves; from then on their ranges are one after the other.
 *
 * EINVAL: more than 1024 iovecs, a negative length. EFAULT: an iovec cannot be read, a range leaves user space. A single
 * range is cut to the longest transfer before that is asked, several are not.
 *
 * Source: readv(2); Linux lib/iov_iter.c __import_iovec.
 */

import { EFAULT, EINVAL } from '../errno.ts';
import { type Errno, min, signed } from './arithmetic.ts';
import { copyFromUser, isUserRange } from './memory-access.ts';
import type { Process, State } from './state.ts';

export interface UserRange {
  readonly address: bigint;
  readonly length: bigint;
}

/** `count` iovecs from `iov` on. */
export interface Vector {
  readonly iov: bigint;
  readonly count: bigint;
}

/** The most that one call moves. */
const TRANSFER_MAX = 0x7fff_f000n;
const IOVECS_MAX = 1024n;
const IOVEC_BYTES = 16;

export class Ranges {
  private readonly state: State;
  private readonly process: Process;
  private readonly memory: UserRange | Vector;
  private ranges: readonly UserRange[];

  constructor(state: State, process: Process, memory: UserRange | Vector) {
    this.state = state;
    this.process = process;
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
    if (!isUserRange(this.state, memory.address, memory.length)) return EFAULT;
    this.ranges = [memory];
    return memory.length;
  }

  private findVector({ iov, count }: Vector): bigint | Errno {
    if (count > IOVECS_MAX) return EINVAL;
    if (count > 0n && !isUserRange(this.state, iov, count * BigInt(IOVEC_BYTES))) return EFAULT;
    const told: UserRange[] = [];
    for (let index = 0n; index < count; index++) {
      const range = this.load(iov + index * BigInt(IOVEC_BYTES));
      if (range === undefined) return EFAULT;
      if (signed(range.length) < 0n) return EINVAL;
      told.push(range);
    }
    return this.take(told);
  }

  private load(address: bigint): UserRange | undefined {
    const place = { pages: new Map<bigint, Uint8Array>(), page: 0n };
    if (copyFromUser(this.state, this.process, address, place, 0, IOVEC_BYTES) < IOVEC_BYTES) return undefined;
    const view = new DataView((place.pages.get(0n) as Uint8Array).buffer);
    return { address: view.getBigUint64(0, true), length: view.getBigUint64(8, true) };
  }

  private take(told: readonly UserRange[]): bigint | Errno {
    const ranges: UserRange[] = [];
    let left = TRANSFER_MAX;
    for (const { address, length: whole } of told) {
      const length = min(whole, left);
      if (!isUserRange(this.state, address, told.length === 1 ? length : whole)) return EFAULT;
      ranges.push({ address, length });
      left -= length;
    }
    this.ranges = ranges;
    return this.length;
  }

  /**
   * Moves `length` bytes from the `at`th on, range by range, with `part` telling how many bytes it could move at an address; those
   * moved.
   */
  move(at: bigint, length: number, part: (address: bigint, done: number, length: number) => number): number {
    let done = 0;
    let start = 0n;
    for (const range of this.ranges) {
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
}
