/**
 * mlock(2), mlock2(2), munlock(2), mlockall(2), munlockall(2): pages that stay in memory.
 *
 * Source: mlock(2); Linux mm/mlock.c.
 */

import { EINVAL, ENOMEM, EPERM } from '../errno.ts';
import { MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT, MLOCK_ONFAULT } from '../flags.ts';
import { type Answer, failure, outcome, SUCCESS } from './answer.ts';
import { type Errno, low32, max, min, offsetIn, pageAlign, pageFloor, pageOf, wrap } from './arithmetic.ts';
import { mappedPages, mayLock } from './limits.ts';
import { changeFlags } from './merge.ts';
import { populate, populateOrFail } from './populate.ts';
import type { Caller, Process, State, Vma } from './state.ts';
import { VM_DROPPABLE, VM_HUGETLB, VM_LOCKED, VM_LOCKED_MASK, VM_LOCKONFAULT } from './vm-flags.ts';
import { findVma, mappingsIn, vmaAt } from './vmas.ts';

/**
 * @call mlock mlock2
 * Makes the pages of a range present and keeps them in memory.
 *
 * The range is widened to whole pages. Mapping by mapping, upwards to the first hole, each is marked as locked; those
 * before a hole stay so. Then every page is made present: of private writable mappings by a copy of its own, of others
 * by a load. mlock2 with MLOCK_ONFAULT only marks, and pages are kept from the moment they come.
 *
 * What is locked counts against RLIMIT_MEMLOCK, pages that are locked already not twice. Locks end with munlock, munmap
 * and the process, do not nest, are not inherited by fork, and keep mappings from merging with unlocked ones.
 *
 * @errors
 * EINVAL: mlock2 with unknown flags
 * EPERM: RLIMIT_MEMLOCK is 0
 * ENOMEM: beyond RLIMIT_MEMLOCK
 * EINVAL: the range wraps (a length that rounds up to 0 succeeds)
 * ENOMEM: part of the range is not mapped; a cut would make too many mappings
 * ENOMEM: a page cannot be had (no rights at all, behind the end of the file); the range is locked all the same
 *
 * @flags MLOCK_ONFAULT
 */
export function mlock({ state, process }: Caller, address: bigint, length: bigint): Answer {
  return outcome(lock(state, process, address, length, VM_LOCKED));
}

export function mlock2({ state, process }: Caller, address: bigint, length: bigint, flags: bigint): Answer {
  const bits = low32(flags);
  if ((bits & ~MLOCK_ONFAULT) !== 0) return failure(EINVAL);
  const marks = bits === 0 ? VM_LOCKED : VM_LOCKED | VM_LOCKONFAULT;
  return outcome(lock(state, process, address, length, marks));
}

/**
 * @call munlock
 * Lets the pages of a range go again that mlock keeps in memory.
 *
 * The range is widened to whole pages; what is not locked is no error. One call ends any number of locks.
 *
 * @errors
 * EINVAL: the range wraps (a length that rounds up to 0 succeeds)
 * ENOMEM: part of the range is not mapped, after what lies before the hole was unlocked; a cut would make too many
 *   mappings
 */
export function munlock({ state, process }: Caller, address: bigint, length: bigint): Answer {
  const { start, size } = widen(address, length);
  return outcome(setMarks(state, process, start, size, 0));
}

function lock(state: State, process: Process, address: bigint, length: bigint, marks: number): Errno {
  if (!mayLock(process)) return EPERM;
  const { start, size } = widen(address, length);
  if (!withinLimit(process, start, size)) return ENOMEM;
  const errno = setMarks(state, process, start, size, marks);
  return errno === 0 ? populateOrFail(state, process, start, start + size) : errno;
}

/** To whole pages; a length near 2^64 wraps to 0. */
function widen(address: bigint, length: bigint): { start: bigint; size: bigint } {
  return { start: pageFloor(address), size: pageAlign(wrap(length + BigInt(offsetIn(address)))) };
}

