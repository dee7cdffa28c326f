/**
 * One level of a TLB: sets of ways, tagged with the page's address and the ASID.
 *
 * Place: the MMU probes it before it walks. An entry has three tags, one per kind of access: the
 * page's tag, which grants loads; one that is set only if stores are granted now (which needs the
 * dirty bit); one for fetches. So a hit is a single compare. tag = page address + asid; asid < page
 * size, so that no two mix.
 * Invariant: an entry grants no more than its page-table entry, or a flush is pending.
 * Source: Intel SDM 3A 4.10.
 */

import type { TlbLevelConfig } from '../config.ts';
import type { RngStream } from '../rng.ts';

export const REPLACE_LRU = 0;
export const REPLACE_FIFO = 1;
export const REPLACE_RANDOM = 2;

/** No page has this tag: marks an unused entry or an access not granted. */
export const NO_TAG = -1;

const REPLACEMENT = { lru: REPLACE_LRU, fifo: REPLACE_FIFO, random: REPLACE_RANDOM } as const;

/** Hints for each entry, at least, and hints of a small level: so that pages in use at the same time seldom share one. */
const HINTS_PER_ENTRY = 2;
const HINTS_MIN = 1024;

export class TlbLevel {
  readonly sets: number;
  readonly ways: number;
  readonly setMask: number;
  readonly replacement: number;
  private readonly rng: RngStream;
  /** Float64Array(sets * ways): page address + asid, which grants loads; NO_TAG = unused. */
  readonly tag: Float64Array;
  /** Float64Array(sets * ways) each: the tag where stores or fetches are granted, else NO_TAG. */
  readonly writeTag: Float64Array;
  readonly execTag: Float64Array;
  /** Uint32Array(sets * ways): physical address of the frame's first byte (see PageTables.baseOf for frames beyond 4 GiB). */
  readonly base: Uint32Array;
  /** Float64Array(sets * ways): when last used (LRU) or filled (FIFO), above 0; 0 = unused. Not kept where a set has one way. */
  readonly stamp: Float64Array;
  /**
   * Int32Array(a power of two), indexed by the low bits of the page number: the entry where such a page
   * was seen last. A guess that the tag confirms, so that most finds look at one way in place of all.
   */
  readonly hint: Int32Array;
  readonly hintMask: number;
  /**
   * Uint8Array, indexed as `hint`: entries in use whose page has these low bits; all of one set, so 64 at most. Cached from `tag`.
   * With none a page is not here, and no way is looked at. Not kept where a set has one way.
   */
  readonly alike: Uint8Array;
  /** Int32Array(sets * ways): where in `alike` an entry is counted. */
  readonly counted: Int32Array;
  /**
   * Uint8Array(sets): 1 + the way that is to be replaced next, of a set whose ways were last used one after the other, so that the next
   * is the oldest (of an empty set: the first); 0 = not known. Kept by whoever fills in turn (tlb-pair.ts), void after any other change.
   */
  readonly turn: Uint8Array;
  /** The tag that is looked for: a field and no argument, for the reason that `Mmu.va` is one. */
  sought: number;

  constructor(config: TlbLevelConfig, rng: RngStream) {
    const entries = config.sets * config.ways;
    this.sets = config.sets;
    this.ways = config.ways;
    this.setMask = config.sets - 1;
    this.replacement = REPLACEMENT[config.replacement];
    this.rng = rng;
    this.tag = new Float64Array(entries).fill(NO_TAG);
    this.writeTag = new Float64Array(entries).fill(NO_TAG);
    this.execTag = new Float64Array(entries).fill(NO_TAG);
    this.base = new Uint32Array(entries);
    this.stamp = new Float64Array(entries);
    this.hint = new Int32Array(Math.max(HINTS_MIN, 2 ** Math.ceil(Math.log2(entries * HINTS_PER_ENTRY))));
    this.hintMask = this.hint.length - 1;
    this.alike = new Uint8Array(this.hint.length);
    this.counted = new Int32Array(entries);
    this.turn = new Uint8Array(config.sets).fill(1);
    this.sought = NO_TAG;
  }

  /** Replaces the page that was used longest ago, among several. */
  get isLruOfWays(): boolean {
    return this.replacement === REPLACE_LRU && this.ways > 1;
  }

  /** Entry in the set of page number `page` (an integer whose low 32 bits count) whose column holds `tag`, or -1. */
  find(column: Float64Array, page: number, tag: number): number {
    this.sought = tag;
    return this.findSought(column, page);
  }

