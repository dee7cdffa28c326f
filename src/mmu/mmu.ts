/**
 * The MMU of one CPU: TLB probe, page walk, the fault record.
 *
 * Place in the flow: kernel/access.ts asks for a physical address; a fault is not an exception but the result -1 with the record (va,
 * access, error code) filled in, as hardware does with CR2 and the error code. It knows no VMA and calls nobody.
 *
 * Counts are exact: every access is a hit of the first level (tlb-hits.ts), a hit of the second, or a walk.
 * Source: Intel SDM 3A 4.7 (error code), 4.10 (TLB).
 */

import { RECORD_ID, TRACE_EVENT, type Trace } from '../trace.ts';
import {
  ACCESS_EXEC,
  ACCESS_READ,
  ACCESS_WRITE,
  FAULT_EXEC,
  FAULT_PRESENT,
  FAULT_WRITE,
  MARKS,
  NEEDED,
  READY,
  WRITABLE,
} from './access-codes.ts';
import {
  COUNT_ACCESSES,
  COUNT_DIRTY_ASSISTS,
  COUNT_FAULTS,
  COUNT_L1_MISSES,
  COUNT_L2_MISSES,
  COUNT_WALK_REFERENCES,
  COUNTS,
} from './access-counts.ts';
import { PTE_EXEC } from './entry-codes.ts';
import type { PageTables } from './page-tables.ts';
import type { Ram } from './ram.ts';
import { NO_TAG, type TlbLevel } from './tlb.ts';
import { IN_NEITHER, TlbPair } from './tlb-pair.ts';
import { WALK_NOT_ALLOWED, Walker } from './walk.ts';

const { tlb_miss: TLB_MISS } = RECORD_ID;

/** Folded before it leaves the range of small integers. */
const LATEST_MAX = 1 << 30;

/** Uint16Array, indexed by ACCESS_*: PTE_* flags of a leaf that grants the access without a new mark. */
const WANTED = Uint16Array.of(READY, READY | WRITABLE, READY | PTE_EXEC);

/** Column of a level that holds the tags which grant an access (ACCESS_*). */
export function granting(level: TlbLevel, access: number): Float64Array {
  return access === ACCESS_READ ? level.tag : access === ACCESS_WRITE ? level.writeTag : level.execTag;
}

export class Mmu extends TlbPair {
  private readonly tables: PageTables;
  private readonly trace: Trace;
  readonly ram: Ram;
  readonly walker: Walker;
  root: number;
  /** 1 if there is one place for a page, in the only level; else 0. */
  private readonly solitary: number;
  /** Float64Array(COUNTS), indexed by COUNT_*: counts since the start, but for the latest accesses. */
  private readonly tally: Float64Array;
  /** Accesses by `refill`, in neither `tally` nor `latest` yet: each missed the first level and read a leaf. */
  private refills: number;
  faultVa: number;
  faultAccess: number;
  /** FAULT_* bits without FAULT_USER, which the caller knows. */
  faultError: number;

  constructor(tables: PageTables, ram: Ram, l1: TlbLevel, l2: TlbLevel | null, addressEnd: number, trace: Trace) {
    super(tables.pageShift, l1, l2);
    this.tables = tables;
    this.trace = trace;
    this.ram = ram;
    this.walker = new Walker(tables, addressEnd, trace);
    this.root = 0;
    this.solitary = l1.ways === 1 && l2 === null ? 1 : 0;
    this.tally = new Float64Array(COUNTS);
    this.refills = 0;
    this.faultVa = 0;
    this.faultAccess = 0;
    this.faultError = 0;
  }

  /** As `physical`, of the `va` in the field. */
  private physicalOfVa(entry: number): number {
    return (this.base[entry] | (this.va & this.offsetMask)) >>> 0;
  }

  /** Physical address for a load at `va`, or -1 with the fault record filled in. `va` may be any number. */
  translateRead(va: number): number {
    const entry = this.hit(this.tag, va);
    return entry >= 0 ? this.physical(entry, va) : this.missRead(va);
  }

  /** Physical address for a store at `va`, or -1. */
  translateWrite(va: number): number {
    const entry = this.hit(this.writeTag, va);
    if (entry >= 0) return this.physical(entry, va);
    this.va = va;
    return this.search(ACCESS_WRITE);
  }

  /** Physical address for an instruction fetch at `va`, or -1. */
  translateFetch(va: number): number {
    const entry = this.hit(this.execTag, va);
    if (entry >= 0) return this.physical(entry, va);
    this.va = va;
    return this.search(ACCESS_EXEC);
  }

  /** The rest of a load at `va` for which there was no hit: physical address or -1. */
  missRead(va: number): number {
    if (this.solitary !== 0 && this.trace.mask === 0) {
      const pa = this.refill(va);
      if (pa >= 0) return pa;
    }
    this.va = va;
    return this.search(ACCESS_READ);
  }

