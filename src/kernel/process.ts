/**
 * A process as users of the package see it: system calls, loads and stores.
 *
 * Place: the public face over a task. Calls throw `SyscallError`; accesses throw `SignalError` when
 * a signal ends them. `sys` has the same calls with raw results. An access that hits the TLB costs
 * one probe and touches nothing else.
 */

import { UserError } from '../assert.ts';
import { SIGKILL } from '../flags.ts';
import { ACCESS_EXEC, ACCESS_READ, ACCESS_WRITE, type Mmu } from '../mmu/mmu.ts';
import type { Ram } from '../mmu/ram.ts';
import { toUnsigned, type Word } from '../units.ts';
import { type AccessEngine, BY_KERNEL, BY_USER } from './access.ts';
import { SignalError, SyscallError } from './errors.ts';
import { clearImage, mapSpecial } from './exec-image.ts';
import type { WaitStatus } from './exit.ts';
import type { Kernel } from './kernel.ts';
import { type MapsLine, mapsOf, type SmapsFields, smapsOf } from './procfs.ts';
import { faultSignal, SIGNAL_KILLED, SIGNAL_RETRY } from './signals.ts';
import { finishCall, Syscalls } from './syscalls.ts';
import type { Disposition, Task } from './task.ts';

/** A handler that returns without repairing is tried this often. */
const HANDLER_TRIES_MAX = 100_000;

export class Process {
  readonly task: Task;
  /** The calls with raw results: a negative errno instead of an exception. */
  readonly sys: Syscalls;
  private readonly kernel: Kernel;
  private readonly engine: AccessEngine;
  private readonly ram: Ram;
  private readonly pageMask: number;

