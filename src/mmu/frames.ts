/**
 * The frame table: Linux's `struct page` as columns indexed by frame number.
 *
 * Place: between RAM and everything that owns frames. It holds facts only and decides nothing;
 * what an owner id means is the kernel's business (an AnonVma or a file's cache).
 * Invariants (checked by kernel/invariants.ts): refcount = mapcount + cache + pins; a frame with
 * FRAME_FREE has refcount 0 and stands in exactly one free list. 37 bytes per frame.
 * Source: Linux include/linux/mm_types.h, page-flags.h.
 */

export const FRAME_FREE = 1 << 0;
export const FRAME_RESERVED = 1 << 1;
/** Holds a page table. */
export const FRAME_TABLE = 1 << 2;
/** Private anonymous memory: owner is an AnonVma, index its page offset there. */
export const FRAME_ANON = 1 << 3;
/** In a file's cache: owner is the cache, index the page of the file. */
export const FRAME_FILE = 1 << 4;
/** Contents live in memory or swap only (tmpfs, shared anonymous). */
export const FRAME_SWAP_BACKED = 1 << 5;
export const FRAME_UPTODATE = 1 << 6;
export const FRAME_DIRTY = 1 << 7;
export const FRAME_WRITEBACK = 1 << 8;
export const FRAME_REFERENCED = 1 << 9;
export const FRAME_ACTIVE = 1 << 10;
/** Belongs to one process alone: a store may take it over without looking at counts. */
export const FRAME_ANON_EXCLUSIVE = 1 << 11;
/** A follower of `head` in a folio of `order` > 0. */
export const FRAME_TAIL = 1 << 12;
/** Set off by readahead: reaching it starts the next window. */
export const FRAME_READAHEAD = 1 << 13;
/** The kernel will not touch it again: its contents are lost (MADV_HWPOISON). */
export const FRAME_POISONED = 1 << 14;
/** Marked by MADV_FREE: may be dropped while clean. */
export const FRAME_LAZY_FREE = 1 << 15;
/** Belongs to the pool of huge pages, which holds a reference of its own and never gives the frame back. */
export const FRAME_HUGETLB = 1 << 16;

export class FrameTable {
  /** Frames in the machine; frame 0 is reserved, so that 0 can mean 'none'. */
  readonly count: number;
  /** Uint32Array(count): FRAME_* bits. */
  readonly flags: Uint32Array;
  /** Int32Array(count): users of the frame (mappings, caches, pins). */
  readonly refcount: Int32Array;
  /** Int32Array(count): page-table entries that name the frame. */
  readonly mapcount: Int32Array;
  /** Int32Array(count): id of the AnonVma or FileCache, 0 for none. */
  readonly owner: Int32Array;
  /** Float64Array(count): page index within the owner (up to 2^52). */
  readonly index: Float64Array;
  /** Uint32Array(count) each: links of the one list the frame stands in (0 ends it). */
  readonly next: Uint32Array;
  readonly prev: Uint32Array;
  /** Uint8Array(count): log2 of the frames in the block, valid at its head. */
  readonly order: Uint8Array;
  /** Uint32Array(count): first frame of the folio; the frame itself when alone. */
  readonly head: Uint32Array;

  constructor(count: number) {
    this.count = count;
    this.flags = new Uint32Array(count);
    this.refcount = new Int32Array(count);
    this.mapcount = new Int32Array(count);
    this.owner = new Int32Array(count);
    this.index = new Float64Array(count);
    this.next = new Uint32Array(count);
    this.prev = new Uint32Array(count);
    this.order = new Uint8Array(count);
    this.head = new Uint32Array(count);
  }

  has(pfn: number, flag: number): boolean {
    return (this.flags[pfn] & flag) !== 0;
  }

  set(pfn: number, flag: number): void {
    this.flags[pfn] = this.flags[pfn] | flag;
  }

  clear(pfn: number, flag: number): void {
    this.flags[pfn] = this.flags[pfn] & ~flag;
  }
}
