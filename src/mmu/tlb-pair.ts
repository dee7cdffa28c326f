/**
 * Both levels of a TLB as one: flushes, and if both are LRU and of several ways a hit of the second and the entry of a page that
 * neither has.
 *
 * Place: between the hits of the first level (tlb-hits.ts) and the MMU, which goes level by level where those two do not hold. Each of
 * the two is one run of integer operations on columns of both levels, so that the compiler finds a column once for all its uses: a hit
 * of the second took 694 instructions of the host level by level, and takes 465 here.
 */

import { ACCESS_READ, ACCESS_WRITE, WRITABLE } from './access-codes.ts';
import { PTE_EXEC } from './entry-codes.ts';
import { NO_TAG, type TlbLevel } from './tlb.ts';
import { TlbHits } from './tlb-hits.ts';

/** What `promote` gives for a page that no level has. */
export const IN_NEITHER = -2;

export class TlbPair extends TlbHits {
  /** The second level, or null in a machine with one. */
  readonly l2: TlbLevel | null;
  /** 1 if the levels are two, LRU and of several ways; else 0, and neither `promote` nor `enterBoth` is called. */
  protected readonly paired: number;
  /** Hits of the second level, not yet in `tally`: each missed the first. */
  protected promotions: number;
  /** The address being flushed. */
  private flushed: number;
  // Cached from both levels.
  private readonly alike: Uint8Array;
  private readonly counted: Int32Array;
  private readonly ways2: number;
  private readonly setMask2: number;
  private readonly hintMask2: number;
  private readonly hint2: Int32Array;
  private readonly alike2: Uint8Array;
  private readonly counted2: Int32Array;
  private readonly turn2: Uint8Array;
  private readonly stamp2: Float64Array;
  private readonly tag2: Float64Array;
  private readonly writeTag2: Float64Array;
  private readonly execTag2: Float64Array;
  private readonly base2: Uint32Array;

  constructor(pageShift: number, l1: TlbLevel, l2: TlbLevel | null) {
    super(pageShift, l1);
    const below = l2 ?? l1;
    this.l2 = l2;
    this.paired = l2 !== null && l1.isLruOfWays && l2.isLruOfWays ? 1 : 0;
    this.promotions = 0;
    this.flushed = 0;
    this.alike = l1.alike;
    this.counted = l1.counted;
    this.ways2 = below.ways;
    this.setMask2 = below.setMask;
    this.hintMask2 = below.hintMask;
    this.hint2 = below.hint;
    this.alike2 = below.alike;
    this.counted2 = below.counted;
    this.turn2 = below.turn;
    this.stamp2 = below.stamp;
    this.tag2 = below.tag;
    this.writeTag2 = below.writeTag;
    this.execTag2 = below.execTag;
    this.base2 = below.base;
  }

  /**
   * A hit of the second level where its hint points, whose page enters the first: the entry there. If there is none, nothing has
   * happened yet: IN_NEITHER, or -1 where each level must be searched.
   */
  protected promote(access: number): number {
    const { va } = this;
    const low = va | 0;
    const page = low >>> this.pageShift;
    const bits = page & this.hintMask;
    if (this.alike[bits] !== 0) return -1;
    const from = this.hint2[page & this.hintMask2];
    const tag = va - ((low & this.offsetMask) - this.asid);
    const granting = access === ACCESS_READ ? this.tag2 : access === ACCESS_WRITE ? this.writeTag2 : this.execTag2;
    if (granting[from] !== tag) return this.alike2[page & this.hintMask2] === 0 ? IN_NEITHER : -1;
    this.promotions++;
    this.stamp2[from] = this.latest;
    this.turn2[page & this.setMask2] = 0;
    const entry = this.claimFirst(page, bits);
    this.tag[entry] = tag;
    this.base[entry] = this.base2[from];
    this.writeTag[entry] = this.writeTag2[from];
    this.execTag[entry] = this.execTag2[from];
    return entry;
  }

