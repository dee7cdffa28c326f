/**
 * A store to a page that is mapped read-only although its VMA allows stores.
 *
 *   shared file page     write notice, then the same page writable
 *   private, sole owner  taken over: writable, no copy
 *   private, shared      copied; the entry names the copy
 *   zero page            a fresh page of zeros
 *
 * Source: Linux mm/memory.c do_wp_page, wp_page_copy, wp_page_reuse, wp_can_reuse_anon_folio.
 */

import { COW_REUSED } from '../counters.ts';
import { PTE_ACCESSED, PTE_DIRTY, PTE_WRITE } from '../mmu/entry-codes.ts';
import { FRAME_ANON, FRAME_ANON_EXCLUSIVE } from '../mmu/frames.ts';
import { RECORD_ID } from '../trace.ts';
import { newZeroedFrame } from './fault-anon.ts';
import { copyFrame, makePageWritable } from './fault-file.ts';
import { takeOverStretch } from './fault-huge.ts';
import type { OpenFile } from './open-file.ts';
import { entryFlags, writableEntryFlags } from './page-mapper.ts';
import { FLUSH_COW } from './tlb-flush.ts';
import { FAULT_DONE, FAULT_OOM, type FaultParts, type VmFault } from './vm-fault.ts';
import { VM_HUGEPAGE, VM_SHARED } from './vm-flags.ts';
import type { VmPage } from './vma.ts';

export function doWpPage(parts: FaultParts, fault: VmFault): number {
  const pfn = parts.tables.frame(fault.slot);
  if (fault.vma.flags & VM_SHARED) return wpShared(parts, fault, pfn);
  if (ownsAlone(parts, pfn)) return takeOver(parts, fault, pfn);
  return copyPage(parts, fault, pfn, writableEntryFlags(fault.vma));
}

function wpShared(parts: FaultParts, fault: VmFault, pfn: number): number {
  const { inode } = fault.vma.file as OpenFile;
  if (!inode.fs.swapBacked) {
    const result = makePageWritable(parts, fault, pfn);
    if (result !== FAULT_DONE) return result;
  }
  grantStore(parts, fault);
  return FAULT_DONE;
}

function grantStore(parts: FaultParts, fault: VmFault): void {
  const flags = parts.tables.flags(fault.slot);
  parts.mapper.changePage(fault, flags | PTE_WRITE | PTE_DIRTY | PTE_ACCESSED);
}

/** Nobody else can see this anonymous frame: exclusive already, or its last owner (fork's other side is gone). */
function ownsAlone(parts: FaultParts, pfn: number): boolean {
  const { frames } = parts;
  if (!frames.has(pfn, FRAME_ANON)) return false;
  return frames.has(pfn, FRAME_ANON_EXCLUSIVE) || frames.refcount[pfn] === 1;
}

function takeOver(parts: FaultParts, fault: VmFault, pfn: number): number {
  const { frames } = parts;
  if (!frames.has(pfn, FRAME_ANON_EXCLUSIVE)) {
    frames.set(pfn, FRAME_ANON_EXCLUSIVE);
    // The page belongs to this VMA's own AnonVma from now on, so that rmap need not look at the parent's.
    frames.owner[pfn] = parts.anonVmas.prepare(fault.vma).id;
    if (fault.vma.flags & VM_HUGEPAGE) takeOverStretch(parts, fault, pfn);
  }
  grantStore(parts, fault);
  parts.counters.add(COW_REUSED, 1);
  if (parts.trace.mask !== 0) parts.trace.emit(RECORD_ID.cow_reuse, fault.va, pfn, 0, 0);
  return FAULT_DONE;
}

/** An anonymous page that others may see too, held by the kernel to be read: it is copied, or taken over by its last owner. */
export function unsharePage(parts: FaultParts, page: VmPage): number {
  const pfn = parts.tables.frame(page.slot);
  if (!ownsAlone(parts, pfn)) return copyPage(parts, page, pfn, entryFlags(page.vma));
  parts.frames.set(pfn, FRAME_ANON_EXCLUSIVE);
  parts.frames.owner[pfn] = parts.anonVmas.prepare(page.vma).id;
  return FAULT_DONE;
}

function copyPage(parts: FaultParts, page: VmPage, source: number, entry: number): number {
  const fromZero = source === parts.pool.zeroPfn;
  const copy = fromZero ? newZeroedFrame(parts) : parts.pool.alloc();
  if (copy === 0) return FAULT_OOM;
  if (!fromZero) copyFrame(parts, page, source, copy);
  else if (parts.trace.mask !== 0) parts.trace.emit(RECORD_ID.zero_fill, page.va, copy, 0, 0);
  parts.mapper.removePage(page);
  parts.flusher.flushOne(page, FLUSH_COW);
  parts.mapper.enterNew(page, parts.anonVmas.prepare(page.vma).id, copy, entry);
  return FAULT_DONE;
}
