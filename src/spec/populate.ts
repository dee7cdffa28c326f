/**
 * Making pages present in advance: MAP_POPULATE, mlock and its kin, MADV_POPULATE_READ and _WRITE.
 *
 * What it changes for good are private copies: a private writable mapping is stored to, so that
 * each of its pages becomes the process's own; others are loaded from.
 *
 * Source: Linux mm/gup.c populate_vma_page_range, __mm_populate, faultin_page_range.
 */

import { EFAULT, EINVAL, ENOMEM } from '../errno.ts';
import { type Errno, max, min, PAGE_SIZE } from './arithmetic.ts';
import { type Access, isFault, touch } from './faults.ts';
import type { Process, State, Vma } from './state.ts';
import { VM_ACCESS_FLAGS, VM_LOCKONFAULT, VM_READ, VM_SHARED, VM_WRITE } from './vm-flags.ts';
import { mappingsIn, vmaAt } from './vmas.ts';

/** mmap, brk, mremap and mlockall: what cannot be populated is left out; in a mapping, all behind it too. */
export function populate(state: State, process: Process, start: bigint, end: bigint): void {
  for (const vma of mappingsIn(process, start, end)) {
    populateMapping(state, process, vma, max(start, vma.start), min(end, vma.end));
  }
}

/** mlock: stops at the first page that cannot be populated, with ENOMEM. Nothing may be mapped there, too. */
export function populateOrFail(state: State, process: Process, start: bigint, end: bigint): Errno {
  for (const vma of mappingsIn(process, start, end)) {
    if (!populateMapping(state, process, vma, max(start, vma.start), min(end, vma.end))) return ENOMEM;
  }
  return 0;
}

/** False if a page could not be had. A mapping locked with MLOCK_ONFAULT is left as it is. */
export function populateMapping(state: State, process: Process, vma: Vma, start: bigint, end: bigint): boolean {
  if (vma.flags & VM_LOCKONFAULT) return true;
  if ((vma.flags & VM_ACCESS_FLAGS) === 0) return false;
  const kind: Access = (vma.flags & (VM_WRITE | VM_SHARED)) === VM_WRITE ? 'store' : 'load';
  for (let address = start; address < end; address += PAGE_SIZE) {
    if (isFault(touch(state, process, vma, address, kind))) return false;
  }
  return true;
}

/** MADV_POPULATE_: page by page. ENOMEM in a hole, EINVAL without the right, EFAULT for a page that faults. */
export function populateStrictly(state: State, process: Process, start: bigint, end: bigint, kind: Access): Errno {
  const right = kind === 'store' ? VM_WRITE : VM_READ;
  for (let address = start; address < end; address += PAGE_SIZE) {
    const vma = vmaAt(process, address);
    if (!vma) return ENOMEM;
    if ((vma.flags & right) === 0) return EINVAL;
    if (isFault(touch(state, process, vma, address, kind))) return EFAULT;
  }
  return 0;
}
