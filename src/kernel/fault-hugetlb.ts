/**
 * Faults in mappings of huge pages: a whole page of the pool at once, never a small one.
 *
 *   shared                 PTE: -  -> the file's page, taken from the pool if it has none
 *   private, load          PTE: -  -> the file's page, read-only; a page of its own if the file has none
 *   private, store         a copy, or taken over if nobody else has it
 *
 * A page comes out of what is reserved for the mapping, otherwise out of what is reserved for nobody. With neither the
 * access fails, unless the process that made the mapping stores: then its children lose theirs.
 * Differs: entered as small entries over frames in a row (see fault-huge.ts).
 * Source: Linux mm/hugetlb.c (hugetlb_fault, hugetlb_no_page, hugetlb_wp).
 */

import { ACCESS_WRITE } from '../mmu/access-codes.ts';
import { PTE_DIRTY, PTE_PRESENT, PTE_WRITE } from '../mmu/entry-codes.ts';
import { FRAME_ANON, FRAME_ANON_EXCLUSIVE, FRAME_SWAP_BACKED, FRAME_UPTODATE } from '../mmu/frames.ts';
import { copyFrame } from './fault-file.ts';
import type { HugeFile, HugePool } from './huge-pool.ts';
import type { Inode } from './inode.ts';
import { entryFlags, writableEntryFlags } from './page-mapper.ts';
import { FLUSH_COW } from './tlb-flush.ts';
import { FAULT_BUS, FAULT_DONE, FAULT_OOM, type FaultParts } from './vm-fault.ts';
import { VM_MAYSHARE, VM_SHARED, VM_WRITE } from './vm-flags.ts';
import type { Vma } from './vma.ts';

/** One fault: the huge page's first address, its slot, its number in the file. */
interface HugeFault {
  readonly vma: Vma;
  readonly inode: Inode;
  readonly huge: HugeFile;
  readonly start: number;
  readonly slot: number;
  readonly index: number;
  readonly access: number;
}

export function doHugetlbFault(parts: FaultParts, vma: Vma, va: number, access: number): number {
  const inode = vma.file?.inode;
  const huge = inode?.huge ?? null;
  if (inode === undefined || huge === null) return FAULT_BUS;
  const { pool } = huge;
  const start = va - (va % pool.bytes);
  const slot = parts.tables.ensure(vma.mm.root, start);
  if (slot < 0) return FAULT_OOM;
  const index = vma.indexAt(start) / pool.pagesEach;
  const fault: HugeFault = { vma, inode, huge, start, slot, index, access };
  if (parts.tables.isEmpty(slot)) return noPage(parts, fault);
  const flags = parts.tables.flags(slot);
  return access === ACCESS_WRITE && flags & PTE_PRESENT && !(flags & PTE_WRITE)
    ? writeProtected(parts, fault)
    : FAULT_DONE;
}

function noPage(parts: FaultParts, fault: HugeFault): number {
  const { vma, inode, huge, index, access } = fault;
  const first = index * huge.pool.pagesEach;
  if (inode.cache.get(first) === 0) {
    // A page that is there may reach beyond the end: fallocate makes whole ones.
    if (first + huge.pool.pagesEach > inode.sizePages) return FAULT_BUS;
    if (!(vma.flags & VM_MAYSHARE)) return ownPage(parts, fault);
    if (parts.filePages.allocateMemory(inode, first) < 0) return FAULT_BUS;
  }
  const head = inode.cache.get(first);
  const grants = (vma.flags & (VM_WRITE | VM_SHARED)) === (VM_WRITE | VM_SHARED);
  enterAll(parts, fault, head, grants ? writableEntryFlags(vma) : entryFlags(vma));
  return access === ACCESS_WRITE && !(vma.flags & VM_SHARED) ? writeProtected(parts, fault) : FAULT_DONE;
}

/** The process's own page of zeros. */
function ownPage(parts: FaultParts, fault: HugeFault): number {
  const head = takeFor(fault);
  if (head === 0) return FAULT_BUS;
  forEachPage(fault, (page) => parts.ram.zeroFrame(head + page));
  adopt(parts, fault, head);
  const { vma, access } = fault;
  enterAll(parts, fault, head, access === ACCESS_WRITE ? writableEntryFlags(vma) : entryFlags(vma));
  return FAULT_DONE;
}

