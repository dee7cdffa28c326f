/**
 * brk(2): moves the end of the heap.
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
import { mergeableMark } from './prctl.ts';
import type { Caller, Process, State, Vma } from './state.ts';
import { VM_ACCOUNT, VM_LOCKED, VM_MAY_FLAGS, VM_READ, VM_WRITE } from './vm-flags.ts';
import { cutAround, findVma, firstOverlap, insertVma, startWithGap, takeOut } from './vmas.ts';

/**
 * @call brk
 * Moves the end of the heap, and answers where it is then.
 *
 * As the system call does, not the function of the C library: the answer is the break that was asked for, or the old
 * one if that could not be. The heap grows over free space only, and stays a page away from the next mapping (256 pages
 * from one that grows down). It shrinks by unmapping whatever lies there, and not at all if nothing does. The break
 * need not be a multiple of the page size; memory comes in whole pages, zeroed.
 *
 * It does not move where RLIMIT_DATA, RLIMIT_AS, RLIMIT_MEMLOCK (under MCL_FUTURE), the number of mappings or another
 * mapping is in the way, or below where the heap starts.
 *
 * @errors none
 */
export function brk({ state, process }: Caller, address: bigint): Answer {
  if (mayMove(state, process, address) && move(state, process, address)) process.brk = address;
  return value(process.brk);
}

/**
 * @call sbrk
 * Moves the end of the heap by a number of bytes, and answers where it was before.
 *
 * The function of the C library over brk. `sbrk(0)` tells where the break is.
 *
 * @errors
 * ENOMEM: the break cannot be moved there
 */
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
  const common = VM_READ | VM_WRITE | VM_MAY_FLAGS | VM_ACCOUNT | process.futureFlags;
  const flags = common | mergeableMark(process, common);
  if (end > state.layout.taskSize || end < start) return false;
  const next = findVma(process, start);
  if (next && end + PAGE_SIZE > startWithGap(next)) return false;
  if (!mayLockMore(process, process.futureFlags, pages) || !mayExpand(process, flags, pages)) return false;
  if (process.vmas.length > state.layout.maxMapCount || commit(state, process, pages) !== 0) return false;
  extendHeap(state, process, { ...HEAP, start, end, flags, pgoff: pageOf(start) });
  return true;
}

const HEAP = { file: undefined, zero: undefined, anonVma: undefined, inherited: false, keeps: false };

function extendHeap(state: State, process: Process, range: Vma): void {
  const merged = range.start > state.layout.brk && mergeNewRange(process, range, 'prev');
  if (!merged) insertVma(process, range);
  if ((range.flags & VM_LOCKED) === 0) return;
  process.lockedPages += pageOf(range.end - range.start);
  populate(state, process, range.start, range.end);
}
