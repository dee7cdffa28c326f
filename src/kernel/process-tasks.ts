/**
 * A process as one of many: waiting for others, waking them, ending.
 *
 * Place: the public face, between calls on files (process-files.ts) and everything else (process.ts). Calls throw
 * `SyscallError`; `sys` has them with raw results.
 */

import { EINVAL } from '../errno.ts';
import { SI_KERNEL } from '../flags.ts';
import { KIB, type Word } from '../units.ts';
import { check, SignalError, SyscallError } from './errors.ts';
import type { WaitStatus } from './exit.ts';
import type { IoVectors } from './iovec.ts';
import { ProcessFiles } from './process-files.ts';

export class ProcessTasks extends ProcessFiles {
  /** The thread's; of a process with one thread, the process's. */
  get id(): number {
    return this.task.id;
  }

  /** Of the process that the thread belongs to. */
  get processId(): number {
    return this.task.group.id;
  }

  get alive(): boolean {
    return !this.task.exited;
  }

  /** It makes no calls until another wakes it. */
  get waiting(): boolean {
    return this.task.waitsFor !== '';
  }

  /** What its last call came to that had to wait: the raw result, -EINVAL if none had. */
  get waitResult(): number {
    return this.task.waited?.result ?? -EINVAL;
  }

  /** What such a read has read without storing it in the process; null for any other call. */
  get waitBytes(): Uint8Array | null {
    const { call, result } = this.task.waited ?? { call: null, result: 0 };
    return call === null || call.shown === null || result < 0 ? null : call.shown.subarray(0, result);
  }

  /**
   * Another program, an ELF file: the address space is a new one. Gives the address of its first instruction, from where on
   * whoever uses the machine is the program. Throws `SignalError` if its segments cannot be mapped: that kills.
   */
  execve(path: string): number {
    const entry = check(this.sys.execve(path), 'execve');
    if (!this.alive) throw new SignalError(this.task.group.killedBy, SI_KERNEL, 0, true);
    return entry;
  }

  /**
   * Page faults of the process, of all its threads: those that found the page in memory, and those that waited for it; and the
   * most memory that was resident at a time, in KiB.
   */
  getrusage(): { readonly minorFaults: number; readonly majorFaults: number; readonly maxRssKib: number } {
    const { group, mm } = this.task;
    const all = [group, ...group.threads];
    const sum = (count: (one: { minorFaults: number; majorFaults: number }) => number): number =>
      all.reduce((total, one) => total + count(one), 0);
    return {
      minorFaults: sum((one) => one.minorFaults),
      majorFaults: sum((one) => one.majorFaults),
      maxRssKib: (Math.max(group.peakRss, mm.peakRss) * mm.pageSize) / KIB,
    };
  }

  /** SIGKILL, or 0 to ask whether the process is there. */
  kill(other: ProcessTasks, signal: Word): void {
    check(this.sys.kill(other.id, signal), 'kill');
  }

  /** The whole process ends, with all threads. */
  exit(code: Word = 0): void {
    this.sys.exit(code);
  }

  /** This thread alone ends; with the last one the process does. */
  exitThread(code: Word = 0): void {
    this.sys.exitThread(code);
  }

  /** The child's state, reaping it if it has ended; never blocks. */
  wait(child: ProcessTasks): WaitStatus {
    const status = this.sys.wait(child.id);
    if (typeof status === 'number') throw new SyscallError(-status, 'wait');
    return status;
  }

  /** Advice about one range of another process (or this one); its bytes. */
  processMadvise(other: ProcessTasks, address: Word, length: Word, advice: Word, flags: Word = 0): number {
    return check(this.sys.processMadvise(other.id, address, length, advice, flags), 'process_madvise');
  }

  /** Bytes of another process (or this one) into own memory; how many. */
  processVmReadv(other: ProcessTasks, local: IoVectors, remote: IoVectors, flags: Word = 0): number {
    return check(this.sys.processVm('read', other.id, local, remote, flags), 'process_vm_readv');
  }

  /** Bytes of own memory into another process; how many. */
  processVmWritev(other: ProcessTasks, local: IoVectors, remote: IoVectors, flags: Word = 0): number {
    return check(this.sys.processVm('write', other.id, local, remote, flags), 'process_vm_writev');
  }

  /**
   * FUTEX_WAKE: how many threads it woke. FUTEX_WAIT: 'waiting' if this thread waits from now on (it makes no calls until it
   * is woken); with a timeout, in nanoseconds, that time passes and the call fails with ETIMEDOUT.
   */
  futex(address: Word, op: Word, value: Word, timeoutNs: number | null = null): number | 'waiting' {
    const result = this.sys.futex(address, op, value, timeoutNs);
    return typeof result === 'number' ? check(result, 'futex') : result;
  }
}
