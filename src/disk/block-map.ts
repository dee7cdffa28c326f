/**
 * Which block holds which page of a file, and which blocks are free.
 *
 * Place: the data layout of the ext4-like file system. A mapped page is either written or
 * *unwritten* (allocated by fallocate, reads as zeros until its first write-back). Metadata lives
 * in memory here.
 * Invariant: a block belongs to at most one page of one file; block 0 is never used.
 */

import { assert } from '../assert.ts';
import { XArray } from '../xarray.ts';
import type { BlockDevice } from './block-device.ts';

export class BlockAllocator {
  private readonly device: BlockDevice;
  private next: number;
  private readonly freed: number[];
  /** Free blocks that pages without one will take: the reservations of all files. */
  private promised: number;

  constructor(device: BlockDevice) {
    this.device = device;
    this.next = 1;
    this.freed = [];
    this.promised = 0;
  }

  /** Blocks that nobody has and that are promised to nobody. */
  get freeBlocks(): number {
    return this.device.blocks - this.next + this.freed.length - this.promised;
  }

  /** Promises a free block; false when there is none. */
  promise(): boolean {
    if (this.freeBlocks === 0) return false;
    this.promised++;
    return true;
  }

  /** Takes a promise back. */
  unpromise(): void {
    assert(this.promised > 0, 'a block is given up that was not promised');
    this.promised--;
  }

  /** A free block that is promised to nobody, or 0 when there is none. Fresh blocks come in sequence. */
  alloc(): number {
    if (this.freeBlocks === 0) return 0;
    return this.next < this.device.blocks ? this.next++ : (this.freed.pop() as number);
  }

  free(block: number): void {
    this.device.discard(block);
    this.freed.push(block);
  }
}

/** Stands where no block is yet but room for one is promised (delayed allocation). */
const PROMISED = 2 ** 32 - 1;
const END = Number.POSITIVE_INFINITY;
/** Mark of a block that was allocated and never written. */
const UNWRITTEN = 1;

export class BlockMap {
  /** Page index -> block, or PROMISED. */
  private readonly blocks: XArray;
  /** Pages that have room promised. */
  reservations: number;

  constructor() {
    this.blocks = new XArray();
    this.reservations = 0;
  }

  /** Promises room for page `index` if it has no block yet. */
  reserve(index: number): void {
    if (this.blocks.get(index) !== 0) return;
    this.blocks.set(index, PROMISED);
    this.reservations++;
  }

  isReserved(index: number): boolean {
    return this.blocks.get(index) === PROMISED;
  }

  /** Block of page `index`, or 0 for a hole. */
  get(index: number): number {
    const block = this.blocks.get(index);
    return block === PROMISED ? 0 : block;
  }

  isUnwritten(index: number): boolean {
    return (this.blocks.marksOf(index) & UNWRITTEN) !== 0;
  }

  isWritten(index: number): boolean {
    return this.get(index) !== 0 && !this.isUnwritten(index);
  }

  setWritten(index: number, block: number): void {
    this.place(index, block);
    this.blocks.unmark(index, UNWRITTEN);
  }

  setUnwritten(index: number, block: number): void {
    this.place(index, block);
    this.blocks.mark(index, UNWRITTEN);
  }

  private place(index: number, block: number): void {
    if (this.isReserved(index)) this.reservations--;
    this.blocks.set(index, block);
  }

  /** Takes page `index` out of the map; its block, or 0. */
  remove(index: number): number {
    const block = this.blocks.remove(index);
    if (block !== PROMISED) return block;
    this.reservations--;
    return 0;
  }

  /** The first page >= `from` that is < `end` and has a block, or one promised; -1 for none. */
  next(from: number, end: number): number {
    return this.blocks.next(from, end, 0);
  }

  /** Moves every page at or beyond `from` by `shift` pages (collapse and insert range). */
  shift(from: number, shift: number): void {
    const moved: { index: number; unwritten: boolean; block: number }[] = [];
    for (let index = this.next(from, END); index >= 0; index = this.next(index + 1, END)) {
      const unwritten = this.isUnwritten(index);
      moved.push({ index, unwritten, block: this.remove(index) });
    }
    for (const { index, unwritten, block } of moved) {
      if (block === 0) this.reserve(index + shift);
      else if (unwritten) this.setUnwritten(index + shift, block);
      else this.setWritten(index + shift, block);
    }
  }
}
