/**
 * Runs of page-table entries inside one table: given to a child at fork, emptied at unmap.
 *
 * Place: the inner loops of fork.ts and zap.ts. They do what PageMapper.inherit and .remove do for
 * one entry, on local copies of the columns, with one addition per kind of page at the end, the words of the
 * entries moved or cleared together, and frames in a row freed as blocks. Whatever is not a plain present page goes
 * the long way, and so does everything while mutations are traced.
 * What comes by fours, which most of a fork is, goes through the loops of entry-loops.ts.
 * Source: Linux mm/memory.c copy_present_ptes, zap_present_ptes (their batches), mm/swap.c folios_put_refs.
 */

import { FRAME_ANON, FRAME_ANON_EXCLUSIVE, type FrameTable } from '../mmu/frames.ts';
import type { PageTables } from '../mmu/page-tables.ts';
import { TRACE_STATE, type Trace } from '../trace.ts';
import { dropFours, dropRow, KIND, shareFours } from './entry-loops.ts';
import type { FramePool } from './frame-pool.ts';
import { RSS_ANON } from './mm.ts';
import type { PageMapper } from './page-mapper.ts';
import type { AddressSpace } from './vma.ts';

export class EntryRuns {
  private readonly frames: FrameTable;
  private readonly tables: PageTables;
  private readonly pool: FramePool;
  private readonly mapper: PageMapper;
  private readonly trace: Trace;
  /** Entries that the `remove` at hand has emptied: of anonymous pages, of anything else. */
  private anonymous: number;
  private others: number;
  /** Frames of this machine may have bits in the high lane. */
  private readonly wideFrames: boolean;

  constructor(frames: FrameTable, tables: PageTables, pool: FramePool, mapper: PageMapper, trace: Trace) {
    this.frames = frames;
    this.tables = tables;
    this.pool = pool;
    this.mapper = mapper;
    this.trace = trace;
    this.anonymous = 0;
    this.others = 0;
    this.wideFrames = tables.stride === 2 && frames.count > tables.highScale;
  }

  /**
   * Gives `child` the anonymous pages among `count` entries from slot `from` on, at the empty slots from
   * `to` on, read-only on both sides; calls `other(i)` for every entry that is anything else.
   */
  inherit(child: AddressSpace, from: number, to: number, count: number, other: (i: number) => void): void {
    const { tables, frames, plain } = this;
    const { lanes, stride } = tables;
    const first = from * stride;
    const end = first + count * stride;
    const distance = (to - from) * stride;
    lanes.copyWithin(first + distance, first, end);
    const low = this.lowFrames(first, end);
    const special = (lane: number): void => other((lane - first) / stride);
    let shared = 0;
    for (let at = first; at < end; ) {
      const stop = shareFours(tables, frames, at, low, distance, plain);
      shared += (stop - at) / stride;
      at = Math.min(end, stop + ROUND * stride);
      shared += this.share(stop, at, distance, special);
    }
    if (shared > 0) child.addRss(RSS_ANON, shared);
  }

  /** The part of `inherit` for any entries, those in lanes [start, end), copied `distance` lanes on already; anonymous pages among them. */
  private share(start: number, end: number, distance: number, other: (lane: number) => void): number {
    const { plain } = this;
    const { lanes, stride, frameShift, frameMaskLow, codes } = this.tables;
    const { flags, refcount, mapcount } = this.frames;
    const { writeLow, presentLow } = codes;
    const kept = ~(writeLow | codes.accessedLow);
    const wide = stride - 1;
    let shared = 0;
    for (let at = start; at < end; at += stride) {
      const low = lanes[at];
      const high = lanes[at + wide];
      if (low === 0 && (wide === 0 || high === 0)) continue;
      const pfn = (low & frameMaskLow) >>> frameShift;
      const frameFlags = flags[pfn];
      if ((low & presentLow) !== plain || (high & (wide * HIGH_FRAME)) !== 0 || (frameFlags & KIND) !== FRAME_ANON) {
        lanes[at + distance] = 0;
        lanes[at + distance + wide] = 0;
        other(at);
        continue;
      }
      lanes[at + distance] = low & kept;
      if (low & writeLow) lanes[at] = low & ~writeLow;
      if (frameFlags & FRAME_ANON_EXCLUSIVE) flags[pfn] = frameFlags & ~FRAME_ANON_EXCLUSIVE;
      refcount[pfn]++;
      mapcount[pfn]++;
      shared++;
    }
    return shared;
  }

