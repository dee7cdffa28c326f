/**
 * Mapping more than the page that faulted: the rest of its folio, and the cached pages around it.
 *
 * Place: fault-file.ts comes here for pages that are in the cache already. A page of order 0 is entered in the loop of
 * `mapRun`, on local copies of the columns and with one addition to the counts at the end: one call for each page cost five times as
 * much. Folios go as wholes, and everything goes page by page while records are traced.
 * Invariant: nothing here reads from a disk, waits or allocates.
 * Source: Linux mm/memory.c do_fault_around; mm/filemap.c filemap_map_pages, next_uptodate_folio.
 */

import { FAULT_AROUND_MAPPED } from '../counters.ts';
import { FRAME_POISONED, FRAME_UPTODATE } from '../mmu/frames.ts';
import { type FileCache, MARK_BLANK, MARK_UNREAD, ROW_PAGES } from '../pagecache/file-cache.ts';
import { RECORD_ID } from '../trace.ts';
import type { Inode } from './inode.ts';
import type { OpenFile } from './open-file.ts';
import { entryFlags } from './page-mapper.ts';
import type { FaultParts, VmFault } from './vm-fault.ts';

/** Marks of a page that is not resident. */
const NOT_RESIDENT = MARK_BLANK | MARK_UNREAD;

/** Enters the page, and with it the rest of its folio if that lies in the VMA and in one table. */
export function mapPage(parts: FaultParts, fault: VmFault, pfn: number, flags: number): void {
  const { slot } = fault;
  const head = parts.frames.head[pfn];
  if (head !== pfn || parts.frames.order[pfn] > 0) mapFolio(parts, fault, slot, pfn, flags);
  if (parts.tables.isEmpty(slot)) mapCached(parts, fault, slot, pfn, flags);
}

/** Address of an entry of the table that has the entry of the fault. */
function addressOf(parts: FaultParts, fault: VmFault, slot: number): number {
  return fault.va + (slot - fault.slot) * parts.tables.pageSize;
}

/** Enters what is missing of the folio of `pfn` (mapped at `slot`) if all of it fits; pages entered. */
function mapFolio(parts: FaultParts, fault: VmFault, slot: number, pfn: number, flags: number): number {
  const { frames, tables } = parts;
  const { vma } = fault;
  const va = addressOf(parts, fault, slot);
  const head = frames.head[pfn];
  const pages = 1 << frames.order[head];
  const first = va - (pfn - head) * tables.pageSize;
  const last = first + pages * tables.pageSize;
  const tableStart = va - (va & tables.spanMask);
  if (first < vma.start || last > vma.end || first < tableStart || last > tableStart + tables.tableSpan) return 0;
  const { inode } = vma.file as OpenFile;
  let mapped = 0;
  for (let i = 0; i < pages && frames.index[head] + i < inode.endPage; i++) {
    const at = slot - (pfn - head) + i;
    if (!tables.isEmpty(at)) continue;
    mapCached(parts, fault, at, head + i, flags);
    mapped++;
  }
  return mapped;
}

function mapCached(parts: FaultParts, fault: VmFault, slot: number, pfn: number, flags: number): void {
  parts.pool.get(pfn);
  parts.mapper.enterBeside(fault, slot, pfn, flags);
  if (parts.trace.mask === 0) return;
  const va = addressOf(parts, fault, slot);
  parts.trace.emit(RECORD_ID.map_file_page, va, pfn, parts.frames.index[pfn], flags);
}

/**
 * Fault-around: maps what is cached of a window around the fault, which is cut at the VMA, at the
 * file's end and at the table's; folios that reach out of the window whole. True if the faulting
 * page was among it.
 */