/** Out of what is kept for the mapping, else out of the rest; 0 if there is none. */
function takeFor({ vma, huge, index }: HugeFault): number {
  const kept = vma.hugeReservation;
  if (kept === null || kept.used.has(index)) return huge.pool.take('rest');
  const head = huge.pool.take('reserve');
  if (head !== 0) kept.used.add(index);
  return head;
}

/** A store to a page that is mapped read-only although the VMA allows stores. */
function writeProtected(parts: FaultParts, fault: HugeFault): number {
  const { vma, slot } = fault;
  const head = parts.tables.frame(slot);
  if (vma.flags & VM_SHARED || isOwn(parts, head)) return grant(parts, fault, head);
  const copy = takeFor(fault);
  if (copy === 0) {
    if (vma.hugeReservation === null || !parts.frames.has(head, FRAME_ANON)) return FAULT_BUS;
    takeFromOthers(parts, fault, head);
    return grant(parts, fault, head);
  }
  forEachPage(fault, (page, va) => {
    copyFrame(parts, { va }, head + page, copy + page);
    parts.mapper.remove(vma.mm, va, slot + page);
    parts.flusher.flushPage(vma.mm, va, FLUSH_COW);
  });
  adopt(parts, fault, copy);
  enterAll(parts, fault, copy, writableEntryFlags(vma));
  return FAULT_DONE;
}

/** Nobody else has it: the pool's reference and one entry. */
function isOwn({ frames }: FaultParts, head: number): boolean {
  return frames.has(head, FRAME_ANON) && frames.refcount[head] === 2;
}

function grant(parts: FaultParts, fault: HugeFault, head: number): number {
  const { tables, frames } = parts;
  forEachPage(fault, (page, va) => {
    if (frames.has(head + page, FRAME_ANON)) frames.set(head + page, FRAME_ANON_EXCLUSIVE);
    const slot = fault.slot + page;
    parts.mapper.change(fault.vma.mm, va, slot, tables.flags(slot) | PTE_WRITE | PTE_DIRTY);
  });
  return FAULT_DONE;
}

/** The owner of the mapping needs the page: whoever else has it by fork loses it, and fails at the next touch. */
function takeFromOthers(parts: FaultParts, fault: HugeFault, head: number): void {
  const others: [Vma, number][] = [];
  parts.rmap.forEachMapping(head, (vma, va) => {
    if (vma !== fault.vma) others.push([vma, va]);
  });
  for (const [vma, start] of others) {
    const slot = parts.tables.lookup(vma.mm.root, start);
    forEachPage({ huge: fault.huge, start, vma }, (page, va) => {
      parts.mapper.remove(vma.mm, va, slot + page);
      parts.flusher.flushPage(vma.mm, va, FLUSH_COW);
    });
  }
}

function adopt(parts: FaultParts, { vma, start, huge }: HugeFault, head: number): void {
  const { frames } = parts;
  const anonVma = parts.anonVmas.prepare(vma);
  const first = vma.indexAt(start);
  for (let page = 0; page < huge.pool.pagesEach; page++) {
    frames.set(head + page, FRAME_ANON | FRAME_ANON_EXCLUSIVE | FRAME_SWAP_BACKED | FRAME_UPTODATE);
    frames.owner[head + page] = anonVma.id;
    frames.index[head + page] = first + page;
  }
}

function enterAll(parts: FaultParts, fault: HugeFault, head: number, flags: number): void {
  forEachPage(fault, (page, va) => {
    parts.pool.get(head + page);
    parts.mapper.enter(fault.vma.mm, va, fault.slot + page, head + page, flags);
  });
}

type Stretch = { readonly huge: { readonly pool: HugePool }; readonly start: number; readonly vma: Vma };

function forEachPage({ huge, start, vma }: Stretch, visit: (page: number, va: number) => void): void {
  for (let page = 0; page < huge.pool.pagesEach; page++) visit(page, start + page * vma.mm.pageSize);
}