  /**
   * The page of `va`, which no level has, enters both: its entry in the first. `base`: of its frame, signed, lest it be put into a box on
   * the way; `flags`: PTE_* of its leaf.
   */
  protected enterBoth(base: number, flags: number): number {
    const { va } = this;
    const low = va | 0;
    const page = low >>> this.pageShift;
    const tag = va - ((low & this.offsetMask) - this.asid);
    const writeTag = (flags & WRITABLE) === WRITABLE ? tag : NO_TAG;
    const execTag = flags & PTE_EXEC ? tag : NO_TAG;
    const entry = this.claimFirst(page, page & this.hintMask);
    this.tag[entry] = tag;
    this.base[entry] = base;
    this.writeTag[entry] = writeTag;
    this.execTag[entry] = execTag;
    const below = this.claimSecond(page);
    this.tag2[below] = tag;
    this.base2[below] = base;
    this.writeTag2[below] = writeTag;
    this.execTag2[below] = execTag;
    return entry;
  }

  /** The entry of the first level that a page replaces, with its time, hint and counts, as `TlbLevel.claim`; `bits`: the page's place among the hints. */
  private claimFirst(page: number, bits: number): number {
    const { stamp, alike, counted } = this;
    const entry = this.ways === 4 ? this.oldestOfFour(page) : this.l1.place(page);
    if (stamp[entry] !== 0) alike[counted[entry]]--;
    alike[bits]++;
    counted[entry] = bits;
    stamp[entry] = this.latest;
    this.hint[bits] = entry;
    return entry;
  }

  /** What `TlbLevel.place` gives in a level of four ways, without a loop: in one the compiler looks at each column's kind anew. */
  private oldestOfFour(page: number): number {
    const { stamp } = this;
    const first = (page & this.setMask) << 2;
    const left = stamp[first | 1] < stamp[first] ? first | 1 : first;
    const right = stamp[first | 3] < stamp[first | 2] ? first | 3 : first | 2;
    return stamp[right] < stamp[left] ? right : left;
  }

  /** As `claimFirst`, in the second level: whose turn it is, if its set is filled in turn, else the oldest. */
  private claimSecond(page: number): number {
    const { stamp2, alike2, counted2, turn2, ways2 } = this;
    const set = page & this.setMask2;
    const bits = page & this.hintMask2;
    const turn = turn2[set];
    const entry = turn !== 0 ? set * ways2 + turn - 1 : this.oldestBelow(set);
    if (turn !== 0) turn2[set] = turn === ways2 ? 1 : turn + 1;
    if (stamp2[entry] !== 0) alike2[counted2[entry]]--;
    alike2[bits]++;
    counted2[entry] = bits;
    stamp2[entry] = this.latest;
    this.hint2[bits] = entry;
    return entry;
  }

  /** The oldest entry of a set of the second level; finds out whether those after it follow in their order, so that the next fills need not look. */
  private oldestBelow(set: number): number {
    const { stamp2, ways2 } = this;
    const first = set * ways2;
    let entry = first;
    let oldest = stamp2[first];
    let before = stamp2[first + ways2 - 1];
    let falls = 0;
    for (let other = first; other < first + ways2; other++) {
      const time = stamp2[other];
      if (time <= before) falls++;
      before = time;
      if (time >= oldest) continue;
      entry = other;
      oldest = time;
    }
    // In a ring of rising times only the oldest comes after a later one.
    if (falls === 1) this.turn2[set] = entry - first + 1 === ways2 ? 1 : entry - first + 2;
    return entry;
  }

  /** Drops the translation of the page at `va` in the address space `asid`. */
  flushPage(va: number, asid: number): void {
    this.flushed = va;
    this.dropFlushed(asid);
  }

  private dropFlushed(asid: number): void {
    const { l1, l2, flushed: va } = this;
    const page = (va | 0) >>> this.pageShift;
    l1.flushTag(page, va - ((va & this.offsetMask) - asid));
    if (l2 !== null) l2.flushTag(page, va - ((va & this.offsetMask) - asid));
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
