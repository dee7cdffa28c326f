/**
 * Memory that was promised: how much of it, and whether more may be (vm.overcommit_memory).
 *
 *   0  any demand that is not for more than there is at all
 *   1  any demand
 *   2  as long as the sum stays below CommitLimit = swap + (RAM - huge pages) * ratio
 *
 * Place: charged by the calls that make private writable memory and shared memory objects.
 * Invariant: `pages` = pages of VM_ACCOUNT VMAs + charges of shared memory objects; recounted in invariants.ts.
 * Source: Linux mm/util.c __vm_enough_memory, vm_commit_limit.
 */

import type { OvercommitConfig } from '../config.ts';
import { ENOMEM } from '../errno.ts';
import type { Mm } from './mm.ts';

/** Share of its own size that a process leaves to others in mode 2: 1/32, at most userReserve. */
const PROCESS_SHARE = 32;

export class Commitments {
  private readonly config: OvercommitConfig;
  private readonly pageSize: number;
  /** RAM and swap, in pages. */
  private readonly ramPages: number;
  /** Committed_AS, in pages. */
  pages: number;

  constructor(config: OvercommitConfig, pageSize: number, ramPages: number) {
    this.config = config;
    this.pageSize = pageSize;
    this.ramPages = ramPages;
    this.pages = 0;
  }

  /** CommitLimit, in pages. */
  get limit(): number {
    const { ratio, kbytes, swapBytes } = this.config;
    const ofRam = kbytes > 0 ? Math.floor((kbytes * 1024) / this.pageSize) : Math.floor((this.ramPages * ratio) / 100);
    return ofRam + Math.floor(swapBytes / this.pageSize);
  }

  /** Promises `pages` to a process (null: to nobody in particular); 0, or -ENOMEM with nothing promised. */
  charge(mm: Mm | null, pages: number): number {
    this.pages += pages;
    if (this.allows(mm, pages)) return 0;
    this.pages -= pages;
    return -ENOMEM;
  }

  uncharge(pages: number): void {
    this.pages -= pages;
  }

  private allows(mm: Mm | null, pages: number): boolean {
    const { mode, heuristicBytes, adminReserve, userReserve } = this.config;
    if (mode === 1) return true;
    if (mode === 0) return pages <= heuristicBytes / this.pageSize;
    const share = mm === null ? 0 : Math.min(Math.floor(mm.totalPages / PROCESS_SHARE), userReserve / this.pageSize);
    return this.pages < this.limit - adminReserve / this.pageSize - share;
  }
}
