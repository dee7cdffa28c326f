/**
 * The system calls of one task on open files, with raw results: transfers, sizes, and what the page cache holds and writes.
 *
 * Place: part of the table in syscalls.ts.
 */

import {
  SYS_FADVISE64,
  SYS_FALLOCATE,
  SYS_FSTAT,
  SYS_FSYNC,
  SYS_FTRUNCATE,
  SYS_LSEEK,
  SYS_PREAD64,
  SYS_PREADV,
  SYS_PWRITE64,
  SYS_PWRITEV,
  SYS_READ,
  SYS_READAHEAD,
  SYS_READV,
  SYS_SYNC,
  SYS_SYNC_FILE_RANGE,
  SYS_SYNCFS,
  SYS_TRUNCATE,
  SYS_WRITE,
  SYS_WRITEV,
} from '../syscall-numbers.ts';
import type { Word } from '../units.ts';
import { posixFadvise, readahead, sync, syncFileRange, syncfs } from './cache-calls.ts';
import { type Buffer, lseek, type Offset, read, write } from './file-calls.ts';
import { ProcessCalls } from './process-calls.ts';
import { fallocate, fstat, fsync, ftruncate, truncate } from './size-calls.ts';
import type { WAITING } from './task.ts';
import { readv, writev } from './vector-calls.ts';

export class FileSyscalls extends ProcessCalls {
  private inRegisters(buffer: Buffer): Buffer {
    if ('bytes' in buffer) return buffer;
    return { address: this.reg(buffer.address), length: this.reg(buffer.length) };
  }

  /** read (no offset) and pread: bytes moved, 'waiting' when the task does not run until some are there, or a negative errno. */
  read(fd: Word, buffer: Buffer, offset?: Offset): number | typeof WAITING {
    this.enter(offset === undefined ? SYS_READ : SYS_PREAD64);
    return this.leave(read(this.parts, this.task, fd, this.inRegisters(buffer), offset));
  }

  /** write (no offset) and pwrite. */
  write(fd: Word, buffer: Buffer, offset?: Offset): number | typeof WAITING {
    this.enter(offset === undefined ? SYS_WRITE : SYS_PWRITE64);
    return this.leave(write(this.parts, this.task, fd, this.inRegisters(buffer), offset));
  }

  /** readv (no offset) and preadv: into the ranges of `count` iovecs at `address`. */
  readv(fd: Word, address: Word, count: Word, offset?: Offset): number | typeof WAITING {
    this.enter(offset === undefined ? SYS_READV : SYS_PREADV);
    return this.leave(readv(this.parts, this.task, fd, address, count, offset));
  }

  /** writev (no offset) and pwritev. */
  writev(fd: Word, address: Word, count: Word, offset?: Offset): number | typeof WAITING {
    this.enter(offset === undefined ? SYS_WRITEV : SYS_PWRITEV);
    return this.leave(writev(this.parts, this.task, fd, address, count, offset));
  }

  lseek(fd: Word, offset: Word, whence: Word): number | bigint {
    this.enter(SYS_LSEEK);
    return this.leave(lseek(this.parts, this.task, fd, offset, whence));
  }

  truncate(path: string, length: Word): number {
    this.enter(SYS_TRUNCATE);
    return this.leave(truncate(this.parts, this.task, path, length));
  }

  ftruncate(fd: Word, length: Word): number {
    this.enter(SYS_FTRUNCATE);
    return this.leave(ftruncate(this.parts, this.task, fd, length));
  }

  fallocate(fd: Word, mode: Word, offset: Word, length: Word): number {
    this.enter(SYS_FALLOCATE);
    return this.leave(fallocate(this.parts, this.task, fd, mode, offset, length));
  }

  /** Size in bytes (a bigint beyond 2^53). */
  fstat(fd: Word): number | bigint {
    this.enter(SYS_FSTAT);
    return this.leave(fstat(this.parts, this.task, fd));
  }

  fsync(fd: Word): number {
    this.enter(SYS_FSYNC);
    return this.leave(fsync(this.parts, this.task, fd));
  }

  sync(): number {
    this.enter(SYS_SYNC);
    return this.leave(sync(this.parts));
  }

  syncfs(fd: Word): number {
    this.enter(SYS_SYNCFS);
    return this.leave(syncfs(this.parts, this.task, fd));
  }

  syncFileRange(fd: Word, offset: Word, length: Word, flags: Word): number {
    this.enter(SYS_SYNC_FILE_RANGE);
    return this.leave(syncFileRange(this.parts, this.task, fd, offset, length, flags));
  }

  posixFadvise(fd: Word, offset: Word, length: Word, advice: Word): number {
    this.enter(SYS_FADVISE64);
    return this.leave(posixFadvise(this.parts, this.task, fd, offset, length, advice));
  }

  readahead(fd: Word, offset: Word, length: Word): number {
    this.enter(SYS_READAHEAD);
    return this.leave(readahead(this.parts, this.task, fd, offset, this.reg(length)));
  }
}
