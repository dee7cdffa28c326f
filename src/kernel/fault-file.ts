/**
 * The first touch of a page of a file mapping: read, private store, shared store.
 *
 *   load            Cache: page          PTE: -> cached neighbours too (fault-around), read-only
 *   private store   Cache: page (stays)  PTE: -> a copy of our own, writable
 *   shared store    Cache: page, dirty   PTE: -> the page itself, writable
 *
 * A page wholly past the end of the object is SIGBUS. Pages map writable at once on a load if
 * stores need not be noticed (shared memory).
 * Source: Linux mm/memory.c do_read_fault, do_cow_fault, do_shared_fault, do_fault_around;
 * mm/filemap.c filemap_fault, filemap_map_pages.
 */

import { BYTES_COPIED, COW_COPIED, FAULT_AROUND_MAPPED } from '../counters.ts';
import { ENOMEM } from '../errno.ts';
import { FRAME_POISONED, FRAME_UPTODATE } from '../mmu/frames.ts';
import { ACCESS_WRITE } from '../mmu/mmu.ts';
import { RECORD_ID } from '../trace.ts';
import { adoptAnonFrame } from './fault-anon.ts';
import type { Inode } from './inode.ts';
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
  const { vma, va } = fault;
  const { inode } = vma.file as OpenFile;
  const index = vma.indexAt(va);
  if (index >= inode.endPage) return -FAULT_BUS;
  const pfn = parts.filePages.forFault(inode, index, ...windowOf(parts, vma, index));
  if (pfn < 0) return pfn === -ENOMEM ? -FAULT_OOM : -FAULT_BUS;
  fault.major ||= parts.filePages.missed && !inode.fs.swapBacked;
  return pfn;
}

/**
 * First page and number of pages to read when page `index` is missing: around it; from it on where the mapping is read in sequence, or
 * holds code, and then not beyond the mapping; it alone where it is read at random.
 */
function windowOf({ filePages }: FaultParts, vma: Vma, index: number): readonly [number, number] {
  const pages = filePages.readAheadPages;
  if (vma.flags & VM_RAND_READ) return [index, 1];
  if (vma.flags & VM_SEQ_READ) return [index, pages];
  if (vma.flags & VM_EXEC) return [index, Math.min(pages, vma.pgoff + vma.pages - index)];
  return [Math.max(0, index - pages / 2), pages];
}

function doReadFault(parts: FaultParts, fault: VmFault): number {
  const special = (fault.vma.file as OpenFile).inode.kind === 'special';
  if (!special && parts.faultAroundPages > 1 && mapAround(parts, fault)) return FAULT_DONE;
  const pfn = fetchPage(parts, fault);
  if (pfn < 0) return -pfn;
  // The kernel lets go of its locks to read and then takes the fault again: what came with the page is mapped too.
  if (fault.major && parts.faultAroundPages > 1 && mapAround(parts, fault)) return FAULT_DONE;
  finishFault(parts, fault, pfn, entryFlags(fault.vma));
  return FAULT_DONE;
}

function doCowFault(parts: FaultParts, fault: VmFault): number {
  // Before the page is looked for: a store beyond the end of the file has made a family all the same.
  parts.anonVmas.prepare(fault.vma);
  const source = fetchPage(parts, fault);
  if (source < 0) return -source;
  const copy = parts.pool.alloc();
  if (copy === 0) return FAULT_OOM;
  copyFrame(parts, fault.va, source, copy);
  adoptAnonFrame(parts, fault.vma, fault.va, copy);
  parts.mapper.enter(fault.vma.mm, fault.va, fault.slot, copy, writableEntryFlags(fault.vma));
  return FAULT_DONE;
}

function doSharedFault(parts: FaultParts, fault: VmFault): number {
  const pfn = fetchPage(parts, fault);
  if (pfn < 0) return -pfn;
  const { inode } = fault.vma.file as OpenFile;
  const result = makePageWritable(parts, inode, fault.vma.indexAt(fault.va), pfn, fault.va);
  if (result !== FAULT_DONE) return result;
  finishFault(parts, fault, pfn, writableEntryFlags(fault.vma));
  return FAULT_DONE;
}

/** Before a store to a shared page: room on the medium, and the page is dirty, as is all of its folio inside the file (page_mkwrite). */
export function makePageWritable(parts: FaultParts, inode: Inode, index: number, pfn: number, va: number): number {
  const head = parts.frames.head[pfn];
  const first = index - (pfn - head);
  const end = Math.min(first + 2 ** parts.frames.order[head], inode.endPage);
  for (let page = first; page < end; page++) {
    const reserved = inode.fs.reserve(inode, page);
    if (reserved < 0) return reserved === -ENOMEM ? FAULT_OOM : FAULT_BUS;
  }
  for (let page = first; page < end; page++) parts.cache.setDirty(inode.cache, page, head + page - first);
  inode.noteModification();
  if (parts.trace.mask !== 0) parts.trace.emit(RECORD_ID.page_mkwrite, va, pfn, index, 0);
  return FAULT_DONE;
}