function withinLimit(process: Process, start: bigint, size: bigint): boolean {
  const limit = pageOf(process.limits.memlock);
  const wanted = process.lockedPages + pageOf(size);
  return wanted <= limit || wanted - lockedIn(process, start, start + size) <= limit;
}

function lockedIn(process: Process, start: bigint, end: bigint): bigint {
  const locked = mappingsIn(process, start, end).filter((vma) => vma.flags & VM_LOCKED);
  return locked.reduce((sum, vma) => sum + pageOf(min(vma.end, end) - max(vma.start, start)), 0n);
}

function setMarks(state: State, process: Process, start: bigint, size: bigint, marks: number): Errno {
  const end = wrap(start + size);
  if (end < start) return EINVAL;
  for (let at = start; at < end; ) {
    const vma = vmaAt(process, at);
    if (!vma) return ENOMEM;
    const marked = markMapping(state, process, vma, at, min(end, vma.end), marks);
    if (!marked) return ENOMEM;
    at = marked.end;
  }
  return 0;
}

/**
 * The mapping that [start, end) is in then; undefined if there are too many. MAP_DROPPABLE memory and huge pages are never locked.
 */
function markMapping(
  state: State,
  process: Process,
  vma: Vma,
  start: bigint,
  end: bigint,
  marks: number,
): Vma | undefined {
  const before = vma.flags;
  const wanted = (before & ~VM_LOCKED_MASK) | marks;
  if (wanted === before || before & (VM_DROPPABLE | VM_HUGETLB)) return vma;
  const changed = changeFlags(state, process, vma, start, end, wanted);
  if (typeof changed === 'number') return undefined;
  if ((wanted & VM_LOCKED) !== (before & VM_LOCKED)) {
    process.lockedPages += wanted & VM_LOCKED ? pageOf(end - start) : -pageOf(end - start);
  }
  return changed;
}

/**
 * @call mlockall
 * Keeps all pages of the process in memory, those there are (MCL_CURRENT) and those to come (MCL_FUTURE).
 *
 * MCL_CURRENT marks every mapping as locked and makes its pages present, as far as that can be done. MCL_FUTURE locks
 * what mmap, brk and a growing stack map from now on; a call without it ends that. MCL_ONFAULT, together with one of
 * them, keeps pages only once they have come. fork does not pass it on.
 *
 * @errors
 * EINVAL: no flags, unknown ones, or MCL_ONFAULT alone
 * EPERM: RLIMIT_MEMLOCK is 0
 * ENOMEM: MCL_CURRENT and the whole address space is larger than RLIMIT_MEMLOCK
 *
 * @flags MCL_
 */
export function mlockall({ state, process }: Caller, flags: bigint): Answer {
  const bits = low32(flags);
  const known = MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT;
  if (bits === 0 || (bits & ~known) !== 0 || bits === MCL_ONFAULT) return failure(EINVAL);
  if (!mayLock(process)) return failure(EPERM);
  const current = (bits & MCL_CURRENT) !== 0;
  if (current && mappedPages(process) > pageOf(process.limits.memlock)) return failure(ENOMEM);
  const marks = bits & MCL_ONFAULT ? VM_LOCKED | VM_LOCKONFAULT : VM_LOCKED;
  process.futureFlags = bits & MCL_FUTURE ? marks : 0;
  if (current) {
    markAll(state, process, marks);
    populate(state, process, 0n, state.layout.taskSize);
  }
  return SUCCESS;
}

/**
 * @call munlockall
 * Ends all locks of the process, and MCL_FUTURE too.
 *
 * @errors none
 */
export function munlockall({ state, process }: Caller): Answer {
  process.futureFlags = 0;
  markAll(state, process, 0);
  return SUCCESS;
}

function markAll(state: State, process: Process, marks: number): void {
  for (let vma = findVma(process, 0n); vma; ) {
    const marked = markMapping(state, process, vma, vma.start, vma.end, marks) ?? vma;
    vma = findVma(process, marked.end);
  }
}
