/**
 * Calls that steer what the page cache holds and writes: sync(2), syncfs(2), sync_file_range(2), posix_fadvise(2), readahead(2).
 *
 * They move no byte that a program could see, but for one: write-back zeroes what was stored beyond the end of a file. Files
 * in memory have nothing to write and nothing to read ahead, so that all of it is without effect there.
 * Source: Linux fs/sync.c, mm/fadvise.c generic_fadvise, mm/readahead.c ksys_readahead.
 */

import { EBADF, EINVAL, ESPIPE } from '../errno.ts';
import {
  POSIX_FADV_DONTNEED,
  POSIX_FADV_NOREUSE,
  POSIX_FADV_SEQUENTIAL,
  POSIX_FADV_WILLNEED,
  SYNC_FILE_RANGE_WAIT_AFTER,
  SYNC_FILE_RANGE_WAIT_BEFORE,
  SYNC_FILE_RANGE_WRITE,
} from '../flags.ts';
import { offsetOf, pageOf, toInt, toSigned, toUnsigned, type Word } from '../units.ts';
import type { FilePages } from './file-pages.ts';
import { type FileSystem, Inode } from './inode.ts';
import type { OpenFile } from './open-file.ts';
import type { OwnerTable } from './owners.ts';
import type { Task } from './task.ts';
import type { Writeback } from './writeback.ts';

export interface CacheCallParts {
  readonly pageSize: number;
  readonly owners: OwnerTable;
  readonly writeback: Writeback;
  readonly filePages: FilePages;
}

const END = Number.POSITIVE_INFINITY;
const LARGEST_OFFSET = (1n << 63n) - 1n;

function syncWhere(parts: CacheCallParts, chosen: (inode: Inode) => boolean): void {
  for (const owner of parts.owners.all()) {
    if (owner instanceof Inode && chosen(owner)) parts.writeback.sync(owner, 0, END);
  }
}

/** Writes all dirty pages of all files; always 0. */
export function sync(parts: CacheCallParts): number {
  syncWhere(parts, () => true);
  return 0;
}

/** Writes all dirty pages of the file system that a descriptor lies on. */
export function syncfs(parts: CacheCallParts, task: Task, fd: Word): number {
  const file = task.files.usable(toInt(fd));
  if (file === null) return -EBADF;
  const fs: FileSystem = file.inode.fs;
  syncWhere(parts, (inode) => inode.fs === fs);
  return 0;
}

const SYNC_FLAGS = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;

/** A file, though it be one of /proc: those have an empty cache. */
function isFile({ kind }: Inode): boolean {
  return kind === 'regular' || kind === 'proc';
}

/** Starts or awaits the write-back of [offset, offset + length); a length of 0 reaches to the end. */
export function syncFileRange(
  parts: CacheCallParts,
  task: Task,
  fd: Word,
  offset: Word,
  length: Word,
  flagsWord: Word,
): number {
  const file = task.files.usable(toInt(fd));
  if (file === null) return -EBADF;
  const flags = toInt(flagsWord);
  if (flags - (flags & SYNC_FLAGS) !== 0) return -EINVAL;
  const from = toSigned(offset);
  const bytes = toSigned(length);
  if (from < 0n || bytes < 0n || from + bytes > LARGEST_OFFSET) return -EINVAL;
  const { inode } = file;
  if (inode.kind !== 'directory' && !isFile(inode)) return -ESPIPE;
  const first = pageOf(from, parts.pageSize);
  const end = bytes === 0n ? END : pageOf(from + bytes - 1n, parts.pageSize) + 1;
  if (flags & SYNC_FILE_RANGE_WAIT_BEFORE) parts.writeback.wait(inode, first, end);
  if (flags & SYNC_FILE_RANGE_WRITE) parts.writeback.writeRange(inode, first, end);
  if (flags & SYNC_FILE_RANGE_WAIT_AFTER) parts.writeback.wait(inode, first, end);
  return 0;
}

/** 0, or -EINVAL for an unknown advice or a negative length; on files in memory nothing else comes of it. */
export function posixFadvise(
  parts: CacheCallParts,
  task: Task,
  fd: Word,
  offset: Word,
  length: Word,
  adviceWord: Word,
): number {
  const file = task.files.usable(toInt(fd));
  if (file === null) return -EBADF;
  if (file.inode.kind === 'pipe') return -ESPIPE;
  const advice = toInt(adviceWord);
  if (toSigned(length) < 0n || advice < 0 || advice > POSIX_FADV_NOREUSE) return -EINVAL;
  if (file.inode.kind === 'regular' && !file.inode.fs.swapBacked)
    advise(parts, file, advice, toUnsigned(offset), toUnsigned(length));
  return 0;
}

function advise(parts: CacheCallParts, file: OpenFile, advice: number, offset: bigint, length: bigint): void {
  const last = lastByte(offset, length);
  if (advice <= POSIX_FADV_SEQUENTIAL) file.readAdvice = advice;
  else if (advice === POSIX_FADV_WILLNEED) readIn(parts, file.inode, offset, last);
  else if (advice === POSIX_FADV_DONTNEED) dropCached(parts, file.inode, offset, last);
}

/** The last byte that advice is about. Length 0 means the rest of the file, and so does a range that wraps. */
function lastByte(offset: bigint, length: bigint): bigint {
  const end = BigInt.asUintN(64, offset + length);
  return length === 0n || end < length ? LARGEST_OFFSET : end - 1n;
}

function readIn(parts: CacheCallParts, inode: Inode, offset: bigint, last: bigint): void {
  const first = pageOf(offset, parts.pageSize);
  const count = Math.min(pageOf(last, parts.pageSize) + 1 - first, parts.filePages.readAheadPages);
  for (let index = first; index < Math.min(first + count, inode.endPage); index++) {
    // What is cached without contents is passed over too.
    if (inode.cache.get(index) === 0) parts.filePages.forRead(inode, index, 1);
  }
}

/** Pages that the range covers whole go, if nothing keeps them; the file's last page counts as whole when the range ends where the file ends. */
function dropCached(parts: CacheCallParts, inode: Inode, offset: bigint, last: bigint): void {
  const { pageSize } = parts;
  const size = BigInt(inode.sizePages) * BigInt(pageSize) + BigInt(inode.sizeTail);
  const lastPage = pageOf(last, pageSize);
  parts.writeback.writeRange(inode, pageOf(offset, pageSize), lastPage + 1);
  const whole = offsetOf(last, pageSize) === pageSize - 1 || last === size - 1n;
  const first = pageOf(offset + BigInt(pageSize - 1), pageSize);
  parts.filePages.dropIdle(inode, first, whole ? lastPage + 1 : lastPage);
}

/** Reads pages of a file into its cache. */
export function readahead(parts: CacheCallParts, task: Task, fd: Word, offset: Word, length: Word): number {
  const file = task.files.usable(toInt(fd));
  if (file === null || !file.readable) return -EBADF;
  if (!isFile(file.inode)) return -EINVAL;
  return posixFadvise(parts, task, fd, offset, length, POSIX_FADV_WILLNEED);
}
