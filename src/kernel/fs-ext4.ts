/**
 * An ext4-like file system: data on blocks of the device, metadata in memory.
 *
 * A page reads from its block, or is zeros in a hole and in an unwritten extent. Room is reserved
 * when a page becomes dirty and a block chosen when it is written back (delayed allocation). The
 * tail of the last page beyond the end of the file is zeroed on the way to the disk and when the
 * file grows.
 * Source: Linux fs/ext4 (inode.c, extents.c ext4_fallocate, ext4_llseek).
 */

import { assert } from '../assert.ts';
import type { BlockDevice } from '../disk/block-device.ts';
import type { BlockAllocator } from '../disk/block-map.ts';
import { EFBIG, EINVAL, ENOSPC, EOPNOTSUPP } from '../errno.ts';
import {
  FALLOC_FL_COLLAPSE_RANGE,
  FALLOC_FL_INSERT_RANGE,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  FALLOC_FL_ZERO_RANGE,
} from '../flags.ts';
import type { Ram } from '../mmu/ram.ts';
import {
  comparePosition,
  type FallocateRequest,
  type FileSystem,
  type Inode,
  PAGE_PENDING,
  PAGE_READY,
} from './inode.ts';
import type { Truncator } from './truncate.ts';
import type { Writeback } from './writeback.ts';

const MODES =
  FALLOC_FL_KEEP_SIZE | FALLOC_FL_PUNCH_HOLE | FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_ZERO_RANGE | FALLOC_FL_INSERT_RANGE;

export class Ext4 implements FileSystem {
  readonly name = 'ext4';
  readonly swapBacked = false;
  /** 2^32 - 1 blocks: 2^44 - 4096 bytes in blocks of 4 KiB. */
  readonly maxSizePages = 2 ** 32 - 1;
  readonly maxSizeTail = 0;
  private readonly device: BlockDevice;
  private readonly allocator: BlockAllocator;
  private readonly ram: Ram;
  private readonly truncator: Truncator;
  private readonly writeback: Writeback;

  constructor(device: BlockDevice, allocator: BlockAllocator, ram: Ram, truncator: Truncator, writeback: Writeback) {
    this.device = device;
    this.allocator = allocator;
    this.ram = ram;
    this.truncator = truncator;
    this.writeback = writeback;
  }

  readPage(inode: Inode, index: number, pfn: number): number {
    const block = inode.blocks.get(index);
    if (block === 0 || inode.blocks.isUnwritten(index)) {
      this.ram.zeroFrame(pfn);
      return PAGE_READY;
    }
    this.device.read(block, inode.id, index);
    return PAGE_PENDING;
  }

  reserve(inode: Inode, index: number): number {
    if (inode.blocks.get(index) !== 0 || inode.blocks.isReserved(index)) return 0;
    if (!this.allocator.promise()) return -ENOSPC;
    inode.blocks.reserve(index);
    return 0;
  }

  /** A block for a page without one: that which was promised to it, or any; 0 when there is none. */
  private blockFor(inode: Inode, index: number): number {
    if (inode.blocks.isReserved(index)) this.allocator.unpromise();
    return this.allocator.alloc();
  }

  writePage(inode: Inode, index: number): void {
    let block = inode.blocks.get(index);
    if (block === 0 || inode.blocks.isUnwritten(index)) {
      if (block === 0) block = this.blockFor(inode, index);
      assert(block !== 0, `page ${index} of inode ${inode.id} is dirty, but has no room on the disk`);
      inode.blocks.setWritten(index, block);
    }
    this.device.write(block, inode.id, index);
  }

  releasePage(inode: Inode, index: number, pfn: number): void {
    const block = inode.blocks.get(index);
    if (block === 0 || !this.device.owes(block)) return;
    const start = pfn * this.ram.pageSize;
    this.device.store(block, this.ram.u8.subarray(start, start + this.ram.pageSize));
  }

  zeroesTailOnGrowth(): boolean {
    return true;
  }

  resizeBlocks(inode: Inode, fromPage: number): void {
    this.freeBlocks(inode, fromPage, Number.POSITIVE_INFINITY);
  }

  private freeBlocks(inode: Inode, from: number, end: number): void {
    for (let index = inode.blocks.next(from, end); index >= 0; index = inode.blocks.next(index + 1, end)) {
      const block = inode.blocks.remove(index);
      if (block !== 0) this.allocator.free(block);
      else this.allocator.unpromise();
    }
  }

  writeDelayed(inode: Inode): void {
    if (inode.blocks.reservations > 0) this.writeback.writeRange(inode, 0, Number.POSITIVE_INFINITY);
  }

  evict(inode: Inode): void {
    this.freeBlocks(inode, 0, Number.POSITIVE_INFINITY);
  }

  /** Differs: one block however many entries there are; Linux takes another when some hundred have filled it. */
  sizeDirectory(directory: Inode): void {
    directory.setSize(1, 0);
  }

  notesFallocateFirst(mode: number): boolean {
    return (mode & ~MODES) === 0;
  }

