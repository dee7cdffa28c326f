/**
 * shmget(2), shmat(2), shmdt(2), shmctl(2): System V shared memory.
 *
 * Whoever makes calls here owns every segment and has no privilege over it: of the permissions the owner's count.
 * Source: Linux ipc/shm.c (newseg, do_shmat, ksys_shmdt, shmctl_*), ipc/util.c (ipcget_public, ipcperms).
 */

import { EACCES, EEXIST, EINVAL, ENOENT, ENOMEM, EPERM } from '../errno.ts';
import * as F from '../flags.ts';
import { hugeSizeLog, offsetOf, pageOf, toFlags, toInt, toUnsigned, type Word } from '../units.ts';
import { type MmapParts, mapFile } from './mmap.ts';
import { OpenFile } from './open-file.ts';
import type { ShmSegment, ShmSegments } from './shm-segments.ts';
import type { Task } from './task.ts';
import type { Vma } from './vma.ts';

export interface ShmParts extends MmapParts {
  readonly segments: ShmSegments;
}

/** What shmctl tells: of a segment, of the limits (IPC_INFO), of all segments (SHM_INFO). Sizes in bytes, `*Pages` in pages. */
export type ShmStatus =
  | {
      readonly kind: 'segment';
      readonly mode: number;
      readonly key: number;
      readonly size: bigint;
      readonly attaches: number;
    }
  | { readonly kind: 'limits'; readonly max: bigint; readonly segments: number; readonly allPages: bigint }
  | {
      readonly kind: 'sums';
      readonly segments: number;
      readonly totalPages: bigint;
      readonly residentPages: number;
    };

const PERMISSIONS = 0o777;
const READ = 0o444;
const WRITE = 0o222;
const EXECUTE = 0o111;
/** Read, write and execute of one class of users. */
const RIGHTS = 0o7;

/** Whether the owner may do what `wanted` says, whoever that is said of. */
function permits(segment: ShmSegment, wanted: number): boolean {
  const asked = (wanted >> 6) | (wanted >> 3) | wanted;
  return (asked & ~(segment.mode >> 6) & RIGHTS) === 0;
}

/** An identifier, or a negative errno. */
export function shmget(parts: ShmParts, task: Task, keyWord: Word, size: Word, flagWord: Word): number {
  const key = toInt(keyWord);
  const flags = toInt(flagWord);
  const bytes = toUnsigned(size);
  const present = key === F.IPC_PRIVATE ? undefined : parts.segments.byKey(key);
  if (present === undefined) {
    if (key !== F.IPC_PRIVATE && !(flags & F.IPC_CREAT)) return -ENOENT;
    return newSegment(parts, task, key, bytes, flags);
  }
  if (flags & F.IPC_CREAT && flags & F.IPC_EXCL) return -EEXIST;
  if (bytes > present.bytes) return -EINVAL;
  return permits(present, flags) ? present.id : -EACCES;
}

function newSegment(parts: ShmParts, task: Task, key: number, bytes: bigint, flags: number): number {
  const huge = flags & F.SHM_HUGETLB ? { hugeSizeLog: hugeSizeLog(flags) } : {};
  const honours = task.mm.commitments.honoursNoReserve || (flags & F.SHM_HUGETLB) !== 0;
  const promises = !(flags & F.SHM_NORESERVE) || !honours;
  const reserve = promises ? 'reserve' : 'noreserve';
  const made = parts.segments.make(task.mm, { key, mode: flags & PERMISSIONS, bytes, reserve, ...huge });
  return typeof made === 'number' ? made : made.id;
}

/** The address, or a negative errno. */
export function shmat(parts: ShmParts, task: Task, idWord: Word, address: Word, flagWord: Word): number {
  const { pageSize } = task.mm;
  const flags = toInt(flagWord);
  const id = toInt(idWord);
  const start = pageOf(address, pageSize) * pageSize;
  if (id < 0 || (offsetOf(address, pageSize) !== 0 && !(flags & F.SHM_RND))) return -EINVAL;
  if (start === 0 && flags & F.SHM_REMAP) return -EINVAL;
  const segment = parts.segments.get(id);
  if (typeof segment === 'number') return segment;
  const readOnly = (flags & F.SHM_RDONLY) !== 0;
  if (!permits(segment, READ | (readOnly ? 0 : WRITE) | (flags & F.SHM_EXEC ? EXECUTE : 0))) return -EACCES;
  const length = segment.pages * pageSize;
  const fixed = toUnsigned(address) !== 0n;
  if (fixed && !(flags & F.SHM_REMAP) && isTaken(task, start, segment.bytes)) return -EINVAL;
  const prot = F.PROT_READ | (readOnly ? 0 : F.PROT_WRITE) | (flags & F.SHM_EXEC ? F.PROT_EXEC : 0);
  return attach(parts, task, segment, start, length, prot, F.MAP_SHARED | (fixed ? F.MAP_FIXED : 0));
}

/** Something stands in the range, or it wraps. */
function isTaken(task: Task, start: number, bytes: bigint): boolean {
  if (BigInt(start) + bytes >= 1n << BigInt(task.mm.wordBits)) return true;
  return task.mm.vmas.intersecting(start, start + Number(bytes)) !== null;
}

