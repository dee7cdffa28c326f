/**
 * remap_file_pages(2): lets a part of a shared mapping show other pages of its object.
 *
 * It is mmap with MAP_FIXED over the part, with the rights it has, and without MAP_NONBLOCK its pages are made present.
 * Address and size are rounded down.
 *
 * Source: remap_file_pages(2); Linux mm/mmap.c.
 */

import { EINVAL } from '../errno.ts';
import { MAP_NONBLOCK, PROT_EXEC, PROT_READ, PROT_WRITE } from '../flags.ts';
import { type Answer, failure, outcome } from './answer.ts';
import { low32, pageFloor, pageOf, wrap } from './arithmetic.ts';
import { mapObject } from './mmap.ts';
import type { Caller, Process, Vma } from './state.ts';
import { VM_ACCESS_FLAGS, VM_LOCKED, VM_SHARED } from './vm-flags.ts';
import { vmaAt } from './vmas.ts';

/**
 * @call remap_file_pages
 * Lets a part of a shared mapping show other pages of its object.
 *
 * The part is mapped anew, from page `pgoff` of the object on, with the rights it has and locked if it was; marks of
 * madvise are lost. Address and size are rounded down to whole pages. Its pages are made present, unless `flags` have
 * MAP_NONBLOCK; nothing else in `flags` counts. Where the pages run on, it merges with its neighbours.
 *
 * @errors
 * EINVAL: `prot` is not 0; no whole page; the size or the offset wraps
 * EINVAL: no mapping of memory that may be stored to for all; a hole; mappings that differ in more than their offsets
 * EOVERFLOW: the offset leaves what a file can have
 * EINVAL: all that was attached of a System V segment which is removed; it is unmapped then
 * EPERM: the part is sealed, or the memory is sealed against writing; RLIMIT_MEMLOCK is 0 and it is locked
 * EAGAIN: it is locked, and RLIMIT_MEMLOCK
 * ENOMEM: more mappings than there may be; RLIMIT_AS
 *
 * @flags MAP_NONBLOCK
 */
export function remapFilePages(
  { state, process }: Caller,
  address: bigint,
  size: bigint,
  prot: bigint,
  pgoff: bigint,
  flags: bigint,
): Answer {
  const start = pageFloor(address);
  const length = pageFloor(size);
  const end = start + length;
  const lastPage = pgoff + pageOf(length);
  if (prot !== 0n || length === 0n || end !== wrap(end) || lastPage !== wrap(lastPage)) return failure(EINVAL);
  const vma = vmaAt(process, start);
  if (!vma || vma.file === undefined || !(vma.flags & VM_SHARED)) return failure(EINVAL);
  if (!isUniform(process, vma, end)) return failure(EINVAL);
  const rights = vma.flags & VM_ACCESS_FLAGS & (PROT_READ | PROT_WRITE | PROT_EXEC);
  const locked = (vma.flags & VM_LOCKED) !== 0;
  const mapped = mapObject(state, process, vma.file, {
    at: start,
    length,
    prot: rights,
    pgoff,
    locked,
    populate: !(low32(flags) & MAP_NONBLOCK),
  });
  return outcome(mapped < 0n ? Number(-mapped) : 0);
}

/** From `vma` to `end` all mappings touch and are of its open file, with its flags. */
function isUniform(process: Process, vma: Vma, end: bigint): boolean {
  let last = vma;
  while (last.end < end) {
    const next = vmaAt(process, last.end);
    if (!next || next.file !== vma.file || next.flags !== vma.flags) return false;
    last = next;
  }
  return true;
}
