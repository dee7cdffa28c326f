/**
 * The memory of a process as its programs see it: loads, stores, fetches, copies.
 *
 * Place: the public face of the access engine; process.ts adds the system calls. An access that
 * hits the TLB costs one probe and touches nothing else. When a signal ends an access it throws
 * `SignalError`; a handler that repairs and returns has it tried again.
 * Invariant: a store that crosses a page writes nothing unless both pages take it.
 */

import { UserError } from '../assert.ts';
import { SIGKILL } from '../flags.ts';
import { ACCESS_EXEC, ACCESS_READ, ACCESS_WRITE } from '../mmu/access-codes.ts';
import type { Mmu } from '../mmu/mmu.ts';
import type { Ram } from '../mmu/ram.ts';
import { toRegister, toUnsigned, type Word, type WordBits } from '../units.ts';
import { type AccessEngine, BY_KERNEL, BY_USER } from './access.ts';
import { SignalError } from './errors.ts';
import type { Kernel } from './kernel.ts';
import { faultSignal, SIGNAL_KILLED, SIGNAL_RETRY } from './signals.ts';
import { finishCall, requireRunning } from './syscall-entry.ts';
import type { Task } from './task.ts';

/** A load and a store of the same bytes by one instruction, in a batch of accesses. */
const ACCESS_MODIFY = 3;

/** A handler that returns without repairing is tried this often. */
const HANDLER_TRIES_MAX = 100_000;

export class ProcessMemory {
  readonly task: Task;
  protected readonly kernel: Kernel;
  private readonly engine: AccessEngine;
  protected readonly ram: Ram;
  protected readonly pageMask: number;
  protected readonly wordBits: WordBits;
  /** First number that is no address: 2^wordBits, as a number, since a power costs more than the rest of a fault's checks. */
  private readonly vaEnd: number;

  constructor(kernel: Kernel, task: Task) {
    this.kernel = kernel;
    this.task = task;
    this.engine = kernel.parts.engine;
    this.ram = kernel.parts.ram;
    this.pageMask = kernel.parts.pageSize - 1;
    this.wordBits = kernel.parts.config.scheme.wordBits;
    this.vaEnd = 2 ** this.wordBits;
  }

  protected mmu(): Mmu {
    requireRunning(this.task, 'accesses');
    return this.engine.activate(this.task);
  }

  // Loads and stores: `va` any 64-bit address; a page may be crossed.

  load8(va: Word): number {
    if (typeof va !== 'number' || this.engine.active !== this.task) return this.loadSlowly(va);
    const { mmu } = this.engine;
    const entry = mmu.hitRead(va);
    if (entry >= 0) return this.ram.load8(mmu.physical(entry, va));
    const pa = mmu.missRead(va);
    return this.ram.load8(pa >= 0 ? pa : this.faulted(ACCESS_READ, null));
  }

  private loadSlowly(va: Word): number {
    this.mmu();
    return this.ram.load8(this.resolve(toVa(va, this.wordBits), ACCESS_READ, va));
  }

  store8(va: Word, value: number): void {
    if (typeof va !== 'number' || this.engine.active !== this.task) {
      this.storeSlowly(va, value);
      return;
    }
    const { mmu } = this.engine;
    const entry = mmu.hitWrite(va);
    if (entry >= 0) {
      this.ram.store8(mmu.physical(entry, va), value);
      return;
    }
    mmu.va = va;
    const pa = mmu.search(ACCESS_WRITE);
    this.ram.store8(pa >= 0 ? pa : this.faulted(ACCESS_WRITE, null), value);
  }

  private storeSlowly(va: Word, value: number): void {
    this.mmu();
    this.ram.store8(this.resolve(toVa(va, this.wordBits), ACCESS_WRITE, va), value);
  }

  /** TLB entry that grants a load of `tail` bytes more than one at `va`, in one page, or -1. */
  private readable(va: Word, tail: number): number {
    if (typeof va !== 'number' || this.engine.active !== this.task) return -1;
    return (va & this.pageMask) + tail > this.pageMask ? -1 : this.engine.mmu.hitRead(va);
  }

  private writable(va: Word, tail: number): number {
    if (typeof va !== 'number' || this.engine.active !== this.task) return -1;
    return (va & this.pageMask) + tail > this.pageMask ? -1 : this.engine.mmu.hitWrite(va);
  }

  /** Fetches one instruction byte. */
  fetch8(va: Word): number {
    const at = toVa(va, this.wordBits);
    const pa = this.mmu().translateFetch(at);
    return this.ram.load8(pa >= 0 ? pa : this.faulted(ACCESS_EXEC, va));
  }

