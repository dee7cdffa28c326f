/**
 * madvise(2): what the program will do with a range, and what shall become of it.
 *
 * Here are the marks that advice leaves and the walk; what discards pages is madvise-pages.ts.
 *
 * Source: madvise(2); Linux mm/madvise.c.
 */

import { EAGAIN, EFAULT, EINVAL, EMFILE, ENOMEM, EPERM, ESRCH } from '../errno.ts';
import * as flags from '../flags.ts';
import { type Answer, failure, outcome, SUCCESS, UNSPECIFIED } from './answer.ts';
import { addressOf, type Errno, isAligned, low32, max, min, pageAlign, wrap } from './arithmetic.ts';
import { hasFreeDescriptor } from './descriptors.ts';
import { objectOf } from './faults.ts';
import { DISCARDING, discard } from './madvise-pages.ts';
import { isUserRange } from './memory-access.ts';
import { changeFlags } from './merge.ts';
import { populateStrictly } from './populate.ts';
import type { Caller, Process, State, Vma } from './state.ts';
import { memoryOf } from './vfork.ts';
import {
  VM_DONTCOPY,
  VM_DONTDUMP,
  VM_DROPPABLE,
  VM_HUGEPAGE,
  VM_HUGETLB,
  VM_LOCKED,
  VM_MAYSHARE,
  VM_MERGEABLE,
  VM_NOHUGEPAGE,
  VM_RAND_READ,
  VM_SEALED,
  VM_SEQ_READ,
  VM_SHARED,
  VM_WIPEONFORK,
  VM_WRITE,
} from './vm-flags.ts';
import { findVma } from './vmas.ts';

/** What an advice clears and then sets in the flags of a mapping, and which mappings take it. */
interface Mark {
  readonly clears: number;
  readonly sets: number;
  readonly takes: (vma: Vma) => boolean;
}

const ANY = () => true;
const PRIVATE_MEMORY = (vma: Vma) => vma.file === undefined && vma.zero === undefined;
const NOT_DROPPABLE = (vma: Vma) => (vma.flags & VM_DROPPABLE) === 0;

// biome-ignore format: a table
const MARKS: ReadonlyMap<number, Mark> = new Map([
  [flags.MADV_NORMAL,       { clears: VM_RAND_READ | VM_SEQ_READ, sets: 0, takes: ANY }],
  [flags.MADV_RANDOM,       { clears: VM_SEQ_READ, sets: VM_RAND_READ, takes: ANY }],
  [flags.MADV_SEQUENTIAL,   { clears: VM_RAND_READ, sets: VM_SEQ_READ, takes: ANY }],
  [flags.MADV_DONTFORK,     { clears: 0, sets: VM_DONTCOPY, takes: ANY }],
  [flags.MADV_DOFORK,       { clears: VM_DONTCOPY, sets: 0, takes: ANY }],
  [flags.MADV_WIPEONFORK,   { clears: 0, sets: VM_WIPEONFORK, takes: PRIVATE_MEMORY }],
  [flags.MADV_KEEPONFORK,   { clears: VM_WIPEONFORK, sets: 0, takes: NOT_DROPPABLE }],
  [flags.MADV_DONTDUMP,     { clears: 0, sets: VM_DONTDUMP, takes: ANY }],
  [flags.MADV_DODUMP,       { clears: VM_DONTDUMP, sets: 0, takes: NOT_DROPPABLE }],
  [flags.MADV_HUGEPAGE,     { clears: VM_NOHUGEPAGE, sets: VM_HUGEPAGE, takes: ANY }],
  [flags.MADV_NOHUGEPAGE,   { clears: VM_HUGEPAGE, sets: VM_NOHUGEPAGE, takes: ANY }],
  [flags.MADV_UNMERGEABLE,  { clears: VM_MERGEABLE, sets: 0, takes: ANY }],
]);

/** Advice that says only what will be wanted soon, or not. */
const HINTS: readonly number[] = [flags.MADV_WILLNEED, flags.MADV_COLD, flags.MADV_PAGEOUT];

const OTHERS: readonly number[] = [
  flags.MADV_MERGEABLE,
  flags.MADV_COLLAPSE,
  flags.MADV_POPULATE_READ,
  flags.MADV_POPULATE_WRITE,
];

function isKnown(advice: number): boolean {
  return MARKS.has(advice) || HINTS.includes(advice) || DISCARDING.has(advice) || OTHERS.includes(advice);
}

