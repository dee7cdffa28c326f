/**
 * The ordered set of an address space's VMAs.
 *
 * Place: looked up at every fault and every mapping call. A B-tree by address (nodes: vma-chunk.ts) in which each node knows
 * the largest gap below one of its VMAs, so that a lookup, a change and a search for room cost the logarithm of their number:
 * Linux's maple tree. Neighbours are also linked, so that walking a range costs no search, and the last answer is
 * remembered: a call asks for the same place several times.
 * Invariant: sorted, disjoint; what the nodes cache is what a recount gives (`check`).
 * Source: Linux lib/maple_tree.c, mm/vma.c unmapped_area_topdown.
 */

import { assert } from '../assert.ts';
import { startGap, type Vma, type VmaChunk } from './vma.ts';
import {
  checkChunk,
  dropEmpty,
  highestWide,
  insertTwo,
  insertVma,
  isLeaf,
  lowestWide,
  newChunk,
  noteGap,
  placeAbove,
  recountGaps,
  removeTwo,
  removeVma,
  setEnd,
  setGap,
  splitIfFull,
} from './vma-chunk.ts';

/** Where the VMA before `vma` ends. */
function endBelow(vma: Vma): number {
  return vma.prev === null ? 0 : vma.prev.end;
}

/** A VMA that was taken out has no neighbours. */
function clearLinks(vma: Vma): void {
  vma.prev = null;
  vma.next = null;
  vma.chunk = null;
}

export class VmaTree {
  private root: VmaChunk;
  count: number;
  first: Vma | null;
  last: Vma | null;
  /** What the last lookup found, and the addresses [from, end) for which it is the answer: a call asks for the same place several times. */
  private recent: Vma | null;
  private recentFrom: number;
  private recentEnd: number;
  /** Its place in its node. */
  private recentPlace: number;
  /** The address that `findSought` looks up: a field and no argument, for the reason that `Mmu.va` is one. */
  sought: number;

  constructor() {
    this.root = newChunk();
    this.count = 0;
    this.first = null;
    this.last = null;
    this.recent = null;
    this.recentFrom = 0;
    this.recentEnd = 0;
    this.recentPlace = 0;
    this.sought = 0;
  }

  /** The first VMA that ends above `va`, or null (Linux's find_vma). */
  find(va: number): Vma | null {
    this.sought = va;
    return this.findSought();
  }

  /** As `find`, of the address that the caller has put into `sought`. */
  findSought(): Vma | null {
    const { sought } = this;
    return sought < this.recentEnd && sought >= this.recentFrom ? this.recent : this.search();
  }

  private search(): Vma | null {
    const { last, sought: va } = this;
    if (last === null || va >= last.end) return null;
    let node = this.root;
    let place = placeAbove(node, va);
    let from = 0;
    while (!isLeaf(node)) {
      if (place > 0) from = node.ends[place - 1];
      node = node.chunks[place];
      place = placeAbove(node, va);
    }
    const found = node.vmas[place];
    this.remember(found, place > 0 ? node.ends[place - 1] : from, place);
    return found;
  }

  /** `vma`, at `place` of its node, is what a lookup from `from` on finds; null: nothing is known. */
  private remember(vma: Vma | null, from: number, place: number): void {
    this.recent = vma;
    this.recentFrom = from;
    this.recentEnd = vma === null ? 0 : vma.end;
    this.recentPlace = place;
  }

  private placeOf(vma: Vma): number {
    return vma === this.recent ? this.recentPlace : placeAbove(vma.chunk as VmaChunk, vma.start);
  }

  /** The VMA that holds `va`, or null. */
  containing(va: number): Vma | null {
    const vma = this.find(va);
    return vma !== null && vma.start <= va ? vma : null;
  }

  /** The first VMA that overlaps [start, end), or null. */
  intersecting(start: number, end: number): Vma | null {
    const vma = this.find(start);
    return vma !== null && vma.start < end ? vma : null;
  }

  /** The last VMA that starts below `va`, or null. */
  before(va: number): Vma | null {
    const at = this.find(va);
    if (at === null) return this.last;
    return at.start < va ? at : at.prev;
  }