  /** As `find`, of the tag that the caller has put into `sought`. */
  findSought(column: Float64Array, page: number): number {
    const { sought: tag } = this;
    const first = (page & this.setMask) * this.ways;
    if (this.ways === 1) return column[first] === tag ? first : -1;
    const bits = page & this.hintMask;
    if (this.alike[bits] === 0) return -1;
    const guess = this.hint[bits];
    if (column[guess] === tag) return guess;
    const end = first + this.ways;
    for (let entry = first; entry < end; entry++) {
      if (column[entry] !== tag) continue;
      this.hint[bits] = entry;
      return entry;
    }
    return -1;
  }

  /** As `find`, without a trace in the hints: for probes. */
  peek(column: Float64Array, page: number, tag: number): number {
    const first = (page & this.setMask) * this.ways;
    const place = column.subarray(first, first + this.ways).indexOf(tag);
    return place < 0 ? -1 : first + place;
  }

  /** Notes a use of an entry at `time` (above all times before); what FIFO and random replacement ignore. */
  touch(entry: number, time: number): void {
    if (this.replacement !== REPLACE_LRU) return;
    this.stamp[entry] = time;
    this.turn[this.counted[entry] & this.setMask] = 0;
  }

  /** The entry to fill for a page that is not here: an unused one, else the one to replace. */
  place(page: number): number {
    const first = (page & this.setMask) * this.ways;
    if (this.ways === 1) return first;
    const end = first + this.ways;
    const { stamp } = this;
    let oldest = first;
    let oldestStamp = stamp[first];
    // Unused entries have stamp 0: they are older than any other.
    for (let entry = first + 1; entry < end; entry++) {
      if (stamp[entry] >= oldestStamp) continue;
      oldest = entry;
      oldestStamp = stamp[entry];
    }
    if (this.replacement !== REPLACE_RANDOM || oldestStamp === 0) return oldest;
    return first + this.rng.below(this.ways);
  }

  /** Fills an entry with a page, as entry `from` of another level has it. */
  copy(entry: number, other: TlbLevel, from: number, page: number, time: number): void {
    this.claim(entry, page, time);
    this.tag[entry] = other.tag[from];
    this.base[entry] = other.base[from];
    this.writeTag[entry] = other.writeTag[from];
    this.execTag[entry] = other.execTag[from];
  }

  /** Before an entry is filled with a page at `time`: its place in the order, the hint, the counts. */
  claim(entry: number, page: number, time: number): void {
    if (this.ways === 1) return;
    const bits = page & this.hintMask;
    this.leave(entry);
    this.alike[bits]++;
    this.counted[entry] = bits;
    this.stamp[entry] = time;
    this.hint[bits] = entry;
    this.turn[page & this.setMask] = 0;
  }

  private leave(entry: number): void {
    if (this.tag[entry] !== NO_TAG) this.alike[this.counted[entry]]--;
  }

  drop(entry: number): void {
    if (this.ways > 1) this.leave(entry);
    this.turn[this.counted[entry] & this.setMask] = 0;
    this.tag[entry] = NO_TAG;
    this.writeTag[entry] = NO_TAG;
    this.execTag[entry] = NO_TAG;
    this.stamp[entry] = 0;
  }

  /** Drops the page with this tag. */
  flushTag(page: number, tag: number): void {
    this.sought = tag;
    this.flushSought(page);
  }

  private flushSought(page: number): void {
    const entry = this.findSought(this.tag, page);
    if (entry >= 0) this.drop(entry);
  }

  /** Drops every page of one address space; `pageSize` separates the asid from the address. */
  flushAsid(asid: number, pageSize: number): void {
    const { tag } = this;
    const mask = pageSize - 1;
    for (let entry = 0; entry < tag.length; entry++) {
      if ((tag[entry] & mask) === asid && tag[entry] !== NO_TAG) this.drop(entry);
    }
  }

  flushAll(): void {
    this.tag.fill(NO_TAG);
    this.writeTag.fill(NO_TAG);
    this.execTag.fill(NO_TAG);
    this.stamp.fill(0);
    this.alike.fill(0);
    this.turn.fill(1);
  }

  /** Puts 1, 2, 3, ... in place of the stamps, in their order; how many. */
  renumber(): number {
    const { stamp } = this;
    const used = Array.from(stamp.keys()).filter((entry) => stamp[entry] !== 0);
    used.sort((a, b) => stamp[a] - stamp[b]);
    for (const [before, entry] of used.entries()) stamp[entry] = before + 1;
    return used.length;
  }
}
