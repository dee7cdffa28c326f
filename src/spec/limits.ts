/**
 * setrlimit(2), and what each limit is held against. There are no privileges here: every limit counts.
 *
 * Source: setrlimit(2); Linux mm/vma.c may_expand_vm, mm/mmap.c mlock_future_ok, mm/util.c __vm_enough_memory.
 */

import { EINVAL, ENOMEM } from '../errno.ts';
import {
  RLIM_INFINITY,
  RLIMIT_AS,
  RLIMIT_DATA,
  RLIMIT_FSIZE,
  RLIMIT_MEMLOCK,
  RLIMIT_NOFILE,
  RLIMIT_STACK,
} from '../flags.ts';
import { type Answer, failure, SUCCESS, UNSPECIFIED } from './answer.ts';
import { type Errno, low32, min, pageOf, WORD_BITS } from './arithmetic.ts';
import type { Caller, Limits, Process, State, Vma } from './state.ts';
import { isData, VM_ACCOUNT, VM_LOCKED } from './vm-flags.ts';
import { pagesIn } from './vmas.ts';

/** Soft limit of descriptors that a process starts with. */
const NOFILE_AT_FIRST = 1024n;

/** Number of resources that Linux knows. */
const RLIM_NLIMITS = 16;

const BY_RESOURCE: ReadonlyMap<number, keyof Limits> = new Map([
  [RLIMIT_AS, 'as'],
  [RLIMIT_DATA, 'data'],
  [RLIMIT_MEMLOCK, 'memlock'],
  [RLIMIT_FSIZE, 'fsize'],
  [RLIMIT_STACK, 'stack'],
  [RLIMIT_NOFILE, 'nofile'],
]);

/**
 * @call setrlimit
 * Sets the soft limit of a resource, in bytes.
 *
 * | resource | what it is held against | what happens beyond it |
 * |---|---|---|
 * | RLIMIT_AS | all mappings | mmap, mremap, brk: ENOMEM; a stack does not grow |
 * | RLIMIT_DATA | private writable mappings that are no stacks | the same, and mprotect |
 * | RLIMIT_STACK | one mapping that grows down | SIGSEGV |
 * | RLIMIT_MEMLOCK | locked memory | mlock: ENOMEM; mmap, mremap: EAGAIN; 0 forbids locking: EPERM |
 * | RLIMIT_FSIZE | the size of a file that is written or stretched | EFBIG with SIGXFSZ, or fewer bytes |
 * | RLIMIT_NOFILE | the largest descriptor, plus one | EMFILE |
 *
 * What is there already may exceed a new limit. A child inherits the limits.
 *
 * @errors
 * EINVAL: there is no such resource, or the soft limit would exceed the hard one (RLIMIT_MEMLOCK: 8 MiB; the others
 *   have none)
 *
 * @flags RLIMIT_ RLIM_INFINITY
 */
export function setrlimit({ state, process }: Caller, resource: bigint, limit: bigint): Answer {
  return setLimit(state, process, resource, limit);
}

/** The same for any process. */
export function setLimit(state: State, process: Process, resource: bigint, asked: bigint): Answer {
  const limit = limitOf(asked);
  const number = low32(resource);
  if (number >= RLIM_NLIMITS) return failure(EINVAL);
  const name = BY_RESOURCE.get(number);
  // The hard limit of descriptors is not the same everywhere.
  if (name === undefined || (name === 'nofile' && limit > NOFILE_AT_FIRST)) return UNSPECIFIED;
  if (name === 'memlock' && limit > state.layout.memlockMax) return failure(EINVAL);
  process.limits[name] = limit;
  return SUCCESS;
}

/** What a register of 32 bits cannot hold is no limit. */
function limitOf(asked: bigint): bigint {
  return WORD_BITS === 32 && asked >= (1n << 32n) - 1n ? RLIM_INFINITY : asked;
}

/** Pages of the mappings that `counts` takes. */
export function total(process: Process, counts: (vma: Vma) => boolean): bigint {
  return process.vmas.reduce((sum, vma) => (counts(vma) ? sum + pagesIn(vma) : sum), 0n);
}

/** All mappings, in pages. */
export function mappedPages(process: Process): bigint {
  return total(process, () => true);
}

/** Whether `pages` more pages with these flags stay within RLIMIT_AS and RLIMIT_DATA. */
export function mayExpand(process: Process, flags: number, pages: bigint): boolean {
  const { as, data } = process.limits;
  if (mappedPages(process) + pages > pageOf(as)) return false;
  // A data limit of 0 counts as none: the hard limit, which is infinite, is used instead.
  if (!isData(flags) || data === RLIM_INFINITY || data === 0n) return true;
  return total(process, (vma) => isData(vma.flags)) + pages <= pageOf(data);
}

/** Whether `pages` more pages with these flags stay within RLIMIT_MEMLOCK. */
export function mayLockMore(process: Process, flags: number, pages: bigint): boolean {
  return (flags & VM_LOCKED) === 0 || process.lockedPages + pages <= pageOf(process.limits.memlock);
}

/** Without privilege, a limit of 0 forbids locking altogether. */
export function mayLock(process: Process): boolean {
  return process.limits.memlock !== 0n;
}

/**
 * Whether `pages` more may be promised to a process, by vm.overcommit_memory: 0 refuses a single demand for more than
 * there is at all, 1 nothing, 2 what brings the sum of all promises to the limit. In mode 2 a process leaves 1/32 of
 * its size to others.
 */
export function commit(state: State, process: Process, pages: bigint): Errno {
  const { overcommit, memoryPages, commitLimit, userReserve } = state.layout;
  if (overcommit === 1 || pages === 0n) return 0;
  if (overcommit === 0) return pages > memoryPages ? ENOMEM : 0;
  const share = min(mappedPages(process) / 32n, userReserve);
  return committed(state) + pages < commitLimit - share ? 0 : ENOMEM;
}

/** What was promised: mappings that count, and the shared memory that there is. */
function committed(state: State): bigint {
  const objects = new Set([...state.segments.byId.values()].map(({ object }) => object));
  let pages = 0n;
  for (const process of state.processes.values()) {
    pages += total(process, (vma) => (vma.flags & VM_ACCOUNT) !== 0);
    for (const vma of process.vmas) {
      const file = vma.file === undefined ? undefined : state.openFiles.get(vma.file);
      if (file) objects.add(file.object);
    }
  }
  for (const object of objects) pages += state.objects.get(object)?.promised ?? 0n;
  return pages;
}
