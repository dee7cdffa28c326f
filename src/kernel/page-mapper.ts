/**
 * Enters frames into page-table entries and takes them out, with every count that follows.
 *
 * Place: the only code that changes mapcount, rss and a mapping's reference together. Callers find
 * the slot, decide the rights and flush.
 * Invariants: mapcount = entries that name the frame; each entry holds one reference; the zero
 * page is counted nowhere.
 * Source: Linux set_pte_range, zap_present_folio_ptes.
 */

import {
  PTE_ACCESSED,
  PTE_DIRTY,
  PTE_EXEC,
  PTE_GUARD,
  PTE_PRESENT,
  PTE_PROT_NONE,
  PTE_SWAP,
  PTE_USER,
  PTE_WRITE,
} from '../mmu/entry-codes.ts';
import {
  FRAME_ANON,
  FRAME_ANON_EXCLUSIVE,
  FRAME_HUGETLB,
  FRAME_SWAP_BACKED,
  FRAME_UPTODATE,
  type FrameTable,
} from '../mmu/frames.ts';
import type { PageTables } from '../mmu/page-tables.ts';
import type { PageCache } from '../pagecache/page-cache.ts';
import { RECORD_ID, TRACE_STATE, type Trace } from '../trace.ts';
import type { FramePool } from './frame-pool.ts';
import { Inode } from './inode.ts';
import { RSS_ANON, RSS_FILE, RSS_HUGETLB, RSS_SHMEM } from './mm.ts';
import type { OwnerTable } from './owners.ts';
import { VM_ACCESS, VM_EXEC, VM_SHARED, VM_WRITE } from './vm-flags.ts';
import type { AddressSpace, Vma, VmPage } from './vma.ts';

/** What the frame of a private page is at first. */
const ANON_FLAGS = FRAME_ANON | FRAME_ANON_EXCLUSIVE | FRAME_SWAP_BACKED | FRAME_UPTODATE;

/** Stores through this VMA must be seen first (shared pages of a file that is written back). */
export function wantsWriteNotify(vma: Vma): boolean {
  return (
    (vma.flags & (VM_WRITE | VM_SHARED)) === (VM_WRITE | VM_SHARED) &&
    vma.file !== null &&
    !vma.file.inode.fs.swapBacked
  );
}

/** PTE_* flags of a fresh entry before the first store (Linux's vm_page_prot). */
export function entryFlags(vma: Vma): number {
  const { flags } = vma;
  if ((flags & VM_ACCESS) === 0) return PTE_PROT_NONE;
  let entry = PTE_PRESENT | PTE_USER | PTE_ACCESSED;
  if (flags & VM_EXEC) entry |= PTE_EXEC;
  if (flags & VM_WRITE && flags & VM_SHARED && !wantsWriteNotify(vma)) entry |= PTE_WRITE;
  return entry;
}

/** Flags of an entry that a store has just been granted. */
export function writableEntryFlags(vma: Vma): number {
  const entry = entryFlags(vma) | PTE_DIRTY;
  return vma.flags & VM_WRITE && entry & PTE_PRESENT ? entry | PTE_WRITE : entry;
}

export class PageMapper {
  private readonly frames: FrameTable;
  private readonly tables: PageTables;
  private readonly pool: FramePool;
  private readonly cache: PageCache;
  private readonly owners: OwnerTable;
  private readonly trace: Trace;

  constructor(
    frames: FrameTable,
    tables: PageTables,
    pool: FramePool,
    cache: PageCache,
    owners: OwnerTable,
    trace: Trace,
  ) {
    this.frames = frames;
    this.tables = tables;
    this.pool = pool;
    this.cache = cache;
    this.owners = owners;
    this.trace = trace;
  }

  rssKind(pfn: number): number {
    const flags = this.frames.flags[pfn];
    if (flags & FRAME_HUGETLB) return RSS_HUGETLB;
    if (flags & FRAME_ANON) return RSS_ANON;
    return flags & FRAME_SWAP_BACKED ? RSS_SHMEM : RSS_FILE;
  }

  /** Enters a frame; the caller's reference becomes the entry's. */
  enter(mm: AddressSpace, va: number, slot: number, pfn: number, flags: number): void {
    this.frames.mapcount[pfn]++;
    mm.addRss(this.rssKind(pfn), 1);
    this.write(mm, va, slot, pfn, flags);
  }

  /** Makes a fresh frame the private page of `vma` at `va`; `owner` is the id of the VMA's AnonVma. */
  adopt(vma: Vma, owner: number, va: number, pfn: number): void {
    this.frames.index[pfn] = vma.indexAt(va);
    this.own(owner, pfn);
  }

  private own(owner: number, pfn: number): void {
    const { frames } = this;
    frames.flags[pfn] = frames.flags[pfn] | ANON_FLAGS;
    frames.owner[pfn] = owner;
  }

