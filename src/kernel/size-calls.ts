/**
 * truncate(2), ftruncate(2), fallocate(2), fstat(2), fsync(2), fdatasync(2).
 *
 * Source: Linux fs/open.c (do_sys_ftruncate, vfs_fallocate), fs/attr.c inode_newsize_ok, fs/sync.c.
 */

import { EACCES, EBADF, EFBIG, EINVAL, EISDIR, EOPNOTSUPP, EPERM, EROFS } from '../errno.ts';
import {
  F_SEAL_FUTURE_WRITE,
  F_SEAL_GROW,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  FALLOC_FL_COLLAPSE_RANGE,
  FALLOC_FL_INSERT_RANGE,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  FALLOC_FL_UNSHARE_RANGE,
  FALLOC_FL_WRITE_ZEROES,
  FALLOC_FL_ZERO_RANGE,
  RLIMIT_FSIZE,
  SI_USER,
  SIGXFSZ,
} from '../flags.ts';
import { offsetOf, pageOf, toInt, toSigned, type Word } from '../units.ts';
import { dropPrivileges } from './chmod.ts';
import { TRAITS } from './file-kinds.ts';
import { comparePosition, type Inode } from './inode.ts';
import type { Namespace } from './namespace.ts';
import { S_IWUSR } from './path-walk.ts';
import type { Signals } from './signals.ts';
import type { Task } from './task.ts';
import type { Truncator } from './truncate.ts';
import type { Writeback } from './writeback.ts';

export interface SizeParts {
  readonly pageSize: number;
  readonly namespace: Namespace;
  readonly truncator: Truncator;
  readonly writeback: Writeback;
  readonly signals: Signals;
}

export interface FileTimes {
  readonly inode: number;
  readonly atimeNs: number;
  readonly mtimeNs: number;
  readonly ctimeNs: number;
}

export interface FileStatus {
  /** S_IF* and permissions. */
  readonly mode: number;
  readonly links: number;
}

/** Whether a file may become (pages, tail) long: 0 or -EFBIG, with SIGXFSZ beyond the task's limit. */
function checkNewSize(parts: SizeParts, task: Task, inode: Inode, pages: number, tail: number): number {
  if (comparePosition(pages, tail, inode.sizePages, inode.sizeTail) <= 0) return 0;
  if (pages * parts.pageSize + tail > task.limits.soft(RLIMIT_FSIZE)) {
    parts.signals.send(task, { signal: SIGXFSZ, code: SI_USER, address: 0 });
    return -EFBIG;
  }
  return comparePosition(pages, tail, inode.fs.maxSizePages, inode.fs.maxSizeTail) > 0 ? -EFBIG : 0;
}

export function ftruncate(parts: SizeParts, task: Task, fd: Word, length: Word): number {
  if (toSigned(length) < 0n) return -EINVAL;
  const file = task.files.usable(toInt(fd));
  if (file === null) return -EBADF;
  if (file.inode.kind !== 'regular' || !file.writable) return -EINVAL;
  return resize(parts, task, file.inode, length);
}

/** The file of a path: its permissions count, and not what anybody has it open for. */
export function truncate(parts: SizeParts, task: Task, path: string, length: Word): number {
  if (toSigned(length) < 0n) return -EINVAL;
  const found = parts.namespace.resolve(path, 'follow');
  if (typeof found === 'number') return found;
  const { inode } = found.entry;
  if (inode.kind === 'directory') return -EISDIR;
  if (inode.kind !== 'regular') return -EINVAL;
  if (found.place.mount.readOnly) return -EROFS;
  return inode.mode & S_IWUSR ? resize(parts, task, inode, length) : -EACCES;
}

function resize(parts: SizeParts, task: Task, inode: Inode, length: Word): number {
  const pages = pageOf(length, parts.pageSize);
  const tail = offsetOf(length, parts.pageSize);
  const checked = checkNewSize(parts, task, inode, pages, tail);
  if (checked < 0) return checked;
  if (inode.huge !== null && (tail !== 0 || pages % inode.huge.pool.pagesEach !== 0)) return -EINVAL;
  const change = comparePosition(pages, tail, inode.sizePages, inode.sizeTail);
  if ((change < 0 && inode.seals & F_SEAL_SHRINK) || (change > 0 && inode.seals & F_SEAL_GROW)) return -EPERM;
  noteChange(inode);
  parts.truncator.setSize(inode, pages, tail);
  return 0;
}

const FALLOC_MODES =
  FALLOC_FL_PUNCH_HOLE |
  FALLOC_FL_COLLAPSE_RANGE |
  FALLOC_FL_ZERO_RANGE |
  FALLOC_FL_INSERT_RANGE |
  FALLOC_FL_UNSHARE_RANGE |
  FALLOC_FL_WRITE_ZEROES;