/** Each attachment has an open file description of its own, so that it merges with no other. */
function attach(
  parts: ShmParts,
  task: Task,
  segment: ShmSegment,
  start: number,
  length: number,
  prot: number,
  flags: number,
): number {
  const { inode, dentry } = segment.file;
  const file = new OpenFile(inode, prot & F.PROT_WRITE ? F.O_RDWR : F.O_RDONLY, dentry);
  file.attachments = segment;
  // It counts as attached while it is being mapped, so that SHM_REMAP over the last attachment of a removed one is no end.
  segment.attached();
  const mapped = mapFile(parts, task, file, start, length, prot, flags, 0);
  segment.detached();
  parts.sharedMemory.drop(file);
  return mapped;
}

/**
 * Unmaps what is left of the attachment at `address`, which may have been cut in pieces or lost its beginning: the
 * first piece that lies where the segment's page belongs decides which attachment is meant.
 */
export function shmdt(parts: ShmParts, task: Task, address: Word): number {
  const { mm } = task;
  if (offsetOf(address, mm.pageSize) !== 0) return -EINVAL;
  const start = pageOf(address, mm.pageSize) * mm.pageSize;
  let vma = mm.vmas.find(start);
  while (vma !== null && !isPiece(vma, start)) vma = vma.next;
  if (vma === null) return -EINVAL;
  const { file } = vma;
  const end = start + (file?.inode.endPage ?? 0) * mm.pageSize;
  for (let first = true; vma !== null && (first || vma.end <= end); first = false) {
    const { next }: Vma = vma;
    if (vma.file === file && isPiece(vma, start)) parts.unmapper.unmap(mm, vma.start, vma.end);
    vma = next;
  }
  return 0;
}

function isPiece(vma: Vma, start: number): boolean {
  if (vma.file === null || vma.file.attachments === null) return false;
  return vma.start - start === vma.pgoff * vma.mm.pageSize;
}

/** `mode` is what IPC_SET sets, `deliver` takes what the others tell. 0 or an index, or a negative errno. */
export function shmctl(
  parts: ShmParts,
  task: Task,
  idWord: Word,
  commandWord: Word,
  mode: Word,
  deliver: (status: ShmStatus) => void,
): number {
  const { segments } = parts;
  const id = toInt(idWord);
  const command = toInt(commandWord);
  if (command < 0 || id < 0) return -EINVAL;
  switch (command) {
    case F.IPC_INFO:
      deliver({
        kind: 'limits',
        max: segments.limits.max,
        segments: segments.limits.segments,
        allPages: segments.limits.all,
      });
      return segments.highestIndex;
    case F.SHM_INFO:
      deliver({
        kind: 'sums',
        segments: segments.count,
        totalPages: segments.totalPages(),
        residentPages: resident(segments),
      });
      return segments.highestIndex;
    case F.SHM_STAT:
    case F.SHM_STAT_ANY:
    case F.IPC_STAT:
      return stat(segments, id, command, deliver);
    case F.IPC_SET:
    case F.IPC_RMID:
    case F.SHM_LOCK:
    case F.SHM_UNLOCK:
      return change(segments, task, id, command, toFlags(mode));
    default:
      return -EINVAL;
  }
}

function resident(segments: ShmSegments): number {
  // Linux multiplies the pages of huge ones once too often (shm_add_rss_swap).
  return segments
    .all()
    .reduce((sum, { file: { inode } }) => sum + inode.cache.pages * (inode.huge?.pool.pagesEach ?? 1), 0);
}

function stat(segments: ShmSegments, id: number, command: number, deliver: (status: ShmStatus) => void): number {
  const segment = command === F.IPC_STAT ? segments.get(id) : (segments.atIndex(id) ?? -EINVAL);
  if (typeof segment === 'number') return segment;
  if (command !== F.SHM_STAT_ANY && !permits(segment, READ)) return -EACCES;
  const { mode, key, bytes, nattch } = segment;
  deliver({ kind: 'segment', mode, key, size: bytes, attaches: nattch });
  return command === F.IPC_STAT ? 0 : segment.id;
}

function change(segments: ShmSegments, task: Task, id: number, command: number, mode: number): number {
  const segment = segments.get(id);
  if (typeof segment === 'number') return segment;
  if (command === F.SHM_LOCK) return lock(segments, task, segment);
  if (command === F.IPC_RMID) segments.remove(segment);
  else if (command === F.IPC_SET) segment.mode = (segment.mode & ~PERMISSIONS) | (mode & PERMISSIONS);
  else unlock(segments, segment);
  return 0;
}

/** Keeps the segment's pages in memory, those that come later too; its VMAs are not marked. */
function lock(segments: ShmSegments, task: Task, segment: ShmSegment): number {
  const limit = task.limits.soft(F.RLIMIT_MEMLOCK);
  if (!task.privileged && limit === 0) return -EPERM;
  if (segment.mode & F.SHM_LOCKED || segment.file.inode.huge !== null) return 0;
  const pages = segments.lockedPages + segment.pages;
  if (!task.privileged && pages > Math.floor(limit / task.mm.pageSize)) return -ENOMEM;
  segments.lockedPages = pages;
  segment.mode |= F.SHM_LOCKED;
  return 0;
}

function unlock(segments: ShmSegments, segment: ShmSegment): void {
  if (!(segment.mode & F.SHM_LOCKED)) return;
  segments.lockedPages -= segment.pages;
  segment.mode &= ~F.SHM_LOCKED;
}
