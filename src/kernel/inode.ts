/**
 * An inode and what the kernel asks of the file system it belongs to.
 *
 * Place: one per file, shared memory object or device, whatever names or descriptors it has. Its
 * size is a pair (whole pages, bytes in the last one), since Linux's files end at 2^63 - 1, beyond
 * what a double counts. `mappings` holds the VMAs that map it, for reverse mapping.
 * Invariant: cached pages beyond the size exist only inside the last folio.
 */

import type { Clock } from '../clock.ts';
import type { BlockMap } from '../disk/block-map.ts';
import { IntervalSet } from '../interval-set.ts';
import type { FileCache } from '../pagecache/file-cache.ts';
import type { FileKind } from './file-kinds.ts';
import type { HugeFile } from './huge-pool.ts';
import { RecordLocks } from './record-locks.ts';
import type { Stream } from './stream.ts';

/** What an inode knows of the VMAs that map it; the kernel's rmap knows more. */
export interface FileMapping {
  readonly start: number;
  readonly end: number;
  readonly pgoff: number;
}

export const PAGE_READY = 0;
export const PAGE_PENDING = 1;

/** A file system: where pages come from and go to. Results are 0 or a negative errno unless said otherwise. */
export interface FileSystem {
  readonly name: 'tmpfs' | 'ext4';
  /** Pages live in memory or swap only: always dirty, never written back. */
  readonly swapBacked: boolean;
  /** The first page that no file can have, and the bytes allowed in it (largest file size as a pair). */
  readonly maxSizePages: number;
  readonly maxSizeTail: number;
  /** Fills a frame with page `index`: PAGE_READY, PAGE_PENDING (read in flight), or an errno. */
  readPage(inode: Inode, index: number, pfn: number): number;
  /** Makes sure that page `index` will have room on the medium (before it is made writable). */
  reserve(inode: Inode, index: number): number;
  /** The size has become smaller: gives up the room of pages from `fromPage` on. */
  resizeBlocks(inode: Inode, fromPage: number): void;
  /** Bytes stored beyond the old end are zeroed when the file grows past them. */
  zeroesTailOnGrowth(): boolean;
  /** Gives a directory the size that goes with so many entries. */
  sizeDirectory(directory: Inode, entries: number): void;
  /** Whether fallocate in a mode (FALLOC_FL_*) changes the file's times before it looks at the range, and so even if it fails. */
  notesFallocateFirst(mode: number): boolean;
  fallocate(inode: Inode, request: FallocateRequest): number;
  /** The first page of [from, end) with data (SEEK_DATA), or -1. */
  nextData(inode: Inode, from: number, end: number): number;
  /** The first page of [from, end) without data (SEEK_HOLE), or `end`. */
  nextHole(inode: Inode, from: number, end: number): number;
  /** Starts writing a dirty page, for which there is room. */
  writePage(inode: Inode, index: number): void;
  /** A page is about to leave the cache: what it holds and the medium does not goes there. */
  releasePage(inode: Inode, index: number, pfn: number): void;
  /** Starts writing the file if any of its pages waits for a block: others may soon rely on it (auto_da_alloc). */
  writeDelayed(inode: Inode): void;
  /** The last name, descriptor and mapping are gone. */
  evict(inode: Inode): void;
}

/** Arguments of fallocate as pages and bytes: [from, end) each as (page, byte). */
export interface FallocateRequest {
  readonly mode: number;
  readonly fromPage: number;
  readonly fromByte: number;
  readonly endPage: number;
  readonly endByte: number;
}

/** Whether reading is noted each time, or as `relatime` has it: only if nothing was read since the last change. */
export type AccessTimes = 'always' | 'relative';

export class Inode {
  /** Owner id of its cached frames. */
  readonly id: number;
  readonly kind: FileKind;
  readonly fs: FileSystem;
  readonly cache: FileCache;
  /** Where its data stands on the disk; unused on tmpfs. */
  readonly blocks: BlockMap;
  readonly mappings: IntervalSet<FileMapping>;
  sizePages: number;
  sizeTail: number;
  /** Names in directories. */
  links: number;
  /** Open file descriptions, those held by VMAs included. */
  opens: number;
  /** Open file descriptions that may be written through. */
  writers: number;
  /** Address spaces that run it as a program. */
  programs: number;
  /** Permissions, S_ISUID, S_ISGID and S_ISVTX. */
  mode: number;
  /** Of a symbolic link: where it leads. */
  target: string;
  /** F_SEAL_* bits. */
  seals: number;
  /** Set if its pages are huge. */
  huge: HugeFile | null;
  /** Pages promised to a shared memory object when it was made. */
  chargedPages: number;
  /** Shared mappings that may be or become writable (for write seals). */
  writableMappings: number;
  /** st_atime, st_mtime and st_ctime, in nanoseconds of the machine's clock. */
  accessedNs: number;
  modifiedNs: number;
  changedNs: number;
  private readonly clock: Clock;
  /** It was cut to nothing: what is written then is to be on its way to the disk when a description is closed. */
  writtenAnew: boolean;
  /** What is under way in a pipe or to a socket; null for all else. */
  stream: Stream | null;
  /** Those of flock(2), and those of fcntl(2). */
  readonly flocks: RecordLocks;
  readonly locks: RecordLocks;
  /** The other socket of a pair while that is open. */
  peer: Inode | null;

  constructor(
    id: number,
    kind: FileKind,
    fs: FileSystem,
    cache: FileCache,
    blocks: BlockMap,
    mode: number,
    clock: Clock,
  ) {
    this.id = id;
    this.kind = kind;
    this.fs = fs;
    this.cache = cache;
    this.blocks = blocks;
    this.mappings = new IntervalSet();
    this.sizePages = 0;
    this.sizeTail = 0;
    this.links = 0;
    this.opens = 0;
    this.writers = 0;
    this.programs = 0;
    this.mode = mode;
    this.target = '';
    this.seals = 0;
    this.huge = null;
    this.chargedPages = 0;
    this.writableMappings = 0;
    this.clock = clock;
    this.accessedNs = clock.nowNs;
    this.modifiedNs = clock.nowNs;
    this.changedNs = clock.nowNs;
    this.writtenAnew = false;
    this.stream = null;
    this.peer = null;
    this.flocks = new RecordLocks();
    this.locks = new RecordLocks();
  }

  /** Pages that have any byte of the file: indices below this are inside it. */
  get endPage(): number {
    return this.sizeTail > 0 ? this.sizePages + 1 : this.sizePages;
  }

  /** Its contents were read, or mapped (touch_atime). */
  noteAccess(times: AccessTimes): void {
    const stale = this.accessedNs <= this.modifiedNs || this.accessedNs <= this.changedNs;
    if (stale || times === 'always') this.accessedNs = this.clock.nowNs;
  }

  /** Its contents were changed. */
  noteModification(): void {
    this.modifiedNs = this.clock.nowNs;
    this.changedNs = this.clock.nowNs;
  }

  /** Its permissions or names were changed. */
  noteChange(): void {
    this.changedNs = this.clock.nowNs;
  }

  setSize(pages: number, tail: number): void {
    this.sizePages = pages;
    this.sizeTail = tail;
  }
}

/** Compares positions (page, byte): negative if the first is smaller. */
export function comparePosition(aPage: number, aByte: number, bPage: number, bByte: number): number {
  return aPage !== bPage ? aPage - bPage : aByte - bByte;
}
