/**
 * A process as users of the package see it: system calls, loads and stores.
 *
 * Place: the public face over a task. Calls throw `SyscallError`; `sys` has the same calls with raw
 * results. Accesses are inherited from process-memory.ts and process-atomics.ts.
 */

import type { Word } from '../units.ts';
import { SyscallError } from './errors.ts';
import { clearImage, mapSpecial } from './exec-image.ts';
import type { WaitStatus } from './exit.ts';
import type { Kernel } from './kernel.ts';
import { ProcessAtomics } from './process-atomics.ts';
import { toVa } from './process-memory.ts';
import { type MapsLine, mapsOf, type SmapsFields, smapsOf } from './procfs.ts';
import { vmFlagLetters } from './procfs-flags.ts';
import { type PagemapPage, pagemapOf } from './procfs-pagemap.ts';
import { type StatusFields, statusOf } from './procfs-status.ts';
import type { ShmStatus } from './shm.ts';
import { Syscalls } from './syscalls.ts';
import type { Disposition, Task } from './task.ts';

export class Process extends ProcessAtomics {
  /** The calls with raw results: a negative errno instead of an exception. */
  readonly sys: Syscalls;

  constructor(kernel: Kernel, task: Task) {
    super(kernel, task);
    this.sys = new Syscalls(kernel, task);
  }

  get id(): number {
    return this.task.id;
  }

  get alive(): boolean {
    return !this.task.exited;
  }

  get minorFaults(): number {
    return this.task.minorFaults;
  }

  get majorFaults(): number {
    return this.task.majorFaults;
  }

  /** Unmaps everything; the heap then starts and ends at `heapStart`. */
  clearImage(heapStart: number): void {
    clearImage(this.kernel.parts, this.task, heapStart);
  }

  /** Maps kernel pages (vdso, vvar) at [start, end), page-aligned and free, with PROT_* rights. */
  mapSpecial(start: number, end: number, prot: number, name: string): void {
    mapSpecial(this.kernel.parts, this.task, start, end, prot, name);
  }

  // System calls: as their manual pages say; a failure throws `SyscallError`.

  mmap(address: Word, length: Word, prot: Word, flags: Word, fd: Word = -1, offset: Word = 0): number {
    return check(this.sys.mmap(address, length, prot, flags, fd, offset), 'mmap');
  }

  munmap(address: Word, length: Word): void {
    check(this.sys.munmap(address, length), 'munmap');
  }

  mprotect(address: Word, length: Word, prot: Word): void {
    check(this.sys.mprotect(address, length, prot), 'mprotect');
  }

  mremap(old: Word, oldLength: Word, newLength: Word, flags: Word = 0, to: Word = 0): number {
    return check(this.sys.mremap(old, oldLength, newLength, flags, to), 'mremap');
  }

  msync(address: Word, length: Word, flags: Word): void {
    check(this.sys.msync(address, length, flags), 'msync');
  }

  madvise(address: Word, length: Word, advice: Word): void {
    check(this.sys.madvise(address, length, advice), 'madvise');
  }

  /** One byte a page: 1 = in memory. */
  mincore(address: Word, length: Word): Uint8Array {
    let vector = new Uint8Array(0);
    const deliver = (found: Uint8Array): boolean => {
      vector = found.slice();
      return true;
    };
    check(this.sys.mincore(address, length, deliver), 'mincore');
    return vector;
  }

  mlock(address: Word, length: Word, flags: Word = 0): void {
    check(this.sys.mlock2(address, length, flags), 'mlock');
  }

  munlock(address: Word, length: Word): void {
    check(this.sys.munlock(address, length), 'munlock');
  }

  mlockall(flags: Word): void {
    check(this.sys.mlockall(flags), 'mlockall');
  }

  munlockall(): void {
    check(this.sys.munlockall(), 'munlockall');
  }

  /** The break after the call; unchanged when it is refused. */
  brk(address: Word): number {
    return this.sys.brk(address);
  }

  /** The old break. */
  sbrk(increment: Word): number {
    return check(this.sys.sbrk(increment), 'sbrk');
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

  /** pipe2: the descriptors to read from and to write to. Nobody ever waits: an empty pipe is EAGAIN. */
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

  /** The identifier of a System V segment. */
  shmget(key: Word, size: Word, flags: Word): number {
    return check(this.sys.shmget(key, size, flags), 'shmget');
  }

  shmat(id: Word, address: Word = 0, flags: Word = 0): number {
    return check(this.sys.shmat(id, address, flags), 'shmat');
  }

  shmdt(address: Word): void {
    check(this.sys.shmdt(address), 'shmdt');
  }

  /** What the command tells, null for one that tells nothing; `mode` is for IPC_SET. */
  shmctl(id: Word, command: Word, mode: Word = 0): ShmStatus | null {
    let told: ShmStatus | null = null;
    const deliver = (status: ShmStatus): void => {
      told = status;
    };
    check(this.sys.shmctl(id, command, mode, deliver), 'shmctl');
    return told;
  }

  shmOpen(name: string, flags: Word, mode: Word = 0o600): number {
    return check(this.sys.shmOpen(name, flags, mode), 'shm_open');
  }

  shmUnlink(name: string): void {
    check(this.sys.shmUnlink(name), 'shm_unlink');
  }

  remapFilePages(address: Word, length: Word, prot: Word, pgoff: Word, flags: Word = 0): void {
    check(this.sys.remapFilePages(address, length, prot, pgoff, flags), 'remap_file_pages');
  }

  unlink(path: string): void {
    check(this.sys.unlink(path), 'unlink');
  }

  rename(from: string, to: string): void {
    check(this.sys.rename(from, to), 'rename');
  }

  rmdir(path: string): void {
    check(this.sys.rmdir(path), 'rmdir');
  }

  /** F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_ADD_SEALS, F_GET_SEALS. */
  fcntl(fd: Word, command: Word, argument: Word = 0): number {
    return check(this.sys.fcntl(fd, command, argument), 'fcntl');
  }

  mseal(address: Word, length: Word, flags: Word = 0): void {
    check(this.sys.mseal(address, length, flags), 'mseal');
  }

  mkdir(path: string, mode: Word = 0o777): void {
    check(this.sys.mkdir(path, mode), 'mkdir');
  }

  /** Bytes of the file, not stored in the process. */
  read(fd: Word, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, check(this.sys.read(fd, { bytes }), 'read'));
  }

