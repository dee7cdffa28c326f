/**
 * Resource limits of a task, and what the limits on memory count.
 *
 * Soft and hard limits in bytes; Infinity = none. Source: setrlimit(2), Linux mm/mmap.c
 * may_expand_vm, mlock_future_ok.
 */

import { EINVAL, EPERM } from '../errno.ts';
import { RLIMIT_AS, RLIMIT_DATA, RLIMIT_FSIZE, RLIMIT_MEMLOCK, RLIMIT_NOFILE, RLIMIT_STACK } from '../flags.ts';
import { toUnsigned, type Word } from '../units.ts';
import type { Mm } from './mm.ts';
import type { Task } from './task.ts';
import { VM_GROWSDOWN, VM_LOCKED, VM_SHARED, VM_WRITE } from './vm-flags.ts';

const NOFILE_DEFAULT = 1024;
const UNLIMITED_FROM = 2n ** 63n;

export class Limits {
  /** By RLIMIT_* number: [soft, hard]. */
  private readonly values: Map<number, [number, number]>;

  constructor(memlock: number, stack: number) {
    const none = Number.POSITIVE_INFINITY;
    this.values = new Map([
      [RLIMIT_AS, [none, none]],
      [RLIMIT_DATA, [none, none]],
      [RLIMIT_FSIZE, [none, none]],
      [RLIMIT_STACK, [stack, none]],
      [RLIMIT_MEMLOCK, [memlock, memlock]],
      [RLIMIT_NOFILE, [NOFILE_DEFAULT, 4096]],
    ]);
  }

  soft(resource: number): number {
    return this.values.get(resource)?.[0] ?? Number.POSITIVE_INFINITY;
  }

  hard(resource: number): number {
    return this.values.get(resource)?.[1] ?? Number.POSITIVE_INFINITY;
  }

  /** Sets the soft limit; 0 or a negative errno. */
  setSoft(resource: number, value: Word): number {
    const pair = this.values.get(resource);
    if (pair === undefined) return -EINVAL;
    const exact = toUnsigned(value);
    const bytes = exact >= UNLIMITED_FROM ? Number.POSITIVE_INFINITY : Number(exact);
    if (bytes > pair[1]) return resource === RLIMIT_MEMLOCK || resource === RLIMIT_NOFILE ? -EPERM : -EINVAL;
    pair[0] = bytes;
    return 0;
  }

  copy(): Limits {
    const copy = new Limits(0, 0);
    for (const [resource, pair] of this.values) copy.values.set(resource, [...pair]);
    return copy;
  }
}

/** Counts towards RLIMIT_DATA: private, writable, not a stack. */
export function isDataMapping(flags: number): boolean {
  return (flags & (VM_WRITE | VM_SHARED | VM_GROWSDOWN)) === VM_WRITE;
}

/** `pages` more of a mapping with `flags` stay within RLIMIT_AS and RLIMIT_DATA. */
export function mayExpand(task: Task, flags: number, pages: number): boolean {
  const { mm, limits } = task;
  if ((mm.totalPages + pages) * mm.pageSize > limits.soft(RLIMIT_AS)) return false;
  return !isDataMapping(flags) || (mm.dataPages + pages) * mm.pageSize <= limits.soft(RLIMIT_DATA);
}

/** `pages` more locked memory stay within RLIMIT_MEMLOCK, if `flags` say that they are locked. */
export function mayLock(task: Task, flags: number, pages: number): boolean {
  if (!(flags & VM_LOCKED) || task.mayLockMemory) return true;
  return (task.mm.lockedPages + pages) * task.mm.pageSize <= task.limits.soft(RLIMIT_MEMLOCK);
}

/** The task may lock memory at all. */
export function canLock(task: Task): boolean {
  return task.mayLockMemory || task.limits.soft(RLIMIT_MEMLOCK) !== 0;
}

/** Adjusts the counts of an address space by `pages` of a mapping with `flags` (negative: fewer). */
export function accountPages(mm: Mm, flags: number, pages: number): void {
  mm.totalPages += pages;
  if (flags & VM_LOCKED) mm.lockedPages += pages;
  if (isDataMapping(flags)) mm.dataPages += pages;
}
