/**
 * open(2), close(2), dup(2), memfd_create(2), pipe(2), socketpair(2): descriptors.
 *
 * Source: Linux fs/open.c, fs/namei.c path_openat, mm/memfd.c.
 */

import { EACCES, EBADF, EEXIST, EINVAL, EISDIR, ENOTDIR, ENXIO } from '../errno.ts';
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
  O_DIRECT,
  O_DIRECTORY,
  O_EXCL,
  O_LARGEFILE,
  O_NOCTTY,
  O_NONBLOCK,
  O_PATH,
  O_RDONLY,
  O_TRUNC,
  O_WRONLY,
  RLIMIT_NOFILE,
} from '../flags.ts';
import { toInt, type Word } from '../units.ts';
import { TRAITS } from './file-kinds.ts';
import type { FileSystem } from './inode.ts';
import type { Inodes } from './inodes.ts';
import type { DirectoryEntry, Namespace } from './namespace.ts';
import { OpenFile } from './open-file.ts';
import type { OpenFiles } from './open-files.ts';
import type { SharedMemory } from './shared-memory.ts';
import { makePipe, makeSockets } from './stream-ends.ts';
import type { Task } from './task.ts';
import type { Truncator } from './truncate.ts';

export interface OpenParts {
  readonly namespace: Namespace;
  readonly openFiles: OpenFiles;
  readonly truncator: Truncator;
  readonly sharedMemory: SharedMemory;
  readonly inodes: Inodes;
  readonly memoryFs: FileSystem;
}

/** What O_PATH leaves of the flags. */
const PATH_FLAGS = O_DIRECTORY | O_CLOEXEC | O_PATH;
const MEMFD_FLAGS = MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC | MFD_NOEXEC_SEAL;
const MEMFD_NAME_MAX = 249;

/** The owner may read, and write. */
const S_IRUSR = 0o400;
const S_IWUSR = 0o200;

export function open(parts: OpenParts, task: Task, path: string, flags: Word, mode: Word): number {
  return openIn(parts, parts.namespace, task, path, flags, mode);
}

/** open(2) of a path that begins in the root of `names`. */
export function openIn(
  parts: OpenParts,
  names: Namespace,
  task: Task,
  path: string,
  flagWord: Word,
  modeWord: Word,
): number {
  const asked = toInt(flagWord);
  const flags = asked & O_PATH ? asked & PATH_FLAGS : asked;
  if (flags & O_CREAT && flags & O_DIRECTORY) return -EINVAL;
  // Before the path is looked at: without a descriptor nothing is made or emptied.
  const room = task.files.lowestFree(0, task.limits.soft(RLIMIT_NOFILE));
  if (room < 0) return room;
  const entry = findEntry(names, task, path, flags, toInt(modeWord));
  if (typeof entry === 'number') return entry;
  if (!(flags & O_PATH)) {
    const unopened = checkKind(entry, flags);
    if (unopened < 0) return unopened;
  }
  if (flags & O_TRUNC && entry.inode.kind === 'regular') parts.truncator.setSize(entry.inode, 0, 0);
  const file = new OpenFile(entry.inode, statusFlags(flags), entry.dentry);
  return install(parts, task, file, (flags & O_CLOEXEC) !== 0);
}

function findEntry(names: Namespace, task: Task, path: string, flags: number, mode: number): DirectoryEntry | number {
  const present = names.lookup(path);
  if (typeof present === 'number') {
    // What a new file's mode forbids, it forbids those who open it next.
    return flags & O_CREAT ? names.create(path, mode & 0o7777 & ~task.group.umask) : present;
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

/** What the thing itself refuses when it is opened. */
function checkKind({ inode }: DirectoryEntry, flags: number): number {
  if (inode.kind === 'no-tty') return -ENXIO;
  return flags & O_DIRECT && !TRAITS[inode.kind].direct ? -EINVAL : 0;
}

/** What F_GETFL gives: flags that only say how to open are gone. */
function statusFlags(flags: number): number {
  const kept = flags & ~(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC);
  return flags & O_PATH ? kept : kept | O_LARGEFILE;
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
  if (flags - (flags & MEMFD_FLAGS) !== 0 || new TextEncoder().encode(name).length > MEMFD_NAME_MAX) return -EINVAL;
  if (flags & MFD_EXEC && flags & MFD_NOEXEC_SEAL) return -EINVAL;
  const file = parts.sharedMemory.named(`/memfd:${name}`, 0, 0);
  file.inode.mode = flags & MFD_NOEXEC_SEAL ? 0o666 : 0o777;
  if (flags & MFD_NOEXEC_SEAL) file.inode.seals = F_SEAL_EXEC;
  else if (!(flags & MFD_ALLOW_SEALING)) file.inode.seals = F_SEAL_SEAL;
  return install(parts, task, file, (flags & MFD_CLOEXEC) !== 0);
}

const PIPE_FLAGS = O_CLOEXEC | O_DIRECT | O_NONBLOCK;

/** pipe2: the descriptors to read from and to write to, or a negative errno. */
export function pipe(parts: OpenParts, task: Task, flagWord: Word): readonly [number, number] | number {
  const flags = toInt(flagWord);
  if (flags - (flags & PIPE_FLAGS) !== 0) return -EINVAL;
  return installPair(parts, task, makePipe(parts, flags), (flags & O_CLOEXEC) !== 0);
}

/** socketpair(AF_UNIX, SOCK_STREAM): two descriptors; `flags` may be O_NONBLOCK and O_CLOEXEC. */
export function socketpair(parts: OpenParts, task: Task, flagWord: Word): readonly [number, number] | number {
  const flags = toInt(flagWord);
  if (flags - (flags & (O_CLOEXEC | O_NONBLOCK)) !== 0) return -EINVAL;
  return installPair(parts, task, makeSockets(parts, flags & O_NONBLOCK), (flags & O_CLOEXEC) !== 0);
}

/** Both or none. */
function installPair(
  parts: OpenParts,
  task: Task,
  [first, second]: readonly [OpenFile, OpenFile],
  closeOnExec: boolean,
): readonly [number, number] | number {
  const a = install(parts, task, first, closeOnExec);
  const b = a < 0 ? a : install(parts, task, second, closeOnExec);
  if (a < 0) parts.openFiles.put(second);
  else if (b < 0) close(parts, task, a);
  return b < 0 ? b : [a, b];
}