export function mapAround(parts: FaultParts, fault: VmFault): boolean {
  const { vma, va, slot, pgoff: index } = fault;
  const { tables, faultAroundPages } = parts;
  const { pageSize } = tables;
  const { inode } = vma.file as OpenFile;
  const pageInTable = (va & tables.spanMask) >>> tables.pageShift;
  const pageInVma = (va - vma.start) / pageSize;
  const aligned = pageInTable & ~(faultAroundPages - 1);
  const from = Math.max(aligned, pageInTable - Math.min(pageInTable, pageInVma));
  const end = Math.min(from + faultAroundPages, tables.entriesPerTable, pageInTable + vma.pages - pageInVma);
  const to = Math.min(end, pageInTable + inode.endPage - index);
  if (fault.newTable && meetsLastFirst(parts, inode, index + from - pageInTable, index + to - pageInTable))
    return false;
  const flags = entryFlags(vma);
  let mapped = 0;
  for (let page = from; page < to; ) {
    const first = index + page - pageInTable;
    const pages = Math.min(to - page, ROW_PAGES - (first & (ROW_PAGES - 1)));
    mapped += mapRun(parts, fault, slot + page - pageInTable, inode.cache, first, pages, flags);
    page += pages;
  }
  parts.counters.add(FAULT_AROUND_MAPPED, mapped);
  parts.clock.advance(mapped * parts.costs.mapPageNs);
  if (parts.trace.mask !== 0)
    parts.trace.emit(RECORD_ID.fault_around, va, va + (from - pageInTable) * pageSize, mapped, 0);
  return !tables.isEmpty(slot);
}

/**
 * Whether the first good page among [first, end) belongs to the last folio of a disk file. The kernel then passes over the step that
 * puts a missing table into its place, and without a table maps nothing.
 */
function meetsLastFirst({ frames }: FaultParts, inode: Inode, first: number, end: number): boolean {
  if (inode.fs.swapBacked) return false;
  for (let index = first; index < end; index++) {
    const pfn = inode.cache.get(index);
    if (pfn === 0 || (inode.cache.marksOf(index) & NOT_RESIDENT) !== 0 || !isGood(frames.flags[pfn])) continue;
    const head = frames.head[pfn];
    return index - (pfn - head) + (1 << frames.order[head]) >= inode.endPage;
  }
  return false;
}

function isGood(flags: number): boolean {
  return (flags & (FRAME_UPTODATE | FRAME_POISONED)) === FRAME_UPTODATE;
}

/** Enters the good pages among [first, first + pages) of a cache, all of one row, at the empty entries from `slot` on; pages entered. */
function mapRun(
  parts: FaultParts,
  fault: VmFault,
  slot: number,
  cache: FileCache,
  first: number,
  pages: number,
  flags: number,
): number {
  const { tables } = parts;
  const { pfns, marks } = cache;
  const place = cache.placeOf(first);
  const { refcount, mapcount, order, head, flags: frameFlags } = parts.frames;
  const traced = parts.trace.mask !== 0;
  let alone = 0;
  let others = 0;
  let last = 0;
  for (let i = 0; i < pages; i++) {
    const pfn = pfns[place + i];
    if (pfn === 0 || (marks[place + i] & NOT_RESIDENT) !== 0 || !tables.isEmpty(slot + i)) continue;
    if (!isGood(frameFlags[pfn])) continue;
    if (traced || order[head[pfn]] > 0) {
      others += mapFolioOrPage(parts, fault, slot + i, pfn, flags);
      continue;
    }
    refcount[pfn]++;
    mapcount[pfn]++;
    tables.set(slot + i, pfn, flags);
    last = pfn;
    alone++;
  }
  if (alone === 0) return others;
  fault.vma.mm.addRss(parts.mapper.rssKind(last), alone);
  // Fault-around expects that the neighbours are about to be used.
  parts.ram.fetchAhead(pfns, place, place + pages);
  return alone + others;
}

/** Enters the folio of a page if all of it fits, else the page; pages entered. */
function mapFolioOrPage(parts: FaultParts, fault: VmFault, slot: number, pfn: number, flags: number): number {
  const { head, order } = parts.frames;
  const whole = order[head[pfn]] > 0 ? mapFolio(parts, fault, slot, pfn, flags) : 0;
  if (whole > 0) return whole;
  mapCached(parts, fault, slot, pfn, flags);
  return 1;
}
