/**
 * tmpfs, and the memory file system of shared memory objects: the cache is the file.
 *
 * Pages are always dirty and never written back; a load from a hole makes a page; only plain,
 * KEEP_SIZE and PUNCH_HOLE modes of fallocate exist.
 * Source: Linux mm/shmem.c.
 */

import { EOPNOTSUPP } from '../errno.ts';
import { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE } from '../flags.ts';
import type { PageCache } from '../pagecache/page-cache.ts';
import type { WordBits } from '../units.ts';
import type { Commitments } from './commitments.ts';
import type { FilePages } from './file-pages.ts';
import { comparePosition, type FallocateRequest, type FileSystem, type Inode, PAGE_READY } from './inode.ts';
import type { Truncator } from './truncate.ts';

export class Tmpfs implements FileSystem {
  readonly name = 'tmpfs';
  readonly swapBacked = true;
  /** 2^63 - 1 bytes; with 32 bits as many pages as an unsigned long counts (MAX_LFS_FILESIZE). */
  readonly maxSizePages: number;
  readonly maxSizeTail: number;
  private readonly pages: FilePages;
  private readonly truncator: Truncator;
  private readonly cache: PageCache;
  private readonly commitments: Commitments;

  protected readonly pageSize: number;

  constructor(
    pageSize: number,
    wordBits: WordBits,
    pages: FilePages,
    truncator: Truncator,
    cache: PageCache,
    commitments: Commitments,
  ) {
    this.pageSize = pageSize;
    this.maxSizePages = wordBits === 64 ? 2 ** 63 / pageSize - 1 : 2 ** 32 - 1;
    this.maxSizeTail = wordBits === 64 ? pageSize - 1 : 0;
    this.pages = pages;
    this.truncator = truncator;
    this.cache = cache;
    this.commitments = commitments;
  }

  readPage(): number {
    return PAGE_READY;
  }

  reserve(): number {
    return 0;
  }

  writePage(): void {}

  releasePage(): void {
    // Nothing else has its bytes.
  }

  fallocate(inode: Inode, request: FallocateRequest): number {
    const { mode, fromPage, fromByte, endPage, endByte } = request;
    if (mode & ~(FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE)) return -EOPNOTSUPP;
    if (mode & FALLOC_FL_PUNCH_HOLE) {
      this.truncator.punch(inode, fromPage, fromByte, endPage, endByte);
      return 0;
    }
    const grows = comparePosition(endPage, endByte, inode.sizePages, inode.sizeTail) > 0;
    const lastPage = endByte > 0 ? endPage + 1 : endPage;
    const made: number[] = [];
    for (let index = fromPage; index < lastPage; index++) {
      if (inode.cache.get(index) !== 0) {
        // Room given twice becomes data, as shmem_get_folio has it.
        this.pages.forWrite(inode, index, 0, 0);
        continue;
      }
      const pfn = this.pages.allocateMemory(inode, index);
      if (pfn < 0) {
        // Undone as a whole, as shmem_fallocate does.
        for (const page of made) this.pages.truncate(inode, page, page + 1);
        return pfn;
      }
      this.cache.setDirty(inode.cache, index, pfn);
      made.push(index);
    }
    if (grows && !(mode & FALLOC_FL_KEEP_SIZE)) inode.setSize(endPage, endByte);
    return 0;
  }

  resizeBlocks(_inode: Inode, _fromPage: number): void {}

  nextData(inode: Inode, from: number, end: number): number {
    for (
      let index = inode.cache.nextCached(from, end, 0);
      index >= 0;
      index = inode.cache.nextCached(index + 1, end, 0)
    ) {
      if (this.pages.cached(inode, index) !== 0) return index;
    }
    return -1;
  }

  nextHole(inode: Inode, from: number, end: number): number {
    let index = from;
    while (index < end && this.pages.cached(inode, index) !== 0) index++;
    return index;
  }

  zeroesTailOnGrowth(): boolean {
    return false;
  }

  /** As if each entry had 20 bytes, `.` and `..` too (mm/shmem.c BOGO_DIRENT_SIZE). */
  sizeDirectory(directory: Inode, entries: number): void {
    const bytes = 20 * (entries + 2);
    directory.setSize(Math.floor(bytes / this.pageSize), bytes % this.pageSize);
  }

  notesFallocateFirst(_mode: number): boolean {
    return false;
  }

  writeDelayed(): void {}

  evict(inode: Inode): void {
    this.commitments.pages -= inode.chargedPages;
    inode.chargedPages = 0;
  }
}