  /**
   * A load for which the only level has one place, which holds another page; the page's table was reached lately and its leaf needs
   * no new mark. This is `search` with all that leaves to be done, so short that the host begins with the next load while it
   * waits for the contents of this one. -1 if it is not so: then nothing has happened yet. `va` is an argument, as V8 inlines all of it
   * into a load: what a field holds it would read again at each use.
   */
  private refill(va: number): number {
    const { tables } = this;
    const slot = tables.cachedAt(this.root, va);
    if (slot < 0) return -1;
    const low = tables.rawLow(slot);
    const high = tables.rawHigh(slot);
    const flags = tables.flagsOf(low, high);
    if ((flags & READY) !== READY || this.refills === LATEST_MAX) return -1;
    this.refills++;
    const base = tables.baseOf(tables.frameOf(low, high));
    this.fill(((va | 0) >>> this.pageShift) & this.setMask, va, base, flags);
    return (base | (va & this.offsetMask)) >>> 0;
  }

  /** The rest of an access (ACCESS_*) to the `va` in the field, for which there was no hit: physical address or -1. */
  search(access: number): number {
    if (++this.latest > LATEST_MAX || this.refills === LATEST_MAX) this.foldLatest();
    if (this.paired !== 0) {
      const promoted = this.promote(access);
      if (promoted >= 0) {
        if (this.trace.mask & TRACE_EVENT) this.noteHit(access);
        return this.physicalOfVa(promoted);
      }
      if (promoted === IN_NEITHER) return this.missBoth(access);
    }
    return this.searchLevels(access);
  }

  /** The rest of `search` for a page that no level has, of two. */
  private missBoth(access: number): number {
    const { tables, tally } = this;
    tally[COUNT_L1_MISSES]++;
    tally[COUNT_L2_MISSES]++;
    tables.sought = this.va;
    const slot = tables.cachedSought(this.root);
    if (slot < 0) return this.walk(access, -1, -1);
    const low = tables.rawLow(slot);
    const high = tables.rawHigh(slot);
    const flags = tables.flagsOf(low, high);
    if ((flags & WANTED[access]) !== WANTED[access]) return this.walk(access, -1, -1);
    if (this.trace.mask & TRACE_EVENT && !this.noteKnown(slot, access, 2)) return this.walk(access, -1, -1);
    tally[COUNT_WALK_REFERENCES] += tables.levels;
    return this.physicalOfVa(this.enterBoth(tables.baseOf(tables.frameOf(low, high)) | 0, flags));
  }

  /** The rest of `search`, level by level. */
  private searchLevels(access: number): number {
    // What grants an access holds the page: one search of a level tells both. A direct-mapped one has been searched for loads.
    const own = this.ways === 1 && access === ACCESS_READ ? -1 : this.find(this.l1);
    if (own >= 0 && granting(this.l1, access)[own] === this.tag[own]) {
      this.l1.touch(own, this.latest);
      return this.physicalOfVa(own);
    }
    // An entry that is there but does not grant the access (clean, read-only, no-execute) is walked for again in its place.
    this.tally[own >= 0 ? COUNT_DIRTY_ASSISTS : COUNT_L1_MISSES]++;
    const { l2 } = this;
    if (l2 === null) return this.missAll(access, own, -1);
    const below = this.find(l2);
    if (own >= 0) return this.missAll(access, own, below);
    if (below >= 0 && granting(l2, access)[below] === l2.tag[below]) return this.enterFirst(l2, below, access);
    this.tally[COUNT_L2_MISSES]++;
    return this.missAll(access, own, below);
  }

  /** Entry of a level that has the page of `va`, whatever it grants, or -1. */
  private find(level: TlbLevel): number {
    const { va } = this;
    level.sought = va - ((va & this.offsetMask) - this.asid);
    return level.findSought(level.tag, (va | 0) >>> this.pageShift);
  }

  /** A hit of the second level: its entry enters the first. */
  private enterFirst(l2: TlbLevel, below: number, access: number): number {
    const { l1, latest } = this;
    l2.touch(below, latest);
    if (this.trace.mask & TRACE_EVENT) this.noteHit(access);
    const page = (this.va | 0) >>> this.pageShift;
    const entry = l1.place(page);
    l1.copy(entry, l2, below, page, latest);
    return this.physicalOfVa(entry);
  }

  /** No level has the page: one read where its table was reached lately, and its leaf needs no new mark; else a walk. */
  private missAll(access: number, own: number, below: number): number {
    const { tables } = this;
    tables.sought = this.va;
    const slot = tables.cachedSought(this.root);
    if (slot < 0) return this.walk(access, own, below);
    const flags = tables.flags(slot);
    if ((flags & WANTED[access]) !== WANTED[access]) return this.walk(access, own, below);
    if (this.trace.mask & TRACE_EVENT && !this.noteKnown(slot, access, this.missed(own)))
      return this.walk(access, own, below);
    this.tally[COUNT_WALK_REFERENCES] += tables.levels;
    return this.enter(own, below, tables.baseOf(tables.frame(slot)), flags);
  }

