/**
 * Pages of files, brought into the cache when they are needed.
 *
 * Place: under read, write and the fault handlers; the file system says where a page comes from.
 * A miss on a disk file reads around (faults) or ahead (read); a miss in memory-backed files makes
 * a page of zeros. Writes allocate folios of several frames where the file system has them.
 * Source: Linux mm/filemap.c (filemap_fault, do_sync_mmap_readahead, __filemap_get_folio),
 * mm/readahead.c, mm/shmem.c shmem_get_folio.
 */

import { EIO, ENOMEM } from '../errno.ts';
import { FRAME_DIRTY, FRAME_SWAP_BACKED, FRAME_UPTODATE, FRAME_WRITEBACK, type FrameTable } from '../mmu/frames.ts';
import type { Ram } from '../mmu/ram.ts';
import type { PageCache } from '../pagecache/page-cache.ts';
import type { BlockIo } from './block-io.ts';
import type { FramePool } from './frame-pool.ts';
import { type Inode, PAGE_READY } from './inode.ts';

/** Largest order of a folio made by write(2). */
const FOLIO_ORDER_MAX = 9;

export class FilePages {
  private readonly frames: FrameTable;
  private readonly ram: Ram;
  private readonly pool: FramePool;
  private readonly cache: PageCache;
  private readonly io: BlockIo;
  /** Pages of a read-around, and of the largest read-ahead window; at least 1. */
  readonly readAheadPages: number;
  /** The last page asked for was not in the cache. */
  missed: boolean;

  constructor(frames: FrameTable, ram: Ram, pool: FramePool, cache: PageCache, io: BlockIo, readAheadPages: number) {
    this.frames = frames;
    this.ram = ram;
    this.pool = pool;
    this.cache = cache;
    this.io = io;
    this.readAheadPages = readAheadPages;
    this.missed = false;
  }

  /** The up-to-date cached frame of page `index`, or 0. */
  cached(inode: Inode, index: number): number {
    const pfn = inode.cache.get(index);
    return pfn !== 0 && this.frames.has(pfn, FRAME_UPTODATE) ? pfn : 0;
  }

  /** The frame of a page that a fault needs, reading around it unless `single`; or a negative errno. */
  forFault(inode: Inode, index: number, single: number): number {
    const present = this.present(inode, index);
    if (present !== 0) return present;
    if (single) return this.readWindow(inode, index, index, 1);
    const start = Math.max(0, index - this.readAheadPages / 2);
    return this.readWindow(inode, index, start, this.readAheadPages);
  }

  /**
   * The frame of a page that read(2) needs, with `ahead` pages to read at once on a miss; 0 for a
   * hole of a memory-backed file, which reads as zeros and stays a hole; or a negative errno.
   */
  forRead(inode: Inode, index: number, ahead: number): number {
    if (inode.fs.swapBacked) return this.cached(inode, index);
    const present = this.present(inode, index);
    return present !== 0 ? present : this.readWindow(inode, index, index, ahead);
  }

  private present(inode: Inode, index: number): number {
    const pfn = inode.cache.get(index);
    this.missed = pfn === 0;
    if (inode.fs.swapBacked) return this.memoryPage(inode, index, pfn);
    if (pfn === 0) return 0;
    return this.frames.has(pfn, FRAME_UPTODATE) ? pfn : this.awaitPage(inode, index);
  }

  /** A page of a memory-backed file: made if it is missing, good from its first use on. */
  private memoryPage(inode: Inode, index: number, present: number): number {
    const pfn = present !== 0 ? present : this.allocateMemory(inode, index);
    if (pfn > 0) this.frames.set(pfn, FRAME_UPTODATE);
    return pfn;
  }

  /** Room for a page of a memory-backed file, zeroed, but no data yet (fallocate); its frame or -ENOMEM. */
  allocateMemory(inode: Inode, index: number): number {
    const pfn = this.pool.alloc();
    if (pfn === 0) return -ENOMEM;
    this.ram.zeroFrame(pfn);
    this.cache.insert(inode.cache, index, pfn, FRAME_SWAP_BACKED);
    return pfn;
  }

  private readWindow(inode: Inode, index: number, start: number, count: number): number {
    const end = Math.min(start + count, inode.endPage);
    for (let page = start; page < end; page++) {
      if (inode.cache.get(page) !== 0) continue;
      const result = this.startRead(inode, page);
      if (result < 0 && page === index) return result;
    }
    return this.awaitPage(inode, index);
  }

