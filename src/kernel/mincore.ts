/**
 * mincore(2): which pages of a range are in memory, one byte each.
 *
 * Files answer for their cache, private or not; private anonymous memory for its page tables.
 * Source: Linux mm/mincore.c.
 */

import { EFAULT, EINVAL, ENOMEM } from '../errno.ts';
import { PTE_GUARD } from '../mmu/entry-codes.ts';
import type { PageTables } from '../mmu/page-tables.ts';
import { offsetOf, pageOf, toCount, type Word } from '../units.ts';
import type { FilePages } from './file-pages.ts';
import type { Placement } from './placement.ts';
import type { Task } from './task.ts';
import type { Vma } from './vma.ts';

export interface MincoreParts {
  readonly tables: PageTables;
  readonly filePages: FilePages;
  readonly placement: Placement;
}

/** Fills `vector`'s first bytes (1 = in memory); pages answered, or a negative errno. */
export function mincore(
  parts: MincoreParts,
  task: Task,
  address: Word,
  length: Word,
  deliver: (vector: Uint8Array) => boolean,
): number {
  const { pageSize } = task.mm;
  if (offsetOf(address, pageSize) !== 0) return -EINVAL;
  const start = pageOf(address, pageSize) * pageSize;
  const bytes = toCount(length);
  const { userEnd } = parts.placement.layout;
  if (bytes > userEnd || start > userEnd - bytes) return -ENOMEM;
  const pages = Math.ceil(bytes / pageSize);
  const vector = new Uint8Array(pages);
  for (let page = 0; page < pages; page++) {
    const va = start + page * pageSize;
    const vma = task.mm.vmas.containing(va);
    if (vma === null) return -ENOMEM;
    vector[page] = isResident(parts, vma, va) ? 1 : 0;
  }
  return deliver(vector) ? 0 : -EFAULT;
}

function isResident(parts: MincoreParts, vma: Vma, va: number): boolean {
  const slot = parts.tables.lookup(vma.mm.root, va);
  if (slot >= 0 && !parts.tables.isEmpty(slot) && !(parts.tables.flags(slot) & PTE_GUARD)) return true;
  return vma.file !== null && parts.filePages.cached(vma.file.inode, vma.indexAt(va)) !== 0;
}
