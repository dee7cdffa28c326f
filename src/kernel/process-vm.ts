/**
 * process_vm_readv(2) and process_vm_writev(2): bytes straight from one address space into another.
 *
 * The other side's pages are held, a thousand at a time, all that its range names however little the own side takes; then
 * bytes move until the own side faults or either is used up. What was moved counts, an error only if nothing was.
 * Source: Linux mm/process_vm_access.c.
 */

import { EFAULT, EINVAL, EPERM, ESRCH } from '../errno.ts';
import { ACCESS_READ, ACCESS_WRITE } from '../mmu/access-codes.ts';
import { toUnsigned, type Word } from '../units.ts';
import { type IoVector, type IoVectors, importLocal, importRemote } from './iovec.ts';
import type { KernelParts } from './kernel.ts';
import type { Task } from './task.ts';

/** Which way the bytes go, seen from the caller. */
export type VmDirection = 'read' | 'write';

/** Pages that are held at a time: as many pointers as stand in two of the kernel's pages. */
const PINNED_MAX = 1024;

/** Bytes moved, or a negative errno. `other` null: there is no such process. */
export function processVm(
  parts: KernelParts,
  task: Task,
  direction: VmDirection,
  other: Task | null,
  local: IoVectors,
  remote: IoVectors,
  flags: Word,
): number {
  if (toUnsigned(flags) !== 0n) return -EINVAL;
  const own = importLocal(parts, task, local);
  if (typeof own === 'number') return own;
  const wanted = own.reduce((sum, { length }) => sum + length, 0);
  if (wanted === 0) return 0;
  const theirs = importRemote(parts, task, remote);
  if (typeof theirs === 'number') return theirs;
  if (theirs.every(({ length }) => length === 0)) return 0;
  if (other === null || other.exited) return -ESRCH;
  if (other.privileged && !task.privileged && other.group !== task.group) return -EPERM;
  const transfer = new Transfer(parts, task, other, direction, own);
  let result = 0;
  for (const range of theirs) {
    if (transfer.isDone || result < 0) break;
    result = transfer.range(range);
  }
  return transfer.moved > 0 ? transfer.moved : result;
}

class Transfer {
  private readonly parts: KernelParts;
  private readonly task: Task;
  private readonly other: Task;
  private readonly direction: VmDirection;
  private readonly own: readonly IoVector[];
  /** Where the next byte of the own side stands. */
  private place: number;
  private offset: number;
  moved: number;

  constructor(parts: KernelParts, task: Task, other: Task, direction: VmDirection, own: readonly IoVector[]) {
    this.parts = parts;
    this.task = task;
    this.other = other;
    this.direction = direction;
    this.own = own;
    this.place = 0;
    this.offset = 0;
    this.moved = 0;
    this.skipEmpty();
  }

  get isDone(): boolean {
    return this.place === this.own.length;
  }

  private skipEmpty(): void {
    while (this.place < this.own.length && this.offset === this.own[this.place].length) {
      this.place++;
      this.offset = 0;
    }
  }

  /** One range of the other side; 0 or -EFAULT. */
  range({ address, length }: IoVector): number {
    const { pageSize, pinner } = this.parts;
    const access = this.direction === 'write' ? ACCESS_WRITE : ACCESS_READ;
    let left = length;
    let va = address;
    while (left > 0 && !this.isDone) {
      const start = va % pageSize;
      const pages = Math.min(PINNED_MAX, Math.ceil((start + left) / pageSize));
      const pfns = pinner.pin(this.task, this.other.mm, va - start, pages, access);
      if (pfns.length === 0) return -EFAULT;
      const bytes = Math.min(left, pfns.length * pageSize - start);
      const result = this.pages(pfns, start, bytes);
      pinner.unpin(pfns);
      if (result < 0) return result;
      left -= bytes;
      va += bytes;
    }
    return 0;
  }

  private pages(pfns: readonly number[], start: number, bytes: number): number {
    const { pageSize } = this.parts;
    let offset = start;
    let left = bytes;
    for (const pfn of pfns) {
      if (this.isDone) break;
      const chunk = Math.min(left, pageSize - offset);
      const copied = this.copy(this.parts.tables.baseOf(pfn) + offset, chunk);
      if (copied < chunk && !this.isDone) return -EFAULT;
      left -= copied;
      offset = 0;
    }
    return 0;
  }

  /** Between `length` bytes of a frame and the own side; how many moved. */
  private copy(pa: number, length: number): number {
    const access = this.direction === 'write' ? ACCESS_READ : ACCESS_WRITE;
    let done = 0;
    while (done < length && !this.isDone) {
      const vector = this.own[this.place];
      const chunk = Math.min(length - done, vector.length - this.offset);
      const moved = this.parts.engine.moveUser(this.task, vector.address + this.offset, pa + done, chunk, access);
      done += moved;
      this.offset += moved;
      this.moved += moved;
      this.skipEmpty();
      if (moved < chunk) break;
    }
    return done;
  }
}
