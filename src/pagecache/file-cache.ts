/**
 * The cache of one file: page index -> frame, with dirty and write-back marks.
 *
 * Place: the one copy of a file's pages under read, write and mmap. It knows no VMA and no
 * page-table entry. Holes cost nothing, an index may be as large as a file can be (2^51), and the
 * dirty pages are found without a look at the clean ones.
 * Invariant: a cached frame names this cache and its index in the frame table, and holds one
 * reference for being here; a mark stands only on a cached page; counts equal their recount.
 */

import { ROW, XArray } from '../xarray.ts';

export const MARK_DIRTY = 1;
export const MARK_WRITEBACK = 2;
/** The frame holds nothing of the file yet, and no read is in flight for it. */
export const MARK_BLANK = 4;
/** The frame holds the page, but nobody has read it yet: it was fetched to zero a part of it. It does not count as resident. */
export const MARK_UNREAD = 8;

/** The places of pages [64 n, 64 n + 64) follow each other. */
export const ROW_PAGES = ROW;

export class FileCache {
  /** Owner id of its frames. */
  readonly id: number;
  /** Page index -> frame, with MARK_* bits. */
  private readonly frames: XArray;
  dirtyPages: number;

  constructor(id: number) {
    this.id = id;
    this.frames = new XArray();
    this.dirtyPages = 0;
  }

  /** Pages cached. */
  get pages(): number {
    return this.frames.size;
  }

  /** Place of page `index` in `pfns` and `marks`, which holds until a page is added. */
  placeOf(index: number): number {
    return this.frames.placeOf(index);
  }

  /** Uint32Array, indexed by places: frame of each page, 0 = not cached. */
  get pfns(): Uint32Array {
    return this.frames.entries;
  }

  /** Uint8Array, indexed by places: MARK_* bits of each page. */
  get marks(): Uint8Array {
    return this.frames.marks;
  }

  /** Frame that caches page `index`, or 0. */
  get(index: number): number {
    return this.frames.get(index);
  }

  /** Page `index` is cached, and not blank. */
  holds(index: number): boolean {
    return this.get(index) !== 0 && !(this.marksOf(index) & MARK_BLANK);
  }

  /** Page `index` is cached, and was read or written. */
  isResident(index: number): boolean {
    return this.get(index) !== 0 && !(this.marksOf(index) & (MARK_BLANK | MARK_UNREAD));
  }

  /** Frame and MARK_* bits of page `index` (0, 0 if it is not cached), without a trace in the memo: for probes. */
  peek(index: number): { readonly pfn: number; readonly marks: number } {
    const { entry, marks } = this.frames.peek(index);
    return { pfn: entry, marks };
  }

  add(index: number, pfn: number): void {
    this.frames.set(index, pfn);
  }

  remove(index: number): void {
    this.unmark(index, MARK_DIRTY);
    this.frames.remove(index);
  }

  /** Sets MARK_* bits of a cached page; true if any was not set before. */
  mark(index: number, marks: number): boolean {
    const added = this.frames.mark(index, marks);
    if (added & MARK_DIRTY) this.dirtyPages++;
    return added !== 0;
  }

  unmark(index: number, marks: number): void {
    if (this.frames.unmark(index, marks) & MARK_DIRTY) this.dirtyPages--;
  }

  marksOf(index: number): number {
    return this.frames.marksOf(index);
  }

  /** The first cached index >= `from` that is < `end` and carries all of `marks`, or -1. */
  nextCached(from: number, end: number, marks: number): number {
    return this.frames.next(from, end, marks);
  }
}
