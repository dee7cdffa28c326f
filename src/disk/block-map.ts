/**
 * Which block holds which page of a file, and which blocks are free.
 *
 * Place: the data layout of the ext4-like file system. A mapped page is either written or
 * *unwritten* (allocated by fallocate, reads as zeros until its first write-back). Metadata lives
 * in memory here.
 * Invariant: a block belongs to at most one page of one file; block 0 is never used.
 */

import type { BlockDevice } from './block-device.ts';

export class BlockAllocator {
  private readonly device: BlockDevice;
  private next: number;
  private readonly freed: number[];

  constructor(device: BlockDevice) {
    this.device = device;
    this.next = 1;
    this.freed = [];
  }

  get freeBlocks(): number {
    return this.device.blocks - this.next + this.freed.length;
  }

  /** A free block, or 0 when the device is full. Fresh blocks come in sequence. */
  alloc(): number {
    if (this.next < this.device.blocks) return this.next++;
    return this.freed.pop() ?? 0;
  }

  free(block: number): void {
    this.device.discard(block);
    this.freed.push(block);
  }
}

export class BlockMap {
  private readonly blocks: Map<number, number>;
  private readonly unwritten: Set<number>;
  /** Pages without a block for which room is promised (delayed allocation). */
  private readonly reserved: Set<number>;

  constructor() {
    this.blocks = new Map();
    this.unwritten = new Set();
    this.reserved = new Set();
  }

  /** Promises room for page `index` if it has no block yet. */
  reserve(index: number): void {
    if (this.get(index) === 0) this.reserved.add(index);
  }

  isReserved(index: number): boolean {
    return this.reserved.has(index);
  }

  get reservations(): number {
    return this.reserved.size;
  }

  get size(): number {
    return this.blocks.size;
  }

  /** Block of page `index`, or 0 for a hole. */
  get(index: number): number {
    return this.blocks.get(index) ?? 0;
  }

  isUnwritten(index: number): boolean {
    return this.unwritten.has(index);
  }

  isWritten(index: number): boolean {
    return this.get(index) !== 0 && !this.isUnwritten(index);
  }

  setWritten(index: number, block: number): void {
    this.blocks.set(index, block);
    this.reserved.delete(index);
    this.unwritten.delete(index);
  }

  setUnwritten(index: number, block: number): void {
    this.blocks.set(index, block);
    this.reserved.delete(index);
    this.unwritten.add(index);
  }

  /** Takes page `index` out of the map; its block, or 0. */
  remove(index: number): number {
    const block = this.get(index);
    this.blocks.delete(index);
    this.reserved.delete(index);
    this.unwritten.delete(index);
    return block;
  }

  /** Indices in [from, end) that have a block, or one promised, ascending. */
  indices(from: number, end: number): number[] {
    return [...this.blocks.keys(), ...this.reserved]
      .filter((index) => index >= from && index < end)
      .sort((a, b) => a - b);
  }

  /** Moves every page at or beyond `from` by `shift` pages (collapse and insert range). */
  shift(from: number, shift: number): void {
    const moved = this.indices(from, Number.POSITIVE_INFINITY).map((index) => {
      const unwritten = this.isUnwritten(index);
      return { index, unwritten, block: this.remove(index) };
    });
    for (const { index, unwritten, block } of moved) {
      if (block === 0) this.reserve(index + shift);
      else if (unwritten) this.setUnwritten(index + shift, block);
      else this.setWritten(index + shift, block);
    }
  }
}
