/**
 * The MMU of one CPU: TLB probe, page walk, accessed and dirty bits, the fault record.
 *
 * Place in the flow: kernel/access.ts asks for a physical address; a fault is not an exception but
 * the result -1 with the record (va, access, error code) filled in, as hardware does with CR2 and
 * the error code. It knows no VMA and calls nobody.
 *
 * Counts are exact: every access is a hit of the first level, a hit of the second, or a walk. A hit
 * in a direct-mapped first level is a few integer operations and one compare; the three translate
 * methods repeat these lines so that each stays small enough to be inlined into the access itself.
 * Source: Intel SDM 3A 4.7 (error code), 4.8 (A and D), 4.10 (TLB).
 */

import { RECORD_ID, type Trace } from '../trace.ts';
import { PTE_ACCESSED, PTE_DIRTY, PTE_EXEC, PTE_LEAF, PTE_PRESENT, PTE_USER, PTE_WRITE } from './entry-codes.ts';
import type { PageTables } from './page-tables.ts';
import type { Ram } from './ram.ts';
import { NO_TAG, type TlbLevel } from './tlb.ts';

export const ACCESS_READ = 0;
export const ACCESS_WRITE = 1;
export const ACCESS_EXEC = 2;

/** Error-code bits of a page fault. */
export const FAULT_PRESENT = 1;
export const FAULT_WRITE = 2;
export const FAULT_USER = 4;
export const FAULT_EXEC = 16;

/** How a walk ended, in its trace record. */
export const WALK_DONE = 0;
export const WALK_NOT_PRESENT = 1;
export const WALK_NOT_ALLOWED = 2;
/** The address was refused before any entry was read. */
export const WALK_NO_ADDRESS = 3;

/** Float64Array indices of `Mmu.counts`. */
export const COUNT_ACCESSES = 0;
export const COUNT_L1_MISSES = 1;
export const COUNT_L2_MISSES = 2;
export const COUNT_WALK_REFERENCES = 3;
export const COUNT_FAULTS = 4;
export const COUNT_DIRTY_ASSISTS = 5;

/** Folded before it leaves the range of small integers. */
const LATEST_MAX = 2 ** 30;

const ADDRESS_END_32 = 2 ** 32;

export class Mmu {
  private readonly tables: PageTables;
  private readonly trace: Trace;
  readonly ram: Ram;
  readonly l1: TlbLevel;
  /** The second level, or null in a machine with one. */
  readonly l2: TlbLevel | null;
  private readonly offsetMask: number;
  private readonly pageScale: number;
  /** First address that is not canonical; the end of the translatable lower half. */
  private readonly addressEnd: number;
  root: number;
  asid: number;
  // Cached from l1, so that a hit reads no second object.
  private readonly setMask: number;
  private readonly ways: number;
  private readonly readTag: Float64Array;
  private readonly writeTag: Float64Array;
  private readonly execTag: Float64Array;
  private readonly base: Uint32Array;
  /** Float64Array(6), indexed by COUNT_*: counts since the start, but for the latest accesses. */
  private readonly tally: Float64Array;
  /**
   * Accesses not yet in `tally`. A small integer in a field: adding one to a double in an array
   * took as long as the rest of a hit (9 ns a load against 20).
   */
  private latest: number;
  faultVa: number;
  faultAccess: number;
  /** FAULT_* bits without FAULT_USER, which the caller knows. */
  faultError: number;
  /** Slots read by the last walk, root first; for explanations. Int32Array(levels). */
  readonly walkSlots: Int32Array;
  walkLength: number;

  constructor(tables: PageTables, ram: Ram, l1: TlbLevel, l2: TlbLevel | null, addressEnd: number, trace: Trace) {
    this.tables = tables;
    this.trace = trace;
    this.ram = ram;
    this.l1 = l1;
    this.l2 = l2;
    this.offsetMask = tables.pageSize - 1;
    this.pageScale = 1 / tables.pageSize;
    this.addressEnd = addressEnd;
    this.root = 0;
    this.asid = 0;
    this.setMask = l1.setMask;
    this.ways = l1.ways;
    this.readTag = l1.readTag;
    this.writeTag = l1.writeTag;
    this.execTag = l1.execTag;
    this.base = l1.base;
    this.tally = new Float64Array(6);
    this.latest = 0;
    this.faultVa = 0;
    this.faultAccess = 0;
    this.faultError = 0;
    this.walkSlots = new Int32Array(tables.levels);
    this.walkLength = 0;
  }

