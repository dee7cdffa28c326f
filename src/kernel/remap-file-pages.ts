/**
 * remap_file_pages(2): other pages of the same object in a part of a shared mapping.
 *
 * Since Linux 4.0 it is a mapping call in disguise: the part is mapped anew, with the rights that it has, and present.
 * Source: Linux mm/mmap.c remap_file_pages.
 */

import { EINVAL } from '../errno.ts';
import {
  MAP_FIXED,
  MAP_LOCKED,
  MAP_NONBLOCK,
  MAP_POPULATE,
  MAP_SHARED,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
} from '../flags.ts';
import { isZero, pageOf, toFlags, toUnsigned, type Word, wrapPages } from '../units.ts';
import { type MmapParts, mapFile } from './mmap.ts';
import type { Task } from './task.ts';
import { VM_EXEC, VM_LOCKED, VM_READ, VM_SHARED, VM_WRITE } from './vm-flags.ts';
import type { Vma } from './vma.ts';

/** `address` and `length` are rounded down. 0, -EINVAL, or what mmap gives. */
export function remapFilePages(
  parts: MmapParts,
  task: Task,
  address: Word,
  length: Word,
  prot: Word,
  pgoff: Word,
  flags: Word,
): number {
  const { pageSize, wordBits } = task.mm;
  const startPage = pageOf(address, pageSize);
  const pages = pageOf(length, pageSize);
  if (!isZero(prot) || pages === 0 || startPage + pages >= wrapPages(pageSize, wordBits)) return -EINVAL;
  if (toUnsigned(pgoff) + BigInt(pages) >= 1n << BigInt(wordBits)) return -EINVAL;
  const start = startPage * pageSize;
  const end = start + pages * pageSize;
  const vma = task.mm.vmas.containing(start);
  if (vma === null || vma.file === null || !(vma.flags & VM_SHARED) || !isUniform(vma, end)) return -EINVAL;
  const nonBlocking = toFlags(flags) & MAP_NONBLOCK;
  const mapFlags = MAP_SHARED | MAP_FIXED | MAP_POPULATE | nonBlocking | (vma.flags & VM_LOCKED ? MAP_LOCKED : 0);
  const { file } = vma;
  // The mapping in the way may be all that holds the file.
  file.refs++;
  const mapped = mapFile(parts, task, file, start, end - start, protOf(vma), mapFlags, Number(toUnsigned(pgoff)));
  parts.sharedMemory.drop(file);
  return mapped < 0 ? mapped : 0;
}

/** From `vma` to `end` there is no hole, and nothing but mappings of its description with its flags. */
function isUniform(vma: Vma, end: number): boolean {
  for (let last = vma; last.end < end; ) {
    const { next } = last;
    if (next === null || next.start !== last.end || next.file !== vma.file || next.flags !== vma.flags) return false;
    last = next;
  }
  return true;
}

function protOf({ flags }: Vma): number {
  return (flags & VM_READ ? PROT_READ : 0) | (flags & VM_WRITE ? PROT_WRITE : 0) | (flags & VM_EXEC ? PROT_EXEC : 0);
}
