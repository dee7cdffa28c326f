/**
 * Pages of files, brought into the cache when they are needed.
 *
 * Place: under read, write and the fault handlers; the file system says where a page comes from.
 * A miss on a disk file reads around (faults) or ahead (read); a miss in memory-backed files makes
 * a page of zeros. Writes allocate folios of several frames where the file system has them.
 * Source: Linux mm/filemap.c (filemap_fault, do_sync_mmap_readahead, __filemap_get_folio),
 * mm/readahead.c, mm/shmem.c shmem_get_folio.
 */

import { EIO, ENOMEM, ENOSPC } from '../errno.ts';
import { FRAME_DIRTY, FRAME_SWAP_BACKED, FRAME_UPTODATE, FRAME_WRITEBACK, type FrameTable } from '../mmu/frames.ts';
import type { Ram } from '../mmu/ram.ts';
import { MARK_BLANK, MARK_UNREAD } from '../pagecache/file-cache.ts';
import type { PageCache } from '../pagecache/page-cache.ts';
import type { BlockIo } from './block-io.ts';
import { Folios, type PageRange } from './folios.ts';
import type { FramePool } from './frame-pool.ts';
import type { HugeFile } from './huge-pool.ts';
import { type Inode, PAGE_READY } from './inode.ts';

/** Largest order of a folio made by write(2). */
const FOLIO_ORDER_MAX = 9;