/** The modes exclude each other, and some of them say themselves what becomes of the size. */
function checkMode(mode: number): number {
  if (mode - (mode & (FALLOC_MODES | FALLOC_FL_KEEP_SIZE)) !== 0) return -EOPNOTSUPP;
  const which = mode & FALLOC_MODES;
  if ((which & (which - 1)) !== 0) return -EOPNOTSUPP;
  const keeps = (mode & FALLOC_FL_KEEP_SIZE) !== 0;
  if (which === FALLOC_FL_PUNCH_HOLE && !keeps) return -EOPNOTSUPP;
  return which & (FALLOC_FL_COLLAPSE_RANGE | FALLOC_FL_INSERT_RANGE | FALLOC_FL_WRITE_ZEROES) && keeps
    ? -EOPNOTSUPP
    : 0;
}

export function fallocate(parts: SizeParts, task: Task, fd: Word, modeWord: Word, offset: Word, length: Word): number {
  const file = task.files.usable(toInt(fd));
  if (file === null) return -EBADF;
  const mode = toInt(modeWord);
  const from = toSigned(offset);
  const bytes = toSigned(length);
  if (from < 0n || bytes <= 0n) return -EINVAL;
  const checked = checkMode(mode);
  if (checked < 0) return checked;
  if (!file.writable) return -EBADF;
  const { inode } = file;
  const { fallocateErrno } = TRAITS[inode.kind];
  if (fallocateErrno !== 0) return -fallocateErrno;
  const end = from + bytes;
  const endPage = pageOf(end, parts.pageSize);
  const endByte = offsetOf(end, parts.pageSize);
  if (end >= 1n << 63n || comparePosition(endPage, endByte, inode.fs.maxSizePages, inode.fs.maxSizeTail) > 0)
    return -EFBIG;
  const notesFirst = inode.fs.notesFallocateFirst(mode);
  if (notesFirst) noteChange(inode);
  const allowed = checkAllocation(parts, task, inode, mode, endPage, endByte);
  if (allowed < 0) return allowed;
  const done = inode.fs.fallocate(inode, {
    mode,
    fromPage: pageOf(from, parts.pageSize),
    fromByte: offsetOf(from, parts.pageSize),
    endPage,
    endByte,
  });
  if (done < 0) return done;
  if (!notesFirst) noteChange(inode);
  return done;
}

function noteChange(inode: Inode): void {
  dropPrivileges(inode);
  inode.noteModification();
}

/** Seals and RLIMIT_FSIZE; tmpfs looks at the limit even when the size is kept. */
function checkAllocation(
  parts: SizeParts,
  task: Task,
  inode: Inode,
  mode: number,
  endPage: number,
  endByte: number,
): number {
  if (mode & FALLOC_FL_PUNCH_HOLE) return inode.seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE) ? -EPERM : 0;
  if (mode & (FALLOC_MODES & ~FALLOC_FL_ZERO_RANGE)) return 0;
  if (inode.fs.swapBacked && mode & FALLOC_FL_ZERO_RANGE) return 0;
  if (inode.fs.swapBacked || !(mode & FALLOC_FL_KEEP_SIZE)) {
    const checked = checkNewSize(parts, task, inode, endPage, endByte);
    if (checked < 0) return checked;
  }
  const grows = comparePosition(endPage, endByte, inode.sizePages, inode.sizeTail) > 0;
  return grows && inode.seals & F_SEAL_GROW ? -EPERM : 0;
}

/** The size in bytes, exact; or a negative errno. */
export function fstat(parts: SizeParts, task: Task, fd: Word): number | bigint {
  const file = task.files.get(toInt(fd));
  if (file === null) return -EBADF;
  const { sizePages, sizeTail } = file.inode;
  const bytes = sizePages * parts.pageSize + sizeTail;
  return Number.isSafeInteger(bytes) ? bytes : BigInt(sizePages) * BigInt(parts.pageSize) + BigInt(sizeTail);
}

/** The type and permissions, and how many names it has; or a negative errno. */
export function fstatMode(task: Task, fd: Word): FileStatus | number {
  const file = task.files.get(toInt(fd));
  if (file === null) return -EBADF;
  return {
    mode: TRAITS[file.inode.kind].type | file.inode.mode,
    links: file.inode.stream === null ? file.inode.links : 1,
  };
}

/** The times of a file, in nanoseconds of the machine's clock, and which file it is; or a negative errno. */
export function fstatTimes(task: Task, fd: Word): FileTimes | number {
  const file = task.files.get(toInt(fd));
  if (file === null) return -EBADF;
  const { id, accessedNs, modifiedNs, changedNs } = file.inode;
  return { inode: id, atimeNs: accessedNs, mtimeNs: modifiedNs, ctimeNs: changedNs };
}

/** fsync and fdatasync: the same here, metadata being in memory. */
export function fsync(parts: SizeParts, task: Task, fd: Word): number {
  const file = task.files.usable(toInt(fd));
  if (file === null) return -EBADF;
  const { fsyncErrno } = TRAITS[file.inode.kind];
  if (fsyncErrno !== 0) return -fsyncErrno;
  parts.writeback.sync(file.inode, 0, Number.POSITIVE_INFINITY);
  return 0;
}
