/**
 * Folios: runs of 2^n frames that cache as many pages of a file, made by one write(2) and treated as one from then on.
 *
 * Place: between the cache and those who take pages out of it. A folio's frames name their first (`head`), which knows the `order`; a page
 * that stands alone is a folio of order 0. Pages are marked dirty one by one, as Linux marks its buffers.
 * Source: Linux mm/huge_memory.c (folio_split), mm/truncate.c (truncate_inode_partial_folio).
 */

import type { FrameTable } from '../mmu/frames.ts';
import { MARK_DIRTY } from '../pagecache/file-cache.ts';
import type { Inode } from './inode.ts';

/** Pages [start, end) of a file. */
export interface PageRange {
  readonly start: number;
  readonly end: number;
}

export class Folios {
  private readonly frames: FrameTable;

  constructor(frames: FrameTable) {
    this.frames = frames;
  }

  /** The pages of the folio that caches page `index`; null if it is not cached. */
  of(inode: Inode, index: number): PageRange | null {
    const pfn = Number.isFinite(index) ? inode.cache.get(index) : 0;
    if (pfn === 0) return null;
    const head = this.frames.head[pfn];
    const start = index - (pfn - head);
    return { start, end: start + (1 << this.frames.order[head]) };
  }

  /**
   * Page `index` is about to leave its folio, with all of [from, end). True if the folio is held together by a page outside that is dirty:
   * then it keeps its pages, as zeros. Otherwise it is cut at the ends of the range.
   */
  staysWhole(inode: Inode, index: number, from: number, end: number): boolean {
    const folio = this.of(inode, index);
    if (folio === null || (folio.start >= from && folio.end <= end)) return false;
    for (let page = folio.start; page < folio.end; page++) {
      const isOutside = page < from || page >= end;
      if (isOutside && inode.cache.marksOf(page) & MARK_DIRTY) return true;
    }
    this.splitAt(inode, index);
    if (end < folio.end) this.splitAt(inode, end);
    return false;
  }

  /** Some bytes of page `index` are about to be zeroed: it leaves its folio, unless a dirty page holds that together. The folio as it was. */
  cutOut(inode: Inode, index: number): PageRange | null {
    const folio = this.of(inode, index);
    if (folio === null || folio.end - folio.start === 1) return null;
    for (let page = folio.start; page < folio.end; page++) if (inode.cache.marksOf(page) & MARK_DIRTY) return folio;
    this.splitAt(inode, index);
    return folio;
  }

  /** Halves the folio of page `index` until that page stands alone. */
  private splitAt(inode: Inode, index: number): void {
    const pfn = inode.cache.get(index);
    for (let head = this.frames.head[pfn]; this.frames.order[head] > 0; head = this.frames.head[pfn]) this.halve(head);
  }

  private halve(head: number): void {
    const { frames } = this;
    const order = frames.order[head] - 1;
    const upper = head + (1 << order);
    for (let page = upper; page < upper + (1 << order); page++) frames.head[page] = upper;
    frames.order[head] = order;
    frames.order[upper] = order;
  }

  /** A folio that goes as a whole: its frames stand alone. */
  dissolve(pfn: number): void {
    const { frames } = this;
    const head = frames.head[pfn];
    const pages = 1 << frames.order[head];
    for (let page = head; pages > 1 && page < head + pages; page++) {
      frames.head[page] = page;
      frames.order[page] = 0;
    }
  }
}
