/**
 * System V shared memory segments, and the table that numbers them.
 *
 * Place: under the calls of shm.ts. A segment is a memory file with an identifier; each attachment maps it through
 * an open file description of its own, and every VMA of such a description counts as attached.
 * Invariant: a segment that was removed (IPC_RMID) exists exactly as long as something is attached to it.
 * Source: Linux ipc/shm.c, ipc/util.c ipc_addid.
 */

import type { ShmConfig } from '../config.ts';
import { EINVAL, ENOSPC } from '../errno.ts';
import { SHM_DEST, SHM_LOCKED } from '../flags.ts';
import { offsetOf, pageOf } from '../units.ts';
import type { Hugetlb } from './hugetlb.ts';
import type { Mm } from './mm.ts';
import type { Attachments, OpenFile } from './open-file.ts';
import type { SharedMemory } from './shared-memory.ts';

/** Identifiers are index + sequence * 32768; the sequence goes up when the index comes round. */
const INDEX_LIMIT = 32768;
const SEQUENCE_LIMIT = 65536;
/** Indices are not used again before this many others were. */
const CYCLE_MIN = 64;
const SIZE_END = 1n << 63n;

export class ShmSegment implements Attachments {
  readonly id: number;
  /** 0 (IPC_PRIVATE) once it is removed. */
  key: number;
  /** Permissions, SHM_DEST and SHM_LOCKED. */
  mode: number;
  readonly bytes: bigint;
  /** Small pages of its file: more than its size has if they are huge. */
  readonly pages: number;
  /** The segment's own reference to its memory file. */
  readonly file: OpenFile;
  nattch: number;
  isDestroyed: boolean;
  private readonly segments: ShmSegments;

  constructor(segments: ShmSegments, id: number, wanted: WantedSegment, file: OpenFile) {
    this.segments = segments;
    this.id = id;
    this.key = wanted.key;
    this.mode = wanted.mode;
    this.bytes = wanted.bytes;
    this.pages = file.inode.endPage;
    this.file = file;
    this.nattch = 0;
    this.isDestroyed = false;
  }

  attached(): void {
    this.nattch++;
  }

  detached(): void {
    this.nattch--;
    if (this.nattch === 0 && this.mode & SHM_DEST) this.segments.destroy(this);
  }
}

/** What shmget asks for. */
export interface WantedSegment {
  readonly key: number;
  /** The low nine bits of the flags. */
  readonly mode: number;
  readonly bytes: bigint;
  readonly reserve: 'reserve' | 'noreserve';
  /** SHM_HUGETLB: log2 of the size of its pages, 0 for the usual one. */
  readonly hugeSizeLog?: number;
}

export class ShmSegments {
  readonly limits: ShmConfig;
  private readonly pageSize: number;
  private readonly memory: SharedMemory;
  private readonly hugetlb: Hugetlb;
  private readonly byIndex: Map<number, ShmSegment>;
  private nextIndex: number;
  private lastIndex: number;
  private sequence: number;
  /** Pages locked by SHM_LOCK: there is one user. */
  lockedPages: number;

  constructor(limits: ShmConfig, pageSize: number, memory: SharedMemory, hugetlb: Hugetlb) {
    this.limits = limits;
    this.pageSize = pageSize;
    this.memory = memory;
    this.hugetlb = hugetlb;
    this.byIndex = new Map();
    this.nextIndex = 0;
    this.lastIndex = -1;
    this.sequence = 0;
    this.lockedPages = 0;
  }

  get count(): number {
    return this.byIndex.size;
  }

  all(): ShmSegment[] {
    return [...this.byIndex.values()];
  }

  /** The highest index in use, 0 if there is none. */
  get highestIndex(): number {
    return Math.max(0, ...this.byIndex.keys());
  }

  /** Of a number that is not negative; more than an index can be, its lower bits count. */
  atIndex(index: number): ShmSegment | undefined {
    return this.byIndex.get(index % INDEX_LIMIT);
  }

  byKey(key: number): ShmSegment | undefined {
    return this.all().find((segment) => segment.key === key);
  }

  /** The segment of an identifier, or -EINVAL. */
  get(id: number): ShmSegment | number {
    const segment = this.byIndex.get(id % INDEX_LIMIT);
    return segment?.id === id ? segment : -EINVAL;
  }

  /** A new segment; -EINVAL for its size, -ENOSPC at a limit of the system, -ENOMEM for what cannot be promised. */
  make(mm: Mm, wanted: WantedSegment): ShmSegment | number {
    const { bytes } = wanted;
    if (bytes < 1n || bytes > this.limits.max) return -EINVAL;
    const pages = this.pagesOf(bytes);
    if (this.totalPages() + pages > this.limits.all) return -ENOSPC;
    // A file of huge pages may be larger than any other: only the pool bounds it.
    if (bytes >= SIZE_END && wanted.hugeSizeLog === undefined) return -EINVAL;
    const file = this.makeFile(mm, wanted);
    if (typeof file === 'number') return file;
    if (this.count >= this.limits.segments) {
      this.memory.drop(file);
      return -ENOSPC;
    }
    const segment = new ShmSegment(this, this.takeId(), wanted, file);
    this.byIndex.set(segment.id % INDEX_LIMIT, segment);
    return segment;
  }

  private makeFile(mm: Mm, wanted: WantedSegment): OpenFile | number {
    const { bytes, key, reserve, hugeSizeLog } = wanted;
    const name = `/SYSV${(key >>> 0).toString(16).padStart(8, '0')}`;
    if (hugeSizeLog !== undefined) {
      const pool = this.hugetlb.pools.ofSize(hugeSizeLog);
      if (pool === null) return -EINVAL;
      return this.hugetlb.make(pool, name, Math.ceil(Number(bytes) / pool.bytes) * pool.bytes, reserve);
    }
    const promised = reserve === 'reserve' ? Number(this.pagesOf(bytes)) : 0;
    return this.memory.promised(mm, promised, name, pageOf(bytes, this.pageSize), offsetOf(bytes, this.pageSize));
  }

  /** The next index that is free, going round; a step back begins a new sequence. */
  private takeId(): number {
    const end = Math.min(INDEX_LIMIT, Math.max(CYCLE_MIN, Math.floor((this.count * 3) / 2)));
    const index = this.freeFrom(this.nextIndex, end) ?? this.freeFrom(0, end) ?? 0;
    if (index <= this.lastIndex) this.sequence = (this.sequence + 1) % SEQUENCE_LIMIT;
    this.lastIndex = index;
    this.nextIndex = index + 1;
    return this.sequence * INDEX_LIMIT + index;
  }

  private freeFrom(start: number, end: number): number | undefined {
    for (let index = start; index < end; index++) if (!this.byIndex.has(index)) return index;
    return undefined;
  }

  /** IPC_RMID: nobody finds it by its key any more, and it goes with its last attachment. */
  remove(segment: ShmSegment): void {
    segment.key = 0;
    segment.mode |= SHM_DEST;
    if (segment.nattch === 0) this.destroy(segment);
  }

  destroy(segment: ShmSegment): void {
    segment.isDestroyed = true;
    this.byIndex.delete(segment.id % INDEX_LIMIT);
    if (segment.mode & SHM_LOCKED) this.lockedPages -= segment.pages;
    this.memory.drop(segment.file);
  }

  /** Pages of all segments as they were asked for (shm_tot). */
  totalPages(): bigint {
    return this.all().reduce((sum, { bytes }) => sum + this.pagesOf(bytes), 0n);
  }

  private pagesOf(bytes: bigint): bigint {
    return (bytes + BigInt(this.pageSize - 1)) / BigInt(this.pageSize);
  }
}
