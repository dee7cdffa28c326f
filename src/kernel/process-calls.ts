/**
 * The calls of one task about processes, threads and signals, with raw results.
 *
 * Place: between the frame of every call and the calls on memory and files (syscalls.ts). What a call does stands in a
 * file of its own.
 */

import { EINVAL, ESRCH } from '../errno.ts';
import {
  SYS_CLONE,
  SYS_EXECVE,
  SYS_EXIT,
  SYS_EXIT_GROUP,
  SYS_FORK,
  SYS_FUTEX,
  SYS_KILL,
  SYS_PRCTL,
  SYS_PRLIMIT64,
  SYS_PROCESS_MADVISE,
  SYS_PROCESS_VM_READV,
  SYS_PROCESS_VM_WRITEV,
  SYS_RT_SIGACTION,
  SYS_VFORK,
  SYS_WAIT4,
} from '../syscall-numbers.ts';
import { toInt, type Word } from '../units.ts';
import { exec } from './exec.ts';
import type { WaitStatus } from './exit.ts';
import { futex } from './futex.ts';
import type { IoVectors } from './iovec.ts';
import { kill } from './kill.ts';
import { processMadvise } from './madvise.ts';
import { prctl } from './prctl.ts';
import { processVm, type VmDirection } from './process-vm.ts';
import { NameSyscalls } from './syscalls-names.ts';
import type { Disposition, Task, WAITING } from './task.ts';

export class ProcessCalls extends NameSyscalls {
  sigaction(signal: number, disposition: Disposition): number {
    this.enter(SYS_RT_SIGACTION);
    if (signal < 1 || signal > 64 || signal === 9 || signal === 19) return this.leave(-EINVAL);
    this.task.group.dispositions.set(signal, disposition);
    return this.leave(0);
  }

  /** The child's task, or a negative errno. */
  fork(): Task | number {
    this.enter(SYS_FORK);
    return this.leave(this.kernel.fork(this.task));
  }

  exit(code: Word): void {
    this.enter(SYS_EXIT_GROUP);
    this.parts.exiter.exit(this.task, toInt(code));
    this.leave(0);
  }

  /** Never blocks: the state of the child with that id, reaped if it has ended; or -ECHILD. */
  wait(childId: number): WaitStatus | number {
    this.enter(SYS_WAIT4);
    const child = this.kernel.tasks.get(childId) ?? null;
    const status = this.parts.exiter.wait(this.task, child);
    if (child?.group.reaped === true) this.kernel.release(child);
    return this.leave(status);
  }

  /** The child's task; this one waits until that has ended. */
  vfork(): Task {
    this.enter(SYS_VFORK);
    return this.leave(this.kernel.vfork(this.task));
  }

  /** The address of the new program's first instruction, or a negative errno. The task may have been killed (SIGSEGV). */
  execve(path: string): number {
    this.enter(SYS_EXECVE);
    return this.leave(exec(this.parts, this.task, path, this.kernel.takeMmId()));
  }

  /** SIGKILL for the process of the task with that id, or 0 to ask whether it is there. 0 or a negative errno. */
  kill(id: number, signal: Word): number {
    this.enter(SYS_KILL);
    return this.leave(kill(this.parts, this.kernel.tasks.get(id) ?? null, signal));
  }

  /** Another thread of this process. */
  thread(): Task {
    this.enter(SYS_CLONE);
    return this.leave(this.kernel.thread(this.task));
  }

  /** This thread alone ends; with the last one its process does. */
  exitThread(code: Word): void {
    this.enter(SYS_EXIT);
    this.parts.exiter.exitThread(this.task, toInt(code));
    this.leave(0);
  }

  /** process_vm_readv and process_vm_writev, to or from the process of a task with that id: bytes, or a negative errno. */
  processVm(direction: VmDirection, otherId: number, local: IoVectors, remote: IoVectors, flags: Word = 0): number {
    this.enter(direction === 'read' ? SYS_PROCESS_VM_READV : SYS_PROCESS_VM_WRITEV);
    const other = this.kernel.tasks.get(otherId) ?? null;
    return this.leave(processVm(this.parts, this.task, direction, other, local, remote, flags));
  }

  /** process_madvise with one range, of the process of a task with that id: its bytes, or a negative errno. */
  processMadvise(otherId: number, address: Word, length: Word, advice: Word, flags: Word): number {
    this.enter(SYS_PROCESS_MADVISE);
    const other = this.kernel.tasks.get(otherId) ?? null;
    return this.leave(
      processMadvise(this.parts, this.task, other, this.reg(address), this.reg(length), advice, this.reg(flags)),
    );
  }

  /** Sets a soft limit of the process of a task with that id. */
  prlimit(otherId: number, resource: Word, soft: Word): number {
    this.enter(SYS_PRLIMIT64);
    const other = this.kernel.tasks.get(otherId);
    return this.leave(
      other?.isFound === true ? other.limits.setSoft(toInt(resource), soft, this.task.mm.wordBits) : -ESRCH,
    );
  }

  prctl(option: Word, second: Word, third: Word = 0, fourth: Word = 0, fifth: Word = 0): number {
    this.enter(SYS_PRCTL);
    const [first, ...others] = [second, third, fourth, fifth].map((word) => this.reg(word));
    return this.leave(prctl(this.task, option, first, others));
  }

  /** FUTEX_WAIT and FUTEX_WAKE: a number, or 'waiting' when the task does not run until it is woken. */
  futex(address: Word, op: Word, value: Word, timeoutNs: number | null = null): number | typeof WAITING {
    this.enter(SYS_FUTEX);
    return this.leave(futex(this.parts, this.task, this.reg(address), op, value, timeoutNs));
  }
}
