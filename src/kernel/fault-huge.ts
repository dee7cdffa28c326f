/**
 * Huge pages for private anonymous memory that asked for them (MADV_HUGEPAGE).
 *
 * One fault fills a whole, aligned stretch of one page table: 2 MiB on x86-64.
 *
 *   load    PTE: -  -> 512 x zero page
 *   store   PTE: -  -> 512 frames in a row, zeroed, writable
 *
 * Differs: the frames are entered one by one at the lowest level instead of as one leaf above it;
 * the number of faults and the contents are the same. Splitting is then nothing to do.
 * Source: Linux mm/huge_memory.c do_huge_pmd_anonymous_page, do_huge_pmd_wp_page.
 */

import { BYTES_ZEROED, ZERO_FILLED } from '../counters.ts';
import { ACCESS_WRITE } from '../mmu/access-codes.ts';
import { MAX_ORDER } from '../mmu/buddy.ts';
import { PTE_DIRTY, PTE_PRESENT, PTE_WRITE } from '../mmu/entry-codes.ts';
import { FRAME_ANON, FRAME_ANON_EXCLUSIVE } from '../mmu/frames.ts';
import { RECORD_ID } from '../trace.ts';
import { adoptAnonFrame } from './fault-anon.ts';
import { entryFlags, writableEntryFlags } from './page-mapper.ts';
import type { FaultParts, VmFault } from './vm-fault.ts';
import { VM_HUGEPAGE } from './vm-flags.ts';
import type { Vma } from './vma.ts';

/** log2 of the pages that one lowest-level table maps. */
function hugeOrder(parts: FaultParts): number {
  return Math.log2(parts.tables.entriesPerTable);
}

/** First address of the stretch around `va`, or -1 if the VMA does not cover all of it. */
function stretchStart(parts: FaultParts, vma: Vma, va: number): number {
  const { tableSpan } = parts.tables;
  const start = va - (va % tableSpan);
  return start >= vma.start && start + tableSpan <= vma.end ? start : -1;
}

/** Resolves a fault with a huge page; false if it is one for small pages (a table is there, no room, no frames in a row). */
export function tryHugeAnonymousPage(parts: FaultParts, vma: Vma, va: number, access: number): boolean {
  if (!(vma.flags & VM_HUGEPAGE) || !vma.isAnonymous || hugeOrder(parts) > MAX_ORDER) return false;
  const start = stretchStart(parts, vma, va);
  if (start < 0 || parts.tables.lookup(vma.mm.root, va) >= 0) return false;
  return access === ACCESS_WRITE ? fillStretch(parts, vma, start) : mapZeros(parts, vma, start);
}

function mapZeros(parts: FaultParts, vma: Vma, start: number): boolean {
  const slot = parts.tables.ensure(vma.mm.root, start);
  if (slot < 0) return false;
  const flags = entryFlags(vma);
  for (let page = 0; page < parts.tables.entriesPerTable; page++) {
    parts.mapper.enterZero(vma.mm, start + page * parts.tables.pageSize, slot + page, flags);
  }
  return true;
}

function fillStretch(parts: FaultParts, vma: Vma, start: number): boolean {
  const { tables } = parts;
  const pfn = parts.pool.allocBlock(hugeOrder(parts));
  if (pfn === 0) return false;
  const slot = tables.ensure(vma.mm.root, start);
  if (slot < 0) {
    for (let page = 0; page < tables.entriesPerTable; page++) parts.pool.put(pfn + page);
    return false;
  }
  const flags = writableEntryFlags(vma);
  for (let page = 0; page < tables.entriesPerTable; page++) {
    const va = start + page * tables.pageSize;
    parts.ram.zeroFrame(pfn + page);
    adoptAnonFrame(parts, vma, va, pfn + page);
    parts.mapper.enter(vma.mm, va, slot + page, pfn + page, flags);
  }
  parts.counters.add(ZERO_FILLED, tables.entriesPerTable);
  parts.counters.add(BYTES_ZEROED, tables.tableSpan);
  parts.clock.advance(tables.tableSpan * parts.costs.zeroByteNs);
  if (parts.trace.mask !== 0) parts.trace.emit(RECORD_ID.zero_fill, start, pfn, 0, 0);
  return true;
}

/** A store took over one frame of a huge page that is still whole and nobody else's: the others come with it. */
export function takeOverStretch(parts: FaultParts, fault: VmFault, pfn: number): void {
  const { frames, tables } = parts;
  const head = frames.head[pfn];
  if (frames.order[head] !== hugeOrder(parts) || !frames.has(pfn, FRAME_ANON)) return;
  const first = fault.slot - (pfn - head);
  if (!isWhole(parts, first, head)) return;
  const owner = frames.owner[pfn];
  const start = fault.va - (pfn - head) * tables.pageSize;
  for (let page = 0; page < tables.entriesPerTable; page++) {
    frames.set(head + page, FRAME_ANON_EXCLUSIVE);
    frames.owner[head + page] = owner;
    const slot = first + page;
    parts.mapper.change(fault.vma.mm, start + page * tables.pageSize, slot, tables.flags(slot) | PTE_WRITE | PTE_DIRTY);
  }
}

function isWhole(parts: FaultParts, first: number, head: number): boolean {
  const { frames, tables } = parts;
  if (first % tables.entriesPerTable !== 0) return false;
  for (let page = 0; page < tables.entriesPerTable; page++) {
    if (tables.frame(first + page) !== head + page || frames.refcount[head + page] !== 1) return false;
    if (!(tables.flags(first + page) & PTE_PRESENT)) return false;
  }
  return true;
}
