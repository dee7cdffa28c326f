/**
 * A table of file descriptors.
 *
 * Invariant: an open file description's `refs` counts its places in all tables and the VMAs that
 * hold it. Source: Linux fs/file.c (lowest free descriptor first).
 */

import { EBADF, EMFILE } from '../errno.ts';
import type { OpenFile } from './open-file.ts';

export class FdTable {
  private readonly slots: (OpenFile | null)[];
  private readonly closeOnExec: Set<number>;
  /** Tasks that share the table. */
  users: number;

  constructor() {
    this.slots = [];
    this.closeOnExec = new Set();
    this.users = 1;
  }

  get(fd: number): OpenFile | null {
    return fd >= 0 && fd < this.slots.length ? this.slots[fd] : null;
  }

  /** The file to act on: none for an O_PATH descriptor. */
  usable(fd: number): OpenFile | null {
    const file = this.get(fd);
    return file === null || file.isPathOnly ? null : file;
  }

  /** The lowest free descriptor >= `least`, or -EMFILE. */
  lowestFree(least: number, limit: number): number {
    let fd = least;
    while (fd < this.slots.length && this.slots[fd] !== null) fd++;
    return fd < limit ? fd : -EMFILE;
  }

  /** Puts `file`, whose reference becomes the table's, at the lowest free descriptor >= `least`. */
  install(file: OpenFile, least: number, limit: number): number {
    const fd = this.lowestFree(least, limit);
    if (fd < 0) return fd;
    while (this.slots.length <= fd) this.slots.push(null);
    this.slots[fd] = file;
    this.closeOnExec.delete(fd);
    return fd;
  }

  /** Takes a descriptor out; its file (the reference passes to the caller), or -EBADF. */
  remove(fd: number): OpenFile | number {
    const file = this.get(fd);
    if (file === null) return -EBADF;
    this.slots[fd] = null;
    return file;
  }

  closesOnExec(fd: number): boolean {
    return this.closeOnExec.has(fd);
  }

  setCloseOnExec(fd: number, closes: boolean): void {
    if (closes) this.closeOnExec.add(fd);
    else this.closeOnExec.delete(fd);
  }

  /** Takes out the descriptors with FD_CLOEXEC; their references pass to the caller. */
  takeClosedOnExec(): OpenFile[] {
    const fds = [...this.closeOnExec];
    this.closeOnExec.clear();
    return fds.flatMap((fd) => {
      const file = this.remove(fd);
      return typeof file === 'number' ? [] : [file];
    });
  }

  /** A copy for a forked child; each file gains a reference. */
  copy(): FdTable {
    const copy = new FdTable();
    for (const file of this.slots) {
      if (file !== null) file.refs++;
      copy.slots.push(file);
    }
    for (const fd of this.closeOnExec) copy.closeOnExec.add(fd);
    return copy;
  }

  /** Every open description in the table, a descriptor each. */
  files(): OpenFile[] {
    return this.slots.filter((file) => file !== null);
  }
}
