/**
 * close(2), dup(2), memfd_create(2), pipe(2), socketpair(2): descriptors that no path leads to.
 *
 * Source: Linux fs/open.c, fs/file.c, mm/memfd.c, fs/pipe.c, net/socket.c.
 */

import { EBADF, EINVAL, ENFILE, ENODEV } from '../errno.ts';
import {
  F_SEAL_EXEC,
  F_SEAL_SEAL,
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
  MFD_EXEC,
  MFD_HUGETLB,
  MFD_NOEXEC_SEAL,
  O_CLOEXEC,
  O_DIRECT,
  O_NONBLOCK,
  RLIMIT_NOFILE,
} from '../flags.ts';
import { hugeSizeLog, toInt, type Word } from '../units.ts';
import type { Hugetlb } from './hugetlb.ts';
import type { FileSystem } from './inode.ts';
import type { Inodes } from './inodes.ts';
import type { OpenFile } from './open-file.ts';
import type { OpenFiles } from './open-files.ts';
import type { SharedMemory } from './shared-memory.ts';
import { makePipe, makeSockets } from './stream-ends.ts';
import type { Task } from './task.ts';

export interface DescriptorParts {
  readonly openFiles: OpenFiles;
  readonly sharedMemory: SharedMemory;
  readonly hugetlb: Hugetlb;
  readonly inodes: Inodes;
  readonly memoryFs: FileSystem;
}

const MEMFD_FLAGS = MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_EXEC | MFD_NOEXEC_SEAL;
/** Where MFD_HUGE_2MB and its like stand. */
const HUGE_SIZE_BITS = 0x3f << 26;
const MEMFD_NAME_MAX = 249;

/** Whether the task may have one more descriptor, and the system as many more open files: 0, -EMFILE or -ENFILE. */
export function hasRoom(parts: DescriptorParts, task: Task, files: number): number {
  const free = task.files.lowestFree(0, task.limits.soft(RLIMIT_NOFILE));
  if (free < 0) return free;
  return parts.openFiles.hasRoom(files) ? 0 : -ENFILE;
}

/** The lowest free descriptor for an open file, or -EMFILE and the file is closed. */
export function install(parts: DescriptorParts, task: Task, file: OpenFile, closeOnExec: boolean): number {
  const fd = task.files.install(file, 0, task.limits.soft(RLIMIT_NOFILE));
  if (fd < 0) {
    parts.openFiles.put(file);
    return fd;
  }
  task.files.setCloseOnExec(fd, closeOnExec);
  parts.openFiles.countIn(file);
  return fd;
}

export function close(parts: DescriptorParts, task: Task, fd: Word): number {
  const file = task.files.remove(toInt(fd));
  if (typeof file === 'number') return file;
  parts.openFiles.close(file, task.files);
  return 0;
}

export function dup(parts: DescriptorParts, task: Task, fd: Word): number {
  const file = task.files.get(toInt(fd));
  if (file === null) return -EBADF;
  file.refs++;
  return install(parts, task, file, false);
}

/** An empty memory file, of huge pages if that was asked for: -ENODEV if there are none of that size. */
function memoryFile(parts: DescriptorParts, flags: number, name: string): OpenFile | number {
  if (!(flags & MFD_HUGETLB)) return parts.sharedMemory.named(name, 0, 0);
  const pool = parts.hugetlb.pools.ofSize(hugeSizeLog(flags));
  return pool === null ? -ENODEV : parts.hugetlb.make(pool, name, 0, 'noreserve');
}

export function memfdCreate(parts: DescriptorParts, task: Task, name: string, flagWord: Word): number {
  const flags = toInt(flagWord);
  const hugeBits = flags & MFD_HUGETLB ? HUGE_SIZE_BITS | MFD_HUGETLB : 0;
  if ((flags & ~(MEMFD_FLAGS | hugeBits)) !== 0 || new TextEncoder().encode(name).length > MEMFD_NAME_MAX)
    return -EINVAL;
  if (flags & MFD_EXEC && flags & MFD_NOEXEC_SEAL) return -EINVAL;
  const room = hasRoom(parts, task, 1);
  if (room < 0) return room;
  const file = memoryFile(parts, flags, `/memfd:${name}`);
  if (typeof file === 'number') return file;
  file.inode.mode = flags & MFD_NOEXEC_SEAL ? 0o666 : 0o777;
  if (flags & MFD_NOEXEC_SEAL) file.inode.seals = F_SEAL_EXEC;
  else if (!(flags & MFD_ALLOW_SEALING)) file.inode.seals = F_SEAL_SEAL;
  return install(parts, task, file, (flags & MFD_CLOEXEC) !== 0);
}

const PIPE_FLAGS = O_CLOEXEC | O_DIRECT | O_NONBLOCK;

/** pipe2: the descriptors to read from and to write to, or a negative errno. */
export function pipe(parts: DescriptorParts, task: Task, flagWord: Word): readonly [number, number] | number {
  const flags = toInt(flagWord);
  if (flags - (flags & PIPE_FLAGS) !== 0) return -EINVAL;
  if (!parts.openFiles.hasRoom(2)) return -ENFILE;
  return installPair(parts, task, makePipe(parts, flags), (flags & O_CLOEXEC) !== 0);
}

/** socketpair(AF_UNIX, SOCK_STREAM): two descriptors; `flags` may be O_NONBLOCK and O_CLOEXEC. */
export function socketpair(parts: DescriptorParts, task: Task, flagWord: Word): readonly [number, number] | number {
  const flags = toInt(flagWord);
  if (flags - (flags & (O_CLOEXEC | O_NONBLOCK)) !== 0) return -EINVAL;
  if (!parts.openFiles.hasRoom(2)) return -ENFILE;
  return installPair(parts, task, makeSockets(parts, flags & O_NONBLOCK), (flags & O_CLOEXEC) !== 0);
}

/** Both or none. */
function installPair(
  parts: DescriptorParts,
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