  load16(va: Word): number {
    const entry = this.readable(va, 1);
    return entry >= 0 ? this.ram.load16(this.engine.mmu.physical(entry, va as number)) : this.load16Slowly(va);
  }

  private load16Slowly(va: Word): number {
    const at = toVa(va, this.wordBits);
    if ((at & this.pageMask) > this.pageMask - 1) return Number(this.loadAcross(at, 2));
    const pa = this.mmu().translateRead(at);
    return this.ram.load16(pa >= 0 ? pa : this.faulted(ACCESS_READ, va));
  }

  store16(va: Word, value: number): void {
    const entry = this.writable(va, 1);
    if (entry >= 0) this.ram.store16(this.engine.mmu.physical(entry, va as number), value);
    else this.store16Slowly(va, value);
  }

  private store16Slowly(va: Word, value: number): void {
    const at = toVa(va, this.wordBits);
    if ((at & this.pageMask) > this.pageMask - 1) {
      this.storeAcross(at, 2, BigInt(value));
      return;
    }
    const pa = this.mmu().translateWrite(at);
    this.ram.store16(pa >= 0 ? pa : this.faulted(ACCESS_WRITE, va), value);
  }

  load32(va: Word): number {
    const entry = this.readable(va, 3);
    return entry >= 0 ? this.ram.load32(this.engine.mmu.physical(entry, va as number)) : this.load32Slowly(va);
  }

  private load32Slowly(va: Word): number {
    const at = toVa(va, this.wordBits);
    if ((at & this.pageMask) > this.pageMask - 3) return Number(this.loadAcross(at, 4));
    const pa = this.mmu().translateRead(at);
    return this.ram.load32(pa >= 0 ? pa : this.faulted(ACCESS_READ, va));
  }

  store32(va: Word, value: number): void {
    const entry = this.writable(va, 3);
    if (entry >= 0) this.ram.store32(this.engine.mmu.physical(entry, va as number), value);
    else this.store32Slowly(va, value);
  }

  private store32Slowly(va: Word, value: number): void {
    const at = toVa(va, this.wordBits);
    if ((at & this.pageMask) > this.pageMask - 3) {
      this.storeAcross(at, 4, BigInt(value));
      return;
    }
    const pa = this.mmu().translateWrite(at);
    this.ram.store32(pa >= 0 ? pa : this.faulted(ACCESS_WRITE, va), value);
  }

  load64(va: Word): bigint {
    const at = toVa(va, this.wordBits);
    if ((at & this.pageMask) > this.pageMask - 7) return this.loadAcross(at, 8);
    const first = this.mmu().translateRead(at);
    const pa = first >= 0 ? first : this.faulted(ACCESS_READ, va);
    return BigInt(this.ram.load32(pa)) | (BigInt(this.ram.load32(pa + 4)) << 32n);
  }

  store64(va: Word, value: Word): void {
    const at = toVa(va, this.wordBits);
    if ((at & this.pageMask) > this.pageMask - 7) {
      this.storeAcross(at, 8, toUnsigned(value));
      return;
    }
    const first = this.mmu().translateWrite(at);
    const pa = first >= 0 ? first : this.faulted(ACCESS_WRITE, va);
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
    const start = toVa(va, this.wordBits);
    this.mmu();
    let done = 0;
    for (;;) {
      const rest = bytes.subarray(done);
      const { engine, task } = this;
      done +=
        access === ACCESS_READ
          ? engine.copyFromUser(task, start + done, rest, BY_USER)
          : engine.copyToUser(task, start + done, rest, BY_USER);
      if (done === bytes.length) break;
      this.raise(typeof va === 'number' ? start + done : va + BigInt(done));
    }
    finishCall(this.kernel);
  }

  /** Bytes of an access that crosses a page: both pages are there before anything moves. */
  protected bothPages(va: number, size: number, access: number): void {
    this.mmu();
    // The processor looks at the form of the whole address range first: one byte that is no address spoils it all.
    const end = this.kernel.parts.canonicalEnd;
    if (this.wordBits === 64 && va < end && va + size > end) this.resolve(end, access, end);
    this.resolve(va, access, va);
    const second = va + size - ((va + size) & this.pageMask);
    this.resolve(second, access, second);
  }

  protected loadAcross(va: number, size: number): bigint {
    this.bothPages(va, size, ACCESS_READ);
    let value = 0n;
    for (let byte = size - 1; byte >= 0; byte--) value = (value << 8n) | BigInt(this.load8(va + byte));
    return value;
  }

  protected storeAcross(va: number, size: number, value: bigint): void {
    this.bothPages(va, size, ACCESS_WRITE);
    for (let byte = 0; byte < size; byte++) this.store8(va + byte, Number((value >> BigInt(8 * byte)) & 0xffn));
  }

