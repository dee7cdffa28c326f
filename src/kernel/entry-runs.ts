/**
 * Runs of page-table entries inside one table: given to a child at fork, emptied at unmap.
 *
 * Place: the inner loops of fork.ts and zap.ts. They do what PageMapper.inherit and .remove do for
 * one entry, on local copies of the columns, with one addition per kind of page at the end, the words of the
 * entries moved or cleared together, and frames in a row freed as blocks. Whatever is not a plain present page goes
 * the long way, and so does everything while mutations are traced.
 * Source: Linux mm/memory.c copy_present_ptes, zap_present_ptes (their batches), mm/swap.c folios_put_refs.
 */

import { PTE_PRESENT } from '../mmu/entry-codes.ts';
import { FRAME_ANON, FRAME_ANON_EXCLUSIVE, FRAME_HUGETLB, type FrameTable } from '../mmu/frames.ts';
import type { PageTables } from '../mmu/page-tables.ts';
import { TRACE_STATE, type Trace } from '../trace.ts';
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

  constructor(frames: FrameTable, tables: PageTables, pool: FramePool, mapper: PageMapper, trace: Trace) {
    this.frames = frames;
    this.tables = tables;
    this.pool = pool;
    this.mapper = mapper;
    this.trace = trace;
  }

  /**
   * Gives `child` the anonymous pages among `count` entries from slot `from` on, at the empty slots from
   * `to` on, read-only on both sides; calls `other(i)` for every entry that is anything else.
   */
  inherit(child: AddressSpace, from: number, to: number, count: number, other: (i: number) => void): void {
    const { lanes, stride, frameShift, frameMaskLow, codes } = this.tables;
    const { flags, refcount, mapcount } = this.frames;
    const present = codes.encodeLow[PTE_PRESENT];
    const { writeLow } = codes;
    const kept = ~(writeLow | codes.accessedLow);
    const wide = stride - 1;
    const traced = (this.trace.mask & TRACE_STATE) !== 0;
    lanes.copyWithin(to * stride, from * stride, (from + count) * stride);
    let shared = 0;
    let copy = to * stride;
    const end = (from + count) * stride;
    for (let at = from * stride; at < end; at += stride, copy += stride) {
      const low = lanes[at];
      const high = lanes[at + wide];
      if (low === 0 && (wide === 0 || high === 0)) continue;
      const pfn = (low & frameMaskLow) >>> frameShift;
      const frameFlags = flags[pfn];
      if (
        traced ||
        (low & present) !== present ||
        (high & (wide * HIGH_FRAME)) !== 0 ||
        (frameFlags & KIND) !== FRAME_ANON
      ) {
        lanes[copy] = 0;
        lanes[copy + wide] = 0;
        other((at - from * stride) / stride);
        continue;
      }
      lanes[copy] = low & kept;
      if (low & writeLow) lanes[at] = low & ~writeLow;
      if (frameFlags & FRAME_ANON_EXCLUSIVE) flags[pfn] = frameFlags & ~FRAME_ANON_EXCLUSIVE;
      refcount[pfn]++;
      mapcount[pfn]++;
      shared++;
    }
    if (shared > 0) child.addRss(RSS_ANON, shared);
  }

  /** Empties `count` entries from slot `first` on, which map `va` upwards; entries emptied. The caller flushes. */
  remove(mm: AddressSpace, va: number, first: number, count: number): number {
    const { lanes, stride, frameShift, frameMaskLow, codes } = this.tables;
    const { flags, refcount, mapcount } = this.frames;
    const present = codes.encodeLow[PTE_PRESENT];
    const wide = stride - 1;
    const traced = (this.trace.mask & TRACE_STATE) !== 0;
    let anonymous = 0;
    let others = 0;
    // Frames without users that follow each other, not yet freed.
    let run = 0;
    let runEnd = 0;
    const end = (first + count) * stride;
    for (let at = first * stride; at < end; at += stride) {
      const low = lanes[at];
      const high = lanes[at + wide];
      if (low === 0 && (wide === 0 || high === 0)) continue;
      const pfn = (low & frameMaskLow) >>> frameShift;
      if (
        traced ||
        (low & present) !== present ||
        (high & (wide * HIGH_FRAME)) !== 0 ||
        (flags[pfn] & KIND) !== FRAME_ANON
      ) {
        if (run !== runEnd) this.pool.freeRun(run, runEnd);
        run = runEnd;
        this.mapper.remove(mm, va + (at / stride - first) * this.tables.pageSize, at / stride);
        others++;
        continue;
      }
      mapcount[pfn]--;
      anonymous++;
      if (--refcount[pfn] > 0) continue;
      if (pfn !== runEnd) {
        if (run !== runEnd) this.pool.freeRun(run, runEnd);
        run = pfn;
      }
      runEnd = pfn + 1;
    }
    if (run !== runEnd) this.pool.freeRun(run, runEnd);
    if (anonymous === 0) return others;
    lanes.fill(0, first * stride, end);
    mm.addRss(RSS_ANON, -anonymous);
    return anonymous + others;
  }
}

/** Frame bits of the high lane: frames above 2^20 go the long way. */
const HIGH_FRAME = 0xfffff;
const KIND = FRAME_ANON | FRAME_HUGETLB;
