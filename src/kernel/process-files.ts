/**
 * The calls of a process on names, descriptors and files, with failures thrown.
 *
 * Place: the public face, between memory (process-memory.ts, process-atomics.ts) and the calls on mappings and processes
 * (process.ts). Each call is one of syscalls.ts, which say what it answers; nothing is decided here.
 */

import type { Word } from '../units.ts';
import { check, checkPair } from './errors.ts';
import type { LockRequest, LockStatus } from './file-locks.ts';
import type { Kernel } from './kernel.ts';
import { ProcessAtomics } from './process-atomics.ts';
import type { FileStatus, FileTimes } from './size-calls.ts';
import { Syscalls } from './syscalls.ts';
import { type Task, WAITING } from './task.ts';

/** Bytes moved; none by a call that waits. */
function moved(result: number | typeof WAITING, call: string): number {
  return result === WAITING ? 0 : check(result, call);
}

export class ProcessFiles extends ProcessAtomics {
  /** The calls with raw results: a negative errno instead of an exception. */
  readonly sys: Syscalls;

  constructor(kernel: Kernel, task: Task) {
    super(kernel, task);
    this.sys = new Syscalls(kernel, task);
  }

  open(path: string, flags: Word, mode: Word = 0o644): number {
    return check(this.sys.open(path, flags, mode), 'open');
  }

  close(fd: Word): void {
    check(this.sys.close(fd), 'close');
  }

  dup(fd: Word): number {
    return check(this.sys.dup(fd), 'dup');
  }

  /** pipe2: the descriptors to read from and to write to. */
  pipe(flags: Word = 0): readonly [number, number] {
    return checkPair(this.sys.pipe(flags), 'pipe');
  }

  /** A pair of connected stream sockets. */
  socketpair(flags: Word = 0): readonly [number, number] {
    return checkPair(this.sys.socketpair(flags), 'socketpair');
  }

  memfdCreate(name: string, flags: Word = 0): number {
    return check(this.sys.memfdCreate(name, flags), 'memfd_create');
  }

  unlink(path: string): void {
    check(this.sys.unlink(path), 'unlink');
  }

  rename(from: string, to: string): void {
    check(this.sys.rename(from, to), 'rename');
  }

  link(from: string, to: string): void {
    check(this.sys.link(from, to), 'link');
  }

  symlink(target: string, path: string): void {
    check(this.sys.symlink(target, path), 'symlink');
  }

  chmod(path: string, mode: Word): void {
    check(this.sys.chmod(path, mode), 'chmod');
  }

  fchmod(fd: Word, mode: Word): void {
    check(this.sys.fchmod(fd, mode), 'fchmod');
  }

  /** 'waiting' if this process has to wait for the lock: it makes no calls until it has it. */
  flock(fd: Word, operation: Word): 0 | 'waiting' {
    const result = this.sys.flock(fd, operation);
    if (typeof result === 'number') check(result, 'flock');
    return result === WAITING ? WAITING : 0;
  }

  /** fcntl with a struct flock. `null` for the commands that ask nothing; 'waiting' as for flock, with F_SETLKW and F_OFD_SETLKW. */
  recordLock(fd: Word, command: Word, request: LockRequest): LockStatus | 'waiting' | null {
    const answer = this.sys.recordLock(fd, command, request);
    if (typeof answer !== 'number') return answer;
    check(answer, 'fcntl');
    return null;
  }

  rmdir(path: string): void {
    check(this.sys.rmdir(path), 'rmdir');
  }

  /** F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_ADD_SEALS, F_GET_SEALS. */
  fcntl(fd: Word, command: Word, argument: Word = 0): number {
    return check(this.sys.fcntl(fd, command, argument), 'fcntl');
  }

  mkdir(path: string, mode: Word = 0o777): void {
    check(this.sys.mkdir(path, mode), 'mkdir');
  }

  // Transfers. Who has to wait, for bytes of a pipe or socket or for room in it, has moved nothing yet: `waiting` is true, and what came
  // of it is in `waitResult` and `waitBytes` later.