export class FilePages {
  private readonly frames: FrameTable;
  private readonly ram: Ram;
  private readonly pool: FramePool;
  private readonly cache: PageCache;
  private readonly io: BlockIo;
  readonly folios: Folios;
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
    this.folios = new Folios(frames);
    this.readAheadPages = readAheadPages;
    this.missed = false;
  }

  /** The up-to-date cached frame of page `index`, or 0. */
  cached(inode: Inode, index: number): number {
    const pfn = inode.cache.get(index);
    return pfn !== 0 && this.frames.has(pfn, FRAME_UPTODATE) ? pfn : 0;
  }

  /** The frame of a page that a fault needs, with `count` pages from `start` on to read at once on a miss; or a negative errno. */
  forFault(inode: Inode, index: number, start: number, count: number): number {
    const present = this.present(inode, index);
    return present !== 0 ? present : this.readWindow(inode, index, start, count);
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
    inode.cache.unmark(index, MARK_UNREAD);
    return this.frames.has(pfn, FRAME_UPTODATE) ? pfn : this.awaitPage(inode, index);
  }

  /** The frame of a page that bytes are to be zeroed in; 0 or a negative errno if there is none. */
  forZeroing(inode: Inode, index: number): number {
    const isNew = inode.cache.get(index) === 0;
    const pfn = this.forRead(inode, index, 1);
    if (pfn > 0 && isNew && !inode.fs.swapBacked) inode.cache.mark(index, MARK_UNREAD);
    return pfn;
  }

  /** A page of a memory-backed file: made if it is missing, good from its first use on. */
  private memoryPage(inode: Inode, index: number, present: number): number {
    const pfn = present !== 0 ? present : this.allocateMemory(inode, index);
    if (pfn > 0) this.frames.set(pfn, FRAME_UPTODATE);
    return pfn;
  }

  /** Room for a page of a memory-backed file, zeroed, but no data yet (fallocate); its frame or -ENOMEM. */
  allocateMemory(inode: Inode, index: number): number {
    if (inode.huge !== null) return this.takeHugePage(inode, inode.huge, index);
    const pfn = this.pool.alloc();
    if (pfn === 0) return -ENOMEM;
    this.ram.zeroFrame(pfn);
    this.cache.insert(inode.cache, index, pfn, FRAME_SWAP_BACKED);
    return pfn;
  }

  /** The whole huge page that small page `index` is in; the frame of `index`, or -ENOSPC. */
  private takeHugePage(inode: Inode, huge: HugeFile, index: number): number {
    const { pagesEach } = huge.pool;
    const first = index - (index % pagesEach);
    const head = huge.take(first / pagesEach);
    if (head === 0) return -ENOSPC;
    for (let page = 0; page < pagesEach; page++) {
      this.ram.zeroFrame(head + page);
      this.pool.get(head + page);
      this.cache.insert(inode.cache, first + page, head + page, FRAME_SWAP_BACKED | FRAME_UPTODATE);
    }
    return head + index - first;
  }

  private readWindow(inode: Inode, index: number, start: number, count: number): number {
    const end = Math.min(start + count, inode.endPage);
    for (let page = start; page < end; page++) {
      if (inode.cache.get(page) !== 0) continue;
      const result = this.startRead(inode, page);
      if (result < 0 && page === index) return result;
    }
    const pfn = this.awaitPage(inode, index);
    if (pfn > 0) this.awaitRest(inode, index, end);
    return pfn;
  }

  /**
   * Waits for the pages behind `index` up to `end` whose blocks follow each other: they were read by one request, whose
   * pages become good together (Linux fs/mpage.c, mpage_end_io).
   */
  private awaitRest(inode: Inode, index: number, end: number): void {
    let last = index;
    let block = inode.blocks.get(index);
    if (block === 0) return;
    while (last + 1 < end && inode.blocks.get(last + 1) === block + 1) {
      last++;
      block++;
    }
    const pfn = inode.cache.get(last);
    if (last > index && pfn !== 0 && !this.isBlank(inode, last)) this.awaitPage(inode, last);
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

  /** Caches a page without contents if it is not cached, as ext4 does when it looks for bytes to zero and finds a hole. */
  placeBlank(inode: Inode, index: number): void {
    if (inode.cache.get(index) !== 0) return;
    const pfn = this.pool.alloc();
    if (pfn === 0) return;
    this.cache.insert(inode.cache, index, pfn, 0);
    inode.cache.mark(index, MARK_BLANK);
  }

  /** Starts filling a page that was blank; 0 or a negative errno. */
  private fillBlank(inode: Inode, index: number, pfn: number): number {
    inode.cache.unmark(index, MARK_BLANK);
    const result = inode.fs.readPage(inode, index, pfn);
    if (result === PAGE_READY) this.frames.set(pfn, FRAME_UPTODATE);
    if (result < 0) inode.cache.mark(index, MARK_BLANK);
    return Math.min(result, 0);
  }

  /** The first `good` bytes of a page were written: if it was blank, the others come from the file. 0 or a negative errno. */
  written(inode: Inode, index: number, pfn: number, good: number): number {
    if (good === 0 || !this.isBlank(inode, index)) return 0;
    if (good === this.ram.pageSize) {
      inode.cache.unmark(index, MARK_BLANK);
      this.frames.set(pfn, FRAME_UPTODATE);
      return 0;
    }
    const start = pfn * this.ram.pageSize;
    const bytes = this.ram.u8.slice(start, start + good);
    const result = this.awaitPage(inode, index);
    this.ram.write(start, bytes);
    return Math.min(result, 0);
  }

  private awaitPage(inode: Inode, index: number): number {
    const pfn = inode.cache.get(index);
    if (pfn === 0) return -EIO;
    if (inode.cache.marksOf(index) & MARK_BLANK) {
      const result = this.fillBlank(inode, index, pfn);
      if (result < 0) return result;
    }
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
    const whole = byte === 0 && left >= this.ram.pageSize;
    if (present !== 0) {
      inode.cache.unmark(index, MARK_UNREAD);
      if (this.frames.has(present, FRAME_UPTODATE)) return present;
      return whole && this.isBlank(inode, index) ? present : this.awaitPage(inode, index);
    }
    if (index < inode.endPage && !whole) return this.readWindow(inode, index, index, 1);
    return this.newFolio(inode, index, left);
  }

  isBlank(inode: Inode, index: number): boolean {
    return (inode.cache.marksOf(index) & MARK_BLANK) !== 0;
  }

  /**
   * Zeroed pages for a write of `left` bytes from page `index` on, in a folio as large as length and alignment allow. Those with
   * bytes on the disk are blank until they are written, since the write may stop before it reaches them.
   */
  private newFolio(inode: Inode, index: number, left: number): number {
    let order = Math.min(FOLIO_ORDER_MAX, Math.max(0, Math.floor(Math.log2(left / this.ram.pageSize))));
    while (order > 0 && (index % 2 ** order !== 0 || !this.vacant(inode, index, 2 ** order))) order--;
    let pfn = this.pool.allocBlock(order);
    while (pfn === 0 && order > 0) pfn = this.pool.allocBlock(--order);
    if (pfn === 0) return -ENOMEM;
    for (let page = 0; page < 2 ** order; page++) {
      this.ram.zeroFrame(pfn + page);
      const onDisk = inode.blocks.isWritten(index + page);
      this.cache.insert(inode.cache, index + page, pfn + page, onDisk ? 0 : FRAME_UPTODATE);
      if (onDisk) inode.cache.mark(index + page, MARK_BLANK);
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

  /**
   * Removes the cached pages of [from, end), which nobody maps any more. Those of a folio that reaches out of the range and is dirty there
   * stay, as clean pages of zeros. The folios that reached out of the range.
   */
  truncate(inode: Inode, from: number, end: number): readonly PageRange[] {
    const cut: PageRange[] = [];
    for (
      let index = inode.cache.nextCached(from, end, 0);
      index >= 0;
      index = inode.cache.nextCached(index + 1, end, 0)
    ) {
      this.settle(inode, index);
      const folio = this.folios.of(inode, index) as PageRange;
      if ((folio.start < from || folio.end > end) && cut.at(-1)?.start !== folio.start) cut.push(folio);
      if (this.folios.staysWhole(inode, index, from, end)) this.wipe(inode, index);
      else this.drop(inode, index);
    }
    return cut;
  }

  private wipe(inode: Inode, index: number): void {
    const pfn = inode.cache.get(index);
    this.ram.zeroFrame(pfn);
    this.cache.clearDirty(inode.cache, index, pfn);
    if (this.isBlank(inode, index)) this.written(inode, index, pfn, this.ram.pageSize);
  }

  /** Drops the cached pages of [from, end) that are clean and that nobody uses; a folio goes whole or stays. */
  dropIdle(inode: Inode, from: number, end: number): void {
    let index = inode.cache.nextCached(from, end, 0);
    while (index >= 0) {
      const folio = this.folios.of(inode, index) as PageRange;
      if (folio.start >= from && folio.end <= end && this.isIdle(inode, folio)) {
        for (let page = folio.start; page < folio.end; page++) this.drop(inode, page);
      }
      index = inode.cache.nextCached(folio.end, end, 0);
    }
  }

  private isIdle(inode: Inode, { start, end }: PageRange): boolean {
    for (let page = start; page < end; page++) {
      const pfn = inode.cache.get(page);
      const state = this.frames.flags[pfn] & (FRAME_UPTODATE | FRAME_DIRTY | FRAME_WRITEBACK);
      if (state !== FRAME_UPTODATE || this.frames.refcount[pfn] > 1) return false;
    }
    return true;
  }

  /** Waits until no request is in flight for a cached page. */
  settle(inode: Inode, index: number): void {
    if (inode.fs.swapBacked) return;
    if (this.isBlank(inode, index)) return;
    const pfn = inode.cache.get(index);
    if (!this.isSettled(pfn)) this.io.waitUntil(() => this.isSettled(pfn));
  }

  private isSettled(pfn: number): boolean {
    return (this.frames.flags[pfn] & (FRAME_UPTODATE | FRAME_WRITEBACK)) === FRAME_UPTODATE;
  }

  private drop(inode: Inode, index: number): void {
    inode.fs.releasePage(inode, index, inode.cache.get(index));
    const pfn = this.cache.remove(inode.cache, index);
    this.folios.dissolve(pfn);
    this.pool.put(pfn);
  }

  /** Zeroes bytes [from, to) of a cached page; nothing if it is not cached. */
  zeroBytes(inode: Inode, index: number, from: number, to: number): boolean {
    const pfn = this.cached(inode, index);
    if (pfn === 0) return false;
    this.ram.zeroRange(pfn, from, to);
    return true;
  }
}
