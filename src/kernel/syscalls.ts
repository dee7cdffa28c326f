/**
 * The system calls of one task with raw results: 0 or a value, or a negative errno.
 *
 * Place: the table from names to the files that carry the calls out; process.ts wraps it for
 * people. Nothing is thrown for what the program does wrong. How a call is entered and left stands in
 * syscall-entry.ts; calls on named shared memory in syscalls-shm.ts,
 * those on processes and threads in process-calls.ts.
 */

import { EINVAL } from '../errno.ts';
import { SC_AVPHYS_PAGES, SC_NPROCESSORS_ONLN, SC_PAGESIZE, SC_PHYS_PAGES } from '../flags.ts';
import {
  SYS_BRK,
  SYS_GETRLIMIT,
  SYS_MADVISE,
  SYS_MINCORE,
  SYS_MLOCK2,
  SYS_MLOCKALL,
  SYS_MMAP,
  SYS_MPROTECT,
  SYS_MREMAP,
  SYS_MSEAL,
  SYS_MSYNC,
  SYS_MUNLOCK,
  SYS_MUNLOCKALL,
  SYS_MUNMAP,
  SYS_SETRLIMIT,
} from '../syscall-numbers.ts';
import { toUnsigned, type Word } from '../units.ts';
import { BY_KERNEL } from './access.ts';
import { brk, sbrk } from './brk.ts';
import { madvise } from './madvise.ts';
import { mincore, ResidencyBytes, type ResidencyVector } from './mincore.ts';
import { mlock, mlockall, munlock, munlockall } from './mlock.ts';
import { mmap } from './mmap.ts';
import { mprotect } from './mprotect.ts';
import { mremap } from './mremap.ts';
import { mseal } from './mseal.ts';
import { msync } from './msync.ts';
import { munmap } from './munmap.ts';
import { FileSyscalls } from './syscalls-files.ts';

export class Syscalls extends FileSyscalls {
  mmap(address: Word, length: Word, prot: Word, flags: Word, fd: Word, offset: Word): number {
    this.enter(SYS_MMAP);
    return this.leave(
      mmap(this.parts, this.task, this.reg(address), this.reg(length), this.reg(prot), this.reg(flags), fd, offset),
    );
  }

  munmap(address: Word, length: Word): number {
    this.enter(SYS_MUNMAP);
    return this.leave(munmap(this.parts, this.task, this.reg(address), this.reg(length)));
  }

  mprotect(address: Word, length: Word, prot: Word): number {
    this.enter(SYS_MPROTECT);
    return this.leave(mprotect(this.parts, this.task, this.reg(address), this.reg(length), this.reg(prot)));
  }

  mremap(old: Word, oldLength: Word, newLength: Word, flags: Word, to: Word): number {
    this.enter(SYS_MREMAP);
    return this.leave(
      mremap(
        this.parts,
        this.task,
        this.reg(old),
        this.reg(oldLength),
        this.reg(newLength),
        this.reg(flags),
        this.reg(to),
      ),
    );
  }

  msync(address: Word, length: Word, flags: Word): number {
    this.enter(SYS_MSYNC);
    return this.leave(msync(this.parts, this.task, this.reg(address), this.reg(length), flags));
  }

  madvise(address: Word, length: Word, advice: Word): number {
    this.enter(SYS_MADVISE);
    return this.leave(madvise(this.parts, this.task, this.reg(address), this.reg(length), advice));
  }

  /** One byte a page: 1 = in memory; or a negative errno. */
  mincore(address: Word, length: Word): Uint8Array | number {
    const vector = new ResidencyBytes();
    const failed = this.residency(address, length, vector);
    return failed < 0 ? failed : vector.all();
  }

  /** The same into user memory at `vec`. */
  mincoreInto(address: Word, length: Word, vec: Word): number {
    const start = toUnsigned(this.reg(vec));
    const end = BigInt(this.parts.placement.layout.userEnd);
    return this.residency(address, length, {
      fits: (pages) => start + BigInt(pages) <= end,
      put: (first, bytes) => this.putUser(start + BigInt(first), bytes),
    });
  }

  private residency(address: Word, length: Word, vector: ResidencyVector): number {
    this.enter(SYS_MINCORE);
    return this.leave(mincore(this.parts, this.task, this.reg(address), this.reg(length), vector));
  }

  /** Stores bytes in user memory as a call does; false where that faults. */
  putUser(address: Word, bytes: Uint8Array): boolean {
    return this.parts.engine.copyToUser(this.task, Number(address), bytes, BY_KERNEL) === bytes.length;
  }

  mlock2(address: Word, length: Word, flags: Word): number {
    this.enter(SYS_MLOCK2);
    return this.leave(mlock(this.parts, this.task, this.reg(address), this.reg(length), flags));
  }

  munlock(address: Word, length: Word): number {
    this.enter(SYS_MUNLOCK);
    return this.leave(munlock(this.parts, this.task, this.reg(address), this.reg(length)));
  }

  mlockall(flags: Word): number {
    this.enter(SYS_MLOCKALL);
    return this.leave(mlockall(this.parts, this.task, flags));
  }

  munlockall(): number {
    this.enter(SYS_MUNLOCKALL);
    return this.leave(munlockall(this.parts, this.task));
  }

  brk(address: Word): number {
    this.enter(SYS_BRK);
    return this.leave(brk(this.parts, this.task, this.reg(address)));
  }

  sbrk(increment: Word): number {
    this.enter(SYS_BRK);
    return this.leave(sbrk(this.parts, this.task, this.reg(increment)));
  }

  mseal(address: Word, length: Word, flags: Word): number {
    this.enter(SYS_MSEAL);
    return this.leave(mseal(this.parts, this.task, this.reg(address), this.reg(length), this.reg(flags)));
  }

  /** The soft limit in bytes (Infinity = none), or a negative errno. */
  getrlimit(resource: number): number {
    this.enter(SYS_GETRLIMIT);
    return this.leave(this.task.limits.get(resource));
  }

  setrlimit(resource: number, soft: Word): number {
    this.enter(SYS_SETRLIMIT);
    return this.leave(this.task.limits.setSoft(resource, soft, this.task.mm.wordBits));
  }

  /**
   * @call sysconf
   * Tells a property of the machine: its page size, processors, frames in all, frames that are free.
   *
   * @errors
   * EINVAL: an unknown name
   *
   * @flags SC_
   */
  sysconf(name: number): number {
    const { config, pool } = this.parts;
    if (name === SC_PAGESIZE) return config.pageSize;
    if (name === SC_NPROCESSORS_ONLN) return config.cpus;
    if (name === SC_PHYS_PAGES) return config.ramBytes / config.pageSize;
    return name === SC_AVPHYS_PAGES ? pool.freeFrames : -EINVAL;
  }
}
