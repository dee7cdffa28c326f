/**
 * hugetlbfs: files whose pages are huge and come from the pool.
 *
 * As tmpfs, but for what takes room: it comes and goes in whole huge pages, and a hole takes the private copies of its
 * pages with it. What a hole covers of a page in part is zeroed.
 * Source: Linux fs/hugetlbfs/inode.c.
 */

import { ENOSPC, EOPNOTSUPP } from '../errno.ts';
import { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE } from '../flags.ts';
import type { PageCache } from '../pagecache/page-cache.ts';
import type { WordBits } from '../units.ts';
import type { Commitments } from './commitments.ts';
import type { FilePages } from './file-pages.ts';
import { Tmpfs } from './fs-tmpfs.ts';
import type { HugeFile } from './huge-pool.ts';
import { comparePosition, type FallocateRequest, type Inode } from './inode.ts';
import type { Truncator } from './truncate.ts';
import { ZAP_ALL, type Zapper } from './zap.ts';

export class Hugetlbfs extends Tmpfs {
  private readonly zapper: Zapper;
  private readonly filePages: FilePages;

  constructor(
    pageSize: number,
    wordBits: WordBits,
    filePages: FilePages,
    truncator: Truncator,
    cache: PageCache,
    commitments: Commitments,
    zapper: Zapper,
  ) {
    super(pageSize, wordBits, filePages, truncator, cache, commitments);
    this.zapper = zapper;
    this.filePages = filePages;
  }

  override fallocate(inode: Inode, request: FallocateRequest): number {
    const { mode, fromPage, endPage, endByte } = request;
    if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE)) return -EOPNOTSUPP;
    const huge = inode.huge as HugeFile;
    const each = huge.pool.pagesEach;
    if (mode & FALLOC_FL_PUNCH_HOLE) return this.punch(inode, huge, request);
    const last = Math.ceil((endByte > 0 ? endPage + 1 : endPage) / each);
    for (let index = Math.floor(fromPage / each); index < last; index++) {
      if (inode.cache.get(index * each) !== 0) continue;
      if (this.filePages.allocateMemory(inode, index * each) < 0) return -ENOSPC;
    }
    const grows = comparePosition(endPage, endByte, inode.sizePages, inode.sizeTail) > 0;
    if (grows && !(mode & FALLOC_FL_KEEP_SIZE)) inode.setSize(endPage, endByte);
    return 0;
  }

  /** Whole huge pages become a hole; what lies in part of one is zeroed. */
  private punch(inode: Inode, huge: HugeFile, { fromPage, fromByte, endPage, endByte }: FallocateRequest): number {
    const each = huge.pool.pagesEach;
    const first = Math.ceil((fromPage + (fromByte > 0 ? 1 : 0)) / each) * each;
    const last = Math.floor(endPage / each) * each;
    const endsInside = first > endPage || (first === endPage && endByte === 0);
    if (endsInside) this.zero(inode, fromPage, fromByte, endPage, endByte);
    else {
      this.zero(inode, fromPage, fromByte, first, 0);
      this.zero(inode, last, 0, endPage, endByte);
    }
    if (first >= last) return 0;
    this.zapper.unmapFile(inode, first, last, ZAP_ALL);
    this.filePages.truncate(inode, first, last);
    huge.forgetTaken(first / each, last / each);
    return 0;
  }

  /** Zeroes the bytes between two positions, in the pages there are. */
  private zero(inode: Inode, fromPage: number, fromByte: number, endPage: number, endByte: number): void {
    for (let index = fromPage; index < endPage || (index === endPage && endByte > 0); index++) {
      if (inode.cache.get(index) === 0) continue;
      const to = index === endPage ? endByte : this.pageSize;
      this.filePages.zeroBytes(inode, index, index === fromPage ? fromByte : 0, to);
    }
  }

  override resizeBlocks(inode: Inode, fromPage: number): void {
    inode.huge?.cut(Math.ceil(fromPage / inode.huge.pool.pagesEach));
  }

  override nextData(_inode: Inode, from: number): number {
    return from;
  }

  override nextHole(_inode: Inode, _from: number, end: number): number {
    return end;
  }

  override evict(inode: Inode): void {
    inode.huge?.cut(0);
  }
}