  insert(vma: Vma): void {
    const next = this.find(vma.start);
    const prev = next === null ? this.last : next.prev;
    vma.prev = prev;
    vma.next = next;
    if (prev !== null) prev.next = vma;
    else this.first = vma;
    if (next !== null) next.prev = vma;
    else this.last = vma;
    this.count++;
    if (next !== null) this.insertBefore(vma, next);
    else this.append(vma, prev);
  }

  /** The gap below `next`, which was just looked up, is cut in two. */
  private insertBefore(vma: Vma, next: Vma): void {
    const chunk = next.chunk as VmaChunk;
    const { recentPlace: place, recentFrom: from } = this;
    const gap = vma.start - from;
    insertVma(chunk, place, vma, gap);
    setGap(chunk, place + 1, chunk.gaps[place + 1] - gap - (vma.end - vma.start));
    this.entered(vma, chunk, from, place);
  }

  /** `vma` stands at `place` of `chunk` now, which may be one too many, and a lookup from `from` on finds it. */
  private entered(vma: Vma, chunk: VmaChunk, from: number, place: number): void {
    this.root = splitIfFull(chunk, this.root, place);
    if (vma.chunk === chunk) this.remember(vma, from, place);
    else this.remember(null, 0, 0);
  }

  /** `lower` was cut in two and ends where `upper` begins now; `upper` ends where it ended. No gap changes. */
  insertUpperPart(lower: Vma, upper: Vma): void {
    const chunk = lower.chunk as VmaChunk;
    const place = this.placeOf(lower);
    const { next } = lower;
    upper.prev = lower;
    upper.next = next;
    lower.next = upper;
    if (next === null) this.last = upper;
    else next.prev = upper;
    this.count++;
    insertVma(chunk, place + 1, upper, 0);
    chunk.ends[place] = lower.end;
    this.entered(upper, chunk, upper.start, place + 1);
  }

  /** As `insertUpperPart`, of one that was cut in three: `upper` ends where `lower` ended. */
  insertUpperParts(lower: Vma, middle: Vma, upper: Vma): void {
    const chunk = lower.chunk as VmaChunk;
    const place = this.placeOf(lower);
    const { next } = lower;
    middle.prev = lower;
    middle.next = upper;
    upper.prev = middle;
    upper.next = next;
    lower.next = middle;
    if (next === null) this.last = upper;
    else next.prev = upper;
    this.count += 2;
    insertTwo(chunk, place + 1, middle, upper);
    chunk.ends[place] = lower.end;
    this.entered(middle, chunk, middle.start, place + 1);
  }

  private append(vma: Vma, prev: Vma | null): void {
    const chunk = prev?.chunk ?? this.root;
    const place = chunk.ends.length;
    const from = endBelow(vma);
    insertVma(chunk, place, vma, vma.start - from);
    noteGap(chunk, vma.start - from);
    setEnd(chunk, place, vma.end);
    this.entered(vma, chunk, from, place);
  }

  remove(vma: Vma): void {
    const { prev, next } = vma;
    const chunk = vma.chunk as VmaChunk;
    const place = this.placeOf(vma);
    if (prev !== null) prev.next = next;
    else this.first = next;
    if (next !== null) next.prev = prev;
    else this.last = prev;
    clearLinks(vma);
    this.count--;
    if (next !== null) this.widen(next, chunk, place, chunk.gaps[place] + vma.end - vma.start);
    this.takeOut(chunk, place);
    if (next === null) this.remember(null, 0, 0);
    else this.remember(next, endBelow(next), next.chunk === chunk ? place : 0);
  }

  /** `next`, in the place behind `place` of `chunk` or at the beginning of another node, has `bytes` more free below it. */
  private widen(next: Vma, chunk: VmaChunk, place: number, bytes: number): void {
    const above = next.chunk as VmaChunk;
    const its = above === chunk ? place + 1 : 0;
    setGap(above, its, above.gaps[its] + bytes);
  }