  pread(fd: Word, length: number, offset: Word): Uint8Array {
    const bytes = new Uint8Array(length);
    return bytes.subarray(0, check(this.sys.read(fd, { bytes }, offset), 'pread'));
  }

  /** Into the process's memory: bytes moved. */
  readTo(fd: Word, address: Word, length: Word, offset?: Word): number {
    return check(this.sys.read(fd, { address, length }, offset), offset === undefined ? 'read' : 'pread');
  }

  write(fd: Word, bytes: Uint8Array): number {
    return check(this.sys.write(fd, { bytes }), 'write');
  }

  pwrite(fd: Word, bytes: Uint8Array, offset: Word): number {
    return check(this.sys.write(fd, { bytes }, offset), 'pwrite');
  }

  /** From the process's memory: bytes moved. */
  writeFrom(fd: Word, address: Word, length: Word, offset?: Word): number {
    return check(this.sys.write(fd, { address, length }, offset), offset === undefined ? 'write' : 'pwrite');
  }

  lseek(fd: Word, offset: Word, whence: Word): number | bigint {
    return check(this.sys.lseek(fd, offset, whence), 'lseek');
  }

  ftruncate(fd: Word, length: Word): void {
    check(this.sys.ftruncate(fd, length), 'ftruncate');
  }

  fallocate(fd: Word, mode: Word, offset: Word, length: Word): void {
    check(this.sys.fallocate(fd, mode, offset, length), 'fallocate');
  }

  fstat(fd: Word): { readonly size: number | bigint } {
    return { size: check(this.sys.fstat(fd), 'fstat') };
  }

  fsync(fd: Word): void {
    check(this.sys.fsync(fd), 'fsync');
  }

  fdatasync(fd: Word): void {
    check(this.sys.fsync(fd), 'fdatasync');
  }

  sigaction(signal: number, disposition: Disposition): void {
    check(this.sys.sigaction(signal, disposition), 'sigaction');
  }

  /** Sets the soft limit. */
  setrlimit(resource: number, soft: Word): void {
    check(this.sys.setrlimit(resource, soft), 'setrlimit');
  }

  /** The soft limit; Infinity = none. */
  getrlimit(resource: number): number {
    return check(this.sys.getrlimit(resource), 'getrlimit');
  }

  sysconf(name: number): number {
    return check(this.sys.sysconf(name), 'sysconf');
  }

  fork(): Process {
    const child = this.sys.fork();
    if (typeof child === 'number') throw new SyscallError(-child, 'fork');
    return new Process(this.kernel, child);
  }

  exit(code: Word = 0): void {
    this.sys.exit(code);
  }

  /** The child's state, reaping it if it has ended; never blocks. */
  wait(child: Process): WaitStatus {
    const status = this.sys.wait(child.id);
    if (typeof status === 'number') throw new SyscallError(-status, 'wait');
    return status;
  }

  /** The lines of /proc/PID/maps. */
  maps(): MapsLine[] {
    return mapsOf(this.task.mm);
  }

  /** The smaps fields of the mapping at `va`, or null. */
  smaps(va: Word): SmapsFields | null {
    const vma = this.task.mm.vmas.containing(toVa(va));
    const { tables, frames, pool } = this.kernel.parts;
    return vma === null ? null : smapsOf(tables, frames, pool.zeroPfn, vma);
  }

  /** The letters of smaps' VmFlags for the mapping at `va`, such as ['rd', 'mr', 'mw', 'me'], or null. */
  vmFlags(va: Word): string[] | null {
    const vma = this.task.mm.vmas.containing(toVa(va));
    return vma === null ? null : vmFlagLetters(vma.flags);
  }

  /** /proc/PID/pagemap of the pages that [address, address + length) touches; fewer at the end of user space. */
  pagemap(address: Word, length: Word): readonly PagemapPage[] {
    const { tables, frames, pool, placement } = this.kernel.parts;
    const parts = { tables, frames, zeroPfn: pool.zeroPfn };
    return pagemapOf(parts, this.task.mm, address, length, placement.layout.userEnd);
  }

  /** The memory lines of /proc/PID/status, in KiB. */
  status(): StatusFields {
    return statusOf(this.kernel.parts.tables, this.task.mm);
  }
}

function check<T extends number | bigint>(result: T, syscall: string): T {
  if (result < 0) throw new SyscallError(-Number(result), syscall);
  return result;
}

function checkPair(result: readonly [number, number] | number, syscall: string): readonly [number, number] {
  if (typeof result === 'number') throw new SyscallError(-result, syscall);
  return result;
}
