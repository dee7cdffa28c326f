/**
 * The loops over the entries of anonymous pages that fork and exit spend their time in.
 *
 * Place: under entry-runs.ts, which sees to what comes not by fours. Lanes are the words of the entries (`PageTables.lanes`).
 * V8 looks up length, place and kind of each column once for each round of a loop, since a round may end with an interrupt. So a round
 * does four entries. It calls nothing and has no branch that a program may never take but leaving: with those V8 looks up more.
 * Source: Linux mm/memory.c copy_present_ptes, zap_present_ptes (their batches).
 */

import { FRAME_ANON, FRAME_ANON_EXCLUSIVE, FRAME_HUGETLB, type FrameTable } from '../mmu/frames.ts';
import type { PageTables } from '../mmu/page-tables.ts';

/** What tells a private page from others: FRAME_ANON alone. */
export const KIND = FRAME_ANON | FRAME_HUGETLB;

/**
 * Shares the anonymous pages in lanes [start, end), copied `distance` lanes on already, with those copies; returns the lane where the
 * last four end. `plain`: what the bits of `presentLow` are in their entries.
 */
export function shareFours(
  tables: PageTables,
  frames: FrameTable,
  start: number,
  end: number,
  distance: number,
  plain: number,
): number {
  const { lanes, stride, frameShift, frameMaskLow, codes } = tables;
  const { flags, refcount, mapcount } = frames;
  const { writeLow, presentLow } = codes;
  const kept = ~(writeLow | codes.accessedLow);
  const limit = end - 3 * stride;
  let at = start;
  while (at < limit) {
    const at1 = (at + stride) | 0;
    const at2 = (at1 + stride) | 0;
    const at3 = (at2 + stride) | 0;
    const low0 = lanes[at];
    const low1 = lanes[at1];
    const low2 = lanes[at2];
    const low3 = lanes[at3];
    if ((low0 & low1 & low2 & low3 & presentLow) !== plain) break;
    const pfn0 = (low0 & frameMaskLow) >>> frameShift;
    const pfn1 = (low1 & frameMaskLow) >>> frameShift;
    const pfn2 = (low2 & frameMaskLow) >>> frameShift;
    const pfn3 = (low3 & frameMaskLow) >>> frameShift;
    const flags0 = flags[pfn0];
    const flags1 = flags[pfn1];
    const flags2 = flags[pfn2];
    const flags3 = flags[pfn3];
    const some = flags0 | flags1 | flags2 | flags3;
    if (((flags0 & flags1 & flags2 & flags3 & FRAME_ANON) | (some & FRAME_HUGETLB)) !== FRAME_ANON) break;
    lanes[(at + distance) | 0] = low0 & kept;
    lanes[(at1 + distance) | 0] = low1 & kept;
    lanes[(at2 + distance) | 0] = low2 & kept;
    lanes[(at3 + distance) | 0] = low3 & kept;
    if ((low0 | low1 | low2 | low3) & writeLow) {
      lanes[at] = low0 & ~writeLow;
      lanes[at1] = low1 & ~writeLow;
      lanes[at2] = low2 & ~writeLow;
      lanes[at3] = low3 & ~writeLow;
    }
    if (some & FRAME_ANON_EXCLUSIVE) {
      flags[pfn0] = flags0 & ~FRAME_ANON_EXCLUSIVE;
      flags[pfn1] = flags1 & ~FRAME_ANON_EXCLUSIVE;
      flags[pfn2] = flags2 & ~FRAME_ANON_EXCLUSIVE;
      flags[pfn3] = flags3 & ~FRAME_ANON_EXCLUSIVE;
    }
    refcount[pfn0]++;
    refcount[pfn1]++;
    refcount[pfn2]++;
    refcount[pfn3]++;
    mapcount[pfn0]++;
    mapcount[pfn1]++;
    mapcount[pfn2]++;
    mapcount[pfn3]++;
    at = (at3 + stride) | 0;
  }
  return at;
}

/**
 * Takes an entry each, without emptying it, from the anonymous pages in lanes [start, end) that have other users too; returns the lane where
 * the last four end. They are four frames, since an anonymous page stands in one entry of an address space only.
 */
export function dropFours(tables: PageTables, frames: FrameTable, start: number, end: number, plain: number): number {
  const { lanes, stride, frameShift, frameMaskLow, codes } = tables;
  const { flags, refcount, mapcount } = frames;
  const { presentLow } = codes;
  const limit = end - 3 * stride;
  let at = start;
  while (at < limit) {
    const at1 = (at + stride) | 0;
    const at2 = (at1 + stride) | 0;
    const at3 = (at2 + stride) | 0;
    const low0 = lanes[at];
    const low1 = lanes[at1];
    const low2 = lanes[at2];
    const low3 = lanes[at3];
    if ((low0 & low1 & low2 & low3 & presentLow) !== plain) break;
    const pfn0 = (low0 & frameMaskLow) >>> frameShift;
    const pfn1 = (low1 & frameMaskLow) >>> frameShift;
    const pfn2 = (low2 & frameMaskLow) >>> frameShift;
    const pfn3 = (low3 & frameMaskLow) >>> frameShift;
    const flags0 = flags[pfn0];
    const flags1 = flags[pfn1];
    const flags2 = flags[pfn2];
    const flags3 = flags[pfn3];
    const some = flags0 | flags1 | flags2 | flags3;
    if (((flags0 & flags1 & flags2 & flags3 & FRAME_ANON) | (some & FRAME_HUGETLB)) !== FRAME_ANON) break;
    const left0 = (refcount[pfn0] - 1) | 0;
    const left1 = (refcount[pfn1] - 1) | 0;
    const left2 = (refcount[pfn2] - 1) | 0;
    const left3 = (refcount[pfn3] - 1) | 0;
    // None is 0 or below.
    if (((left0 - 1) | (left1 - 1) | (left2 - 1) | (left3 - 1)) < 0) break;
    refcount[pfn0] = left0;
    refcount[pfn1] = left1;
    refcount[pfn2] = left2;
    refcount[pfn3] = left3;
    mapcount[pfn0]--;
    mapcount[pfn1]--;
    mapcount[pfn2]--;
    mapcount[pfn3]--;
    at = (at3 + stride) | 0;
  }
  return at;
}

/**
 * As `dropFours`, one by one, for anonymous pages that nobody else uses and whose frames follow that of the first: returns the lane where they
 * cease. The caller frees the frames.
 */
export function dropRow(tables: PageTables, frames: FrameTable, start: number, end: number, plain: number): number {
  const { lanes, stride, frameShift, frameMaskLow, codes } = tables;
  const { flags, refcount, mapcount } = frames;
  const { presentLow } = codes;
  let pfn = start < end ? (lanes[start] & frameMaskLow) >>> frameShift : 0;
  let at = start;
  for (; at < end; at += stride) {
    const low = lanes[at];
    if ((low & presentLow) !== plain || (low & frameMaskLow) >>> frameShift !== pfn) break;
    if ((flags[pfn] & KIND) !== FRAME_ANON || refcount[pfn] !== 1) break;
    refcount[pfn] = 0;
    mapcount[pfn]--;
    pfn++;
  }
  return at;
}
