/**
 * The system calls on names and descriptors, with raw results.
 *
 * Place: part of the table that syscalls.ts completes; what the calls do stands in files of their own.
 */

import {
  SYS_CHMOD,
  SYS_CLOSE,
  SYS_DUP,
  SYS_FCHMOD,
  SYS_FCNTL,
  SYS_FLOCK,
  SYS_FSTAT,
  SYS_LINK,
  SYS_MEMFD_CREATE,
  SYS_MKDIR,
  SYS_OPEN,
  SYS_PIPE2,
  SYS_RENAME,
  SYS_RMDIR,
  SYS_SOCKETPAIR,
  SYS_SYMLINK,
  SYS_UNLINK,
} from '../syscall-numbers.ts';
import { toInt, type Word } from '../units.ts';
import { chmod, fchmod } from './chmod.ts';
import { close, dup, memfdCreate, pipe, socketpair } from './descriptor-calls.ts';
import { fcntl } from './fcntl.ts';
import { flock, type LockRequest, type LockStatus, recordLock } from './file-locks.ts';
import { open } from './open.ts';
import { type FileStatus, type FileTimes, fstatMode, fstatTimes } from './size-calls.ts';
import { ShmSyscalls } from './syscalls-shm.ts';
import type { WAITING } from './task.ts';

export class NameSyscalls extends ShmSyscalls {
  open(path: string, flags: Word, mode: Word): number {
    this.enter(SYS_OPEN);
    return this.leave(open(this.parts, this.task, path, flags, mode));
  }

  close(fd: Word): number {
    this.enter(SYS_CLOSE);
    return this.leave(close(this.parts, this.task, fd));
  }

  dup(fd: Word): number {
    this.enter(SYS_DUP);
    return this.leave(dup(this.parts, this.task, fd));
  }

  /** Two descriptors, to read from and to write to; or a negative errno. */
  pipe(flags: Word): readonly [number, number] | number {
    this.enter(SYS_PIPE2);
    return this.leave(pipe(this.parts, this.task, flags));
  }

  /** Two descriptors of connected stream sockets. */
  socketpair(flags: Word): readonly [number, number] | number {
    this.enter(SYS_SOCKETPAIR);
    return this.leave(socketpair(this.parts, this.task, flags));
  }

  memfdCreate(name: string, flags: Word): number {
    this.enter(SYS_MEMFD_CREATE);
    return this.leave(memfdCreate(this.parts, this.task, name, flags));
  }

  unlink(path: string): number {
    this.enter(SYS_UNLINK);
    return this.leave(this.parts.namespace.unlink(path));
  }

  rename(from: string, to: string): number {
    this.enter(SYS_RENAME);
    return this.leave(this.parts.namespace.rename(from, to));
  }

  mkdir(path: string, mode: Word): number {
    this.enter(SYS_MKDIR);
    return this.leave(this.parts.namespace.mkdir(path, toInt(mode) & ~this.task.group.umask));
  }

  link(from: string, to: string): number {
    this.enter(SYS_LINK);
    return this.leave(this.parts.namespace.link(from, to));
  }

  symlink(target: string, path: string): number {
    this.enter(SYS_SYMLINK);
    return this.leave(this.parts.namespace.symlink(target, path));
  }

  chmod(path: string, mode: Word): number {
    this.enter(SYS_CHMOD);
    return this.leave(chmod(this.parts, path, mode));
  }

  fchmod(fd: Word, mode: Word): number {
    this.enter(SYS_FCHMOD);
    return this.leave(fchmod(this.task, fd, mode));
  }

  /** Type, permissions and names of an open file; or a negative errno. */
  fstatMode(fd: Word): FileStatus | number {
    this.enter(SYS_FSTAT);
    return this.leave(fstatMode(this.task, fd));
  }

  /** The times of an open file, and which file it is; or a negative errno. */
  fstatTimes(fd: Word): FileTimes | number {
    this.enter(SYS_FSTAT);
    return this.leave(fstatTimes(this.task, fd));
  }

  /** 0, 'waiting' when the task does not run until it has the lock, or a negative errno. */
  flock(fd: Word, operation: Word): number | typeof WAITING {
    this.enter(SYS_FLOCK);
    return this.leave(flock(this.parts, this.task, fd, operation));
  }

  /** fcntl with a struct flock: F_GETLK, F_SETLK, F_SETLKW and those of F_OFD_; 0, what is in the way, 'waiting', or a negative errno. */
  recordLock(fd: Word, command: Word, request: LockRequest): LockStatus | number | typeof WAITING {
    this.enter(SYS_FCNTL);
    return this.leave(recordLock(this.parts, this.task, fd, command, request));
  }

  rmdir(path: string): number {
    this.enter(SYS_RMDIR);
    return this.leave(this.parts.namespace.rmdir(path));
  }

  fcntl(fd: Word, command: Word, argument: Word): number {
    this.enter(SYS_FCNTL);
    return this.leave(fcntl(this.task, fd, command, argument));
  }
}