  fallocate(inode: Inode, request: FallocateRequest): number {
    const { mode } = request;
    if (mode & ~MODES) return -EOPNOTSUPP;
    if (mode & FALLOC_FL_PUNCH_HOLE) return this.punch(inode, request);
    if (mode & FALLOC_FL_COLLAPSE_RANGE) return this.collapse(inode, request);
    if (mode & FALLOC_FL_INSERT_RANGE) return this.insert(inode, request);
    if (mode & FALLOC_FL_ZERO_RANGE) this.clear(inode, request);
    return this.allocate(inode, request);
  }

  /** A hole that reaches beyond the end of the file ends with the page that the file ends in; none begins there. */
  private punch(inode: Inode, request: FallocateRequest): number {
    if (comparePosition(request.fromPage, request.fromByte, inode.sizePages, inode.sizeTail) >= 0) return 0;
    const reachesOut = comparePosition(request.endPage, request.endByte, inode.sizePages, inode.sizeTail) > 0;
    this.clear(inode, reachesOut ? { ...request, endPage: inode.endPage, endByte: 0 } : request);
    return 0;
  }

  private clear(inode: Inode, { fromPage, fromByte, endPage, endByte }: FallocateRequest): void {
    this.truncator.punch(inode, fromPage, fromByte, endPage, endByte);
    this.freeBlocks(inode, fromByte > 0 ? fromPage + 1 : fromPage, endPage);
  }

  /**
   * Unwritten blocks for what has none; the size grows unless KEEP_SIZE.
   * Differs: where there is no room for all, Linux keeps what it could have, and the file grows by it.
   */
  private allocate(inode: Inode, { mode, fromPage, endPage, endByte }: FallocateRequest): number {
    const last = endByte > 0 ? endPage + 1 : endPage;
    if (this.countMissing(inode, fromPage, last) > this.allocator.freeBlocks) return -ENOSPC;
    for (let index = fromPage; index < last; index++) {
      if (inode.blocks.get(index) === 0) inode.blocks.setUnwritten(index, this.blockFor(inode, index));
    }
    const grows = comparePosition(endPage, endByte, inode.sizePages, inode.sizeTail) > 0;
    if (grows && !(mode & FALLOC_FL_KEEP_SIZE)) this.truncator.grow(inode, endPage, endByte);
    return 0;
  }

  /** Pages of [from, end) that have no block and were promised none. */
  private countMissing(inode: Inode, from: number, end: number): number {
    let missing = end - from;
    for (let index = inode.blocks.next(from, end); index >= 0; index = inode.blocks.next(index + 1, end)) missing--;
    return missing;
  }

  private isWholePages({ fromByte, endByte }: FallocateRequest): boolean {
    return fromByte === 0 && endByte === 0;
  }

  private collapse(inode: Inode, request: FallocateRequest): number {
    const { mode, fromPage, endPage } = request;
    if (mode !== FALLOC_FL_COLLAPSE_RANGE || !this.isWholePages(request)) return -EINVAL;
    if (comparePosition(endPage, 0, inode.sizePages, inode.sizeTail) >= 0) return -EINVAL;
    this.flushFrom(inode, fromPage);
    this.freeBlocks(inode, fromPage, endPage);
    inode.blocks.shift(endPage, fromPage - endPage);
    inode.setSize(inode.sizePages - (endPage - fromPage), inode.sizeTail);
    return 0;
  }

  private insert(inode: Inode, request: FallocateRequest): number {
    const { mode, fromPage, endPage } = request;
    if (mode !== FALLOC_FL_INSERT_RANGE || !this.isWholePages(request)) return -EINVAL;
    if (comparePosition(fromPage, 0, inode.sizePages, inode.sizeTail) >= 0) return -EINVAL;
    const sizePages = inode.sizePages + (endPage - fromPage);
    if (comparePosition(sizePages, inode.sizeTail, this.maxSizePages, this.maxSizeTail) > 0) return -EFBIG;
    this.flushFrom(inode, fromPage);
    inode.setSize(sizePages, inode.sizeTail);
    inode.blocks.shift(fromPage, endPage - fromPage);
    return 0;
  }

  /** Everything from a page on goes to the disk and out of the cache, so that blocks can move under it. */
  private flushFrom(inode: Inode, fromPage: number): void {
    this.writeback.writeRange(inode, fromPage, Number.POSITIVE_INFINITY);
    this.writeback.wait(inode, fromPage, Number.POSITIVE_INFINITY);
    this.truncator.dropPages(inode, fromPage);
  }

  nextData(inode: Inode, from: number, end: number): number {
    let index = inode.blocks.next(from, end);
    while (index >= 0 && !this.holdsData(inode, index)) index = inode.blocks.next(index + 1, end);
    return index;
  }

  nextHole(inode: Inode, from: number, end: number): number {
    let index = from;
    while (index < end && this.holdsData(inode, index)) index++;
    return index;
  }

  /** Written blocks, unwritten ones whose page is in the cache, and what waits for a block. */
  private holdsData(inode: Inode, index: number): boolean {
    if (inode.blocks.get(index) === 0) return inode.blocks.isReserved(index);
    return !inode.blocks.isUnwritten(index) || inode.cache.holds(index);
  }
}
