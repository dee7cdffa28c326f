/**
 * The advice of madvise(2) that discards pages.
 *
 *     MADV_DONTNEED     forgets the process's own pages: zeros, or the file's page, from now on
 *     MADV_FREE         lets the kernel do so when it needs memory; until a store, either may be seen
 *     MADV_REMOVE       punches a hole into the object
 *     MADV_GUARD_*      forgets the pages and makes every access fault; takes that back
 *
 * Source: madvise(2); Linux mm/madvise.c.
 */

import { EACCES, EFBIG, EINVAL } from '../errno.ts';
import {
  MADV_DONTNEED,
  MADV_DONTNEED_LOCKED,
  MADV_FREE,
  MADV_GUARD_INSTALL,
  MADV_GUARD_REMOVE,
  MADV_REMOVE,
} from '../flags.ts';
import { addressOf, type Errno, PAGE_SIZE, pageOf } from './arithmetic.ts';
import { punchHole } from './fallocate-ext4.ts';
import { punchHugeHole } from './fallocate-huge.ts';
import { objectOf } from './faults.ts';
import { maxBytes } from './file-sizes.ts';
import { ensureFamily } from './merge.ts';
import type { Process, State, Vma } from './state.ts';
import { noteModification } from './times.ts';
import { VM_HUGETLB, VM_LOCKED, VM_MAYBE_GUARD, VM_MAYWRITE, VM_SHARED } from './vm-flags.ts';
import { dropPages, granuleOf, ownPagesIn, pgoffAt } from './vmas.ts';

type Discard = (state: State, process: Process, vma: Vma, start: bigint, end: bigint) => Errno;

// biome-ignore format: a table
export const DISCARDING: ReadonlyMap<number, Discard> = new Map([
  [MADV_DONTNEED,        dontneed],
  [MADV_DONTNEED_LOCKED, forget],
  [MADV_FREE,            free],
  [MADV_REMOVE,          remove],
  [MADV_GUARD_INSTALL,   installGuards],
  [MADV_GUARD_REMOVE,    removeGuards],
]);

/** Follows one of these in a part of a mapping. */
export function discard(state: State, process: Process, vma: Vma, start: bigint, end: bigint, advice: number): Errno {
  return DISCARDING.get(advice)?.(state, process, vma, start, end) ?? EINVAL;
}

function dontneed(state: State, process: Process, vma: Vma, start: bigint, end: bigint): Errno {
  return vma.flags & VM_LOCKED ? EINVAL : forget(state, process, vma, start, end);
}

/** Of huge pages those that the range covers whole; it must begin with one. */
function forget(state: State, process: Process, vma: Vma, start: bigint, end: bigint): Errno {
  const granule = granuleOf(state, vma);
  if (start % granule !== 0n) return EINVAL;
  dropPages(process, start, end - (end % granule), 'guards-stay');
  return 0;
}

/** Nothing is freed here: there is always memory. */
function free(_state: State, _process: Process, vma: Vma): Errno {
  return vma.flags & VM_LOCKED || vma.file !== undefined ? EINVAL : 0;
}

function remove(state: State, _process: Process, vma: Vma, start: bigint, end: bigint): Errno {
  const object = objectOf(state, vma);
  if (vma.flags & VM_LOCKED || (!object && vma.zero === undefined)) return EINVAL;
  if (!object || (vma.flags & VM_SHARED) === 0 || (vma.flags & VM_MAYWRITE) === 0) return EACCES;
  const offset = addressOf(pgoffAt(vma, start));
  if (offset + end - start > maxBytes(object)) return EFBIG;
  const done = object.huge ? punchHugeHole(state, object, offset, end - start) : punchHole(object, offset, end - start);
  if (done === 0) noteModification(state, object);
  return done;
}

function installGuards(state: State, process: Process, vma: Vma, start: bigint, end: bigint): Errno {
  if (vma.flags & (VM_LOCKED | VM_HUGETLB)) return EINVAL;
  vma.flags |= VM_MAYBE_GUARD;
  if (vma.file === undefined) ensureFamily(state, process, vma);
  for (let address = start; address < end; address += PAGE_SIZE) process.pages.set(pageOf(address), 'guard');
  return 0;
}

function removeGuards(_state: State, process: Process, vma: Vma, start: bigint, end: bigint): Errno {
  if (vma.flags & VM_HUGETLB) return EINVAL;
  for (const page of ownPagesIn(process, start, end)) {
    if (process.pages.get(page) === 'guard') process.pages.delete(page);
  }
  return 0;
}