  /** Bytes of the file, not stored in the process. */
  read(fd: Word, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, moved(this.sys.read(fd, { bytes }), 'read'));
  }

  pread(fd: Word, length: number, offset: Word): Uint8Array {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, moved(this.sys.read(fd, { bytes }, offset), 'pread'));
  }

  /** Into the process's memory: bytes moved. */
  readTo(fd: Word, address: Word, length: Word, offset?: Word): number {
    return moved(this.sys.read(fd, { address, length }, offset), offset === undefined ? 'read' : 'pread');
  }

  write(fd: Word, bytes: Uint8Array): number {
    return moved(this.sys.write(fd, { bytes }), 'write');
  }

  pwrite(fd: Word, bytes: Uint8Array, offset: Word): number {
    return moved(this.sys.write(fd, { bytes }, offset), 'pwrite');
  }

  /** From the process's memory: bytes moved. */
  writeFrom(fd: Word, address: Word, length: Word, offset?: Word): number {
    return moved(this.sys.write(fd, { address, length }, offset), offset === undefined ? 'write' : 'pwrite');
  }

  /** Into the ranges that `count` iovecs at `address` tell, address and length each: bytes moved. */
  readv(fd: Word, address: Word, count: Word): number {
    return moved(this.sys.readv(fd, address, count), 'readv');
  }

  preadv(fd: Word, address: Word, count: Word, offset: Word): number {
    return moved(this.sys.readv(fd, address, count, offset), 'preadv');
  }

  /** From such ranges: bytes moved. */
  writev(fd: Word, address: Word, count: Word): number {
    return moved(this.sys.writev(fd, address, count), 'writev');
  }

  pwritev(fd: Word, address: Word, count: Word, offset: Word): number {
    return moved(this.sys.writev(fd, address, count, offset), 'pwritev');
  }

  lseek(fd: Word, offset: Word, whence: Word): number | bigint {
    return check(this.sys.lseek(fd, offset, whence), 'lseek');
  }

  truncate(path: string, length: Word): void {
    check(this.sys.truncate(path, length), 'truncate');
  }

  ftruncate(fd: Word, length: Word): void {
    check(this.sys.ftruncate(fd, length), 'ftruncate');
  }

  fallocate(fd: Word, mode: Word, offset: Word, length: Word): void {
    check(this.sys.fallocate(fd, mode, offset, length), 'fallocate');
  }

  /** Size in bytes, type and permissions (S_IF* and the rest of st_mode), names, times. */
  fstat(fd: Word): { readonly size: number | bigint; readonly mode: number; readonly links: number } & FileTimes {
    const size = check(this.sys.fstat(fd), 'fstat');
    return { size, ...(this.sys.fstatMode(fd) as FileStatus), ...(this.sys.fstatTimes(fd) as FileTimes) };
  }

  fsync(fd: Word): void {
    check(this.sys.fsync(fd), 'fsync');
  }

  fdatasync(fd: Word): void {
    check(this.sys.fsync(fd), 'fdatasync');
  }

  /** Writes all dirty pages of all files to the disk. */
  sync(): void {
    this.sys.sync();
  }

  /** The same for the file system that a descriptor lies on. */
  syncfs(fd: Word): void {
    check(this.sys.syncfs(fd), 'syncfs');
  }

  /** Starts or awaits the write-back of a range; length 0 reaches to the end of the file. */
  syncFileRange(fd: Word, offset: Word, length: Word, flags: Word): void {
    check(this.sys.syncFileRange(fd, offset, length, flags), 'sync_file_range');
  }

  posixFadvise(fd: Word, offset: Word, length: Word, advice: Word): void {
    check(this.sys.posixFadvise(fd, offset, length, advice), 'posix_fadvise');
  }

  /** Reads pages of a file into the page cache. */
  readahead(fd: Word, offset: Word, length: Word): void {
    check(this.sys.readahead(fd, offset, length), 'readahead');
  }
}
