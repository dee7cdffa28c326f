/**
 * The cache of one file: page index -> frame, with dirty and write-back marks.
 *
 * Place: the one copy of a file's pages under read, write and mmap. It knows no VMA and no
 * page-table entry. Pages stand in chunks of 64 found through a map, so that holes cost nothing
 * and an index may be as large as a file can be (2^51).
 * Invariant: a cached frame names this cache and its index in the frame table, and holds one
 * reference for being here; a mark stands only on a cached page; counts equal their recount.
 */

const CHUNK_SHIFT = 6;
export const CHUNK_PAGES = 1 << CHUNK_SHIFT;
/** `index & PLACE_MASK` is the place in the chunk: exact for any index, and no division (an index is a double). */
const PLACE_MASK = CHUNK_PAGES - 1;
const CHUNK_SCALE = 1 / CHUNK_PAGES;

/** Pages [64 n, 64 n + 64) of a file. */
export class CacheChunk {
  /** Uint32Array(64): frame of each page, 0 = not cached. */
  readonly pfns: Uint32Array;
  /** Uint8Array(64): MARK_* bits of each page. */
  readonly marks: Uint8Array;
  used: number;

  constructor() {
    this.pfns = new Uint32Array(CHUNK_PAGES);
    this.marks = new Uint8Array(CHUNK_PAGES);
    this.used = 0;
  }
}

export const MARK_DIRTY = 1;
export const MARK_WRITEBACK = 2;
/** The frame holds nothing of the file yet, and no read is in flight for it. */
export const MARK_BLANK = 4;
/** The frame holds the page, but nobody has read it yet: it was fetched to zero a part of it. It does not count as resident. */
export const MARK_UNREAD = 8;

export class FileCache {
  /** Owner id of its frames. */
  readonly id: number;
  private readonly chunks: Map<number, CacheChunk>;
  /** Chunk numbers in order; null = to be sorted again. */
  private order: number[] | null;
  private recentNumber: number;
  private recentChunk: CacheChunk | null;
  pages: number;
  dirtyPages: number;

  constructor(id: number) {
    this.id = id;
    this.chunks = new Map();
    this.order = null;
    this.recentNumber = -1;
    this.recentChunk = null;
    this.pages = 0;
    this.dirtyPages = 0;
  }

  /** The chunk of page `index`, which stands at `index & (CHUNK_PAGES - 1)` in it; null if none of its pages is cached. */
  chunkOf(index: number): CacheChunk | null {
    const number = Math.floor(index * CHUNK_SCALE);
    if (number === this.recentNumber) return this.recentChunk;
    const chunk = this.chunks.get(number) ?? null;
    this.recentNumber = number;
    this.recentChunk = chunk;
    return chunk;
  }

  /** Frame that caches page `index`, or 0. */
  get(index: number): number {
    const chunk = this.chunkOf(index);
    return chunk === null ? 0 : chunk.pfns[index & PLACE_MASK];
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
    const chunk = this.chunks.get(Math.floor(index * CHUNK_SCALE));
    const place = index & PLACE_MASK;
    return chunk === undefined ? { pfn: 0, marks: 0 } : { pfn: chunk.pfns[place], marks: chunk.marks[place] };
  }

  add(index: number, pfn: number): void {
    let chunk = this.chunkOf(index);
    if (chunk === null) {
      chunk = new CacheChunk();
      const number = Math.floor(index * CHUNK_SCALE);
      this.chunks.set(number, chunk);
      this.order = null;
      this.recentChunk = chunk;
    }
    chunk.pfns[index & PLACE_MASK] = pfn;
    chunk.used++;
    this.pages++;
  }

  remove(index: number): void {
    const chunk = this.chunkOf(index) as CacheChunk;
    this.unmark(index, MARK_DIRTY | MARK_WRITEBACK | MARK_BLANK | MARK_UNREAD);
    chunk.pfns[index & PLACE_MASK] = 0;
    chunk.used--;
    this.pages--;
    if (chunk.used > 0) return;
    this.chunks.delete(Math.floor(index * CHUNK_SCALE));
    this.order = null;
    this.recentNumber = -1;
    this.recentChunk = null;
  }

  /** Sets MARK_* bits; true if any was not set before. */
  mark(index: number, marks: number): boolean {
    const { marks: column } = this.chunkOf(index) as CacheChunk;
    const place = index & PLACE_MASK;
    const before = column[place];
    column[place] = before | marks;
    if (marks & ~before & MARK_DIRTY) this.dirtyPages++;
    return (marks & ~before) !== 0;
  }

  unmark(index: number, marks: number): void {
    const { marks: column } = this.chunkOf(index) as CacheChunk;
    const place = index & PLACE_MASK;
    if (column[place] & marks & MARK_DIRTY) this.dirtyPages--;
    column[place] &= ~marks;
  }

  marksOf(index: number): number {
    const chunk = this.chunkOf(index);
    return chunk === null ? 0 : chunk.marks[index & PLACE_MASK];
  }

  /** The first cached index >= `from` that is < `end` and carries all of `marks`, or -1. */
  nextCached(from: number, end: number, marks: number): number {
    if (this.order === null) this.order = [...this.chunks.keys()].sort((a, b) => a - b);
    for (let place = this.firstChunkAt(Math.floor(from * CHUNK_SCALE)); place < this.order.length; place++) {
      const number = this.order[place];
      const base = number * CHUNK_PAGES;
      if (base >= end) return -1;
      const chunk = this.chunks.get(number) as CacheChunk;
      const last = Math.min(CHUNK_PAGES, end - base);
      for (let i = Math.max(0, from - base); i < last; i++) {
        if (chunk.pfns[i] !== 0 && (chunk.marks[i] & marks) === marks) return base + i;
      }
    }
    return -1;
  }

  private firstChunkAt(number: number): number {
    const order = this.order as number[];
    let low = 0;
    let high = order.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (order[middle] >= number) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
