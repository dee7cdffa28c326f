/**
 * The system calls of one task on shared memory objects, with raw results.
 *
 * Place: part of the table in syscalls.ts.
 */

import {
  SYS_OPEN,
  SYS_REMAP_FILE_PAGES,
  SYS_SHMAT,
  SYS_SHMCTL,
  SYS_SHMDT,
  SYS_SHMGET,
  SYS_UNLINK,
} from '../syscall-numbers.ts';
import type { Word } from '../units.ts';
import { remapFilePages } from './remap-file-pages.ts';
import { type ShmStatus, shmat, shmctl, shmdt, shmget } from './shm.ts';
import { shmOpen, shmUnlink } from './shm-open.ts';
import { SyscallEntry } from './syscall-entry.ts';

export class ShmSyscalls extends SyscallEntry {
  shmget(key: Word, size: Word, flags: Word): number {
    this.enter(SYS_SHMGET);
    return this.leave(shmget(this.parts, this.task, key, this.reg(size), flags));
  }

  shmat(id: Word, address: Word, flags: Word): number {
    this.enter(SYS_SHMAT);
    return this.leave(shmat(this.parts, this.task, id, this.reg(address), flags));
  }

  shmdt(address: Word): number {
    this.enter(SYS_SHMDT);
    return this.leave(shmdt(this.parts, this.task, this.reg(address)));
  }

  /** `mode` is for IPC_SET; `deliver` is called by the commands that tell something. */
  shmctl(id: Word, command: Word, mode: Word, deliver: (status: ShmStatus) => void): number {
    this.enter(SYS_SHMCTL);
    return this.leave(shmctl(this.parts, this.task, id, command, mode, deliver));
  }

  shmOpen(name: string, flags: Word, mode: Word): number {
    this.enter(SYS_OPEN);
    return this.leave(shmOpen(this.parts, this.task, name, flags, mode));
  }

  shmUnlink(name: string): number {
    this.enter(SYS_UNLINK);
    return this.leave(shmUnlink(this.parts, name));
  }

  remapFilePages(address: Word, length: Word, prot: Word, pgoff: Word, flags: Word): number {
    this.enter(SYS_REMAP_FILE_PAGES);
    const [start, size, rights, page] = [address, length, prot, pgoff].map((word) => this.reg(word));
    return this.leave(remapFilePages(this.parts, this.task, start, size, rights, page, flags));
  }
}
