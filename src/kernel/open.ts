/**
 * open(2), close(2), dup(2), memfd_create(2): descriptors.
 *
 * Source: Linux fs/open.c, fs/namei.c path_openat, mm/memfd.c.
 */

import { EACCES, EBADF, EEXIST, EINVAL, EISDIR, ENOTDIR } from '../errno.ts';
import {
  F_SEAL_EXEC,
  F_SEAL_SEAL,
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
  MFD_EXEC,
  MFD_NOEXEC_SEAL,
  O_ACCMODE,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_PATH,
  O_RDONLY,
  O_TRUNC,
  O_WRONLY,
  RLIMIT_NOFILE,
} from '../flags.ts';
import { toInt, type Word } from '../units.ts';
import type { DirectoryEntry, Namespace } from './namespace.ts';
import { OpenFile } from './open-file.ts';
import type { OpenFiles } from './open-files.ts';
import type { SharedMemory } from './shared-memory.ts';
import type { Task } from './task.ts';
import type { Truncator } from './truncate.ts';

export interface OpenParts {
  readonly namespace: Namespace;
  readonly openFiles: OpenFiles;
  readonly truncator: Truncator;
  readonly sharedMemory: SharedMemory;
}

/** What O_PATH leaves of the flags. */
const PATH_FLAGS = O_DIRECTORY | O_CLOEXEC | O_PATH;
const MEMFD_FLAGS = MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC | MFD_NOEXEC_SEAL;
const MEMFD_NAME_MAX = 249;

/** The owner may read, and write. */
const S_IRUSR = 0o400;
const S_IWUSR = 0o200;

export function open(parts: OpenParts, task: Task, path: string, flagWord: Word, modeWord: Word): number {
  const asked = toInt(flagWord);
  const flags = asked & O_PATH ? asked & PATH_FLAGS : asked;
  if (flags & O_CREAT && flags & O_DIRECTORY) return -EINVAL;
  // Before the path is looked at: without a descriptor nothing is made or emptied.
  const room = task.files.lowestFree(0, task.limits.soft(RLIMIT_NOFILE));
  if (room < 0) return room;
  const entry = findEntry(parts, task, path, flags, toInt(modeWord));
  if (typeof entry === 'number') return entry;
  if (flags & O_TRUNC && entry.inode.kind === 'regular') parts.truncator.setSize(entry.inode, 0, 0);
  const file = new OpenFile(entry.inode, flags & ~(O_CREAT | O_EXCL | O_TRUNC), entry.dentry);
  return install(parts, task, file, (flags & O_CLOEXEC) !== 0);
}

function findEntry(parts: OpenParts, task: Task, path: string, flags: number, mode: number): DirectoryEntry | number {
  const present = parts.namespace.lookup(path);
  if (typeof present === 'number') {
    // What a new file's mode forbids, it forbids those who open it next.
    return flags & O_CREAT ? parts.namespace.create(path, mode & 0o7777 & ~task.umask) : present;
  }
  const refused = checkEntry(present, flags);
  return refused < 0 ? refused : present;
}

function checkEntry(entry: DirectoryEntry, flags: number): number {
  const isDirectory = entry.children !== null;
  if (flags & O_CREAT && flags & O_EXCL) return -EEXIST;
  if (flags & O_DIRECTORY && !isDirectory) return -ENOTDIR;
  if (isDirectory && flags & O_CREAT) return -EISDIR;
  if (flags & O_PATH) return 0;
  const writes = (flags & O_ACCMODE) !== O_RDONLY || (flags & O_TRUNC) !== 0;
  if (isDirectory && writes) return -EISDIR;
  return isPermitted(entry.inode.mode, flags, writes) ? 0 : -EACCES;
}

/** Everybody is the owner here, and nobody may pass over what the file's mode says. */
function isPermitted(mode: number, flags: number, writes: boolean): boolean {
  const reads = (flags & O_ACCMODE) !== O_WRONLY;
  return (!reads || (mode & S_IRUSR) !== 0) && (!writes || (mode & S_IWUSR) !== 0);
}

function install(parts: OpenParts, task: Task, file: OpenFile, closeOnExec: boolean): number {
  const fd = task.files.install(file, 0, task.limits.soft(RLIMIT_NOFILE));
  if (fd < 0) parts.openFiles.put(file);
  else task.files.setCloseOnExec(fd, closeOnExec);
  return fd;
}

export function close(parts: OpenParts, task: Task, fd: Word): number {
  const file = task.files.remove(toInt(fd));
  if (typeof file === 'number') return file;
  parts.openFiles.put(file);
  return 0;
}

export function dup(parts: OpenParts, task: Task, fd: Word): number {
  const file = task.files.get(toInt(fd));
  if (file === null) return -EBADF;
  file.refs++;
  return install(parts, task, file, false);
}

export function memfdCreate(parts: OpenParts, task: Task, name: string, flagWord: Word): number {
  const flags = toInt(flagWord);
  if (flags - (flags & MEMFD_FLAGS) !== 0 || name.length > MEMFD_NAME_MAX) return -EINVAL;
  if (flags & MFD_EXEC && flags & MFD_NOEXEC_SEAL) return -EINVAL;
  const file = parts.sharedMemory.named(`/memfd:${name}`, 0);
  file.inode.mode = flags & MFD_NOEXEC_SEAL ? 0o666 : 0o777;
  if (flags & MFD_NOEXEC_SEAL) file.inode.seals = F_SEAL_EXEC;
  else if (!(flags & MFD_ALLOW_SEALING)) file.inode.seals = F_SEAL_SEAL;
  return install(parts, task, file, (flags & MFD_CLOEXEC) !== 0);
}
