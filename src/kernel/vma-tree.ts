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
  dropEmpty,
  highestWide,
  insertVma,
  isLeaf,
  lowestWide,
  newChunk,
  placeAbove,
  recountGaps,
  removeChild,
  setEnd,
  setGap,
  splitIfFull,
} from './vma-chunk.ts';

/** Below every end of a VMA. */
const BOTTOM = -1;

/** Where the VMA before `vma` ends: the place of `vma` in its node is the first that ends above. */
function endBelow(vma: Vma): number {
  return vma.prev === null ? BOTTOM : vma.prev.end;
}

export class VmaTree {
  private root: VmaChunk;
  count: number;
  first: Vma | null;
  last: Vma | null;
  /** What the last lookup found. */
  private recent: Vma | null;

  constructor() {
    this.root = newChunk();
    this.count = 0;
    this.first = null;
    this.last = null;
    this.recent = null;
  }

  /** The first VMA that ends above `va`, or null (Linux's find_vma). */
  find(va: number): Vma | null {
    const { recent, last } = this;
    if (recent !== null && va < recent.end && (va >= recent.start || va >= endBelow(recent))) return recent;
    if (last === null || va >= last.end) return null;
    let node = this.root;
    while (!isLeaf(node)) node = node.chunks[placeAbove(node, va)];
    const found = node.vmas[placeAbove(node, va)];
    this.recent = found;
    return found;
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
    this.recent = vma;
    const chunk = (next ?? prev)?.chunk ?? this.root;
    const place = placeAbove(chunk, endBelow(vma));
    insertVma(chunk, place, vma);
    if (next === null) setEnd(chunk, place, vma.end);
    this.setGaps(vma, chunk, place);
    this.root = splitIfFull(chunk, this.root);
  }

  /** Counts the gaps below and above a VMA, which stands at `place` of `chunk`. */
  private setGaps(vma: Vma, chunk: VmaChunk, place: number): void {
    setGap(chunk, place, vma.start - Math.max(0, endBelow(vma)));
    const { next } = vma;
    if (next === null) return;
    const above = next.chunk as VmaChunk;
    setGap(above, above === chunk ? place + 1 : 0, next.start - vma.end);
  }

  remove(vma: Vma): void {
    const { prev, next } = vma;
    const chunk = vma.chunk as VmaChunk;
    const place = placeAbove(chunk, endBelow(vma));
    if (prev !== null) prev.next = next;
    else this.first = next;
    if (next !== null) next.prev = prev;
    else this.last = prev;
    this.recent = next;
    vma.prev = null;
    vma.next = null;
    vma.chunk = null;
    this.count--;
    this.takeOut(chunk, place);
    if (next === null) return;
    const above = next.chunk as VmaChunk;
    setGap(above, above === chunk ? place : 0, next.start - Math.max(0, endBelow(next)));
  }

  private takeOut(chunk: VmaChunk, place: number): void {
    const gap = chunk.gaps[place];
    removeChild(chunk, place);
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
    const place = placeAbove(chunk, endBelow(vma));
    setEnd(chunk, place, vma.end);
    this.setGaps(vma, chunk, place);
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
      const below = Math.max(low, endBelow(vma), 0);
      if (Math.min(limit, vma.start) - below >= length) {
        limit = Math.min(limit, startGap(vma));
        if (limit - length >= below) return limit - length;
      }
      if (vma.start <= low) return -1;
      vma = highestWide(this.root, length, endBelow(vma));
    }
    return -1;
  }

  /** Lowest start of a free range of `length` bytes inside [low, high), or -1. */
  lowestGap(length: number, low: number, high: number): number {
    let vma = lowestWide(this.root, length, low);
    while (vma !== null) {
      const below = Math.max(low, endBelow(vma), 0);
      if (Math.min(high, startGap(vma)) - below >= length) return below;
      vma = lowestWide(this.root, length, vma.end);
    }
    const above = Math.max(low, this.last === null ? 0 : this.last.end);
    return high - above >= length ? above : -1;
  }

  /** Asserts that every node has what a recount gives. */
  check(): void {
    assert(this.checkNode(this.root, 0) === this.count, `${this.count} VMAs counted, the tree has others`);
  }

  /** VMAs in a node that begins above the end `below`. */
  private checkNode(node: VmaChunk, below: number): number {
    let end = below;
    let vmas = 0;
    for (const [place, child] of (isLeaf(node) ? node.vmas : node.chunks).entries()) {
      const isVma = 'mm' in child;
      vmas += isVma ? 1 : this.checkNode(child, end);
      const found = isVma ? [child.end, child.start - end] : [child.ends.at(-1), child.largestGap];
      const link = isVma ? child.chunk : child.parent;
      const cached = [node.ends[place], node.gaps[place]];
      assert(link === node && cached.join() === found.join(), `a node of the VMA tree has ${cached}, found ${found}`);
      end = node.ends[place];
    }
    assert(
      node.largestGap === Math.max(0, ...node.gaps),
      'a node of the VMA tree has another largest gap than its VMAs',
    );
    return vmas;
  }

  *[Symbol.iterator](): Iterator<Vma> {
    for (let vma = this.first; vma !== null; ) {
      const { next } = vma;
      yield vma;
      vma = next;
    }
  }
}
