/**
 * The first touch of a page of a file mapping: read, private store, shared store.
 *
 *   load            Cache: page          PTE: -> cached neighbours too (fault-around), read-only
 *   private store   Cache: page (stays)  PTE: -> a copy of our own, writable
 *   shared store    Cache: page, dirty   PTE: -> the page itself, writable
 *
 * A page wholly past the end of the object is SIGBUS. Pages map writable at once on a load if
 * stores need not be noticed (shared memory).
 * Source: Linux mm/memory.c do_read_fault, do_cow_fault, do_shared_fault; mm/filemap.c filemap_fault.
 */

import { BYTES_COPIED, COW_COPIED } from '../counters.ts';
import { ENOMEM } from '../errno.ts';
import { ACCESS_WRITE } from '../mmu/access-codes.ts';
import { RECORD_ID } from '../trace.ts';
import { mapAround, mapPage } from './fault-around.ts';
import type { OpenFile } from './open-file.ts';
import { entryFlags, writableEntryFlags } from './page-mapper.ts';
import { FAULT_BUS, FAULT_DONE, FAULT_OOM, type FaultParts, type VmFault } from './vm-fault.ts';
import { VM_EXEC, VM_RAND_READ, VM_SEQ_READ, VM_SHARED } from './vm-flags.ts';
import type { Vma } from './vma.ts';

export function doFault(parts: FaultParts, fault: VmFault): number {
  if (fault.access !== ACCESS_WRITE) return doReadFault(parts, fault);
  return fault.vma.flags & VM_SHARED ? doSharedFault(parts, fault) : doCowFault(parts, fault);
}

/** The cached frame of the faulting page, read in if need be; or a negative FAULT_* result. */
function fetchPage(parts: FaultParts, fault: VmFault): number {
  const { vma, pgoff: index } = fault;
  const { inode } = vma.file as OpenFile;
  if (index >= inode.endPage) return -FAULT_BUS;
  const pages = windowPages(parts, vma, index);
  const pfn = parts.filePages.forFault(inode, index, windowStart(parts, vma, index), pages);
  if (pfn < 0) return pfn === -ENOMEM ? -FAULT_OOM : -FAULT_BUS;
  fault.major ||= parts.filePages.missed && !inode.fs.swapBacked;
  return pfn;
}

/**
 * First page to read when page `index` is missing: the window lies around it; where the mapping is read in sequence or at random, or
 * holds code, it begins there.
 */
function windowStart({ filePages }: FaultParts, vma: Vma, index: number): number {
  if (vma.flags & (VM_RAND_READ | VM_SEQ_READ | VM_EXEC)) return index;
  return Math.max(0, index - filePages.readAheadPages / 2);
}

/** Number of pages to read then: one where the mapping is read at random; of code none beyond the mapping. */
function windowPages({ filePages }: FaultParts, vma: Vma, index: number): number {
  const pages = filePages.readAheadPages;
  if (vma.flags & VM_RAND_READ) return 1;
  if (vma.flags & VM_SEQ_READ || !(vma.flags & VM_EXEC)) return pages;
  return Math.min(pages, vma.pgoff + vma.pages - index);
}

function doReadFault(parts: FaultParts, fault: VmFault): number {
  const special = (fault.vma.file as OpenFile).inode.kind === 'special';
  if (!special && parts.faultAroundPages > 1 && mapAround(parts, fault)) return FAULT_DONE;
  const pfn = fetchPage(parts, fault);
  if (pfn < 0) return -pfn;
  // The kernel lets go of its locks to read and then takes the fault again: what came with the page is mapped too.
  if (fault.major && parts.faultAroundPages > 1 && mapAround(parts, fault)) return FAULT_DONE;
  mapPage(parts, fault, pfn, entryFlags(fault.vma));
  return FAULT_DONE;
}

function doCowFault(parts: FaultParts, fault: VmFault): number {
  // Before the page is looked for: a store beyond the end of the file has made a family all the same.
  const owner = parts.anonVmas.prepare(fault.vma).id;
  const source = fetchPage(parts, fault);
  if (source < 0) return -source;
  const copy = parts.pool.alloc();
  if (copy === 0) return FAULT_OOM;
  copyFrame(parts, fault, source, copy);
  parts.mapper.enterNew(fault, owner, copy, writableEntryFlags(fault.vma));
  return FAULT_DONE;
}

function doSharedFault(parts: FaultParts, fault: VmFault): number {
  const pfn = fetchPage(parts, fault);
  if (pfn < 0) return -pfn;
  const result = makePageWritable(parts, fault, pfn);
  if (result !== FAULT_DONE) return result;
  mapPage(parts, fault, pfn, writableEntryFlags(fault.vma));
  return FAULT_DONE;
}

/** Before a store to a shared page: room on the medium, and the page is dirty, as is all of its folio inside the file (page_mkwrite). */
export function makePageWritable(parts: FaultParts, fault: VmFault, pfn: number): number {
  const { inode } = fault.vma.file as OpenFile;
  const index = fault.pgoff;
  const head = parts.frames.head[pfn];
  const first = index - (pfn - head);
  const end = Math.min(first + (1 << parts.frames.order[head]), inode.endPage);
  for (let page = first; page < end; page++) {
    const reserved = inode.fs.reserve(inode, page);
    if (reserved < 0) return reserved === -ENOMEM ? FAULT_OOM : FAULT_BUS;
  }
  for (let page = first; page < end; page++) parts.cache.setDirty(inode.cache, page, head + page - first);
  inode.noteModification();
  if (parts.trace.mask !== 0) parts.trace.emit(RECORD_ID.page_mkwrite, fault.va, pfn, index, 0);
  return FAULT_DONE;
}

/** Copies the contents of a frame for the page at `page`. */
export function copyFrame(parts: FaultParts, page: { readonly va: number }, source: number, copy: number): void {
  parts.ram.copyFrame(copy, source);
  parts.counters.add(COW_COPIED, 1);
  parts.counters.add(BYTES_COPIED, parts.tables.pageSize);
  parts.clock.advance(parts.tables.pageSize * parts.costs.copyByteNs);
  if (parts.trace.mask !== 0) parts.trace.emit(RECORD_ID.cow_copy, page.va, source, copy, 0);
}
