/**
 * Write-back: dirty pages of a file to the disk.
 *
 * The kernel orchestrates what Linux does by calling up: the mappings are write-protected and
 * cleaned first (so that the next store is noticed), the tail beyond the end of the file is
 * zeroed, then the page is under write-back until the device has it. It cannot fail: the disk loses
 * nothing, and what is dirty has room there.
 * Source: Linux mm/page-writeback.c folio_clear_dirty_for_io, fs/ext4 ext4_bio_write_folio.
 */

import { type Counters, NR_WRITTEN } from '../counters.ts';
import { MARK_DIRTY, MARK_WRITEBACK } from '../pagecache/file-cache.ts';
import type { PageCache } from '../pagecache/page-cache.ts';
import { RECORD_ID, type Trace } from '../trace.ts';
import type { BlockIo } from './block-io.ts';
import type { FilePages } from './file-pages.ts';
import type { Inode } from './inode.ts';
import type { Rmap } from './rmap.ts';
import type { Vma } from './vma.ts';

/** Most pages whose mappings are looked up together: no search for each page of many, and no list of 64 mappings for one. */
const WINDOW_PAGES = 64;

export class Writeback {
  private readonly pageSize: number;
  private readonly pages: FilePages;
  private readonly cache: PageCache;
  private readonly rmap: Rmap;
  private readonly io: BlockIo;
  private readonly counters: Counters;
  private readonly trace: Trace;

  constructor(
    pageSize: number,
    pages: FilePages,
    cache: PageCache,
    rmap: Rmap,
    io: BlockIo,
    counters: Counters,
    trace: Trace,
  ) {
    this.pageSize = pageSize;
    this.pages = pages;
    this.cache = cache;
    this.rmap = rmap;
    this.io = io;
    this.counters = counters;
    this.trace = trace;
  }

  /** Starts writing the dirty pages of [first, last), and of the folios that reach into it. */
  writeRange(inode: Inode, first: number, last: number): void {
    if (inode.fs.swapBacked) return;
    const from = this.pages.folios.of(inode, first)?.start ?? first;
    const end = this.pages.folios.of(inode, last - 1)?.end ?? last;
    let window = from;
    let pages = 0;
    let mappings: readonly Vma[] = [];
    for (let index = this.nextDirty(inode, from, end); index >= 0; index = this.nextDirty(inode, index + 1, end)) {
      if (index >= window) {
        // As many again as were dirty in a row so far.
        pages = index === window ? Math.min(Math.max(1, 2 * pages), WINDOW_PAGES) : 1;
        window = index + pages;
        mappings = this.rmap.mappingsOf(inode, index, window);
      }
      this.writePage(inode, index, mappings);
    }
  }

  private nextDirty(inode: Inode, from: number, end: number): number {
    return inode.cache.nextCached(from, end, MARK_DIRTY);
  }

  /** `mappings`: VMAs, those that map the page among them. */
  private writePage(inode: Inode, index: number, mappings: readonly Vma[]): void {
    const pfn = inode.cache.get(index);
    this.pages.settle(inode, index);
    this.rmap.makeClean(mappings, index, pfn);
    if (index === inode.sizePages) this.pages.zeroBytes(inode, index, inode.sizeTail, this.pageSize);
    this.cache.startWriteback(inode.cache, index, pfn);
    if (this.trace.mask !== 0) this.trace.emit(RECORD_ID.writeback_page, inode.id, index, pfn, 0);
    inode.fs.writePage(inode, index);
    this.counters.add(NR_WRITTEN, 1);
  }

  /** Waits for the write-back of [from, end) to end. */
  wait(inode: Inode, from: number, end: number): void {
    const { cache } = inode;
    // No page behind this one is under write-back, and none goes back there while the call waits.
    let index = from;
    this.io.waitUntil(() => {
      if (index >= 0 && cache.marksOf(index) & MARK_WRITEBACK) return false;
      index = cache.nextCached(index, end, MARK_WRITEBACK);
      return index < 0;
    });
  }

  /** Writes and waits (fsync, MS_SYNC). */
  sync(inode: Inode, from: number, end: number): void {
    this.writeRange(inode, from, end);
    this.wait(inode, from, end);
  }
}