/**
 * @call madvise
 * Tells the kernel what the program will do with a range, and what shall become of its pages.
 *
 * | advice | what it does |
 * |---|---|
 * | MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL | how files are read ahead: around the page, it alone, from it on |
 * | MADV_DONTFORK, MADV_DOFORK | the child of a fork does not get the mapping; gets it again |
 * | MADV_WIPEONFORK, MADV_KEEPONFORK | the child finds zeros; the contents. Private anonymous memory only |
 * | MADV_DONTNEED, MADV_DONTNEED_LOCKED | the process's own pages are gone at once: zeros from now on, or what the file has |
 * | MADV_FREE | the same once memory is short; a store before that keeps the page. Private anonymous memory only |
 * | MADV_REMOVE | punches a hole into the file or shared memory behind the mapping |
 * | MADV_POPULATE_READ, MADV_POPULATE_WRITE | makes every page present, as loads or stores would |
 * | MADV_GUARD_INSTALL, MADV_GUARD_REMOVE | the pages are gone, and touching one is SIGSEGV; takes that back |
 * | MADV_COLLAPSE | whole stretches of 2 MiB in which something is present become huge pages, and all of them present |
 * | MADV_WILLNEED, MADV_COLD, MADV_PAGEOUT | what will be used soon, or not |
 * | MADV_DONTDUMP, MADV_DODUMP, MADV_HUGEPAGE, MADV_NOHUGEPAGE, MADV_MERGEABLE, MADV_UNMERGEABLE | marks of the mapping, which keep it from merging with others |
 *
 * Mapping by mapping, upwards. Holes are passed over and reported at the end; a mapping that does not take the advice
 * ends the call at once, and those before it stay advised.
 *
 * @errors
 * EINVAL: unknown advice, even for a length of 0; MADV_HWPOISON and MADV_SOFT_OFFLINE are, without CONFIG_MEMORY_FAILURE
 * EINVAL: the address is not a multiple of the page size, or the range wraps
 * ENOMEM: MADV_POPULATE_READ and _WRITE: part of the range is not mapped
 * EINVAL: MADV_POPULATE_READ and _WRITE: the mapping does not allow it
 * EFAULT: MADV_POPULATE_READ and _WRITE: the access faults (behind the end of the file, a guard)
 * EPERM: it would discard pages of a sealed mapping that is private, anonymous and not writable
 * EINVAL: a mapping that does not take the advice: locked (MADV_DONTNEED, MADV_FREE, MADV_REMOVE, MADV_GUARD_INSTALL,
 *   MADV_COLD, MADV_PAGEOUT), a file or shared (MADV_FREE, MADV_WIPEONFORK), neither (MADV_REMOVE)
 * EINVAL: MADV_COLLAPSE of a mapping without a whole stretch, of a file that is not shared memory, under MADV_NOHUGEPAGE, in which nothing was stored; of a stretch without any page
 * EACCES: MADV_REMOVE of a mapping that is not shared and writable
 * EFBIG: MADV_REMOVE beyond the largest size of a file
 * EPERM: MADV_REMOVE of a memory file that is sealed against writing
 * EAGAIN: a cut would make too many mappings
 * ENOMEM: part of the range is not mapped; the rest was done
 *
 * @flags MADV_
 */
export function madvise({ state, process }: Caller, address: bigint, length: bigint, advice: bigint): Answer {
  const number = low32(advice);
  const size = pageAlign(length);
  const end = wrap(address + size);
  if (!isKnown(number) || !isAligned(address)) return failure(EINVAL);
  if ((length !== 0n && size === 0n) || end < address) return failure(EINVAL);
  if (size === 0n) return SUCCESS;
  if (number === flags.MADV_COLLAPSE) return collapse(state, process, address, end);
  if (number === flags.MADV_POPULATE_READ) return outcome(populateStrictly(state, process, address, end, 'load'));
  if (number === flags.MADV_POPULATE_WRITE) return outcome(populateStrictly(state, process, address, end, 'store'));
  return outcome(walk(state, process, address, end, number));
}

/** What may be said of another process's memory, by those with CAP_SYS_NICE. */
const REMOTE: readonly number[] = [flags.MADV_COLD, flags.MADV_PAGEOUT, flags.MADV_WILLNEED, flags.MADV_COLLAPSE];

/** What one range may be long at most. */
const RANGE_MAX = 0x7fff_f000n;
const LENGTH_END = 1n << 63n;

/**
 * @call process_madvise
 * Tells the kernel what will be done with a range of a process's memory, and answers how many bytes it took the advice for.
 *
 * Of a process's own memory it is madvise. Others may only be given MADV_COLD, MADV_PAGEOUT, MADV_WILLNEED and MADV_COLLAPSE, and
 * that takes a privilege which nobody has here. A range of more than 2 GiB is cut off; an empty one needs no valid advice.
 *
 * @errors
 * EMFILE: there is no descriptor left, which the process is named by for the call
 * EINVAL: `flags` is not 0; the length is negative as a C `long`
 * EFAULT: the range leaves user space
 * ESRCH: there is no such process, or its first thread has ended; a thread that is not the first
 * EINVAL: other advice for another process
 * EPERM: another process
 * EINVAL: as madvise
 * EPERM: as madvise
 * ENOMEM: as madvise
 * EAGAIN: as madvise
 * EFAULT: as madvise
 * EACCES: as madvise
 *
 * @flags MADV_
 * @differs One range, where Linux takes a list of them.
 */
