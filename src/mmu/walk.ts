/**
 * The page walk: what hardware does when the TLB cannot translate.
 *
 * Place: the MMU asks for the leaf of an address; page-tables.ts edits the same bytes. It sets the
 * accessed and dirty bits of the leaf and says why a walk ended; it knows no TLB and fills none.
 * Source: Intel SDM 3A 4.5 (walk), 4.6 (rights), 4.8 (A and D).
 */

import { MOST_LEVELS } from '../scheme.ts';
import { RECORD_ID, TRACE_EVENT, type Trace } from '../trace.ts';
import { PTE_LEAF, PTE_PRESENT } from './entry-codes.ts';
import type { PageTables } from './page-tables.ts';

/** How a walk ended, in its trace record. */
export const WALK_DONE = 0;
export const WALK_NOT_PRESENT = 1;
export const WALK_NOT_ALLOWED = 2;
/** The address was refused before any entry was read. */
export const WALK_NO_ADDRESS = 3;

/** What a high lane counts. */
const HIGH = 2 ** 32;

/** No table begins at this slot. */
const NO_TABLE = -1;

export class Walker {
  private readonly tables: PageTables;
  private readonly trace: Trace;
  /** First address that is not canonical; the end of the translatable lower half. */
  private readonly addressEnd: number;
  private readonly lastLevel: number;
  /** Slots read by the last walk, root first; of one that began where its table was reached lately, the last alone. Int32Array(levels). */
  readonly slots: Int32Array;
  /** Fields of the record `walk_entries` of the last traced walk: Float64Array(1 + MOST_LEVELS). */
  private readonly entries: Float64Array;
  /** First slot of the lowest-level table on the way to which the upper ones of `entries` stand, or NO_TABLE. */
  private tracedTable: number;
  /** PageTables.tablesFreed when they were read: they hold as long as no table is freed. */
  private tracedFreed: number;
  /** Entries that the last walk read, 0 to levels. */
  length: number;
  /** PTE_* flags of the last entry read, with what the walk set. */
  flags: number;
  /** WALK_*: how the last walk ended. */
  result: number;
  /** The miss that the walk follows, for its record: ACCESS_*, and the deepest level of the TLB that missed. */
  private access: number;
  private missed: number;
  /** The address to translate: a field and no argument, for the reason that `Mmu.va` is one. */
  va: number;

  constructor(tables: PageTables, addressEnd: number, trace: Trace) {
    this.tables = tables;
    this.trace = trace;
    this.addressEnd = addressEnd;
    this.lastLevel = tables.levels - 1;
    this.slots = new Int32Array(tables.levels);
    this.entries = new Float64Array(1 + MOST_LEVELS);
    this.tracedTable = NO_TABLE;
    this.tracedFreed = 0;
    this.length = 0;
    this.flags = 0;
    this.result = WALK_DONE;
    this.access = 0;
    this.missed = 0;
    this.va = 0;
  }

  /** Says which miss the next walk follows: what its records tell beside the walk. */
  follows(access: number, missed: number): void {
    this.access = access;
    this.missed = missed;
  }

  /**
   * Slot of the leaf for `va` below `root` if it has all rights in `needed` (PTE_*); -1 and `result` if not.
   * The leaf gets the `marks` (PTE_ACCESSED, PTE_DIRTY).
   */
  walk(root: number, needed: number, marks: number): number {
    const { va } = this;
    if (!(va >= 0 && va < this.addressEnd) || va !== Math.floor(va)) {
      this.length = 0;
      return this.end(WALK_NO_ADDRESS, -1);
    }
    const slot = this.leaf(root);
    const { flags } = this;
    if (!(flags & PTE_PRESENT)) return this.end(WALK_NOT_PRESENT, -1);
    if ((flags & needed) !== needed) return this.end(WALK_NOT_ALLOWED, -1);
    // The record shows the entries as they were read.
    this.end(WALK_DONE, slot);
    const used = flags | marks;
    if (used !== flags) this.tables.set(slot, this.tables.frame(slot), used);
    this.flags = used;
    return slot;
  }

  /**
   * Records the walk for `va` that reading the leaf at `slot` alone stands for, and its miss (as `follows`); false, and nothing recorded,
   * if the entries above it have to be read for that.
   */
  noteKnown(slot: number, access: number, missed: number): boolean {
    if (!this.isTraced(slot)) return false;
    const { trace, entries, lastLevel } = this;
    entries[lastLevel + 1] = this.entryNumber(slot);
    trace.first = this.va;
    trace.emitWalk(access, missed, entries, lastLevel + 1, WALK_DONE);
    return true;
  }

  /** Slot of the entry at which reading ends, present or not; sets `flags` and `length`. */
  private leaf(root: number): number {
    const { tables, lastLevel } = this;
    tables.sought = this.va;
    const known = tables.cachedSought(root);
    // Records show the entries of the upper levels too: those of the last walk if that went to the same table.
    if (known >= 0 && (!(this.trace.mask & TRACE_EVENT) || this.isTraced(known))) {
      this.slots[lastLevel] = known;
      this.flags = tables.flags(known);
      this.length = lastLevel + 1;
      return known;
    }
    let table = root;
    for (let level = 0; ; level++) {
      const slot = table * tables.entriesPerTable + tables.soughtIndex(level);
      const flags = tables.flags(slot);
      this.slots[level] = slot;
      if (!(flags & PTE_PRESENT) || level === lastLevel || flags & PTE_LEAF) {
        this.flags = flags;
        this.length = level + 1;
        if (level === lastLevel) tables.rememberSought(root, table);
        return slot;
      }
      table = tables.frame(slot);
    }
  }

  /** Whether `entries` has the upper ones on the way to the lowest-level table that holds `slot`. */
  private isTraced(slot: number): boolean {
    const { tables } = this;
    return slot - (slot & tables.indexMask) === this.tracedTable && tables.tablesFreed === this.tracedFreed;
  }

  private end(result: number, slot: number): number {
    this.result = result;
    if (this.trace.mask & TRACE_EVENT) this.emit();
    return slot;
  }

  private emit(): void {
    const { trace, length } = this;
    trace.first = this.va;
    if (length > 0) {
      this.noteEntries();
      trace.emitWalk(this.access, this.missed, this.entries, length, this.result);
    } else {
      trace.emitThree(RECORD_ID.tlb_miss, this.access, this.missed);
      trace.emitThree(RECORD_ID.walk, 0, this.result);
    }
  }

  /** Brings `entries` up to date: the lowest changes with each page, those above it with the table. */
  private noteEntries(): void {
    const { entries, length } = this;
    const last = this.slots[length - 1];
    if (length <= this.lastLevel || !this.isTraced(last)) this.noteTables();
    entries[length] = this.entryNumber(last);
  }

  /** All of `entries` but the last. */
  private noteTables(): void {
    const { tables, slots, entries, length, lastLevel } = this;
    entries.fill(0);
    entries[0] = (slots[0] - (slots[0] & tables.indexMask)) * tables.scheme.entryBytes;
    for (let level = 0; level < length - 1; level++) {
      entries[level + 1] = this.entryNumber(slots[level]);
    }
    const last = slots[length - 1];
    this.tracedTable = length > lastLevel ? last - (last & tables.indexMask) : NO_TABLE;
    this.tracedFreed = tables.tablesFreed;
  }

  /** An entry as one number, as walk-record.ts says. */
  private entryNumber(slot: number): number {
    const high = this.tables.rawHigh(slot);
    const bits = (this.tables.rawLow(slot) >>> 0) + (high & 0x7fff_ffff) * HIGH;
    return high < 0 ? -bits : bits;
  }
}