  /** `vma` comes to end where `last` ends, which goes, as does `middle` between them; there is no gap among the three. */
  swallowTwo(vma: Vma, middle: Vma, last: Vma): void {
    const chunk = vma.chunk as VmaChunk;
    const { end } = last;
    if (last.chunk !== chunk) {
      this.remove(middle);
      this.remove(last);
      vma.end = end;
      this.changed(vma);
      return;
    }
    // What is to be joined to its neighbours was looked up.
    const place = this.placeOf(middle) - 1;
    const { next } = last;
    vma.end = end;
    vma.next = next;
    if (next === null) this.last = vma;
    else next.prev = vma;
    clearLinks(middle);
    clearLinks(last);
    this.count -= 2;
    removeTwo(chunk, place + 1);
    // Where a node ends that had `last` at its end is what those above it know.
    chunk.ends[place] = end;
    this.remember(vma, endBelow(vma), place);
  }

  /** The border between `lower` and its next, which follows it without a gap, is elsewhere: `lower` ends there, and no gap changes. */
  borderMoved(lower: Vma): void {
    const place = this.placeOf(lower);
    setEnd(lower.chunk as VmaChunk, place, lower.end);
    this.remember(lower, endBelow(lower), place);
  }

  private takeOut(chunk: VmaChunk, place: number): void {
    const gap = chunk.gaps[place];
    removeVma(chunk, place);
    const left = chunk.ends.length;
    if (left === 0) {
      this.root = dropEmpty(chunk, this.root);
      return;
    }
    if (place === left) setEnd(chunk, left - 1, chunk.ends[left - 1]);
    if (gap === chunk.largestGap) recountGaps(chunk);
  }

  /** `vma` starts or ends elsewhere now, its neighbours being the same. */
  changed(vma: Vma): void {
    const chunk = vma.chunk as VmaChunk;
    const below = endBelow(vma);
    const place = vma === this.recent ? this.recentPlace : vma.prev === null ? 0 : placeAbove(chunk, below);
    const { next } = vma;
    this.remember(vma, below, place);
    setEnd(chunk, place, vma.end);
    setGap(chunk, place, vma.start - below);
    if (next === null) return;
    const above = next.chunk as VmaChunk;
    setGap(above, above === chunk ? place + 1 : 0, next.start - vma.end);
  }

  /**
   * Highest start of a free range of `length` bytes inside [low, high), or -1. A gap that is large enough but for the
   * room that the stack above it keeps free ends the search above that room, even where it reaches over other mappings.
   */
  highestGap(length: number, low: number, high: number): number {
    const above = this.last === null ? 0 : this.last.end;
    const top = high - length;
    if (top >= Math.max(low, above)) return top;
    let limit = high;
    let vma = highestWide(this.root, length, Number.POSITIVE_INFINITY);
    while (vma !== null) {
      const below = Math.max(low, endBelow(vma));
      if (Math.min(limit, vma.start) - below >= length) {
        limit = Math.min(limit, startGap(vma));
        if (limit - length >= below) return limit - length;
      }
      if (vma.start <= low) return -1;
      vma = vma.prev === null ? null : highestWide(this.root, length, vma.prev.end);
    }
    return -1;
  }

  /** Lowest start of a free range of `length` bytes inside [low, high), or -1. */
  lowestGap(length: number, low: number, high: number): number {
    let vma = lowestWide(this.root, length, low);
    while (vma !== null) {
      const below = Math.max(low, endBelow(vma));
      if (Math.min(high, startGap(vma)) - below >= length) return below;
      vma = lowestWide(this.root, length, vma.end);
    }
    const above = Math.max(low, this.last === null ? 0 : this.last.end);
    return high - above >= length ? above : -1;
  }

  /** Asserts that every node has what a recount gives, and that the last answer is still right. */
  check(): void {
    const { recent, recentFrom, recentEnd, recentPlace } = this;
    const known = recent === null || recent.chunk?.vmas[recentPlace] === recent;
    assert(known && recentEnd === (recent?.end ?? 0), 'the VMA tree remembers a VMA that stands elsewhere');
    assert(recent === null || recentFrom === endBelow(recent), 'the VMA tree remembers another gap than there is');
    assert(checkChunk(this.root, 0) === this.count, `${this.count} VMAs counted, the tree has others`);
  }

  *[Symbol.iterator](): Iterator<Vma> {
    for (let vma = this.first; vma !== null; ) {
      const { next } = vma;
      yield vma;
      vma = next;
    }
  }
}
