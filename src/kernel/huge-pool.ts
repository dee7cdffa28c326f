/**
 * The pool of huge pages (vm.nr_hugepages), and what is reserved of it.
 *
 * Place: under hugetlb mappings and files (hugetlb.ts, fault-hugetlb.ts, fs-hugetlb.ts). A huge page is a block of frames
 * in a row that never goes back to the allocator: the pool keeps one reference to each frame, and a page is free when
 * nobody has another. Reserved pages are not yet chosen, but kept for those who mapped them.
 * Invariant: reserved <= free.
 * Source: Linux mm/hugetlb.c (struct hstate, hugetlb_acct_memory, region_add).
 */

import { UserError } from '../assert.ts';
import { FRAME_HUGETLB, FRAME_RESERVED, FRAME_TAIL, type FrameTable } from '../mmu/frames.ts';
import type { FramePool } from './frame-pool.ts';

export class HugePool {
  /** Small pages in a huge one, and its bytes. */
  readonly pagesEach: number;
  readonly bytes: number;
  private readonly frames: FrameTable;
  /** First frame of each huge page. */
  private readonly heads: number[];
  /** Pages promised to mappings that have not touched them. */
  reserved: number;

  constructor(frames: FrameTable, pageSize: number, order: number) {
    this.frames = frames;
    this.pagesEach = 2 ** order;
    this.bytes = this.pagesEach * pageSize;
    this.heads = [];
    this.reserved = 0;
  }

  /** Takes `count` blocks from the allocator for good. Throws `UserError` if there are not that many in a row. */
  fill(pool: FramePool, count: number): void {
    for (let page = 0; page < count; page++) {
      const head = pool.allocBlock(Math.log2(this.pagesEach));
      if (head === 0) throw new UserError(`configuration: hugePages is ${count}, but RAM has room for ${page}`);
      this.heads.push(head);
      this.reset(head);
    }
  }

  get total(): number {
    return this.heads.length;
  }

  get free(): number {
    return this.heads.filter((head) => this.isFree(head)).length;
  }

  private isFree(head: number): boolean {
    return this.frames.refcount[head] === 1;
  }

  /** Keeps `count` more free pages for somebody; false if there are not enough. */
  reserve(count: number): boolean {
    if (count > this.free - this.reserved) return false;
    this.reserved += count;
    return true;
  }

  /**
   * The first frame of a free page, or 0. `from`: out of what is reserved for the taker, or of what is reserved for nobody.
   * The page is the taker's once it is mapped or cached.
   */
  take(from: 'reserve' | 'rest'): number {
    if (from === 'rest' && this.free <= this.reserved) return 0;
    const head = this.heads.find((candidate) => this.isFree(candidate)) ?? 0;
    if (head !== 0) this.reset(head);
    if (head !== 0 && from === 'reserve') this.reserved--;
    return head;
  }

  private reset(head: number): void {
    for (let pfn = head; pfn < head + this.pagesEach; pfn++) {
      this.frames.flags[pfn] = FRAME_HUGETLB | FRAME_RESERVED | (pfn === head ? 0 : FRAME_TAIL);
      this.frames.owner[pfn] = 0;
    }
  }
}

/** The pages of a private mapping that are kept for the process that made it; its children have none. */
export class HugeReservation {
  /** Huge pages of the file that were taken out of the reserve. */
  readonly used: Set<number>;

  constructor() {
    this.used = new Set();
  }
}

/** What an inode has if its pages are huge. */
export class HugeFile {
  readonly pool: HugePool;
  /** Huge pages that shared mappings have asked for: still reserved, or taken. */
  readonly region: Map<number, 'reserved' | 'used'>;

  constructor(pool: HugePool) {
    this.pool = pool;
    this.region = new Map();
  }

  /** Reserves what of [from, end) nobody has asked for yet; false if the pool has not enough. */
  reserve(from: number, end: number): boolean {
    // More than the pool can have: not to be listed page by page.
    if (end - from > this.region.size + this.pool.free - this.pool.reserved) return false;
    const missing: number[] = [];
    for (let index = from; index < end; index++) if (!this.region.has(index)) missing.push(index);
    if (!this.pool.reserve(missing.length)) return false;
    for (const index of missing) this.region.set(index, 'reserved');
    return true;
  }

  /** A page for `index` of the file: its first frame, or 0. */
  take(index: number): number {
    const head = this.pool.take(this.region.get(index) === 'reserved' ? 'reserve' : 'rest');
    if (head !== 0) this.region.set(index, 'used');
    return head;
  }

  /** [from, end) has become a hole: what was there is nobody's. What was only reserved stays so (remove_inode_hugepages). */
  forgetTaken(from: number, end: number): void {
    for (const [index, state] of [...this.region]) {
      if (state === 'used' && index >= from && index < end) this.region.delete(index);
    }
  }

  /** The file ends before huge page `from`; what was reserved behind is free again. */
  cut(from: number): void {
    for (const [index, state] of [...this.region]) {
      if (index < from) continue;
      if (state === 'reserved') this.pool.reserved--;
      this.region.delete(index);
    }
  }
}

/** The pools by size. */
export class HugePools {
  private readonly usual: HugePool;
  /** Of the next larger size, which is always empty. */
  private readonly larger: HugePool;

  constructor(frames: FrameTable, pageSize: number, order: number) {
    this.usual = new HugePool(frames, pageSize, order);
    this.larger = new HugePool(frames, pageSize, 2 * order);
  }

  fill(pool: FramePool, count: number): void {
    this.usual.fill(pool, count);
  }

  /** The pool for log2 of a size as MAP_HUGE_SHIFT puts it, 0 for the usual one; null if there are no such pages. */
  ofSize(log: number): HugePool | null {
    if (log === 0) return this.usual;
    return [this.usual, this.larger].find((pool) => pool.bytes === 2 ** log) ?? null;
  }
}