export function processMadvise(
  caller: Caller,
  child: bigint,
  address: bigint,
  length: bigint,
  advice: bigint,
  flagWord: bigint,
): Answer {
  if (!hasFreeDescriptor(caller.process)) return failure(EMFILE);
  if (low32(flagWord) !== 0 || length >= LENGTH_END) return failure(EINVAL);
  const bytes = min(length, RANGE_MAX);
  if (!isUserRange(caller.state, address, bytes)) return failure(EFAULT);
  const thread = caller.state.threads.get(Number(child));
  const other = thread && caller.state.processes.get(thread.process);
  if (!thread || thread.ended || BigInt(thread.process) !== child || other?.status.state !== 'running')
    return failure(ESRCH);
  if (memoryOf(caller, thread.process) !== caller.process)
    return failure(REMOTE.includes(low32(advice)) ? EPERM : EINVAL);
  if (bytes === 0n) return SUCCESS;
  const answer = madvise(caller, address, bytes, advice);
  return answer.kind === 'value' ? { kind: 'value', value: bytes } : answer;
}

/** What becomes huge depends on free memory; which mappings can have huge pages at all does not. */
function collapse(state: State, process: Process, start: bigint, end: bigint): Answer {
  const first = findVma(process, start);
  if (!first || first.start >= end) return failure(ENOMEM);
  return mayBeHuge(state, first) ? UNSPECIFIED : failure(EINVAL);
}

function mayBeHuge(state: State, vma: Vma): boolean {
  if (vma.flags & (VM_NOHUGEPAGE | VM_HUGETLB)) return false;
  if (vma.file === undefined) {
    if (vma.anonVma === undefined) return false;
  } else {
    const isSharedMemory = objectOf(state, vma)?.fs === 'tmpfs' && (vma.flags & VM_SHARED) !== 0;
    if (!isSharedMemory || (vma.start - addressOf(vma.pgoff)) % HUGE_PAGE !== 0n) return false;
  }
  return (vma.end / HUGE_PAGE) * HUGE_PAGE - HUGE_PAGE >= vma.start;
}

const HUGE_PAGE = 1n << 21n;

function walk(state: State, process: Process, start: bigint, end: bigint, advice: number): Errno {
  let hole: Errno = 0;
  for (let at = start; at < end; ) {
    const vma = findVma(process, at);
    if (!vma) return ENOMEM;
    if (vma.start > at) hole = ENOMEM;
    if (vma.start >= end) break;
    const from = max(at, vma.start);
    const to = min(end, vma.end);
    const errno = adviseMapping(state, process, vma, from, to, advice);
    if (errno !== 0) return errno;
    at = to;
  }
  return hole;
}

function adviseMapping(state: State, process: Process, vma: Vma, start: bigint, end: bigint, advice: number): Errno {
  if (isSealedAgainst(vma, advice)) return EPERM;
  if (DISCARDING.has(advice)) return discard(state, process, vma, start, end, advice);
  if (advice === flags.MADV_WILLNEED) return 0;
  if (HINTS.includes(advice)) return vma.flags & (VM_LOCKED | VM_HUGETLB) ? EINVAL : 0;
  const mark = advice === flags.MADV_MERGEABLE ? mergeable(vma) : MARKS.get(advice);
  if (!mark?.takes(vma)) return EINVAL;
  const wanted = (vma.flags & ~mark.clears) | mark.sets;
  if (wanted === vma.flags) return 0;
  const changed = changeFlags(state, process, vma, start, end, wanted);
  return typeof changed !== 'number' ? 0 : changed === ENOMEM ? EAGAIN : changed;
}

/** Sealed private memory that cannot be written is not to lose its pages either, here or in a child. */
function isSealedAgainst(vma: Vma, advice: number): boolean {
  const guarded = (vma.flags & (VM_SEALED | VM_WRITE)) === VM_SEALED && vma.file === undefined;
  const forgets = DISCARDING.has(advice) && advice !== flags.MADV_GUARD_REMOVE;
  return guarded && (forgets || advice === flags.MADV_DONTFORK || advice === flags.MADV_WIPEONFORK);
}

/** Pages that can become one with equal ones (KSM) are private ones; for others the advice does nothing. */
function mergeable(vma: Vma): Mark {
  const never = (vma.flags & (VM_SHARED | VM_MAYSHARE | VM_DROPPABLE | VM_HUGETLB)) !== 0;
  return { clears: 0, sets: never ? 0 : VM_MERGEABLE, takes: ANY };
}
