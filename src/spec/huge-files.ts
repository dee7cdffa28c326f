/**
 * Files of huge pages (hugetlbfs): what MAP_HUGETLB, MFD_HUGETLB and SHM_HUGETLB make, and how they differ from those of tmpfs.
 *
 * Their sizes are whole huge pages, as far as truncation sets them. A hole takes away whole ones, private copies of them too, and
 * zeroes what it covers of others. They can be read, but not written by write(2).
 *
 * Source: Linux fs/hugetlbfs/inode.c.
 */

import { EINVAL, ENOMEM } from '../errno.ts';
import { type Errno, pageOf } from './arithmetic.ts';
import { newTmpfsFile } from './descriptors.ts';
import type { HugeFile } from './file-records.ts';
import { canKeep, keepForFile } from './huge-pool.ts';
import type { FileObject, State, Vma } from './state.ts';
import { VM_MAYSHARE, VM_NORESERVE } from './vm-flags.ts';

export function newHuge(pageBytes: bigint): HugeFile {
  return { pageBytes, pages: new Set(), asked: new Set() };
}

/** A nameless one, open for reading and writing: its number. */
export function newHugeFile(state: State, name: string, size: bigint, seals: number, pageBytes: bigint): number {
  const number = newTmpfsFile(state, name, size, seals);
  const object = state.objects.get(state.openFiles.get(number)?.object ?? -1);
  if (object) object.huge = newHuge(pageBytes);
  return number;
}

export interface WantedPages {
  readonly pgoff: bigint;
  /** In whole huge pages. */
  readonly length: bigint;
  /** VM_ flags. */
  readonly flags: number;
  readonly isSegment: boolean;
  /** Mappings that were there. */
  readonly replaced: readonly Vma[];
}

/**
 * `length` bytes from page `pgoff` on are about to be mapped. EINVAL inside a huge page; ENOMEM if the pool has not enough
 * for them. What a System V segment needs was kept when it was made.
 */
export function keepForMapping(state: State, { huge }: FileObject, wanted: WantedPages): Errno {
  if (!huge) return 0;
  const { pgoff, length, flags, isSegment, replaced } = wanted;
  const pages = pageOf(huge.pageBytes);
  if (pgoff % pages !== 0n) return EINVAL;
  if (flags & VM_NORESERVE || isSegment) return 0;
  const first = pgoff / pages;
  const count = length / huge.pageBytes;
  const kept =
    flags & VM_MAYSHARE
      ? keepForFile(state, huge, first, first + count, replaced)
      : canKeep(state, huge.pageBytes, count, replaced);
  return kept ? 0 : ENOMEM;
}
