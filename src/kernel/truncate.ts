/**
 * Changing a file's size and punching holes, with what mappings see of it.
 *
 * Order, as Linux keeps it: the size first, then the translations, then the pages, then the tail
 * of the page that the new end cuts. Private copies wholly beyond a new end go too; those in a
 * punched hole stay.
 *
 *   shrink   Cache: pages beyond dropped, tail zeroed   PTE: beyond -> none, copies too
 *   grow     Cache: stale tail zeroed (disk files)      PTE: -
 *   punch    Cache: pages dropped, edges zeroed         PTE: -> none, copies stay
 *
 * Source: Linux mm/truncate.c truncate_pagecache, truncate_inode_partial_folio, pagecache_isize_extended, truncate_pagecache_range.
 */

import type { PageCache } from '../pagecache/page-cache.ts';
import type { FilePages } from './file-pages.ts';
import type { PageRange } from './folios.ts';
import { comparePosition, type Inode } from './inode.ts';
import { ZAP_KEEP_COPIES, ZAP_KEEP_GUARDS, type Zapper } from './zap.ts';

const END = Number.POSITIVE_INFINITY;

export class Truncator {
  private readonly pageSize: number;
  private readonly pages: FilePages;
  private readonly cache: PageCache;
  private readonly zapper: Zapper;

  constructor(pageSize: number, pages: FilePages, cache: PageCache, zapper: Zapper) {
    this.pageSize = pageSize;
    this.pages = pages;
    this.cache = cache;
    this.zapper = zapper;
  }

  /** ftruncate: the file's size becomes (pages, tail). */
  setSize(inode: Inode, pages: number, tail: number): void {
    // A file of huge pages may have some behind its end, which every new size takes away (hugetlb_vmtruncate).
    if (inode.huge === null && comparePosition(pages, tail, inode.sizePages, inode.sizeTail) > 0) {
      // Unlike a write or fallocate, which stop at the new end, this zeroes the old last page to its own end.
      this.zeroGap(inode, inode.sizePages + 1, 0);
      inode.setSize(pages, tail);
    } else this.cut(inode, pages, tail);
  }

  /** The size grows to (pages, tail), for which there is room already. */
  grow(inode: Inode, pages: number, tail: number): void {
    this.zeroGap(inode, pages, tail);
    inode.setSize(pages, tail);
    if (tail > 0) this.lookForBytes(inode, pages);
  }

  /** Before the file grows to (pages, tail), or is written from there: what was stored beyond its end reads as zeros, where the file system says so. */
  zeroGap(inode: Inode, pages: number, tail: number): void {
    const { sizePages, sizeTail } = inode;
    if (sizeTail === 0 || !inode.fs.zeroesTailOnGrowth()) return;
    const pfn = this.pages.cached(inode, sizePages);
    if (pfn === 0) this.lookForBytes(inode, sizePages);
    if (pfn === 0) return;
    this.pages.zeroBytes(inode, sizePages, sizeTail, pages === sizePages ? tail : this.pageSize);
  }

  private cut(inode: Inode, pages: number, tail: number): void {
    if (pages === 0 && tail === 0) inode.writtenAnew = true;
    const from = tail > 0 ? pages + 1 : pages;
    inode.setSize(pages, tail);
    this.zapper.unmapFile(inode, from, END, ZAP_KEEP_GUARDS);
    this.unmapCut(inode, this.pages.truncate(inode, from, END));
    if (tail > 0) this.zeroPart(inode, pages, tail, this.pageSize);
    inode.fs.resizeBlocks(inode, from);
  }

  /** Zeroes bytes of a page that stays, read in first if its data is on the disk only; a hole on the disk does not become data. */
  private zeroPart(inode: Inode, index: number, from: number, to: number): void {
    const holdsData = inode.fs.swapBacked || inode.fs.nextData(inode, index, index + 1) >= 0;
    const pfn = holdsData ? this.pages.forZeroing(inode, index) : this.pages.cached(inode, index);
    if (pfn === 0) this.lookForBytes(inode, index);
    if (pfn <= 0) return;
    const cut = this.pages.folios.cutOut(inode, index);
    if (cut !== null) this.unmapCut(inode, [cut]);
    this.pages.zeroBytes(inode, index, from, to);
    if (holdsData) this.cache.setDirty(inode.cache, index, pfn);
  }

  /** Folios that were cut are unmapped as a whole, split or not (folio_split, try_folio_split_or_unmap): accesses fault anew. Copies stay. */
  private unmapCut(inode: Inode, folios: readonly PageRange[]): void {
    for (const { start, end } of folios) this.zapper.unmapFile(inode, start, end, ZAP_KEEP_COPIES);
  }

  /** A disk file system caches the page in which it would have zeroed bytes, even if there are none: reading around then passes over it. */
  private lookForBytes(inode: Inode, index: number): void {
    if (!inode.fs.swapBacked && inode.fs.nextData(inode, index, index + 1) < 0) this.pages.placeBlank(inode, index);
  }

  /** Makes [from, end), as (page, byte) each, a hole; the size stays. */
  punch(inode: Inode, fromPage: number, fromByte: number, endPage: number, endByte: number): void {
    const first = fromByte > 0 ? fromPage + 1 : fromPage;
    if (first < endPage) {
      this.zapper.unmapFile(inode, first, endPage, ZAP_KEEP_COPIES);
      this.unmapCut(inode, this.pages.truncate(inode, first, endPage));
    }
    if (fromByte > 0) this.zeroPart(inode, fromPage, fromByte, fromPage === endPage ? endByte : this.pageSize);
    if (endByte > 0 && (fromPage !== endPage || fromByte === 0)) this.zeroPart(inode, endPage, 0, endByte);
  }

  /** Takes clean pages from `from` on out of the cache and out of every address space; private copies go too. */
  dropPages(inode: Inode, from: number): void {
    this.zapper.unmapFile(inode, from, END, ZAP_KEEP_GUARDS);
    this.pages.truncate(inode, from, END);
  }
}
