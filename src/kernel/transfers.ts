/**
 * What all transfers of bytes share, whatever stands behind the descriptor: where bytes come from and go to, positions, limits.
 *
 * Place: under read-write.ts (files), char-devices.ts and stream-calls.ts. Pure types and arithmetic.
 */

import type { Clock } from '../clock.ts';
import type { Ram } from '../mmu/ram.ts';
import type { PageCache } from '../pagecache/page-cache.ts';
import type { RngStream } from '../rng.ts';
import type { Faults } from './access.ts';
import type { FilePages } from './file-pages.ts';
import type { FramePool } from './frame-pool.ts';
import type { Signals } from './signals.ts';
import type { Truncator } from './truncate.ts';

export interface TransferParts {
  readonly ram: Ram;
  readonly cache: PageCache;
  readonly pool: FramePool;
  readonly filePages: FilePages;
  readonly truncator: Truncator;
  readonly signals: Signals;
  readonly clock: Clock;
  /** What /dev/random gives. */
  readonly randomBytes: RngStream;
}

/** Where bytes of a file go: takes them from physical memory (inside one frame), tells how many arrived. */
export type ByteSink = (pa: number, length: number) => number;
/** Where bytes for a file come from: stores them in physical memory (inside one frame), tells how many came. */
export type ByteSource = (pa: number, length: number, faults?: Faults) => number;

/** The most that one call moves (MAX_RW_COUNT): whole pages of an int. */
export function transferMax(pageSize: number): number {
  return 2 ** 31 - pageSize;
}

/** A position in a file, exact: page and byte. */
export interface Position {
  page: number;
  byte: number;
}

export function advance(position: Position, bytes: number, pageSize: number): void {
  const total = position.byte + bytes;
  position.page += Math.floor(total / pageSize);
  position.byte = total % pageSize;
}

/** A negative position or one that overflows with `count` is no position. */
export function isBadRange(offset: bigint, count: bigint): boolean {
  return offset < 0n || offset + count >= 1n << 63n;
}
