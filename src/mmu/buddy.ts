/**
 * The frame allocator: a buddy system over the frame table.
 *
 * Place: hands out frames to page tables, anonymous memory and the page cache. It never reclaims:
 * out of memory is the value 0, and the caller decides. Free blocks are linked through the frame
 * table's own columns. Two zones when only the low frames have contents: tables come from there.
 * Single frames come out of a block from its start on. Its rest is a range (`run`) until anything else happens: halving it into free
 * blocks for each frame, and linking these, was most of an allocation. `settle` makes them, and then the lists are what they were had
 * each frame halved the block.
 * Invariant: every frame is reserved, allocated, in exactly one free list or in the run of its zone.
 * Source: Linux mm/page_alloc.c (buddies), Knuth 2.5.
 */

import { assert } from '../assert.ts';
import { FRAME_FREE, FRAME_RESERVED, type FrameTable } from './frames.ts';

export const MAX_ORDER = 10;

export const ZONE_LOW = 0;
export const ZONE_NORMAL = 1;

/** One range of frames [first, end) with its free lists. */
class Zone {
  readonly first: number;
  readonly end: number;
  /** Uint32Array(MAX_ORDER + 1): head of the free list of each order, 0 = empty. */
  readonly heads: Uint32Array;
  /** Free frames, those of the run included. */
  freeFrames: number;
  /** [run, runEnd): what is left of the block that single frames come from; no list below the block's order has an entry meanwhile. */
  run: number;
  runEnd: number;

  constructor(first: number, end: number) {
    this.first = first;
    this.end = end;
    this.heads = new Uint32Array(MAX_ORDER + 1);
    this.freeFrames = 0;
    this.run = 0;
    this.runEnd = 0;
  }
}

export class FrameAllocator {
  private readonly frames: FrameTable;
  private readonly low: Zone;
  /** `low` in a machine with one zone. */
  private readonly normal: Zone;
  /** Test hook: when it counts down to 0 that allocation fails; negative = off. */
  failCountdown: number;
  /** Allocations asked for since the start, failed ones too. */
  requests: number;

  /** `lowFrames`: end of the low zone; equal to `frames.count` when there is one zone. */
  constructor(frames: FrameTable, lowFrames: number) {
    this.frames = frames;
    this.failCountdown = -1;
    this.requests = 0;
    frames.flags[0] = FRAME_RESERVED;
    frames.refcount[0] = 1;
    this.low = new Zone(1, Math.min(lowFrames, frames.count));
    this.normal = lowFrames >= frames.count ? this.low : new Zone(lowFrames, frames.count);
    for (const zone of this.zones()) this.release(zone);
  }

  private zones(): Zone[] {
    return this.low === this.normal ? [this.low] : [this.low, this.normal];
  }

  get freeFrames(): number {
    return this.low === this.normal ? this.low.freeFrames : this.low.freeFrames + this.normal.freeFrames;
  }

  /** A block of 2^order frames with refcount 1 at its head and no flags, or 0 when there is none. */
  alloc(order: number, zoneIndex: number): number {
    this.requests++;
    if (this.failCountdown >= 0 && this.failCountdown-- === 0) return 0;
    const zone = zoneIndex === ZONE_LOW ? this.low : this.normal;
    const pfn = order === 0 ? this.takeFrame(zone) : this.takeBlock(zone, order);
    if (pfn === 0) return 0;
    zone.freeFrames -= 1 << order;
    this.prepare(pfn, order);
    return pfn;
  }

  private takeFrame(zone: Zone): number {
    if (zone.run < zone.runEnd) return zone.run++;
    const from = this.smallestFree(zone, 0);
    if (from > MAX_ORDER) return 0;
    const pfn = zone.heads[from];
    this.unlink(zone, pfn, from);
    zone.run = pfn + 1;
    zone.runEnd = pfn + (1 << from);
    return pfn;
  }

  private takeBlock(zone: Zone, order: number): number {
    this.settleZone(zone);
    let from = this.smallestFree(zone, order);
    if (from > MAX_ORDER) return 0;
    const pfn = zone.heads[from];
    this.unlink(zone, pfn, from);
    while (from > order) {
      from--;
      this.link(zone, pfn + (1 << from), from);
    }
    return pfn;
  }

  /** The smallest order of at least `order` that has a free block; more than MAX_ORDER if none has. */
  private smallestFree({ heads }: Zone, order: number): number {
    let from = order;
    while (from <= MAX_ORDER && heads[from] === 0) from++;
    return from;
  }

