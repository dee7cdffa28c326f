/**
 * fcntl(2): duplicates, flags and seals of descriptors.
 *
 * Source: Linux fs/fcntl.c do_fcntl, mm/memfd.c memfd_add_seals.
 */

import { EBADF, EBUSY, EINVAL, EPERM } from '../errno.ts';
import {
  F_ADD_SEALS,
  F_ALL_SEALS,
  F_DUPFD,
  F_DUPFD_CLOEXEC,
  F_GET_SEALS,
  F_GETFD,
  F_GETFL,
  F_SEAL_EXEC,
  F_SEAL_FUTURE_WRITE,
  F_SEAL_GROW,
  F_SEAL_SEAL,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  F_SETFD,
  F_SETFL,
  FD_CLOEXEC,
  O_APPEND,
  O_DIRECT,
  O_NOATIME,
  O_NONBLOCK,
  RLIMIT_NOFILE,
} from '../flags.ts';
import { toFlags, toInt, type Word } from '../units.ts';
import type { OpenFile } from './open-file.ts';
import type { Task } from './task.ts';

/** Status flags that F_SETFL may change. */
const SETTABLE = O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME;
const CHANGES = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;
/** What an O_PATH descriptor answers. */
const PATH_COMMANDS: ReadonlySet<number> = new Set([F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL]);

export function fcntl(task: Task, fdWord: Word, commandWord: Word, argument: Word): number {
  const fd = toInt(fdWord);
  const command = toInt(commandWord);
  const file = task.files.get(fd);
  if (file === null || (file.isPathOnly && !PATH_COMMANDS.has(command))) return -EBADF;
  switch (command) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      return duplicate(task, file, toInt(argument), command === F_DUPFD_CLOEXEC);
    case F_GETFD:
      return task.files.closesOnExec(fd) ? FD_CLOEXEC : 0;
    case F_SETFD:
      task.files.setCloseOnExec(fd, (toFlags(argument) & FD_CLOEXEC) !== 0);
      return 0;
    case F_GETFL:
      return file.flags;
    case F_SETFL:
      return setStatusFlags(file, toInt(argument));
    case F_ADD_SEALS:
      return addSeals(file, toFlags(argument));
    case F_GET_SEALS:
      return file.inode.fs.swapBacked && file.inode.kind === 'regular' ? file.inode.seals : -EINVAL;
    default:
      return -EINVAL;
  }
}

function setStatusFlags(file: OpenFile, flags: number): number {
  if (flags & O_DIRECT && !file.mayBeDirect) return -EINVAL;
  file.flags = (file.flags & ~SETTABLE) | (flags & SETTABLE);
  return 0;
}

function duplicate(task: Task, file: OpenFile, least: number, closeOnExec: boolean): number {
  const limit = task.limits.soft(RLIMIT_NOFILE);
  if (least < 0 || least >= limit) return -EINVAL;
  const fd = task.files.install(file, least, limit);
  if (fd < 0) return fd;
  file.refs++;
  task.files.setCloseOnExec(fd, closeOnExec);
  return fd;
}

function addSeals(file: OpenFile, seals: number): number {
  const { inode } = file;
  if (!file.writable) return -EPERM;
  if (!inode.fs.swapBacked || inode.kind !== 'regular') return -EINVAL;
  if (seals - (seals & F_ALL_SEALS) !== 0) return -EINVAL;
  if (!inode.fs.swapBacked || inode.kind !== 'regular') return -EINVAL;
  if (inode.seals & F_SEAL_SEAL) return -EPERM;
  // An executable file whose rights are sealed is sealed against every change: writable or executable, not both.
  const wanted = seals & F_SEAL_EXEC && inode.mode & 0o111 ? seals | CHANGES : seals;
  if (wanted & F_SEAL_WRITE && !(inode.seals & F_SEAL_WRITE) && inode.writableMappings > 0) return -EBUSY;
  inode.seals |= wanted;
  return 0;
}
