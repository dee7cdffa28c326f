/**
 * The ordered set of an address space's VMAs.
 *
 * Place: looked up at every fault and every mapping call. VMAs stand sorted by address in chunks
 * of at most CHUNK_MAX; a lookup is a binary search over chunks and one inside, an insertion moves
 * at most one chunk. Neighbours are also linked, so that walking a range costs no search. Each
 * chunk caches the largest gap before one of its VMAs: a search for room skips what cannot fit.
 * Invariant: sorted, disjoint; `chunk.vmas` never empty.
 */

import { startGap, type Vma, type VmaChunk } from './vma.ts';

const CHUNK_MAX = 96;

function newChunk(vmas: Vma[]): VmaChunk {
  const chunk = { vmas, largestGap: -1, place: 0 };
  for (const vma of vmas) vma.chunk = chunk;
  return chunk;
}

export class VmaTree {
  private chunks: VmaChunk[];
  count: number;
  first: Vma | null;
  last: Vma | null;
  /** The VMA found last: most lookups hit it again. */
  private recent: Vma | null;

  constructor() {
    this.chunks = [];
    this.count = 0;
    this.first = null;
    this.last = null;
    this.recent = null;
  }

  /** The first VMA that ends above `va`, or null (Linux's find_vma). */
  find(va: number): Vma | null {
    const { recent } = this;
    if (recent !== null && va >= recent.start && va < recent.end) return recent;
    const chunk = this.chunkFor(va);
    if (chunk === null) return null;
    const { vmas } = chunk;
    let low = 0;
    let high = vmas.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (vmas[middle].end > va) high = middle;
      else low = middle + 1;
    }
    this.recent = vmas[low];
    return vmas[low];
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

  /** First chunk whose last VMA ends above `va`. */
  private chunkFor(va: number): VmaChunk | null {
    const { chunks } = this;
    let low = 0;
    let high = chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const { vmas } = chunks[middle];
      if (vmas[vmas.length - 1].end > va) high = middle;
      else low = middle + 1;
    }
    return low < chunks.length ? chunks[low] : null;
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
    this.place(vma, prev, next);
    this.changed(vma);
  }

  private place(vma: Vma, prev: Vma | null, next: Vma | null): void {
    const chunk = next !== null ? next.chunk : prev !== null ? prev.chunk : null;
    if (chunk === null) {
      this.chunks = [newChunk([vma])];
      return;
    }
    chunk.vmas.splice(next !== null ? chunk.vmas.indexOf(next) : chunk.vmas.length, 0, vma);
    vma.chunk = chunk;
    if (chunk.vmas.length > CHUNK_MAX) this.splitChunk(chunk);
  }

  private splitChunk(chunk: VmaChunk): void {
    const upper = newChunk(chunk.vmas.splice(CHUNK_MAX / 2));
    chunk.largestGap = -1;
    this.chunks.splice(chunk.place + 1, 0, upper);
    this.renumber(chunk.place + 1);
  }

  private renumber(from: number): void {
    for (let place = from; place < this.chunks.length; place++) this.chunks[place].place = place;
  }

  remove(vma: Vma): void {
    const { prev, next } = vma;
    const chunk = vma.chunk as VmaChunk;
    if (prev !== null) prev.next = next;
    else this.first = next;
    if (next !== null) next.prev = prev;
    else this.last = prev;
    chunk.vmas.splice(chunk.vmas.indexOf(vma), 1);
    chunk.largestGap = -1;
    if (chunk.vmas.length === 0) {
      this.chunks.splice(chunk.place, 1);
      this.renumber(chunk.place);
    }
    if (next !== null) (next.chunk as VmaChunk).largestGap = -1;
    if (this.recent === vma) this.recent = null;
    vma.prev = null;
    vma.next = null;
    vma.chunk = null;
    this.count--;
  }

  /** `vma` starts or ends elsewhere now: the gaps around it must be counted again. */
  changed(vma: Vma): void {
    (vma.chunk as VmaChunk).largestGap = -1;
    if (vma.next !== null) (vma.next.chunk as VmaChunk).largestGap = -1;
  }

  private gapOf(chunk: VmaChunk): number {
    if (chunk.largestGap >= 0) return chunk.largestGap;
    let largest = 0;
    for (const vma of chunk.vmas) {
      const below = vma.prev === null ? 0 : vma.prev.end;
      largest = Math.max(largest, vma.start - below);
    }
    chunk.largestGap = largest;
    return largest;
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
    for (let place = this.chunks.length - 1; place >= 0; place--) {
      const chunk = this.chunks[place];
      if (this.gapOf(chunk) < length) continue;
      for (let i = chunk.vmas.length - 1; i >= 0; i--) {
        const vma = chunk.vmas[i];
        const below = Math.max(low, vma.prev === null ? 0 : vma.prev.end);
        if (Math.min(limit, vma.start) - below >= length) {
          limit = Math.min(limit, startGap(vma));
          if (limit - length >= below) return limit - length;
        }
        if (vma.start <= low) return -1;
      }
    }
    return -1;
  }

  /** Lowest start of a free range of `length` bytes inside [low, high), or -1. */
  lowestGap(length: number, low: number, high: number): number {
    for (const chunk of this.chunks) {
      if (this.gapOf(chunk) < length || chunk.vmas[chunk.vmas.length - 1].end <= low) continue;
      for (const vma of chunk.vmas) {
        const below = Math.max(low, vma.prev === null ? 0 : vma.prev.end);
        if (Math.min(high, startGap(vma)) - below >= length) return below;
      }
    }
    const above = Math.max(low, this.last === null ? 0 : this.last.end);
    return high - above >= length ? above : -1;
  }

  *[Symbol.iterator](): Iterator<Vma> {
    for (let vma = this.first; vma !== null; ) {
      const { next } = vma;
      yield vma;
      vma = next;
    }
  }
}
