/**
 * The page cache: puts frames into files' caches, takes them out, and counts what is dirty.
 *
 * Place: between the kernel's file operations and the frame table. A cached frame holds one
 * reference for being cached. It knows no VMA, no page-table entry and no block: the kernel
 * write-protects mappings before it calls `startWriteback`, and the file system finds the block.
 * Invariants: cache index <-> frame owner one to one; a dirty page is marked in its cache (swap-backed
 * pages, always dirty, are not); `dirtyPages` = the sum over files.
 * Source: Linux mm/filemap.c, mm/page-writeback.c.
 */

import { assert } from '../assert.ts';
import { FRAME_DIRTY, FRAME_FILE, FRAME_SWAP_BACKED, FRAME_WRITEBACK, type FrameTable } from '../mmu/frames.ts';
import { RECORD_ID, type Trace } from '../trace.ts';
import { type FileCache, MARK_DIRTY, MARK_WRITEBACK } from './file-cache.ts';

export class PageCache {
  private readonly frames: FrameTable;
  private readonly trace: Trace;
  /** Pages cached and pages dirty, over all files; recounted by the invariant checker. */
  pages: number;
  dirtyPages: number;

  constructor(frames: FrameTable, trace: Trace) {
    this.frames = frames;
    this.trace = trace;
    this.pages = 0;
    this.dirtyPages = 0;
  }

  /** Caches `pfn`, whose one reference becomes the cache's, as page `index`; `flags` are FRAME_* bits to set. */
  insert(cache: FileCache, index: number, pfn: number, flags: number): void {
    if (cache.get(index) !== 0) assert(false, `page ${index} is cached already`);
    cache.add(index, pfn);
    this.frames.set(pfn, FRAME_FILE | flags);
    this.frames.owner[pfn] = cache.id;
    this.frames.index[pfn] = index;
    this.pages++;
    if (this.trace.mask !== 0) this.trace.emit(RECORD_ID.mm_filemap_add_to_page_cache, cache.id, index, pfn, 0);
  }

  /** Takes page `index` out; the frame's reference passes to the caller. */
  remove(cache: FileCache, index: number): number {
    const pfn = cache.get(index);
    if (pfn === 0) assert(false, `page ${index} is not cached`);
    this.clearDirty(cache, index, pfn);
    cache.remove(index);
    this.frames.clear(pfn, FRAME_FILE | FRAME_WRITEBACK);
    this.pages--;
    if (this.trace.mask !== 0) this.trace.emit(RECORD_ID.mm_filemap_delete_from_page_cache, cache.id, index, pfn, 0);
    return pfn;
  }

  /** Marks page `index` dirty; true if it was clean. Swap-backed pages are dirty without a mark. */
  setDirty(cache: FileCache, index: number, pfn: number): boolean {
    const wasDirty = this.frames.has(pfn, FRAME_DIRTY);
    this.frames.set(pfn, FRAME_DIRTY);
    if (wasDirty || this.frames.has(pfn, FRAME_SWAP_BACKED)) return !wasDirty;
    cache.mark(index, MARK_DIRTY);
    this.dirtyPages++;
    return true;
  }

  clearDirty(cache: FileCache, index: number, pfn: number): void {
    if (!this.frames.has(pfn, FRAME_DIRTY)) return;
    this.frames.clear(pfn, FRAME_DIRTY);
    if (this.frames.has(pfn, FRAME_SWAP_BACKED)) return;
    cache.unmark(index, MARK_DIRTY);
    this.dirtyPages--;
  }

  /** A dirty page is on its way to the disk: clean, and under write-back until `endWriteback`. */
  startWriteback(cache: FileCache, index: number, pfn: number): void {
    this.clearDirty(cache, index, pfn);
    cache.mark(index, MARK_WRITEBACK);
    this.frames.set(pfn, FRAME_WRITEBACK);
  }

  endWriteback(cache: FileCache, index: number): void {
    const pfn = cache.get(index);
    if (pfn === 0) return;
    cache.unmark(index, MARK_WRITEBACK);
    this.frames.clear(pfn, FRAME_WRITEBACK);
  }
}
