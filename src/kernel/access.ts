/**
 * The access engine: the only loop that turns a refused access into a resolved one.
 *
 * Place in the flow: a task's loads, stores and fetches and the kernel's own copies to and from
 * user memory all come here: translate; on a fault ask the fault handler; try again from the top.
 * It ends with a physical address or with a FAULT_* reason in `failure`, from which the caller
 * makes a signal (signals.ts) or EFAULT. Nothing is thrown.
 * Invariant: a resolved fault makes the next try succeed; the bound on tries is asserted.
 */

import { assert } from '../assert.ts';
import type { Clock } from '../clock.ts';
import type { CostTable } from '../cost.ts';
import { CONTEXT_SWITCHES, type Counters } from '../counters.ts';
import { ACCESS_READ, ACCESS_WRITE, FAULT_USER } from '../mmu/access-codes.ts';
import type { Mmu } from '../mmu/mmu.ts';
import type { Ram } from '../mmu/ram.ts';
import { RECORD_ID, TRACE_EVENT, type Trace } from '../trace.ts';
import { type Asids, NO_ASID } from './asids.ts';
import type { FaultHandler } from './fault.ts';
import type { Task } from './task.ts';
import type { TlbFlusher } from './tlb-flush.ts';
import { FAULT_DONE } from './vm-fault.ts';

/** Who makes an access: the program, or the kernel in a call on its behalf. */
export const BY_USER = 0;
export const BY_KERNEL = 1;

/** Whether memory that is not mapped is faulted in, as usual, or ends a copy. */
export type Faults = 'taken' | 'refused';

/** Copies below this many bytes are made of words (arch/x86/lib/copy_user_64.S). */
const SHORT_COPY = 64;
const WORD = 8;

const { page_fault_user: PAGE_FAULT_USER, page_fault_kernel: PAGE_FAULT_KERNEL } = RECORD_ID;

function translate(mmu: Mmu, va: number, access: number): number {
  if (access === ACCESS_READ) return mmu.translateRead(va);
  return access === ACCESS_WRITE ? mmu.translateWrite(va) : mmu.translateFetch(va);
}

/** A store-only fault can need a table, a page and a dirty bit: three tries are plenty. */
const TRIES_MAX = 8;

export class AccessEngine {
  readonly ram: Ram;
  private readonly faults: FaultHandler;
  private readonly flusher: TlbFlusher;
  private readonly asids: Asids;
  private readonly clock: Clock;
  private readonly costs: CostTable;
  private readonly counters: Counters;
  private readonly trace: Trace;
  /** The task whose address space its CPU runs now. */
  active: Task | null;
  /** The MMU of the CPU that it runs on; read on every access, hence here. */
  mmu: Mmu;
  /** FAULT_* reason of the last access that failed. */
  failure: number;
  /** Address of its first byte that failed. */
  failureVa: number;

  constructor(
    ram: Ram,
    mmu: Mmu,
    faults: FaultHandler,
    flusher: TlbFlusher,
    asids: Asids,
    clock: Clock,
    costs: CostTable,
    counters: Counters,
    trace: Trace,
  ) {
    this.ram = ram;
    this.faults = faults;
    this.flusher = flusher;
    this.asids = asids;
    this.clock = clock;
    this.costs = costs;
    this.counters = counters;
    this.trace = trace;
    this.active = null;
    this.mmu = mmu;
    this.failure = 0;
    this.failureVa = 0;
  }

  /** Makes `task` the one that runs: loads its address space on its CPU if another was there. */
  activate(task: Task): Mmu {
    if (this.active !== task) this.switchTo(task);
    return this.mmu;
  }

  private switchTo(task: Task): void {
    const { cpu, mm } = task;
    this.active = task;
    // Not stored anew where it is so already: V8 takes a field that never changes for a constant, and with it the columns of the TLB.
    if (this.mmu !== cpu.mmu) this.mmu = cpu.mmu;
    this.flusher.running = cpu.id;
    this.trace.task = task.id;
    if (mm.asid === NO_ASID) this.asids.assign(mm);
    if (cpu.current === mm && cpu.mmu.root === mm.root && cpu.mmu.asid === mm.asid) return;
    if (this.trace.mask !== 0) this.trace.emit(RECORD_ID.context_switch, cpu.id, cpu.taskId, task.id, 0);
    cpu.current = mm;
    cpu.taskId = task.id;
    mm.cpus.add(cpu.id);
    cpu.mmu.switchTo(mm.root, mm.asid);
    this.counters.add(CONTEXT_SWITCHES, 1);
    this.clock.advance(this.costs.contextSwitchNs);
  }

