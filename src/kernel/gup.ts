/**
 * Pages of any address space that the kernel takes hold of, to work with them under their physical addresses.
 *
 * Place: for process_vm_readv and its like. The VMA must have the very right that is asked for; no stack grows. A page that is
 * held to be read must not be shared with others after a fork: it is copied, or taken over, without becoming writable.
 * Invariant: each frame given out carries a reference of the caller's.
 * Source: Linux mm/gup.c __get_user_pages, gup_must_unshare.
 */

import { ACCESS_READ, ACCESS_WRITE } from '../mmu/access-codes.ts';
import { PTE_DIRTY, PTE_PRESENT, PTE_WRITE } from '../mmu/entry-codes.ts';
import { FRAME_ANON, FRAME_ANON_EXCLUSIVE, type FrameTable } from '../mmu/frames.ts';
import type { PageTables } from '../mmu/page-tables.ts';
import type { FaultHandler } from './fault.ts';
import type { FramePool } from './frame-pool.ts';
import type { Mm } from './mm.ts';
import type { PageMapper } from './page-mapper.ts';
import type { Task } from './task.ts';
import { FAULT_DONE } from './vm-fault.ts';
import { VM_READ, VM_WRITE } from './vm-flags.ts';
import type { Vma } from './vma.ts';

/** A missing page, a table, a copy: more faults than these resolve any page. */
const TRIES_MAX = 8;

export class PagePinner {
  private readonly frames: FrameTable;
  private readonly tables: PageTables;
  private readonly pool: FramePool;
  private readonly mapper: PageMapper;
  private readonly faults: FaultHandler;

  constructor(frames: FrameTable, tables: PageTables, pool: FramePool, mapper: PageMapper, faults: FaultHandler) {
    this.frames = frames;
    this.tables = tables;
    this.pool = pool;
    this.mapper = mapper;
    this.faults = faults;
  }

  /** The frames of at most `count` pages from `va` on, up to the first that cannot be had. `task` pays for the faults. */
  pin(task: Task, mm: Mm, va: number, count: number, access: number): number[] {
    const pfns: number[] = [];
    while (pfns.length < count) {
      const pfn = this.pinPage(task, mm, va + pfns.length * mm.pageSize, access);
      if (pfn < 0) break;
      pfns.push(pfn);
    }
    return pfns;
  }

  unpin(pfns: readonly number[]): void {
    for (const pfn of pfns) if (pfn !== this.pool.zeroPfn) this.pool.put(pfn);
  }

  private pinPage(task: Task, mm: Mm, va: number, access: number): number {
    const vma = mm.vmas.containing(va);
    if (vma === null || !(vma.flags & (access === ACCESS_WRITE ? VM_WRITE : VM_READ))) return -1;
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const pfn = this.lookup(vma, va, access);
      if (pfn >= 0) return pfn;
      const isShared = pfn === MUST_UNSHARE;
      const result = isShared ? this.faults.unshare(task, vma, va) : this.faults.populate(task, vma, va, access);
      if (result !== FAULT_DONE) return -1;
    }
    return -1;
  }

  /** The frame if its entry will do for the access, held; else why it does not. */
  private lookup(vma: Vma, va: number, access: number): number {
    const { tables, frames } = this;
    const slot = tables.lookup(vma.mm.root, va);
    const flags = slot < 0 ? 0 : tables.flags(slot);
    if (!(flags & PTE_PRESENT) || (access === ACCESS_WRITE && !(flags & PTE_WRITE))) return MISSING;
    const pfn = tables.frame(slot);
    if (pfn === this.pool.zeroPfn) return pfn;
    const isAlone = !frames.has(pfn, FRAME_ANON) || frames.has(pfn, FRAME_ANON_EXCLUSIVE);
    if (access === ACCESS_READ && !isAlone) return MUST_UNSHARE;
    if (access === ACCESS_WRITE && !(flags & PTE_DIRTY)) this.mapper.change(vma.mm, va, slot, flags | PTE_DIRTY);
    this.pool.get(pfn);
    return pfn;
  }
}

const MISSING = -1;
const MUST_UNSHARE = -2;
