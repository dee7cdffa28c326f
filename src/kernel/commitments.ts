/**
 * Memory that was promised: how much of it, and whether more may be (vm.overcommit_memory).
 *
 *   0  any demand that is not for more than there is at all
 *   1  any demand
 *   2  as long as the sum stays below CommitLimit = swap + (RAM - huge pages) * ratio
 *
 * Place: asked by the calls that make private writable memory and shared memory objects; the counts follow the VMAs
 * (memory-limits.ts) and the objects (shared-memory.ts).
 * Invariant: `pages` = pages of VM_ACCOUNT VMAs + `chargedPages` of inodes; recounted in invariants.ts.
 * Differs: pages of files on tmpfs and of memfds, whose size promises nothing, are not counted as they come.
 * Source: Linux mm/util.c __vm_enough_memory, vm_commit_limit.
 */

import type { OvercommitConfig } from '../config.ts';

/** Share of its own size that a process leaves to others in mode 2: 1/32, at most userReserve. */
const PROCESS_SHARE = 32;

/** Who asks: its size counts in mode 2. */
export interface Asker {
  readonly totalPages: number;
}

export class Commitments {
  private config: OvercommitConfig;
  private readonly pageSize: number;
  /** RAM without huge pages, in pages. */
  private readonly ramPages: number;
  /** Committed_AS, in pages. */
  pages: number;

  constructor(config: OvercommitConfig, pageSize: number, ramPages: number) {
    this.config = config;
    this.pageSize = pageSize;
    this.ramPages = ramPages;
    this.pages = 0;
  }

  get mode(): OvercommitConfig['mode'] {
    return this.config.mode;
  }

  get ratio(): number {
    return this.config.ratio;
  }

  /** CommitLimit, in pages. */
  get limit(): number {
    const { ratio, kbytes, swapBytes } = this.config;
    const ofRam = kbytes > 0 ? Math.floor((kbytes * 1024) / this.pageSize) : Math.floor((this.ramPages * ratio) / 100);
    return ofRam + Math.floor(swapBytes / this.pageSize);
  }

  /** Whether MAP_NORESERVE and SHM_NORESERVE are honoured. */
  get honoursNoReserve(): boolean {
    return this.config.mode !== 2;
  }

  /** As if written to /proc/sys/vm/overcommit_memory and overcommit_ratio (percent). */
  set(mode: OvercommitConfig['mode'], ratio: number): void {
    this.config = { ...this.config, mode, ratio };
  }

  /** Whether `pages` more may be promised to a process. Nothing is counted here. */
  allows(asker: Asker, pages: number): boolean {
    const { mode, heuristicBytes, adminReserve, userReserve } = this.config;
    if (mode === 1 || pages === 0) return true;
    if (mode === 0) return pages <= heuristicBytes / this.pageSize;
    const share = Math.min(Math.floor(asker.totalPages / PROCESS_SHARE), Math.floor(userReserve / this.pageSize));
    return this.pages + pages < this.limit - Math.floor(adminReserve / this.pageSize) - share;
  }
}