  /** Physical address for an access of `task` (ACCESS_*), made by BY_USER or BY_KERNEL; -1 and `failure` if refused. */
  resolve(task: Task, va: number, access: number, by: number): number {
    const pa = translate(this.activate(task), va, access);
    return pa >= 0 ? pa : this.afterFault(task, access, by);
  }

  /** As `resolve`, for an access that the MMU of the task's CPU has just refused: its fault record says to which address. */
  afterFault(task: Task, access: number, by: number): number {
    const { mmu } = task.cpu;
    const va = mmu.faultVa;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      this.noteFault(mmu, by);
      const result = this.faults.handle(task, mmu, access);
      if (result !== FAULT_DONE) {
        this.failure = result;
        this.failureVa = va;
        return -1;
      }
      // No level had it before the fault, and nothing has filled one: no hit to look for.
      mmu.va = va;
      const pa = mmu.search(access);
      if (pa >= 0) return pa;
    }
    assert(false, `access to ${va} faulted ${TRIES_MAX} times in a row although each fault was resolved`);
  }

  private noteFault(mmu: Mmu, by: number): void {
    this.clock.advance(this.costs.trapNs);
    const { trace } = this;
    if (trace.mask === 0) return;
    trace.timeNs = this.clock.nowNs;
    if (!(trace.mask & TRACE_EVENT)) return;
    trace.first = mmu.faultVa;
    if (by === BY_USER) trace.emitFirst(PAGE_FAULT_USER, mmu.faultError | FAULT_USER);
    else trace.emitFirst(PAGE_FAULT_KERNEL, mmu.faultError);
  }

  /** Copies user bytes at `va` into `target`, page by page; how many before the first that failed. */
  copyFromUser(task: Task, va: number, target: Uint8Array, by: number): number {
    return this.copy(task, va, target, ACCESS_READ, by);
  }

  /** Copies `source` to user memory at `va`; how many bytes before the first that failed. */
  copyToUser(task: Task, va: number, source: Uint8Array, by: number): number {
    return this.copy(task, va, source, ACCESS_WRITE, by);
  }

  /**
   * Moves `length` bytes between physical memory at `pa` (inside one frame) and user memory at
   * `va`; `access` says what the user side suffers, `faults` whether it may fault. How many bytes before the first that failed.
   */
  moveUser(task: Task, va: number, pa: number, length: number, access: number, faults: Faults = 'taken'): number {
    const { pageSize } = this.ram;
    // Short copies go in words, long ones byte by byte (rep movsb): visible when a file is copied onto itself.
    const step = length < SHORT_COPY ? WORD : 1;
    let done = 0;
    while (done < length) {
      const at = va + done;
      const user =
        faults === 'taken' ? this.resolve(task, at, access, BY_KERNEL) : translate(this.activate(task), at, access);
      if (user < 0) break;
      const chunk = Math.min(length - done, pageSize - (at & (pageSize - 1)));
      if (access === ACCESS_READ) this.ram.moveUpwards(pa + done, user, chunk, step);
      else this.ram.moveUpwards(user, pa + done, chunk, step);
      done += chunk;
    }
    this.clock.advance(done * this.costs.copyByteNs);
    return done;
  }

  private copy(task: Task, va: number, bytes: Uint8Array, access: number, by: number): number {
    const { pageSize } = this.ram;
    let done = 0;
    while (done < bytes.length) {
      const at = va + done;
      const pa = this.resolve(task, at, access, by);
      if (pa < 0) break;
      const chunk = bytes.subarray(done, Math.min(bytes.length, done + pageSize - (at & (pageSize - 1))));
      if (access === ACCESS_READ) this.ram.read(pa, chunk);
      else this.ram.write(pa, chunk);
      done += chunk.length;
    }
    if (by !== BY_USER) this.clock.advance(done * this.costs.copyByteNs);
    return done;
  }
}