  /** Of the second level: there is no walk, whose records tell of the miss. */
  private noteHit(access: number): void {
    this.trace.first = this.va;
    this.trace.emitThree(TLB_MISS, access, 1);
  }

  /** As the walker's `noteKnown`, for the `va` in the field. */
  private noteKnown(slot: number, access: number, missed: number): boolean {
    this.walker.va = this.va;
    return this.walker.noteKnown(slot, access, missed);
  }

  /** The deepest level that missed, for the record of a miss: 0 if the first has the page (`own`) without the right. */
  private missed(own: number): number {
    if (own >= 0) return 0;
    return this.l2 === null ? 1 : 2;
  }

  /** Reads the tables as hardware does; fills the TLB or the fault record. `own`, `below`: the entries of both levels to fill again, or -1. */
  private walk(access: number, own: number, below: number): number {
    const { walker } = this;
    walker.va = this.va;
    if (this.trace.mask & TRACE_EVENT) walker.follows(access, this.missed(own));
    const slot = walker.walk(this.root, NEEDED[access], MARKS[access]);
    this.tally[COUNT_WALK_REFERENCES] += walker.length;
    if (slot < 0) return this.refuse(access);
    return this.enter(own, below, this.leafBase(slot), walker.flags);
  }

  /** Enters the page of `va` in both levels; its physical address. `base`: of its frame; `flags`: PTE_* of its leaf. */
  private enter(own: number, below: number, base: number, flags: number): number {
    if (this.paired !== 0 && own < 0 && below < 0) return this.physicalOfVa(this.enterBoth(base | 0, flags));
    const { l1, l2, latest } = this;
    const page = (this.va | 0) >>> this.pageShift;
    const entry = own >= 0 ? own : l1.place(page);
    l1.claim(entry, page, latest);
    this.fill(entry, this.va, base, flags);
    if (l2 !== null) l2.copy(below >= 0 ? below : l2.place(page), l1, entry, page, latest);
    return this.physicalOfVa(entry);
  }

  /** Puts the page of `va` into an entry of the first level. */
  private fill(entry: number, va: number, base: number, flags: number): void {
    const tag = va - ((va & this.offsetMask) - this.asid);
    this.tag[entry] = tag;
    this.writeTag[entry] = (flags & WRITABLE) === WRITABLE ? tag : NO_TAG;
    this.execTag[entry] = flags & PTE_EXEC ? tag : NO_TAG;
    this.base[entry] = base;
  }

  /** First byte of the page of `va` by the leaf that the walk found. A large leaf gives one base page: the TLB here has one page size. */
  private leafBase(slot: number): number {
    const { tables, walker, va } = this;
    const base = tables.baseOf(tables.frame(slot));
    if (walker.length === tables.levels) return base;
    return base + ((va - (va & this.offsetMask)) % 2 ** tables.levelShift[walker.length - 1]);
  }

  /** Ends an access without a translation: -1, and the fault record. */
  private refuse(access: number): number {
    const error = this.walker.result === WALK_NOT_ALLOWED ? FAULT_PRESENT : 0;
    this.tally[COUNT_FAULTS]++;
    this.faultVa = this.va;
    this.faultAccess = access;
    this.faultError = error | (access === ACCESS_WRITE ? FAULT_WRITE : access === ACCESS_EXEC ? FAULT_EXEC : 0);
    return -1;
  }

  /** Exact counts since the start: a copy, Float64Array(COUNTS), indexed by COUNT_*. */
  get counts(): Float64Array {
    const counts = this.tally.slice();
    counts[COUNT_ACCESSES] += this.latest;
    this.addUncounted(counts);
    return counts;
  }

  private addUncounted(counts: Float64Array): void {
    counts[COUNT_ACCESSES] += this.refills;
    counts[COUNT_L1_MISSES] += this.refills + this.promotions;
    counts[COUNT_WALK_REFERENCES] += this.refills * this.tables.levels;
  }

  /** Starts the time of the stamps anew, in the same order; what goes from `latest` enters the tally. */
  private foldLatest(): void {
    const begun = this.latest;
    this.latest = Math.max(this.l1.renumber(), this.l2 === null ? 0 : this.l2.renumber()) + 1;
    this.tally[COUNT_ACCESSES] += begun - this.latest;
    this.addUncounted(this.tally);
    this.refills = 0;
    this.promotions = 0;
  }

  /** Loads the page-table root and the tag of an address space (a context switch). */
  switchTo(root: number, asid: number): void {
    this.root = root;
    this.asid = asid;
  }
}