  /** Physical address for a load at `va`, or -1 with the fault record filled in. `va` may be any number. */
  translateRead(va: number): number {
    const offset = va & this.offsetMask;
    const tag = va - offset + this.asid;
    const entry = ((va * this.pageScale) & this.setMask) * this.ways;
    this.latest++;
    if (this.readTag[entry] !== tag || this.ways !== 1)
      return this.probe(this.readTag, entry, va, offset, tag, ACCESS_READ);
    return this.base[entry] + offset;
  }

  /** Physical address for a store at `va`, or -1. */
  translateWrite(va: number): number {
    const offset = va & this.offsetMask;
    const tag = va - offset + this.asid;
    const entry = ((va * this.pageScale) & this.setMask) * this.ways;
    this.latest++;
    if (this.writeTag[entry] !== tag || this.ways !== 1)
      return this.probe(this.writeTag, entry, va, offset, tag, ACCESS_WRITE);
    return this.base[entry] + offset;
  }

  /** Physical address for an instruction fetch at `va`, or -1. */
  translateFetch(va: number): number {
    const offset = va & this.offsetMask;
    const tag = va - offset + this.asid;
    const entry = ((va * this.pageScale) & this.setMask) * this.ways;
    this.latest++;
    if (this.execTag[entry] !== tag || this.ways !== 1)
      return this.probe(this.execTag, entry, va, offset, tag, ACCESS_EXEC);
    return this.base[entry] + offset;
  }

  /** The rest of a probe: the other ways of the set, the order of replacement, then the miss. */
  private probe(column: Float64Array, first: number, va: number, offset: number, tag: number, access: number): number {
    const end = first + this.ways;
    for (let entry = first; entry < end; entry++) {
      if (column[entry] !== tag) continue;
      this.l1.touch(entry);
      return this.base[entry] + offset;
    }
    return this.miss(va, offset, tag, access);
  }

  private grantColumn(level: TlbLevel, access: number): Float64Array {
    return access === ACCESS_READ ? level.readTag : access === ACCESS_WRITE ? level.writeTag : level.execTag;
  }

  private miss(va: number, offset: number, tag: number, access: number): number {
    if (this.latest > LATEST_MAX) this.foldLatest();
    // Low bits of the page number: all that choosing a set needs, as an integer once for all levels.
    const page = (va * this.pageScale) | 0;
    const { l1, l2 } = this;
    // An entry that is there but does not grant the access (clean, read-only, no-execute) is walked for again in its place.
    const own = access === ACCESS_READ ? -1 : l1.find(l1.tag, page, tag);
    if (own >= 0) this.tally[COUNT_DIRTY_ASSISTS]++;
    else this.tally[COUNT_L1_MISSES]++;
    if (l2 !== null && own < 0) {
      const entry = l2.find(this.grantColumn(l2, access), page, tag);
      if (entry >= 0) {
        l2.touch(entry);
        if (this.trace.mask !== 0) this.trace.emit(RECORD_ID.tlb_miss, va, access, 1, 0);
        l1.fill(l1.place(page), tag, l2.base[entry], l2.readTag[entry], l2.writeTag[entry], l2.execTag[entry]);
        return l2.base[entry] + offset;
      }
      this.tally[COUNT_L2_MISSES]++;
    }
    if (this.trace.mask !== 0) this.trace.emit(RECORD_ID.tlb_miss, va, access, own >= 0 ? 0 : l2 === null ? 1 : 2, 0);
    return this.walk(va, offset, tag, access);
  }

  /** Reads the tables as hardware does; fills the TLB or the fault record. */
  private walk(va: number, offset: number, tag: number, access: number): number {
    const { tables } = this;
    if (!(va >= 0 && va < this.addressEnd) || va !== Math.floor(va)) {
      this.walkLength = 0;
      return this.refuse(va, access, WALK_NO_ADDRESS);
    }
    const cached = this.trace.mask === 0 ? tables.cachedSlot(this.root, va) : -1;
    let table = this.root;
    let slot = cached;
    let flags = cached >= 0 ? tables.flags(cached) : 0;
    let level = cached >= 0 ? tables.levels - 1 : 0;
    while (cached < 0) {
      slot = table * tables.entriesPerTable + tables.indexAt(va, level);
      this.walkSlots[level] = slot;
      flags = tables.flags(slot);
      if (!(flags & PTE_PRESENT) || level === tables.levels - 1 || flags & PTE_LEAF) break;
      table = tables.frame(slot);
      level++;
    }
    this.walkLength = level + 1;
    this.tally[COUNT_WALK_REFERENCES] += level + 1;
    if (!(flags & PTE_PRESENT)) return this.refuse(va, access, WALK_NOT_PRESENT);
    if (!this.granted(flags, access)) return this.refuse(va, access, WALK_NOT_ALLOWED);
    if (this.trace.mask !== 0) this.traceWalk(va, WALK_DONE);
    flags = this.markUsed(slot, flags, access);
    return this.fillTlb(va, offset, tag, slot, level, flags);
  }