  constructor(kernel: Kernel, task: Task) {
    this.kernel = kernel;
    this.task = task;
    this.sys = new Syscalls(kernel, task);
    this.engine = kernel.parts.engine;
    this.ram = kernel.parts.ram;
    this.pageMask = kernel.parts.pageSize - 1;
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

  private mmu(): Mmu {
    if (this.task.exited) throw new UserError(`process ${this.task.id} has ended and makes no more accesses`);
    return this.engine.activate(this.task);
  }

  // Loads and stores: `va` any 64-bit address; a page may be crossed.

  load8(va: Word): number {
    if (typeof va !== 'number' || this.engine.active !== this.task) return this.loadSlowly(va);
    const pa = this.task.cpu.mmu.translateRead(va);
    return this.ram.load8(pa >= 0 ? pa : this.faulted(va, ACCESS_READ, va));
  }

  private loadSlowly(va: Word): number {
    this.mmu();
    return this.ram.load8(this.resolve(toVa(va), ACCESS_READ, va));
  }

  store8(va: Word, value: number): void {
    if (typeof va !== 'number' || this.engine.active !== this.task) return this.storeSlowly(va, value);
    const pa = this.task.cpu.mmu.translateWrite(va);
    this.ram.store8(pa >= 0 ? pa : this.faulted(va, ACCESS_WRITE, va), value);
  }

  private storeSlowly(va: Word, value: number): void {
    this.mmu();
    this.ram.store8(this.resolve(toVa(va), ACCESS_WRITE, va), value);
  }

  /** Fetches one instruction byte. */
  fetch8(va: Word): number {
    const at = toVa(va);
    const pa = this.mmu().translateFetch(at);
    return this.ram.load8(pa >= 0 ? pa : this.faulted(at, ACCESS_EXEC, va));
  }

  load16(va: Word): number {
    const at = toVa(va);
    if ((at & this.pageMask) > this.pageMask - 1) return Number(this.loadAcross(at, 2));
    const pa = this.mmu().translateRead(at);
    return this.ram.load16(pa >= 0 ? pa : this.faulted(at, ACCESS_READ, va));
  }

  store16(va: Word, value: number): void {
    const at = toVa(va);
    if ((at & this.pageMask) > this.pageMask - 1) return this.storeAcross(at, 2, BigInt(value));
    const pa = this.mmu().translateWrite(at);
    this.ram.store16(pa >= 0 ? pa : this.faulted(at, ACCESS_WRITE, va), value);
  }

  load32(va: Word): number {
    const at = toVa(va);
    if ((at & this.pageMask) > this.pageMask - 3) return Number(this.loadAcross(at, 4));
    const pa = this.mmu().translateRead(at);
    return this.ram.load32(pa >= 0 ? pa : this.faulted(at, ACCESS_READ, va));
  }

  store32(va: Word, value: number): void {
    const at = toVa(va);
    if ((at & this.pageMask) > this.pageMask - 3) return this.storeAcross(at, 4, BigInt(value));
    const pa = this.mmu().translateWrite(at);
    this.ram.store32(pa >= 0 ? pa : this.faulted(at, ACCESS_WRITE, va), value);
  }

  load64(va: Word): bigint {
    const at = toVa(va);
    if ((at & this.pageMask) > this.pageMask - 7) return this.loadAcross(at, 8);
    const first = this.mmu().translateRead(at);
    const pa = first >= 0 ? first : this.faulted(at, ACCESS_READ, va);
    return BigInt(this.ram.load32(pa)) | (BigInt(this.ram.load32(pa + 4)) << 32n);
  }

  store64(va: Word, value: Word): void {
    const at = toVa(va);
    if ((at & this.pageMask) > this.pageMask - 7) return this.storeAcross(at, 8, toUnsigned(value));
    const first = this.mmu().translateWrite(at);
    const pa = first >= 0 ? first : this.faulted(at, ACCESS_WRITE, va);
    const bits = toUnsigned(value);
    this.ram.store32(pa, Number(bits & 0xffffffffn));
    this.ram.store32(pa + 4, Number(bits >> 32n));
  }

  /** `length` bytes loaded upwards; throws at the first byte that cannot be loaded. */
  copyIn(va: Word, length: number): Uint8Array {
    const bytes = new Uint8Array(length);
    this.copy(va, bytes, ACCESS_READ);
    return bytes;
  }

  /** Stores bytes upwards; those before one that cannot be stored stay. */
  copyOut(va: Word, bytes: Uint8Array): void {
    this.copy(va, bytes, ACCESS_WRITE);
  }

  private copy(va: Word, bytes: Uint8Array, access: number): void {
    const start = toVa(va);
    this.mmu();
    let done = 0;
    for (;;) {
      const rest = bytes.subarray(done);
      const { engine, task } = this;
      done += access === ACCESS_READ ? engine.copyFromUser(task, start + done, rest, BY_USER) : engine.copyToUser(task, start + done, rest, BY_USER);
      if (done === bytes.length) break;
      this.raise(typeof va === 'number' ? start + done : va + BigInt(done));
    }
    finishCall(this.kernel);
  }

  /** Bytes of an access that crosses a page: both pages are there before anything moves. */
  private bothPages(va: number, size: number, access: number): void {
    this.mmu();
    // The processor looks at the form of the whole address range first: one byte that is no address spoils it all.
    const end = this.kernel.parts.canonicalEnd;
    if (va < end && va + size > end) this.resolve(end, access, end);
    this.resolve(va, access, va);
    const second = va + size - ((va + size) & this.pageMask);
    this.resolve(second, access, second);
  }

  private loadAcross(va: number, size: number): bigint {
    this.bothPages(va, size, ACCESS_READ);
    let value = 0n;
    for (let byte = size - 1; byte >= 0; byte--) value = (value << 8n) | BigInt(this.load8(va + byte));
    return value;
  }

  private storeAcross(va: number, size: number, value: bigint): void {
    this.bothPages(va, size, ACCESS_WRITE);
    for (let byte = 0; byte < size; byte++) this.store8(va + byte, Number((value >> BigInt(8 * byte)) & 0xffn));
  }

  /** The MMU refused an access: its physical address once the fault is resolved; throws `SignalError` if it is not. */
  private faulted(va: number, access: number, exact: Word): number {
    if (!Number.isInteger(va)) throw new UserError(`${va} is not an address: addresses are whole numbers`);
    if (va < 0) return this.resolve(toVa(va), access, exact);
    const pa = this.engine.afterFault(this.task, va, access, BY_USER);
    if (pa < 0) this.raise(exact);
    finishCall(this.kernel);
    return pa >= 0 ? pa : this.resolve(va, access, exact);
  }

  private resolve(va: number, access: number, exact: Word): number {
    for (let tries = 0; tries < HANDLER_TRIES_MAX; tries++) {
      const pa = this.engine.resolve(this.task, va, access, BY_USER);
      if (pa >= 0) return pa;
      this.raise(exact);
    }
    throw new UserError(`a signal handler of process ${this.task.id} returned ${HANDLER_TRIES_MAX} times without repairing the access to ${va}`);
  }

  /** Delivers the signal of the access that failed last; returns if the handler wants the access tried again. */
  private raise(address: Word): void {
    const info = faultSignal(this.engine.failure, address);
    const outcome = this.kernel.parts.signals.force(this.task, info);
    if (outcome === SIGNAL_RETRY) return;
    finishCall(this.kernel);
    throw new SignalError(info.signal, info.code, info.address, outcome === SIGNAL_KILLED || info.signal === SIGKILL);
  }

  // Replay: accesses by the thousand, with negative codes instead of signals.

  /** Touches the page or pages of one access (ACCESS_*); 0, or minus the FAULT_* reason. */
  touch(va: number, size: number, access: number): number {
    const mmu = this.engine.activate(this.task);
    const pa = access === ACCESS_READ ? mmu.translateRead(va) : access === ACCESS_WRITE ? mmu.translateWrite(va) : mmu.translateFetch(va);
    if (pa < 0 && this.engine.afterFault(this.task, va, access, BY_USER) < 0) return -this.engine.failure;
    const last = va + size - 1;
    if (last - (last & this.pageMask) === va - (va & this.pageMask)) return 0;
    return this.engine.resolve(this.task, last - (last & this.pageMask), access, BY_USER) < 0 ? -this.engine.failure : 0;
  }

  /** Touches `length` bytes as the kernel does in a call on the process's behalf; 0, or minus the FAULT_* reason. */
  kernelTouch(va: number, length: number, access: number): number {
    for (let at = va; at < va + length; at = at - (at & this.pageMask) + this.pageMask + 1) {
      if (this.engine.resolve(this.task, at, access, BY_KERNEL) < 0) return -this.engine.failure;
    }
    return 0;
  }

  /** Unmaps everything; the heap then starts and ends at `heapStart`. */
  clearImage(heapStart: number): void {
    clearImage(this.kernel.parts, this.task, heapStart);
  }

  /** Maps kernel pages (vdso, vvar) at [start, end), page-aligned and free, with PROT_* rights. */
  mapSpecial(start: number, end: number, prot: number, name: string): void {
    mapSpecial(this.kernel.parts, this.task, start, end, prot, name);
  }

  resetFaults(): void {
    this.task.minorFaults = 0;
    this.task.majorFaults = 0;
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

  memfdCreate(name: string, flags: Word = 0): number {
    return check(this.sys.memfdCreate(name, flags), 'memfd_create');
  }

  unlink(path: string): void {
    check(this.sys.unlink(path), 'unlink');
  }

  rename(from: string, to: string): void {
    check(this.sys.rename(from, to), 'rename');
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
}

const EXACT_END = 2n ** 53n;

/** An address as the MMU takes it: a double in [0, 2^64), exact below 2^53, above that rounded down. */
function toVa(va: Word): number {
  if (typeof va === 'number' && va >= 0) return va;
  const exact = toUnsigned(va);
  return exact < EXACT_END ? Number(exact) : Number(exact >> 12n) * 4096;
}

function check<T extends number | bigint>(result: T, syscall: string): T {
  if (result < 0) throw new SyscallError(-Number(result), syscall);
  return result;
}
