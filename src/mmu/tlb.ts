/**
 * One level of a TLB: sets of ways, tagged with the page's address and the ASID.
 *
 * Place: the MMU probes it before it walks. An entry has three tags, one per kind of access: a
 * tag is set only if the entry grants that access now (the write tag also needs the dirty bit), so
 * that a hit is a single compare. tag = page address + asid; asid < page size, so that no two mix.
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

export class TlbLevel {
  readonly sets: number;
  readonly ways: number;
  readonly setMask: number;
  readonly replacement: number;
  private readonly rng: RngStream;
  /** Float64Array(sets * ways) each: page address + asid where the access is granted, else NO_TAG. */
  readonly readTag: Float64Array;
  readonly writeTag: Float64Array;
  readonly execTag: Float64Array;
  /** Float64Array(sets * ways): the page's tag whatever it grants; NO_TAG = unused. */
  readonly tag: Float64Array;
  /** Uint32Array(sets * ways): physical address of the frame's first byte (see Mmu.baseOf for frames beyond 4 GiB). */
  readonly base: Uint32Array;
  /** Float64Array(sets * ways): when last used (LRU) or filled (FIFO), 0 = unused. */
  readonly stamp: Float64Array;
  private clockHand: number;

  constructor(config: TlbLevelConfig, rng: RngStream) {
    const entries = config.sets * config.ways;
    this.sets = config.sets;
    this.ways = config.ways;
    this.setMask = config.sets - 1;
    this.replacement = REPLACEMENT[config.replacement];
    this.rng = rng;
    this.readTag = new Float64Array(entries).fill(NO_TAG);
    this.writeTag = new Float64Array(entries).fill(NO_TAG);
    this.execTag = new Float64Array(entries).fill(NO_TAG);
    this.tag = new Float64Array(entries).fill(NO_TAG);
    this.base = new Uint32Array(entries);
    this.stamp = new Float64Array(entries);
    this.clockHand = 0;
  }

  /** Entry in the set of page number `vpn` (any integer; its low bits count) whose column holds `tag`, or -1. */
  find(column: Float64Array, vpn: number, tag: number): number {
    const first = (vpn & this.setMask) * this.ways;
    const end = first + this.ways;
    for (let entry = first; entry < end; entry++) if (column[entry] === tag) return entry;
    return -1;
  }

  /** Notes a use of an entry; what FIFO and random replacement ignore. */
  touch(entry: number): void {
    if (this.replacement === REPLACE_LRU) this.stamp[entry] = ++this.clockHand;
  }

  /** The entry to fill for a page that is not here: an unused one, else the one to replace. */
  place(vpn: number): number {
    const first = (vpn & this.setMask) * this.ways;
    const end = first + this.ways;
    const { stamp } = this;
    let oldest = first;
    // Unused entries have stamp 0: they are older than any other.
    for (let entry = first + 1; entry < end; entry++) if (stamp[entry] < stamp[oldest]) oldest = entry;
    if (this.replacement !== REPLACE_RANDOM || stamp[oldest] === 0) return oldest;
    return first + this.rng.below(this.ways);
  }

  /** Fills an entry; the grant tags are `tag` or NO_TAG. */
  fill(entry: number, tag: number, base: number, readTag: number, writeTag: number, execTag: number): void {
    this.tag[entry] = tag;
    this.base[entry] = base;
    this.readTag[entry] = readTag;
    this.writeTag[entry] = writeTag;
    this.execTag[entry] = execTag;
    this.stamp[entry] = ++this.clockHand;
  }

  drop(entry: number): void {
    this.tag[entry] = NO_TAG;
    this.readTag[entry] = NO_TAG;
    this.writeTag[entry] = NO_TAG;
    this.execTag[entry] = NO_TAG;
    this.stamp[entry] = 0;
  }

  /** Drops the page with this tag. */
  flushTag(vpn: number, tag: number): void {
    const entry = this.find(this.tag, vpn, tag);
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
    this.readTag.fill(NO_TAG);
    this.writeTag.fill(NO_TAG);
    this.execTag.fill(NO_TAG);
    this.stamp.fill(0);
  }
}