  /** Makes a fresh frame the private page at `page` and enters it; the caller's reference becomes the entry's. */
  enterNew(page: VmPage, owner: number, pfn: number, flags: number): void {
    this.frames.index[pfn] = page.pgoff;
    this.own(owner, pfn);
    this.frames.mapcount[pfn] = 1;
    page.vma.mm.addRss(RSS_ANON, 1);
    this.writePage(page, page.slot, pfn, flags);
  }

  /** As `enter`, at a slot of the table that has `page`. */
  enterBeside(page: VmPage, slot: number, pfn: number, flags: number): void {
    this.frames.mapcount[pfn]++;
    page.vma.mm.addRss(this.rssKind(pfn), 1);
    this.writePage(page, slot, pfn, flags);
  }

  /** As `change`, of the entry of `page`. */
  changePage(page: VmPage, flags: number): void {
    this.writePage(page, page.slot, this.tables.frame(page.slot), flags);
  }

  /** As `enterZero`, at `page`. */
  enterZeroPage(page: VmPage, flags: number): void {
    this.writePage(page, page.slot, this.pool.zeroPfn, flags);
  }

  private writePage(page: VmPage, slot: number, pfn: number, flags: number): void {
    this.tables.set(slot, pfn, flags);
    if ((this.trace.mask & TRACE_STATE) === 0) return;
    const { mm } = page.vma;
    this.trace.emit(RECORD_ID.pte_set, mm.id, page.va + (slot - page.slot) * mm.pageSize, pfn, flags);
  }

  /** Enters the shared page of zeros. */
  enterZero(mm: AddressSpace, va: number, slot: number, flags: number): void {
    this.write(mm, va, slot, this.pool.zeroPfn, flags);
  }

  /** Changes the rights of an entry, its frame staying. */
  change(mm: AddressSpace, va: number, slot: number, flags: number): void {
    this.write(mm, va, slot, this.tables.frame(slot), flags);
  }

  private write(mm: AddressSpace, va: number, slot: number, pfn: number, flags: number): void {
    this.tables.set(slot, pfn, flags);
    if (this.trace.mask & TRACE_STATE) this.trace.emit(RECORD_ID.pte_set, mm.id, va, pfn, flags);
  }

  /** Fork: gives a child's address space the parent's entry, without the raw bits of `fromCopy`; the parent loses those of `fromOriginal`. */
  inherit(child: AddressSpace, va: number, from: number, to: number, fromCopy: number, fromOriginal: number): void {
    const { frames, tables } = this;
    const pfn = tables.frame(from);
    tables.copyEntry(from, to, fromCopy, fromOriginal);
    if (this.trace.mask & TRACE_STATE) this.trace.emit(RECORD_ID.pte_set, child.id, va, pfn, tables.flags(to));
    if (pfn === this.pool.zeroPfn) return;
    const flags = frames.flags[pfn];
    if (flags & FRAME_ANON_EXCLUSIVE) frames.flags[pfn] = flags & ~FRAME_ANON_EXCLUSIVE;
    frames.refcount[pfn]++;
    frames.mapcount[pfn]++;
    child.addRss(this.rssKind(pfn), 1);
  }

  /** Moves an entry, its frame and its rights to another slot of the same address space. */
  relocate(mm: AddressSpace, va: number, from: number, to: number): void {
    const flags = this.tables.flags(from);
    const pfn = this.tables.frame(from);
    this.tables.clear(from);
    this.write(mm, va, to, pfn, flags);
  }

  /** Empties a non-empty entry: counts, dirty mark, reference. The caller flushes. */
  remove(mm: AddressSpace, va: number, slot: number): void {
    if (this.trace.mask & TRACE_STATE) this.trace.emit(RECORD_ID.pte_clear, mm.id, va, this.tables.frame(slot), 0);
    this.takeOut(mm, slot);
  }

  /** As `remove`, of the entry of `page`. */
  removePage(page: VmPage): void {
    const { mm } = page.vma;
    if (this.trace.mask & TRACE_STATE)
      this.trace.emit(RECORD_ID.pte_clear, mm.id, page.va, this.tables.frame(page.slot), 0);
    this.takeOut(mm, page.slot);
  }

  private takeOut(mm: AddressSpace, slot: number): void {
    const flags = this.tables.flags(slot);
    const pfn = this.tables.frame(slot);
    this.tables.clear(slot);
    if (flags & (PTE_GUARD | PTE_SWAP) || pfn === this.pool.zeroPfn) return;
    mm.addRss(this.rssKind(pfn), -1);
    if (flags & PTE_DIRTY) this.noteDirty(pfn);
    this.frames.mapcount[pfn]--;
    this.pool.put(pfn);
  }

  /** The hardware saw a store through an entry of this frame: a file's page is dirty. */
  noteDirty(pfn: number): void {
    if (this.frames.has(pfn, FRAME_ANON)) return;
    const owner = this.owners.get(this.frames.owner[pfn]);
    const index = this.frames.index[pfn];
    if (owner instanceof Inode && owner.cache.get(index) === pfn) this.cache.setDirty(owner.cache, index, pfn);
  }
}
