/**
 * brk(2): moves the end of the heap.
 *
 * The answer is the break as it is then: the one asked for, or the old one if that could not be.
 * The heap grows over free space only, and stays a page away from the next mapping (and 256 pages
 * from one that grows down). It shrinks by unmapping whatever lies there, and not at all if nothing does.
 *
 * Source: brk(2); Linux mm/mmap.c.
 */

import { ENOMEM } from '../errno.ts';
import { RLIM_INFINITY } from '../flags.ts';
import { type Answer, failure, value } from './answer.ts';
import { PAGE_SIZE, pageAlign, pageOf, wrap } from './arithmetic.ts';
import { commit, mayExpand, mayLockMore } from './limits.ts';
import { mergeNewRange } from './merge.ts';
import { populate } from './populate.ts';
import type { Caller, Process, State, Vma } from './state.ts';
import { VM_ACCOUNT, VM_LOCKED, VM_MAY_FLAGS, VM_READ, VM_WRITE } from './vm-flags.ts';
import { cutAround, findVma, firstOverlap, insertVma, startWithGap, takeOut } from './vmas.ts';

export function brk({ state, process }: Caller, address: bigint): Answer {
  if (mayMove(state, process, address) && move(state, process, address)) process.brk = address;
  return value(process.brk);
}

/** sbrk(3): moves the break by `increment` and answers the old one; ENOMEM if it cannot. */
export function sbrk(caller: Caller, increment: bigint): Answer {
  const { process } = caller;
  const before = process.brk;
  const wanted = wrap(before + increment);
  if (increment !== 0n) brk(caller, wanted);
  return process.brk === wanted ? value(before) : failure(ENOMEM);
}

function mayMove(state: State, process: Process, address: bigint): boolean {
  const start = state.layout.brk;
  const limit = process.limits.data;
  return address >= start && (limit === RLIM_INFINITY || address - start <= limit);
}

function move(state: State, process: Process, address: bigint): boolean {
  const before = pageAlign(process.brk);
  const after = pageAlign(address);
  if (before === after) return true;
  return address <= process.brk ? shrink(state, process, after, before) : grow(state, process, before, after);
}

function shrink(state: State, process: Process, start: bigint, end: bigint): boolean {
  if (!firstOverlap(process, start, end) || cutAround(state, process, start, end) !== 0) return false;
  takeOut(process, start, end);
  return true;
}

function grow(state: State, process: Process, start: bigint, end: bigint): boolean {
  const pages = pageOf(end - start);
  const flags = VM_READ | VM_WRITE | VM_MAY_FLAGS | VM_ACCOUNT | process.futureFlags;
  if (end > state.layout.taskSize || end < start) return false;
  const next = findVma(process, start);
  if (next && end + PAGE_SIZE > startWithGap(next)) return false;
  if (!mayLockMore(process, process.futureFlags, pages) || !mayExpand(process, flags, pages)) return false;
  if (process.vmas.length > state.layout.maxMapCount || commit(state, pages) !== 0) return false;
  extendHeap(state, process, { ...HEAP, start, end, flags, pgoff: pageOf(start) });
  return true;
}

const HEAP = { file: undefined, anonVma: undefined, inherited: false };

function extendHeap(state: State, process: Process, range: Vma): void {
  const merged = range.start > state.layout.brk && mergeNewRange(process, range, 'prev');
  if (!merged) insertVma(process, range);
  if ((range.flags & VM_LOCKED) === 0) return;
  process.lockedPages += pageOf(range.end - range.start);
  populate(state, process, range.start, range.end);
}
