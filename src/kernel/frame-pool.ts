/**
 * Frames by reference count: what anonymous memory and the page cache take and give back.
 *
 * Place: over the buddy allocator. `alloc` never reclaims; 0 means none, and the value climbs.
 * Invariant: a frame is freed exactly when its last reference goes.
 */

import { type Counters, OOM_FAILURES, PGALLOC, PGFREE } from '../counters.ts';
import { type FrameAllocator, ZONE_NORMAL } from '../mmu/buddy.ts';
import { FRAME_RESERVED, FRAME_TAIL, FRAME_UPTODATE, type FrameTable } from '../mmu/frames.ts';
import { RECORD_ID, TRACE_EVENT, type Trace } from '../trace.ts';

const { mm_page_alloc: PAGE_ALLOC, mm_page_free: PAGE_FREE } = RECORD_ID;

export class FramePool {
  readonly frames: FrameTable;
  private readonly allocator: FrameAllocator;
  private readonly counters: Counters;
  private readonly trace: Trace;
  /** The page of zeros that private reads share; reserved, never counted. */
  readonly zeroPfn: number;

  constructor(frames: FrameTable, allocator: FrameAllocator, counters: Counters, trace: Trace) {
    this.frames = frames;
    this.allocator = allocator;
    this.counters = counters;
    this.trace = trace;
    this.zeroPfn = allocator.alloc(0, ZONE_NORMAL);
    frames.set(this.zeroPfn, FRAME_RESERVED | FRAME_UPTODATE);
  }

  get freeFrames(): number {
    return this.allocator.freeFrames;
  }

  /** One frame with refcount 1, its contents undefined; 0 when there is none. */
  alloc(): number {
    const pfn = this.allocator.alloc(0, ZONE_NORMAL);
    if (pfn === 0) {
      this.counters.add(OOM_FAILURES, 1);
      return 0;
    }
    this.counters.add(PGALLOC, 1);
    if (this.trace.mask & TRACE_EVENT) this.note(PAGE_ALLOC, pfn, 0);
    return pfn;
  }

  /** 2^order frames in a row with refcount 1 each, or 0. */
  allocBlock(order: number): number {
    const pfn = this.allocator.alloc(order, ZONE_NORMAL);
    if (pfn === 0) {
      this.counters.add(OOM_FAILURES, 1);
      return 0;
    }
    this.counters.add(PGALLOC, 1 << order);
    if (this.trace.mask & TRACE_EVENT) this.note(PAGE_ALLOC, pfn, order);
    for (let tail = 1; tail < 1 << order; tail++) {
      this.frames.set(pfn + tail, FRAME_TAIL);
      this.frames.head[pfn + tail] = pfn;
    }
    return pfn;
  }

  private note(kind: number, pfn: number, order: number): void {
    this.trace.first = pfn;
    this.trace.emitFirst(kind, order);
  }

  get(pfn: number): void {
    this.frames.refcount[pfn]++;
  }

  /** Drops a reference and frees the frame with the last one. */
  put(pfn: number): void {
    if (--this.frames.refcount[pfn] > 0) return;
    this.counters.add(PGFREE, 1);
    if (this.trace.mask & TRACE_EVENT) this.note(PAGE_FREE, pfn, 0);
    this.frames.head[pfn] = pfn;
    this.allocator.free(pfn, 0);
  }

  /** Frees frames [first, end), whose last references have gone. */
  freeRun(first: number, end: number): void {
    this.counters.add(PGFREE, end - first);
    const { head } = this.frames;
    for (let pfn = first; pfn < end; pfn++) {
      if (this.trace.mask & TRACE_EVENT) this.note(PAGE_FREE, pfn, 0);
      head[pfn] = pfn;
    }
    this.allocator.freeRun(first, end);
  }
}
