/**
 * The first touch of a private anonymous page.
 *
 * A load maps the shared page of zeros; a store allocates a zeroed frame, enters it writable and
 * dirty, and makes it the VMA's own.
 *
 *   load    PTE: -    -> zero page, read-only
 *   store   PTE: -    -> new frame, writable, dirty, exclusive
 *
 * Source: Linux mm/memory.c do_anonymous_page.
 */

import { BYTES_ZEROED, ZERO_FILLED } from '../counters.ts';
import { ACCESS_WRITE } from '../mmu/access-codes.ts';
import { RECORD_ID, TRACE_EVENT } from '../trace.ts';
import { entryFlags, writableEntryFlags } from './page-mapper.ts';
import { FAULT_DONE, FAULT_OOM, type FaultParts, type VmFault } from './vm-fault.ts';
import type { Vma } from './vma.ts';

const { zero_fill: ZERO_FILL, zero_page_map: ZERO_PAGE_MAP } = RECORD_ID;

export function doAnonymousPage(parts: FaultParts, fault: VmFault): number {
  const { vma } = fault;
  if (fault.access !== ACCESS_WRITE) {
    parts.mapper.enterZeroPage(fault, entryFlags(vma));
    note(parts, fault, ZERO_PAGE_MAP, parts.pool.zeroPfn);
    return FAULT_DONE;
  }
  const pfn = newZeroedFrame(parts);
  if (pfn === 0) return FAULT_OOM;
  parts.mapper.enterNew(fault, parts.anonVmas.prepare(vma).id, pfn, writableEntryFlags(vma));
  note(parts, fault, ZERO_FILL, pfn);
  return FAULT_DONE;
}

/** A record that names the page and the frame it got. */
function note(parts: FaultParts, fault: VmFault, kind: number, pfn: number): void {
  const { trace } = parts;
  if (!(trace.mask & TRACE_EVENT)) return;
  trace.first = fault.va;
  trace.emitFirst(kind, pfn);
}

/** A frame of zeros with one reference, or 0. */
export function newZeroedFrame(parts: FaultParts): number {
  const pfn = parts.pool.alloc();
  if (pfn === 0) return 0;
  parts.ram.zeroFrame(pfn);
  parts.counters.add(ZERO_FILLED, 1);
  parts.counters.add(BYTES_ZEROED, parts.tables.pageSize);
  parts.clock.advance(parts.tables.pageSize * parts.costs.zeroByteNs);
  return pfn;
}

/** Makes a fresh frame the private page of `vma` at `va`. */
export function adoptAnonFrame(parts: FaultParts, vma: Vma, va: number, pfn: number): void {
  parts.mapper.adopt(vma, parts.anonVmas.prepare(vma).id, va, pfn);
}
