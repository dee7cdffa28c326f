/**
 * The record of one fault as it travels from handler to handler, and what the handlers need.
 *
 * Place: filled by fault.ts, read and completed by fault-anon, fault-file, fault-wp. One record per
 * machine: faults do not nest (no handler touches user memory).
 * Source: Linux struct vm_fault.
 */

import type { Clock } from '../clock.ts';
import type { CostTable } from '../cost.ts';
import type { Counters } from '../counters.ts';
import type { FrameTable } from '../mmu/frames.ts';
import type { PageTables } from '../mmu/page-tables.ts';
import type { Ram } from '../mmu/ram.ts';
import type { PageCache } from '../pagecache/page-cache.ts';
import type { Trace } from '../trace.ts';
import type { AnonVmas } from './anon-vma.ts';
import type { FilePages } from './file-pages.ts';
import type { FramePool } from './frame-pool.ts';
import type { PageMapper } from './page-mapper.ts';
import type { Rmap } from './rmap.ts';
import type { TlbFlusher } from './tlb-flush.ts';
import type { Vma } from './vma.ts';

/** How a fault ended. */
export const FAULT_DONE = 0;
/** No VMA (SEGV_MAPERR). */
export const FAULT_MAPERR = 1;
/** A right is missing (SEGV_ACCERR). */
export const FAULT_ACCERR = 2;
/** No page of the object there (BUS_ADRERR). */
export const FAULT_BUS = 3;
/** No frame left. */
export const FAULT_OOM = 4;
/** Not an address at all (SI_KERNEL). */
export const FAULT_NONCANONICAL = 5;

export class VmFault {
  /** Page address of the access. */
  va: number;
  /** Page of the object there. */
  pgoff: number;
  /** ACCESS_* of the MMU. */
  access: number;
  vma: Vma;
  /** Page-table slot of `va`. */
  slot: number;
  /** The table of `slot` was made for this fault. */
  newTable: boolean;
  /** The page had to come from its file or from swap. */
  major: boolean;

  constructor(vma: Vma) {
    this.va = 0;
    this.pgoff = 0;
    this.access = 0;
    this.vma = vma;
    this.slot = 0;
    this.newTable = false;
    this.major = false;
  }
}

/** The parts of the machine that fault handlers work with. */
export interface FaultParts {
  readonly frames: FrameTable;
  readonly tables: PageTables;
  readonly ram: Ram;
  readonly pool: FramePool;
  readonly cache: PageCache;
  readonly mapper: PageMapper;
  readonly filePages: FilePages;
  readonly rmap: Rmap;
  readonly anonVmas: AnonVmas;
  readonly flusher: TlbFlusher;
  readonly counters: Counters;
  readonly trace: Trace;
  readonly clock: Clock;
  readonly costs: CostTable;
  readonly faultAroundPages: number;
}
