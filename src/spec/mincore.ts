/**
 * mincore(2): which pages are in memory.
 *
 * What of an ext4 file is cached is not the business of this specification.
 *
 * Source: mincore(2); Linux mm/mincore.c.
 */

import { EFAULT, EINVAL, ENOMEM } from '../errno.ts';
import { type Answer, failure, outcome, UNSPECIFIED } from './answer.ts';
import { type Errno, isAligned, PAGE_SIZE, pageOf, pagesOf } from './arithmetic.ts';
import { objectOf, type Place } from './faults.ts';
import { copyToUser, isUserRange } from './memory-access.ts';
import type { Caller, Process, State, Vma } from './state.ts';
import { VM_HUGETLB } from './vm-flags.ts';
import { granuleOf, pgoffAt, vmaAt } from './vmas.ts';

/** Instead of an errno: what follows is not the business of this specification. */
const UNKNOWN = -1;

/** Pages that the kernel answers at once, at most: as many as a page has bytes. */
const CHUNK = PAGE_SIZE;

/**
 * @call mincore
 * Tells for each page of a range whether it is in memory.
 *
 * Of private anonymous memory those pages are that were stored to or loaded from. Of a file those that its page cache
 * holds, whether this process has touched them or not, and behind a private mapping too: on tmpfs, and for memory files
 * and shared anonymous memory, these are the pages that the object has; on ext4 whatever was read, written or read
 * ahead. Of memory of huge pages those are that the process has touched itself. Scenarios print a digit a page, `0 [1010]`, or name a vector of theirs, which gets a byte a page; what was
 * stored there before an error stays.
 *
 * @errors
 * EINVAL: the address is not a multiple of the page size
 * ENOMEM: the range leaves user space
 * EFAULT: the vector leaves user space
 * ENOMEM: part of the range is not mapped
 * EFAULT: the vector cannot be stored to
 */
export function mincore(caller: Caller, address: bigint, length: bigint): Answer {
  const pages: boolean[] = [];
  const end = walk(caller, address, length, (found) => {
    pages.push(...found);
    return 0;
  });
  return end === 0 ? { kind: 'residency', pages } : stopped(end);
}

/** See mincore: the form with a vector. */
export function mincoreInto(caller: Caller, address: bigint, length: bigint, vector: bigint): Answer {
  const { state, process } = caller;
  if (checkRange(state, address, length) === 0 && !isUserRange(state, vector, pagesOf(length))) return failure(EFAULT);
  let at = vector;
  const end = walk(caller, address, length, (found) => {
    const bytes: Place = { pages: new Map([[0n, Uint8Array.from(found, Number)]]), page: 0n };
    const done = copyToUser(state, process, at, bytes, 0, found.length);
    at += BigInt(done);
    return done === found.length ? 0 : EFAULT;
  });
  return stopped(end);
}

function stopped(end: Errno): Answer {
  return end === UNKNOWN ? UNSPECIFIED : outcome(end);
}

function checkRange(state: State, address: bigint, length: bigint): Errno {
  if (!isAligned(address)) return EINVAL;
  return isUserRange(state, address, length) ? 0 : ENOMEM;
}

/** From mapping to mapping, a chunk at a time, until `take` has an errno or there is a hole. */
function walk(caller: Caller, address: bigint, length: bigint, take: (found: readonly boolean[]) => Errno): Errno {
  const { state, process } = caller;
  const errno = checkRange(state, address, length);
  if (errno !== 0) return errno;
  const end = address + pagesOf(length) * PAGE_SIZE;
  for (let at = address; at < end; ) {
    const vma = vmaAt(process, at);
    if (!vma) return ENOMEM;
    const chunkEnd = least(end, vma.end, at + CHUNK * PAGE_SIZE);
    const found: boolean[] = [];
    for (; at < chunkEnd; at += PAGE_SIZE) {
      const present = isPresent(state, process, vma, at);
      if (present === undefined) return UNKNOWN;
      found.push(present);
    }
    const taken = take(found);
    if (taken !== 0) return taken;
  }
  return 0;
}

function least(...addresses: bigint[]): bigint {
  return addresses.reduce((low, address) => (address < low ? address : low));
}

/** undefined where this specification does not say. */
function isPresent(state: State, process: Process, vma: Vma, address: bigint): boolean | undefined {
  const object = objectOf(state, vma);
  if (vma.flags & VM_HUGETLB) return process.huge.has(pageOf(address - (address % granuleOf(state, vma))));
  const own = process.pages.get(pageOf(address));
  if (own instanceof Uint8Array) return true;
  if (!object) return false;
  return object.fs === 'tmpfs' ? object.pages.has(pgoffAt(vma, address)) : undefined;
}
