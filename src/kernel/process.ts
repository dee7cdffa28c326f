/**
 * A process as users of the package see it: system calls, loads and stores.
 *
 * Place: the public face over a task. Calls throw `SyscallError`; `sys` has the same calls with raw
 * results. Accesses are inherited from process-memory.ts and process-atomics.ts.
 */

import { toRegister, type Word } from '../units.ts';
import { check, SyscallError } from './errors.ts';
import { clearImage, mapSpecial } from './exec-image.ts';
import { toVa } from './process-memory.ts';
import { ProcessTasks } from './process-tasks.ts';
import { type MapsLine, mapsOf, type SmapsFields, smapsOf } from './procfs.ts';
import { vmFlagLetters } from './procfs-flags.ts';
import { type PagemapPage, pagemapOf } from './procfs-pagemap.ts';
import { type StatusFields, statusOf } from './procfs-status.ts';
import type { ShmStatus } from './shm.ts';
import type { Disposition } from './task.ts';

export class Process extends ProcessTasks {
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
    const found = this.sys.mincore(address, length);
    if (typeof found !== 'number') return found;
    check(found, 'mincore');
    return new Uint8Array(0);
  }

  /** The same, into the process's own memory at `vec`. EFAULT: it cannot be stored there. */
  mincoreInto(address: Word, length: Word, vec: Word): void {
    check(this.sys.mincoreInto(address, length, vec), 'mincore');
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

  mseal(address: Word, length: Word, flags: Word = 0): void {
    check(this.sys.mseal(address, length, flags), 'mseal');
  }

  sigaction(signal: number, disposition: Disposition): void {
    check(this.sys.sigaction(signal, disposition), 'sigaction');
  }

  /** Sets the soft limit. */
  /** Sets the soft limit of another process, or of this. */
  prlimit(other: Process, resource: Word, soft: Word): void {
    check(this.sys.prlimit(other.id, resource, soft), 'prlimit');
  }

  /** PR_SET_MDWE and PR_GET_MDWE. */
  prctl(option: Word, second: Word): number {
    return check(this.sys.prctl(option, second), 'prctl');
  }

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

  /** A child in the same memory. This process waits (`waiting`) until the child has ended. */
  vfork(): Process {
    return new Process(this.kernel, this.sys.vfork());
  }

  /** Another thread of this process: the same memory and descriptors, a CPU of its own. */
  thread(): Process {
    return new Process(this.kernel, this.sys.thread());
  }

  /** The lines of /proc/PID/maps. */
  maps(): MapsLine[] {
    return mapsOf(this.task.mm);
  }

  /** The smaps fields of the mapping at `va`, or null. */
  smaps(va: Word): SmapsFields | null {
    const vma = this.task.mm.vmas.containing(toVa(va, this.wordBits));
    const { tables, frames, pool } = this.kernel.parts;
    return vma === null ? null : smapsOf(tables, frames, pool.zeroPfn, vma);
  }

  /** The letters of smaps' VmFlags for the mapping at `va`, such as ['rd', 'mr', 'mw', 'me'], or null. */
  vmFlags(va: Word): string[] | null {
    const vma = this.task.mm.vmas.containing(toVa(va, this.wordBits));
    return vma === null ? null : vmFlagLetters(vma.flags);
  }

  /** /proc/PID/pagemap of the pages that [address, address + length) touches; fewer at the end of user space. */
  pagemap(address: Word, length: Word): readonly PagemapPage[] {
    const { tables, frames, pool, placement } = this.kernel.parts;
    const parts = { tables, frames, zeroPfn: pool.zeroPfn };
    const [from, bytes] = [address, length].map((word) => toRegister(word, this.wordBits));
    return pagemapOf(parts, this.task.mm, from, bytes, placement.layout.userEnd);
  }

  /** The memory lines of /proc/PID/status, in KiB. */
  status(): StatusFields {
    return statusOf(this.kernel.parts.tables, this.task.mm);
  }
}
