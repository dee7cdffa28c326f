/**
 * Hits of the first level of a TLB: a few integer operations and one compare.
 *
 * Place: what the MMU of a CPU begins each access with; mmu.ts goes on where there is no hit. A hit is asked for in two steps,
 * `hitRead` and then `physical`: both are integers of 32 bits to the compiler. One method for the two would give -1 or an address up to
 * 2^32, which only a double can hold (4 ns a load against 7).
 */
import { ACCESS_EXEC, ACCESS_READ } from './access-codes.ts';
import { REPLACE_LRU, type TlbLevel } from './tlb.ts';

export class TlbHits {
  protected readonly offsetMask: number;
  protected readonly pageShift: number;
  readonly l1: TlbLevel;
  asid: number;
  // Cached from l1, so that a hit reads no second object.
  protected readonly ways: number;
  /** 1 if a hit must be stamped, for LRU among several ways; else 0. A number: a test of a boolean takes ten instructions. */
  protected readonly stamped: number;
  protected readonly setMask: number;
  protected readonly hintMask: number;
  protected readonly hint: Int32Array;
  protected readonly stamp: Float64Array;
  protected readonly tag: Float64Array;
  protected readonly writeTag: Float64Array;
  protected readonly execTag: Float64Array;
  protected readonly base: Uint32Array;
  /**
   * Accesses not yet in `tally`; also the time of the TLB's stamps. A small integer in a field: adding
   * one to a double in an array took as long as the rest of a hit (9 ns a load against 20).
   */
  protected latest: number;
  /** The address being translated: a field, since a double as an argument is put into a box of 16 bytes if the call is not inlined. */
  va: number;

  constructor(pageShift: number, l1: TlbLevel) {
    this.l1 = l1;
    this.pageShift = pageShift;
    this.offsetMask = (1 << pageShift) - 1;
    this.asid = 0;
    this.ways = l1.ways;
    this.stamped = l1.replacement === REPLACE_LRU && l1.ways > 1 ? 1 : 0;
    this.setMask = l1.setMask;
    this.hintMask = l1.hintMask;
    this.hint = l1.hint;
    this.stamp = l1.stamp;
    this.tag = l1.tag;
    this.writeTag = l1.writeTag;
    this.execTag = l1.execTag;
    this.base = l1.base;
    this.latest = 0;
    this.va = 0;
  }

  /** Entry of the first level that grants a load at `va` (any number), or -1: then nothing has happened yet. */
  hitRead(va: number): number {
    return this.hit(this.tag, va);
  }

  hitWrite(va: number): number {
    return this.hit(this.writeTag, va);
  }

  /** Physical address of `va` by an entry that a hit gave. */
  physical(entry: number, va: number): number {
    return (this.base[entry] | (va & this.offsetMask)) >>> 0;
  }

  /**
   * A hit where the hint points, counted. `va | 0` is the address modulo 2^32, all that offset, set and
   * hint need; the tag is a double, so that what is no address (negative, a fraction, NaN) equals none.
   */
  protected hit(column: Float64Array, va: number): number {
    const low = va | 0;
    const page = low >>> this.pageShift;
    const tag = va - ((low & this.offsetMask) - this.asid);
    if (this.ways === 1) {
      const only = page & this.setMask & 0xffffff;
      if (column[only] !== tag) return -1;
      this.latest++;
      return only;
    }
    const entry = this.hint[page & this.hintMask];
    if (column[entry] !== tag) return -1;
    this.latest++;
    if (this.stamped !== 0) this.stamp[entry] = this.latest;
    return entry;
  }

  /**
   * As many hits as there are, one after the other, among the accesses [from, to): the place of the first that is none
   * or crosses a page, of which nothing has happened yet, or `to`. `va`, `size` (bytes) and `kind` (ACCESS_*; 3, a load and
   * store at once, is a store) are columns of one batch. What a hit reads is read once for all of them.
   */
  hitRun(va: Float64Array, size: Uint16Array, kind: Uint8Array, from: number, to: number): number {
    const { tag, writeTag, execTag, hint, stamp, asid, offsetMask, pageShift, setMask, hintMask, ways, stamped } = this;
    let { latest } = this;
    let place = from;
    for (; place < to; place++) {
      const at = va[place];
      const low = at | 0;
      const offset = low & offsetMask;
      const page = low >>> pageShift;
      const entry = ways === 1 ? page & setMask : hint[page & hintMask];
      const what = kind[place];
      const column = what === ACCESS_READ ? tag : what === ACCESS_EXEC ? execTag : writeTag;
      if (column[entry] !== at - (offset - asid) || offset + size[place] > offsetMask + 1) break;
      latest++;
      if (stamped !== 0) stamp[entry] = latest;
    }
    this.latest = latest;
    return place;
  }
}