  /**
   * The MMU refused the access to its `va`: the physical address once the fault is resolved; throws `SignalError` if it is not.
   * `exact`: the address as the program gave it, null if it is that of the MMU, which as an argument would be put into a box.
   */
  protected faulted(access: number, exact: Word | null): number {
    const { va } = this.engine.mmu;
    if (!Number.isInteger(va)) throw new UserError(`${va} is not an address: addresses are whole numbers`);
    if (va < 0 || va >= this.vaEnd) return this.resolve(toVa(va, this.wordBits), access, exact ?? va);
    const pa = this.engine.afterFault(this.task, access, BY_USER);
    if (pa < 0) this.raise(exact ?? va);
    finishCall(this.kernel);
    return pa >= 0 ? pa : this.resolve(va, access, exact ?? va);
  }

  private resolve(va: number, access: number, exact: Word): number {
    for (let tries = 0; tries < HANDLER_TRIES_MAX; tries++) {
      const pa = this.engine.resolve(this.task, va, access, BY_USER);
      if (pa >= 0) return pa;
      this.raise(exact);
    }
    throw new UserError(
      `a signal handler of process ${this.task.id} returned ${HANDLER_TRIES_MAX} times without repairing the access to ${va}`,
    );
  }

  /** Delivers the signal of the access that failed last; returns if the handler wants the access tried again. */
  private raise(address: Word): void {
    const info = faultSignal(this.engine.failure, toRegister(address, this.wordBits));
    const outcome = this.kernel.parts.signals.force(this.task, info);
    if (outcome === SIGNAL_RETRY) return;
    finishCall(this.kernel);
    throw new SignalError(info.signal, info.code, info.address, outcome === SIGNAL_KILLED || info.signal === SIGKILL);
  }

  // Replay: accesses by the thousand, with negative codes instead of signals.

  /** Touches the page or pages of one access (ACCESS_*); 0, or minus the FAULT_* reason. */
  touch(va: number, size: number, access: number): number {
    const mmu = this.engine.activate(this.task);
    const pa =
      access === ACCESS_READ
        ? mmu.translateRead(va)
        : access === ACCESS_WRITE
          ? mmu.translateWrite(va)
          : mmu.translateFetch(va);
    if (pa < 0 && this.engine.afterFault(this.task, access, BY_USER) < 0) return -this.engine.failure;
    if ((va & this.pageMask) + size <= this.pageMask + 1) return 0;
    const last = va + size - 1;
    return this.engine.resolve(this.task, last - (last & this.pageMask), access, BY_USER) < 0
      ? -this.engine.failure
      : 0;
  }

  /**
   * Touches the accesses [from, to) of a batch in order; the place of the first that is refused, whose result `touch` would
   * have given is `refusal`, or `to`. Columns: `va`, exact below 2^53; `size` in bytes; `kind`, ACCESS_* or 3 for a load and store
   * by one instruction, which to the MMU is a store.
   */
  touchRun(va: Float64Array, size: Uint16Array, kind: Uint8Array, from: number, to: number): number {
    const mmu = this.engine.activate(this.task);
    let place = mmu.hitRun(va, size, kind, from, to);
    while (place < to) {
      const access = kind[place] === ACCESS_MODIFY ? ACCESS_WRITE : kind[place];
      if (this.touch(va[place], size[place], access) < 0) return place;
      place = mmu.hitRun(va, size, kind, place + 1, to);
    }
    return to;
  }

  /** Minus the FAULT_* reason of the access that was refused last. */
  get refusal(): number {
    return -this.engine.failure;
  }

  /** Touches `length` bytes as the kernel does in a call on the process's behalf, up to the first page that is refused. */
  kernelTouch(va: number, length: number, access: number): void {
    for (let at = va; at < va + length; at = at - (at & this.pageMask) + this.pageMask + 1) {
      if (this.engine.resolve(this.task, at, access, BY_KERNEL) < 0) return;
    }
  }

  resetFaults(): void {
    this.task.minorFaults = 0;
    this.task.majorFaults = 0;
  }
}

const EXACT_END = 2n ** 53n;

/** An address as the MMU takes it: a double in [0, 2^64) or [0, 2^32), exact below 2^53, above that rounded down. */
export function toVa(va: Word, bits: WordBits): number {
  if (typeof va === 'number' && va >= 0 && va < 2 ** bits) return va;
  const exact = toUnsigned(toRegister(va, bits));
  return exact < EXACT_END ? Number(exact) : Number(exact >> 12n) * 4096;
}
