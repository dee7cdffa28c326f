/**
 * Where a mapping goes (get_unmapped_area).
 *
 * A free hint is taken, otherwise the highest gap below mmap_base (MAP_32BIT: the lowest gap of the second
 * and third GiB), otherwise the lowest gap above a
 * third of the address space. Large anonymous mappings, and mappings of files that could use huge
 * pages, are aligned to them.
 * Source: Linux mm/mmap.c __get_unmapped_area, arch/x86/kernel/sys_x86_64.c, mm/huge_memory.c
 * __thp_get_unmapped_area.
 */

import { EINVAL, ENOMEM, EPERM } from '../errno.ts';
import { MAP_32BIT, MAP_FIXED, MAP_SHARED } from '../flags.ts';
import type { LayoutConfig } from '../layout.ts';
import { isWhole, type WordBits } from '../units.ts';
import type { Mm } from './mm.ts';
import type { OpenFile } from './open-file.ts';
import { startGap } from './vma.ts';

const LOW_2GIB_START = 0x40000000;
const LOW_2GIB_END = 0x80000000;

export class Placement {
  readonly layout: LayoutConfig;
  private readonly pageSize: number;
  private readonly wordBits: WordBits;

  constructor(layout: LayoutConfig, pageSize: number, wordBits: WordBits) {
    this.layout = layout;
    this.pageSize = pageSize;
    this.wordBits = wordBits;
  }

  /**
   * Start of a free range of `length` bytes (a whole number of pages) for a request at `hint` with MAP_* `flags`, or a
   * negative errno. `pgoff` is the object's first page. A negative hint with MAP_FIXED is an errno already.
   */
  find(mm: Mm, file: OpenFile | null, hint: number, length: number, pgoff: number, flags: number): number {
    const { userEnd, mmapMin } = this.layout;
    if (length > userEnd) return -ENOMEM;
    const huge = file?.inode.huge ?? null;
    if (huge !== null && length % huge.pool.bytes !== 0) return -EINVAL;
    if (flags & MAP_FIXED) {
      if (huge !== null && hint % huge.pool.bytes !== 0) return -EINVAL;
      if (hint < 0) return hint;
      if (hint > userEnd - length) return -ENOMEM;
      if (!isWhole(hint, this.pageSize)) return -EINVAL;
      return hint < mmapMin ? -EPERM : hint;
    }
    if (huge !== null) return this.findForHuge(mm, hint, length, flags, huge.pool.bytes);
    const aligned = this.mayAlign(file, hint, length, flags)
      ? this.findAligned(mm, file, hint, length, pgoff, flags)
      : 0;
    return aligned > 0 ? aligned : this.search(mm, hint, length, flags);
  }

  /** A place for huge pages of `bytes`: the hint rounded up, or the first gap that holds such a place. */
  private findForHuge(mm: Mm, hint: number, length: number, flags: number, bytes: number): number {
    const low = (flags & MAP_32BIT) !== 0;
    const rounded = Math.ceil(hint / bytes) * bytes;
    if (rounded !== 0 && this.isFree(mm, rounded, length, low ? LOW_2GIB_END : this.layout.userEnd)) return rounded;
    const spare = bytes - this.pageSize;
    const found = this.search(mm, 0, length + spare, flags);
    if (found < 0) return found;
    // From the top down the highest place in the gap, from the bottom up the lowest.
    return low ? Math.ceil(found / bytes) * bytes : Math.floor((found + spare) / bytes) * bytes;
  }

  /** The hint if it is free, otherwise the first gap where the kernel looks; -ENOMEM if there is none. */
  private search(mm: Mm, hint: number, length: number, flags: number): number {
    const { layout } = this;
    // Below 4 GiB everything has 32 bits, and the flag means nothing.
    const low = (flags & MAP_32BIT) !== 0 && this.wordBits === 64;
    if (hint !== 0 && this.isFree(mm, hint, length, low ? LOW_2GIB_END : layout.userEnd)) return hint;
    if (low) return this.lowest(mm, length, LOW_2GIB_START, LOW_2GIB_END);
    const below = mm.vmas.highestGap(length, layout.placedMin, layout.mmapBase);
    if (below >= 0) return below;
    return this.lowest(mm, length, Math.ceil(layout.userEnd / 3 / this.pageSize) * this.pageSize, layout.userEnd);
  }

  private isFree(mm: Mm, hint: number, length: number, end: number): boolean {
    if (hint > end - length) return false;
    const vma = mm.vmas.find(hint);
    return vma === null || hint + length <= startGap(vma);
  }

  private lowest(mm: Mm, length: number, from: number, end: number): number {
    const start = mm.vmas.lowestGap(length, from, end);
    return start < 0 ? -ENOMEM : start;
  }

  /** A place aligned for huge pages may be of use: for memory that is made of them, and a file that could have some. */
  private mayAlign(file: OpenFile | null, hint: number, length: number, flags: number): boolean {
    const { hugeAlign } = this.layout;
    if (file !== null) return hugeAlign !== 0 && mayBeHuge(file, flags);
    return hint === 0 && (flags & MAP_SHARED) === 0 && hugeAlign !== 0 && isWhole(length, hugeAlign);
  }

  /** A place aligned for huge pages, or 0 when none fits. */
  private findAligned(
    mm: Mm,
    file: OpenFile | null,
    hint: number,
    length: number,
    pgoff: number,
    flags: number,
  ): number {
    const { hugeAlign } = this.layout;
    const offset = file === null ? 0 : pgoff * this.pageSize;
    const firstHuge = Math.ceil(offset / hugeAlign) * hugeAlign;
    if (offset + length <= firstHuge || offset + length - firstHuge < hugeAlign) return 0;
    const found = this.search(mm, hint, length + hugeAlign, flags);
    if (found < 0) return 0;
    if (found === hint) return hint;
    const shift = (((offset - found) % hugeAlign) + hugeAlign) % hugeAlign;
    return shift === 0 ? found + hugeAlign : found + shift;
  }
}

/** Whether huge pages of a file could be mapped; /dev/zero says so of private memory. */
function mayBeHuge({ inode }: OpenFile, flags: number): boolean {
  return inode.kind === 'zero' ? (flags & MAP_SHARED) === 0 : !inode.fs.swapBacked;
}