export function copyFrame(parts: FaultParts, va: number, source: number, copy: number): void {
  parts.ram.copyFrame(copy, source);
  parts.counters.add(COW_COPIED, 1);
  parts.counters.add(BYTES_COPIED, parts.tables.pageSize);
  parts.clock.advance(parts.tables.pageSize * parts.costs.copyByteNs);
  if (parts.trace.mask !== 0) parts.trace.emit(RECORD_ID.cow_copy, va, source, copy, 0);
}

/** Enters the page, and with it the rest of its folio if that lies in the VMA and in one table. */
function finishFault(parts: FaultParts, fault: VmFault, pfn: number, flags: number): void {
  const { vma, va, slot } = fault;
  const head = parts.frames.head[pfn];
  if (head !== pfn || parts.frames.order[pfn] > 0) mapFolio(parts, vma, va, slot, pfn, flags);
  if (parts.tables.isEmpty(slot)) mapCached(parts, vma, va, slot, pfn, flags);
}

/** Enters what is missing of the folio of `pfn` (mapped at `va`) if all of it fits; pages entered. */
function mapFolio(parts: FaultParts, vma: Vma, va: number, slot: number, pfn: number, flags: number): number {
  const { frames, tables } = parts;
  const head = frames.head[pfn];
  const pages = 2 ** frames.order[head];
  const first = va - (pfn - head) * tables.pageSize;
  const last = first + pages * tables.pageSize;
  const tableStart = va - (va & tables.spanMask);
  if (first < vma.start || last > vma.end || first < tableStart || last > tableStart + tables.tableSpan) return 0;
  const { inode } = vma.file as OpenFile;
  let mapped = 0;
  for (let i = 0; i < pages && frames.index[head] + i < inode.endPage; i++) {
    const at = slot - (pfn - head) + i;
    if (!tables.isEmpty(at)) continue;
    mapCached(parts, vma, first + i * tables.pageSize, at, head + i, flags);
    mapped++;
  }
  return mapped;
}

function mapCached(parts: FaultParts, vma: Vma, va: number, slot: number, pfn: number, flags: number): void {
  parts.pool.get(pfn);
  parts.mapper.enter(vma.mm, va, slot, pfn, flags);
  if (parts.trace.mask !== 0) parts.trace.emit(RECORD_ID.map_file_page, va, pfn, parts.frames.index[pfn], flags);
}

/**
 * Fault-around: maps what is cached of a window around the fault, which is cut at the VMA, at the
 * file's end and at the table's; folios that reach out of the window whole. True if the faulting
 * page was among it.
 */
function mapAround(parts: FaultParts, fault: VmFault): boolean {
  const { vma, va, slot } = fault;
  const { tables, faultAroundPages } = parts;
  const { inode } = vma.file as OpenFile;
  const pageInTable = (va & tables.spanMask) / tables.pageSize;
  const pageInVma = (va - vma.start) / tables.pageSize;
  const from = Math.max(pageInTable - (pageInTable % faultAroundPages), pageInTable - Math.min(pageInTable, pageInVma));
  const end = Math.min(from + faultAroundPages, tables.entriesPerTable, pageInTable + vma.pages - pageInVma);
  const to = Math.min(end, pageInTable + inode.endPage - vma.indexAt(va));
  const flags = entryFlags(vma);
  let mapped = 0;
  for (let page = from; page < to; page++) {
    const entry = slot + page - pageInTable;
    const at = va + (page - pageInTable) * tables.pageSize;
    if (tables.isEmpty(entry)) mapped += mapIfCached(parts, vma, at, entry, inode, flags);
  }
  parts.counters.add(FAULT_AROUND_MAPPED, mapped);
  parts.clock.advance(mapped * parts.costs.mapPageNs);
  if (parts.trace.mask !== 0)
    parts.trace.emit(RECORD_ID.fault_around, va, va + (from - pageInTable) * tables.pageSize, mapped, 0);
  return !tables.isEmpty(slot);
}

/** Enters the page of `va`, or its whole folio, if it is cached and good; pages entered. */
function mapIfCached(parts: FaultParts, vma: Vma, va: number, slot: number, inode: Inode, flags: number): number {
  const pfn = inode.cache.get(vma.indexAt(va));
  if (
    pfn === 0 ||
    !inode.cache.isResident(vma.indexAt(va)) ||
    (parts.frames.flags[pfn] & (FRAME_UPTODATE | FRAME_POISONED)) !== FRAME_UPTODATE
  )
    return 0;
  const whole = parts.frames.order[parts.frames.head[pfn]] > 0 ? mapFolio(parts, vma, va, slot, pfn, flags) : 0;
  if (whole > 0) return whole;
  mapCached(parts, vma, va, slot, pfn, flags);
  return 1;
}