  /** One record for each entry of the last walk, then one for how it ended (WALK_*). */
  private traceWalk(va: number, result: number): void {
    const { tables, trace } = this;
    for (let level = 0; level < this.walkLength; level++) {
      const slot = this.walkSlots[level];
      trace.emit(
        RECORD_ID.walk_entry,
        level,
        slot * tables.scheme.entryBytes,
        tables.rawLow(slot),
        tables.rawHigh(slot),
      );
    }
    trace.emit(RECORD_ID.walk, va, this.walkLength, result, 0);
  }

  private granted(flags: number, access: number): boolean {
    if (!(flags & PTE_USER)) return false;
    if (access === ACCESS_WRITE) return (flags & PTE_WRITE) !== 0;
    return access === ACCESS_READ || (flags & PTE_EXEC) !== 0;
  }

  private markUsed(slot: number, flags: number, access: number): number {
    const used = flags | PTE_ACCESSED | (access === ACCESS_WRITE ? PTE_DIRTY : 0);
    if (used !== flags) this.tables.set(slot, this.tables.frame(slot), used);
    return used;
  }

  /**
   * What the TLB keeps of a frame: its physical address, in 32 bits so that a hit computes with
   * integers. Frames beyond 4 GiB have no contents (a buffer ends there): all get the last page below.
   */
  baseOf(pfn: number): number {
    const pa = pfn * this.tables.pageSize;
    return pa < ADDRESS_END_32 ? pa : ADDRESS_END_32 - this.tables.pageSize;
  }

  private fillTlb(va: number, offset: number, tag: number, slot: number, level: number, flags: number): number {
    const { tables, l1, l2 } = this;
    const page = (va * this.pageScale) | 0;
    let base = this.baseOf(tables.frame(slot));
    // A large leaf enters as its base page: the TLB here has one page size.
    if (level < tables.levels - 1) base += (va - offset) % 2 ** tables.levelShift[level];
    const writeTag = flags & PTE_WRITE && flags & PTE_DIRTY ? tag : NO_TAG;
    const execTag = flags & PTE_EXEC ? tag : NO_TAG;
    const own = l1.find(l1.tag, page, tag);
    l1.fill(own >= 0 ? own : l1.place(page), tag, base, tag, writeTag, execTag);
    if (l2 !== null) {
      const ownBelow = l2.find(l2.tag, page, tag);
      l2.fill(ownBelow >= 0 ? ownBelow : l2.place(page), tag, base, tag, writeTag, execTag);
    }
    return base + offset;
  }

  /** Ends a walk without a translation (WALK_*): -1, and the fault record. */
  private refuse(va: number, access: number, result: number): number {
    if (this.trace.mask !== 0) this.traceWalk(va, result);
    const error = result === WALK_NOT_ALLOWED ? FAULT_PRESENT : 0;
    this.tally[COUNT_FAULTS]++;
    this.faultVa = va;
    this.faultAccess = access;
    this.faultError = error | (access === ACCESS_WRITE ? FAULT_WRITE : access === ACCESS_EXEC ? FAULT_EXEC : 0);
    return -1;
  }

  /** Exact counts since the start: a copy, Float64Array(6), indexed by COUNT_*. */
  get counts(): Float64Array {
    const counts = this.tally.slice();
    counts[COUNT_ACCESSES] += this.latest;
    return counts;
  }

  private foldLatest(): void {
    this.tally[COUNT_ACCESSES] += this.latest;
    this.latest = 0;
  }

  /** Loads the page-table root and the tag of an address space (a context switch). */
  switchTo(root: number, asid: number): void {
    this.root = root;
    this.asid = asid;
  }

  /** Drops the translation of the page at `va` in the address space `asid`. */
  flushPage(va: number, asid: number): void {
    const tag = va - (va & this.offsetMask) + asid;
    this.l1.flushTag(va * this.pageScale, tag);
    if (this.l2 !== null) this.l2.flushTag(va * this.pageScale, tag);
  }

  flushAsid(asid: number): void {
    this.l1.flushAsid(asid, this.offsetMask + 1);
    if (this.l2 !== null) this.l2.flushAsid(asid, this.offsetMask + 1);
  }

  flushAll(): void {
    this.l1.flushAll();
    if (this.l2 !== null) this.l2.flushAll();
  }
}
