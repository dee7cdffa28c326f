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
import { VM_HUGETLB } from './vm-flags.ts';
import type { Vma } from './vma.ts';

export interface MincoreParts {
  readonly tables: PageTables;
  readonly filePages: FilePages;
  readonly placement: Placement;
}

/** Where the bytes go, one a page: 1 = in memory. */
export interface ResidencyVector {
  /** Whether so many bytes can lie there at all; EFAULT if not, before anything is looked at. */
  fits(pages: number): boolean;
  /** Takes the bytes of the pages from `first` on; EFAULT if it cannot. */
  put(first: number, bytes: Uint8Array): boolean;
}

/** The bytes in the hands of who asked, outside the simulated memory. */
export class ResidencyBytes implements ResidencyVector {
  private readonly chunks: Uint8Array[];
  private length: number;

  constructor() {
    this.chunks = [];
    this.length = 0;
  }

  fits(): boolean {
    return true;
  }

  put(first: number, bytes: Uint8Array): boolean {
    this.chunks.push(bytes);
    this.length = first + bytes.length;
    return true;
  }

  all(): Uint8Array {
    const whole = new Uint8Array(this.length);
    let at = 0;
    for (const chunk of this.chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  }
}

/**
 * 0 or a negative errno. Goes from mapping to mapping, and at most as many pages at once as a page has bytes: what was
 * put before a hole stays.
 */
export function mincore(parts: MincoreParts, task: Task, address: Word, length: Word, vector: ResidencyVector): number {
  const { pageSize } = task.mm;
  if (offsetOf(address, pageSize) !== 0) return -EINVAL;
  const start = pageOf(address, pageSize) * pageSize;
  const bytes = toCount(length);
  const { userEnd } = parts.placement.layout;
  if (bytes > userEnd || start > userEnd - bytes) return -ENOMEM;
  const pages = Math.ceil(bytes / pageSize);
  if (!vector.fits(pages)) return -EFAULT;
  for (let page = 0; page < pages; ) {
    const va = start + page * pageSize;
    const vma = task.mm.vmas.containing(va);
    if (vma === null) return -ENOMEM;
    const count = Math.min(pages - page, pageSize, (vma.end - va) / pageSize);
    if (!vector.put(page, residentPages(parts, vma, va, count))) return -EFAULT;
    page += count;
  }
  return 0;
}

function residentPages(parts: MincoreParts, vma: Vma, start: number, count: number): Uint8Array {
  const { pageSize } = vma.mm;
  return Uint8Array.from({ length: count }, (_, page) => (isResident(parts, vma, start + page * pageSize) ? 1 : 0));
}

function isResident(parts: MincoreParts, vma: Vma, va: number): boolean {
  const slot = parts.tables.lookup(vma.mm.root, va);
  if (slot >= 0 && !parts.tables.isEmpty(slot) && !(parts.tables.flags(slot) & PTE_GUARD)) return true;
  if (vma.file === null || vma.flags & VM_HUGETLB) return false;
  const { inode } = vma.file;
  return inode.cache.isResident(vma.indexAt(va)) && parts.filePages.cached(inode, vma.indexAt(va)) !== 0;
}