  /** Caches page `index` and starts filling it; 0 or a negative errno. */
  private startRead(inode: Inode, index: number): number {
    const pfn = this.pool.alloc();
    if (pfn === 0) return -ENOMEM;
    this.cache.insert(inode.cache, index, pfn, 0);
    const result = inode.fs.readPage(inode, index, pfn);
    if (result === PAGE_READY) this.frames.set(pfn, FRAME_UPTODATE);
    if (result < 0) this.drop(inode, index);
    return Math.min(result, 0);
  }

  private awaitPage(inode: Inode, index: number): number {
    const pfn = inode.cache.get(index);
    if (pfn === 0) return -EIO;
    this.io.waitUntil(() => this.frames.has(pfn, FRAME_UPTODATE) || inode.cache.get(index) !== pfn);
    return inode.cache.get(index) === pfn ? pfn : -EIO;
  }

  /**
   * The frame of a page about to be written from `byte` on, with `left` bytes still to come; not
   * read from disk when it is overwritten whole. A negative errno if there is none.
   */
  forWrite(inode: Inode, index: number, byte: number, left: number): number {
    const present = inode.cache.get(index);
    if (inode.fs.swapBacked) return this.memoryPage(inode, index, present);
    if (present !== 0) return this.frames.has(present, FRAME_UPTODATE) ? present : this.awaitPage(inode, index);
    const inside = index < inode.endPage;
    if (inside && (byte !== 0 || left < this.ram.pageSize)) return this.readWindow(inode, index, index, 1);
    return this.newFolio(inode, index, left);
  }

  /** Zeroed pages for a write of `left` bytes from page `index` on, in a folio as large as length and alignment allow. */
  private newFolio(inode: Inode, index: number, left: number): number {
    let order = Math.min(FOLIO_ORDER_MAX, Math.max(0, Math.floor(Math.log2(left / this.ram.pageSize))));
    while (order > 0 && (index % 2 ** order !== 0 || !this.vacant(inode, index, 2 ** order))) order--;
    let pfn = this.pool.allocBlock(order);
    while (pfn === 0 && order > 0) pfn = this.pool.allocBlock(--order);
    if (pfn === 0) return -ENOMEM;
    for (let page = 0; page < 2 ** order; page++) {
      this.ram.zeroFrame(pfn + page);
      this.cache.insert(inode.cache, index + page, pfn + page, FRAME_UPTODATE);
    }
    return pfn;
  }

  private vacant(inode: Inode, index: number, count: number): boolean {
    return inode.cache.nextCached(index, index + count, 0) < 0;
  }

  /** Caches every page of a file as if it had been read; false when frames run out. */
  warm(inode: Inode): boolean {
    for (let index = 0; index < inode.endPage; index++) {
      if (inode.cache.get(index) !== 0) continue;
      const pfn = this.pool.alloc();
      if (pfn === 0) return false;
      this.ram.zeroFrame(pfn);
      this.cache.insert(
        inode.cache,
        index,
        pfn,
        FRAME_UPTODATE | (inode.fs.swapBacked ? FRAME_SWAP_BACKED | FRAME_DIRTY : 0),
      );
    }
    return true;
  }

  /** Removes the cached pages of [from, end), which nobody maps any more. */
  truncate(inode: Inode, from: number, end: number): void {
    for (
      let index = inode.cache.nextCached(from, end, 0);
      index >= 0;
      index = inode.cache.nextCached(index + 1, end, 0)
    ) {
      this.settle(inode, index);
      this.drop(inode, index);
    }
  }

  /** Waits until no request is in flight for a cached page. */
  settle(inode: Inode, index: number): void {
    if (inode.fs.swapBacked) return;
    const pfn = inode.cache.get(index);
    this.io.waitUntil(() => (this.frames.flags[pfn] & (FRAME_UPTODATE | FRAME_WRITEBACK)) === FRAME_UPTODATE);
  }

  private drop(inode: Inode, index: number): void {
    const pfn = this.cache.remove(inode.cache, index);
    this.splitFolio(pfn);
    this.pool.put(pfn);
  }

  /** A folio that loses a page is a folio no more: its pages stand alone. */
  private splitFolio(pfn: number): void {
    const head = this.frames.head[pfn];
    const count = 2 ** this.frames.order[head];
    if (count === 1) return;
    for (let page = head; page < head + count; page++) {
      this.frames.head[page] = page;
      this.frames.order[page] = 0;
    }
  }

  /** Zeroes bytes [from, to) of a cached page; nothing if it is not cached. */
  zeroBytes(inode: Inode, index: number, from: number, to: number): boolean {
    const pfn = this.cached(inode, index);
    if (pfn === 0) return false;
    this.ram.zeroRange(pfn, from, to);
    return true;
  }
}
