/**
 * Runs of page-table entries inside one table: given to a child at fork, emptied at unmap.
 *
 * Place: the inner loops of fork.ts and zap.ts. They do what PageMapper.inherit and .remove do for
 * one entry, on local copies of the columns and with one addition per kind of page at the end:
 * 16,384 entries cost a seventh of what as many calls do. Whatever is not a plain present page goes
 * the long way, and so does everything while mutations are traced.
 * Source: Linux mm/memory.c copy_present_ptes, zap_present_ptes (their batches).
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
   * Gives `child` the anonymous pages among `count` entries from slot `from` on, at the slots from
   * `to` on, read-only on both sides; calls `other(i)` for every entry that is anything else.
   */
  inherit(child: AddressSpace, from: number, to: number, count: number, other: (i: number) => void): void {
    const { lanes, stride, frameShift, codes } = this.tables;
    const { flags, refcount, mapcount } = this.frames;
    const present = codes.encodeLow[PTE_PRESENT];
    const kept = ~(codes.writeLow | codes.accessedLow);
    const traced = (this.trace.mask & TRACE_STATE) !== 0;
    let shared = 0;
    for (let i = 0; i < count; i++) {
      const at = (from + i) * stride;
      const low = lanes[at];
      const high = stride === 2 ? lanes[at + 1] : 0;
      if (low === 0 && high === 0) continue;
      const pfn = (low & this.tables.frameMaskLow) >>> frameShift;
      const frameFlags = flags[pfn];
      if (
        traced ||
        (low & present) !== present ||
        (high & HIGH_FRAME) !== 0 ||
        (frameFlags & (FRAME_ANON | FRAME_HUGETLB)) !== FRAME_ANON
      ) {
        other(i);
        continue;
      }
      if (frameFlags & FRAME_ANON_EXCLUSIVE) flags[pfn] = frameFlags & ~FRAME_ANON_EXCLUSIVE;
      refcount[pfn]++;
      mapcount[pfn]++;
      shared++;
      const copy = (to + i) * stride;
      lanes[copy] = low & kept;
      if (stride === 2) lanes[copy + 1] = high;
      if (low & codes.writeLow) lanes[at] = low & ~codes.writeLow;
    }
    if (shared > 0) child.addRss(RSS_ANON, shared);
  }

  /** Empties `count` entries from slot `first` on, which map `va` upwards; entries emptied. The caller flushes. */
  remove(mm: AddressSpace, va: number, first: number, count: number): number {
    const { lanes, stride, frameShift, codes } = this.tables;
    const { flags, refcount, mapcount } = this.frames;
    const present = codes.encodeLow[PTE_PRESENT];
    const traced = (this.trace.mask & TRACE_STATE) !== 0;
    let anonymous = 0;
    let others = 0;
    for (let i = 0; i < count; i++) {
      const at = (first + i) * stride;
      const low = lanes[at];
      const high = stride === 2 ? lanes[at + 1] : 0;
      if (low === 0 && high === 0) continue;
      const pfn = (low & this.tables.frameMaskLow) >>> frameShift;
      if (
        traced ||
        (low & present) !== present ||
        (high & HIGH_FRAME) !== 0 ||
        (flags[pfn] & (FRAME_ANON | FRAME_HUGETLB)) !== FRAME_ANON
      ) {
        this.mapper.remove(mm, va + i * this.tables.pageSize, first + i);
        others++;
        continue;
      }
      lanes[at] = 0;
      if (stride === 2) lanes[at + 1] = 0;
      mapcount[pfn]--;
      anonymous++;
      if (refcount[pfn] > 1) refcount[pfn]--;
      else this.pool.put(pfn);
    }
    if (anonymous > 0) mm.addRss(RSS_ANON, -anonymous);
    return anonymous + others;
  }
}

/** Frame bits of the high lane: frames above 2^20 go the long way. */
const HIGH_FRAME = 0xfffff;