  /** Empties `count` entries from slot `first` on, which map `va` upwards; entries emptied. The caller flushes. */
  remove(mm: AddressSpace, va: number, first: number, count: number): number {
    const { tables, frames, plain } = this;
    const { lanes, stride, frameShift, frameMaskLow } = tables;
    const start = first * stride;
    const end = start + count * stride;
    const low = this.lowFrames(start, end);
    this.anonymous = 0;
    this.others = 0;
    for (let at = start; at < end; ) {
      const row = dropFours(tables, frames, at, low, plain);
      const stop = dropRow(tables, frames, row, low, plain);
      this.anonymous += (stop - at) / stride;
      if (stop > row) {
        const pfn = (lanes[row] & frameMaskLow) >>> frameShift;
        this.pool.freeRun(pfn, pfn + (stop - row) / stride);
      }
      at = Math.min(end, stop + ROUND * stride);
      this.drop(mm, va + ((stop - start) / stride) * tables.pageSize, stop, at);
    }
    if (this.anonymous > 0) {
      lanes.fill(0, start, end);
      mm.addRss(RSS_ANON, -this.anonymous);
    }
    return this.anonymous + this.others;
  }

  /** The part of `remove` for any entries, those in lanes [start, end), but for the clearing of anonymous pages. */
  private drop(mm: AddressSpace, va: number, start: number, end: number): void {
    const { plain } = this;
    const { lanes, stride, frameShift, frameMaskLow, codes } = this.tables;
    const { flags, refcount, mapcount } = this.frames;
    const { presentLow } = codes;
    const wide = stride - 1;
    // Frames without users that follow each other, not yet freed.
    let run = 0;
    let runEnd = 0;
    for (let at = start; at < end; at += stride) {
      const low = lanes[at];
      const high = lanes[at + wide];
      if (low === 0 && (wide === 0 || high === 0)) continue;
      const pfn = (low & frameMaskLow) >>> frameShift;
      if ((low & presentLow) !== plain || (high & (wide * HIGH_FRAME)) !== 0 || (flags[pfn] & KIND) !== FRAME_ANON) {
        if (run !== runEnd) this.pool.freeRun(run, runEnd);
        run = runEnd;
        this.mapper.remove(mm, va + ((at - start) / stride) * this.tables.pageSize, at / stride);
        this.others++;
        continue;
      }
      mapcount[pfn]--;
      this.anonymous++;
      if (--refcount[pfn] > 0) continue;
      if (pfn !== runEnd) {
        if (run !== runEnd) this.pool.freeRun(run, runEnd);
        run = pfn;
      }
      runEnd = pfn + 1;
    }
    if (run !== runEnd) this.pool.freeRun(run, runEnd);
  }

  /** What the bits of `presentLow` are in an entry that goes the short way: those, or what they never are while mutations are traced. */
  private get plain(): number {
    return this.trace.mask & TRACE_STATE ? -1 : this.tables.codes.presentLow;
  }

  /** The first lane in [start, end) of an entry whose frame has bits in the high lane, or `end`: before it the low lane tells a frame. */
  private lowFrames(start: number, end: number): number {
    if (!this.wideFrames) return end;
    const { lanes } = this.tables;
    let at = start;
    while (at < end && (lanes[at + 1] & HIGH_FRAME) === 0) at += 2;
    return at;
  }
}

/** Frame bits of the high lane: frames from 2^20 on go the long way. */
const HIGH_FRAME = 0xfffff;

/** Entries that are done one by one before the next are tried by fours. */
const ROUND = 128;
