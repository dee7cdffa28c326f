/**
 * mincore(2): which pages are in memory.
 *
 * What of an ext4 file is cached is not the business of this specification.
 *
 * Source: mincore(2); Linux mm/mincore.c.
 */

import { EINVAL, ENOMEM } from '../errno.ts';
import { type Answer, failure, UNSPECIFIED } from './answer.ts';
import { isAligned, PAGE_SIZE, pageOf, pagesOf } from './arithmetic.ts';
import { objectOf } from './faults.ts';
import { isUserRange } from './memory-access.ts';
import type { Caller, Process, State, Vma } from './state.ts';
import { pgoffAt, vmaAt } from './vmas.ts';

/**
 * @call mincore
 * Tells for each page of a range whether it is in memory.
 *
 * Of private anonymous memory those pages are that were stored to or loaded from. Of a file those that its page cache
 * holds, whether this process has touched them or not, and behind a private mapping too: on tmpfs, and for memory files
 * and shared anonymous memory, these are the pages that the object has; on ext4 whatever was read, written or read
 * ahead. Scenarios print a digit a page: `0 [1010]`.
 *
 * @errors
 * EINVAL: the address is not a multiple of the page size
 * ENOMEM: the range leaves user space
 * ENOMEM: part of the range is not mapped
 */
export function mincore({ state, process }: Caller, address: bigint, length: bigint): Answer {
  if (!isAligned(address)) return failure(EINVAL);
  if (!isUserRange(state, address, length)) return failure(ENOMEM);
  const pages: (boolean | undefined)[] = [];
  const end = address + pagesOf(length) * PAGE_SIZE;
  for (let at = address; at < end; ) {
    const vma = vmaAt(process, at);
    if (!vma) return failure(ENOMEM);
    for (; at < end && at < vma.end; at += PAGE_SIZE) pages.push(isPresent(state, process, vma, at));
  }
  const known = pages.filter((present) => present !== undefined);
  return known.length === pages.length ? { kind: 'residency', pages: known } : UNSPECIFIED;
}

/** undefined where this specification does not say. */
function isPresent(state: State, process: Process, vma: Vma, address: bigint): boolean | undefined {
  const object = objectOf(state, vma);
  const own = process.pages.get(pageOf(address));
  if (own instanceof Uint8Array) return true;
  if (!object) return false;
  return object.fs === 'tmpfs' ? object.pages.has(pgoffAt(vma, address)) : undefined;
}
