/**
 * Taking a range out of an address space: VMAs, translations, tables, counts.
 *
 * Place: munmap, and every call that replaces or drops mappings. Splits come first and stay even
 * if a sealed VMA then forbids the rest, as in Linux.
 * Source: Linux mm/vma.c vms_gather_munmap_vmas, vms_complete_munmap_vmas.
 */

import { EINVAL, ENOMEM, EPERM } from '../errno.ts';
import type { PageTables } from '../mmu/page-tables.ts';
import { freeTables } from '../mmu/table-freeing.ts';
import { RECORD_ID, type Trace } from '../trace.ts';
import { isWhole } from '../units.ts';
import { granule } from './hugetlb.ts';
import { accountPages } from './memory-limits.ts';
import type { Mm } from './mm.ts';
import { VM_SEALED } from './vm-flags.ts';
import type { Vma } from './vma.ts';
import type { VmaOps } from './vma-ops.ts';
import type { Zapper } from './zap.ts';

export class Unmapper {
  private readonly vmaOps: VmaOps;
  private readonly zapper: Zapper;
  private readonly tables: PageTables;
  private readonly trace: Trace;

  constructor(vmaOps: VmaOps, zapper: Zapper, tables: PageTables, trace: Trace) {
    this.vmaOps = vmaOps;
    this.zapper = zapper;
    this.tables = tables;
    this.trace = trace;
  }

  /** Unmaps [start, end), page-aligned; 0, -EPERM (sealed), -EINVAL (inside a huge page) or -ENOMEM (a hole at the limit of mappings). */
  unmap(mm: Mm, start: number, end: number): number {
    const first = mm.vmas.intersecting(start, end);
    if (first === null) return 0;
    const inside = this.cut(first, start, end);
    if (typeof inside === 'number') return inside;
    this.remove(inside, start, end);
    return 0;
  }

  /**
   * Splits the VMAs that [start, end) cuts in two, as unmapping does first; `first` is the first that overlaps it. The first
   * VMA inside, or an error as for `unmap`, with what was split left so.
   */
  cut(first: Vma, start: number, end: number): Vma | number {
    let inside = first;
    if (first.start < start) {
      if (end < first.end && this.vmaOps.isFull(first.mm as Mm)) return -ENOMEM;
      if (first.flags & VM_SEALED) return -EPERM;
      if (!isWhole(start, granule(first))) return -EINVAL;
      inside = this.vmaOps.splitUnlimited(first, start);
    }
    for (let vma: Vma | null = inside; vma !== null && vma.start < end; vma = vma.next) {
      if (vma.flags & VM_SEALED) return -EPERM;
      if (vma.end > end && !isWhole(end, granule(vma))) return -EINVAL;
      if (vma.end > end) this.vmaOps.splitUnlimited(vma, end);
    }
    return inside;
  }

  /** Takes out the VMAs of [start, end) from `first` on, none of which reaches beyond (see `cut`). */
  remove(first: Vma, start: number, end: number): void {
    const mm = first.mm as Mm;
    const floor = first.prev === null ? 0 : first.prev.end;
    let vma: Vma | null = first;
    while (vma !== null && vma.start < end) {
      const { next }: Vma = vma;
      this.zapper.zapVma(vma);
      accountPages(mm, vma.flags, -vma.pages);
      if (this.trace.mask !== 0) this.trace.emit(RECORD_ID.vma_unmap, vma.start, vma.end, vma.flags, 0);
      this.vmaOps.discard(vma);
      vma = next;
    }
    const ceiling = vma === null ? Number.POSITIVE_INFINITY : vma.start;
    // Even where nothing was mapped: upper tables may be left that served a neighbour, or a fault that ran out of frames.
    const freed = freeTables(this.tables, mm.root, start, end, floor, ceiling);
    if (freed > 0 && this.trace.mask !== 0) this.trace.emit(RECORD_ID.page_table_free, start, end, freed, 0);
  }
}