  /** Puts the rest of the blocks that single frames come from into the free lists, for those who look at these. */
  settle(): void {
    for (const zone of this.zones()) this.settleZone(zone);
  }

  private settleZone(zone: Zone): void {
    while (zone.run < zone.runEnd) {
      // The largest block that is aligned there; it fits, since the run ends where a larger one did.
      const order = 31 - Math.clz32(zone.run & -zone.run);
      this.link(zone, zone.run, order);
      zone.run += 1 << order;
    }
  }

  /** Gives a block back; refcount and mapcount must be 0 already. */
  free(pfn: number, order: number): void {
    const zone = pfn < this.low.end ? this.low : this.normal;
    this.settleZone(zone);
    zone.freeFrames += 1 << order;
    this.reset(pfn, order);
    let block = pfn;
    let size = order;
    while (size < MAX_ORDER) {
      const buddy = block ^ (1 << size);
      if (!this.isFreeBlock(zone, buddy, size)) break;
      this.unlink(zone, buddy, size);
      block = Math.min(block, buddy);
      size++;
    }
    this.link(zone, block, size);
  }

  /**
   * Gives frames [pfn, end) back, in the largest blocks that they hold. The free lists are then what they would be if the
   * frames had come one by one upwards: a block within the range meets no other before its last frame.
   */
  freeRun(pfn: number, end: number): void {
    const lowEnd = this.low.end;
    let block = pfn;
    while (block < end) {
      const room = (block < lowEnd && lowEnd < end ? lowEnd : end) - block;
      let order = 0;
      while (order < MAX_ORDER && (block & ((2 << order) - 1)) === 0 && 2 << order <= room) order++;
      this.free(block, order);
      block += 1 << order;
    }
  }

  /** Frames found on the free lists; for the invariant checker. */
  countFree(): number {
    this.settle();
    let total = 0;
    for (const zone of this.zones()) {
      zone.heads.forEach((head, order) => {
        for (let pfn = head; pfn !== 0; pfn = this.frames.next[pfn]) {
          assert(this.frames.has(pfn, FRAME_FREE), `frame ${pfn} stands in a free list without being free`);
          total += 1 << order;
        }
      });
    }
    return total;
  }

  private release(zone: Zone): void {
    // From the top down, so that the lists hand out low frames first.
    let end = zone.end;
    while (end > zone.first) {
      let order = 0;
      while (order < MAX_ORDER && end % (2 << order) === 0 && end - (2 << order) >= zone.first) order++;
      end -= 1 << order;
      for (let i = 0; i < 1 << order; i++) this.frames.head[end + i] = end + i;
      this.link(zone, end, order);
      zone.freeFrames += 1 << order;
    }
  }

  private prepare(pfn: number, order: number): void {
    const { flags, refcount, head } = this.frames;
    this.frames.order[pfn] = order;
    for (let i = 0; i < 1 << order; i++) {
      flags[pfn + i] = 0;
      refcount[pfn + i] = 1;
      head[pfn + i] = pfn + i;
    }
  }

  private reset(pfn: number, order: number): void {
    const { flags, refcount, mapcount, owner } = this.frames;
    for (let i = 0; i < 1 << order; i++) {
      // The text is made for a failure only: made each time, it cost a third of a free.
      if (refcount[pfn + i] !== 0 || mapcount[pfn + i] !== 0) assert(false, `frame ${pfn + i} freed while in use`);
      flags[pfn + i] = 0;
      owner[pfn + i] = 0;
    }
  }

  private isFreeBlock(zone: Zone, pfn: number, order: number): boolean {
    return (
      pfn >= zone.first &&
      pfn + (1 << order) <= zone.end &&
      this.frames.has(pfn, FRAME_FREE) &&
      this.frames.order[pfn] === order
    );
  }

  private link(zone: Zone, pfn: number, order: number): void {
    const { next, prev, flags } = this.frames;
    const head = zone.heads[order];
    flags[pfn] = FRAME_FREE;
    this.frames.order[pfn] = order;
    next[pfn] = head;
    prev[pfn] = 0;
    if (head !== 0) prev[head] = pfn;
    zone.heads[order] = pfn;
  }

  private unlink(zone: Zone, pfn: number, order: number): void {
    const { next, prev, flags } = this.frames;
    const after = next[pfn];
    const before = prev[pfn];
    if (before !== 0) next[before] = after;
    else zone.heads[order] = after;
    if (after !== 0) prev[after] = before;
    flags[pfn] = 0;
  }
}
