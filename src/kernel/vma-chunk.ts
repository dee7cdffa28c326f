/**
 * Nodes of the tree of VMAs: the lowest hold runs of neighbouring VMAs, those above hold nodes.
 *
 * Place: under vma-tree.ts, which says where what goes. What a search reads of a child, its end and the largest gap in it,
 * stands beside the link: a step down reads a row of numbers and no other object.
 * Invariant: `ends` and `gaps` are cached from the VMAs; `largestGap` is the largest of `gaps`; 1 to CHUNK_MAX children,
 * none in an empty tree alone.
 */

import { assert } from '../assert.ts';
import type { Vma, VmaChunk } from './vma.ts';

/** More children than this are cut in two. */
const CHUNK_MAX = 16;

export function newChunk(): VmaChunk {
  return { parent: null, vmas: [], chunks: [], ends: [], gaps: [], largestGap: 0 };
}

export function isLeaf(chunk: VmaChunk): boolean {
  return chunk.chunks.length === 0;
}

/** The first child that ends above `va`; one past the last if none does. */
export function placeAbove(chunk: VmaChunk, va: number): number {
  const { ends } = chunk;
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle] > va) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** A VMA with `gap` bytes free below it comes to stand before what is at `place`. The largest gap is the caller's business. */
export function insertVma(chunk: VmaChunk, place: number, vma: Vma, gap: number): void {
  const { vmas, ends, gaps } = chunk;
  for (let i = vmas.length; i > place; i--) {
    vmas[i] = vmas[i - 1];
    ends[i] = ends[i - 1];
    gaps[i] = gaps[i - 1];
  }
  vmas[place] = vma;
  ends[place] = vma.end;
  gaps[place] = gap;
  vma.chunk = chunk;
}

/** Two that follow each other and what is below without a gap come to stand before what is at `place`: nothing moves twice. */
export function insertTwo(chunk: VmaChunk, place: number, first: Vma, second: Vma): void {
  const { vmas, ends, gaps } = chunk;
  // Room, for now with an old VMA: a link from an old array to a young object is one that V8 writes down.
  const [old] = vmas;
  vmas.push(old, old);
  ends.push(0, 0);
  gaps.push(0, 0);
  for (let i = vmas.length - 1; i > place + 1; i--) {
    vmas[i] = vmas[i - 2];
    ends[i] = ends[i - 2];
    gaps[i] = gaps[i - 2];
  }
  vmas[place] = first;
  vmas[place + 1] = second;
  ends[place] = first.end;
  ends[place + 1] = second.end;
  gaps[place] = 0;
  gaps[place + 1] = 0;
  first.chunk = chunk;
  second.chunk = chunk;
}

/** Takes out two VMAs with no gap below them. */
export function removeTwo({ vmas, ends, gaps }: VmaChunk, place: number): void {
  const left = vmas.length - 2;
  for (let i = place; i < left; i++) {
    vmas[i] = vmas[i + 2];
    ends[i] = ends[i + 2];
    gaps[i] = gaps[i + 2];
  }
  for (let i = 0; i < 2; i++) {
    vmas.pop();
    ends.pop();
    gaps.pop();
  }
}

/** Takes a VMA out of the rows; the largest gap is recounted by the caller. */
export function removeVma({ vmas, ends, gaps }: VmaChunk, place: number): void {
  const last = vmas.length - 1;
  for (let i = place; i < last; i++) {
    vmas[i] = vmas[i + 1];
    ends[i] = ends[i + 1];
    gaps[i] = gaps[i + 1];
  }
  vmas.pop();
  ends.pop();
  gaps.pop();
}

function insertChunk(parent: VmaChunk, place: number, child: VmaChunk): void {
  parent.chunks.splice(place, 0, child);
  parent.ends.splice(place, 0, child.ends[child.ends.length - 1]);
  parent.gaps.splice(place, 0, child.largestGap);
  child.parent = parent;
}

/** A child ends elsewhere; so does every node of which it is the last. */
export function setEnd(chunk: VmaChunk, place: number, end: number): void {
  let node = chunk;
  let at = place;
  for (;;) {
    node.ends[at] = end;
    if (node.parent === null || at < node.ends.length - 1) return;
    at = node.parent.chunks.indexOf(node);
    node = node.parent;
  }
}

/** The gap below a child, or the largest in it, is another. */
export function setGap(chunk: VmaChunk, place: number, gap: number): void {
  const before = chunk.gaps[place];
  if (before === gap) return;
  chunk.gaps[place] = gap;
  if (gap > chunk.largestGap) setLargest(chunk, gap);
  else if (before === chunk.largestGap) recountGaps(chunk);
}

/** Tells those above when the largest gap is another than before. */
export function recountGaps(chunk: VmaChunk): void {
  const { gaps, largestGap } = chunk;
  let largest = 0;
  for (let i = 0; i < gaps.length; i++) {
    if (gaps[i] <= largest) continue;
    largest = gaps[i];
    if (largest === largestGap) return;
  }
  setLargest(chunk, largest);
}

/** To be called for a gap that is new. */
export function noteGap(chunk: VmaChunk, gap: number): void {
  if (gap > chunk.largestGap) setLargest(chunk, gap);
}

function setLargest(chunk: VmaChunk, gap: number): void {
  chunk.largestGap = gap;
  if (chunk.parent !== null) setGap(chunk.parent, chunk.parent.chunks.indexOf(chunk), gap);
}

/**
 * Cuts a node with too many children, the latest of them at `place`: in the middle, or beside that one if it stands at an
 * end, so that nodes are full where mappings come in order. The root, an inner node now if it was cut.
 */
export function splitIfFull(chunk: VmaChunk, root: VmaChunk, latest: number): VmaChunk {
  const children = chunk.ends.length;
  if (children <= CHUNK_MAX) return root;
  const upper = upperPart(chunk, latest < 2 ? 2 : latest >= children - 2 ? children - 2 : children >> 1);
  recountAlone(upper);
  recountAlone(chunk);
  if (chunk.parent === null) {
    const top = newChunk();
    insertChunk(top, 0, chunk);
    insertChunk(top, 1, upper);
    recountAlone(top);
    return top;
  }
  const { parent } = chunk;
  const place = parent.chunks.indexOf(chunk);
  parent.ends[place] = chunk.ends[chunk.ends.length - 1];
  parent.gaps[place] = chunk.largestGap;
  insertChunk(parent, place + 1, upper);
  return splitIfFull(parent, root, latest < 2 ? place : place + 1);
}

function upperPart(chunk: VmaChunk, from: number): VmaChunk {
  const upper: VmaChunk = {
    parent: null,
    vmas: chunk.vmas.splice(from),
    chunks: chunk.chunks.splice(from),
    ends: chunk.ends.splice(from),
    gaps: chunk.gaps.splice(from),
    largestGap: 0,
  };
  for (const vma of upper.vmas) vma.chunk = upper;
  for (const child of upper.chunks) child.parent = upper;
  return upper;
}

/** For a split, which changes the largest gap of no node above. */
function recountAlone(chunk: VmaChunk): void {
  let largest = 0;
  for (const gap of chunk.gaps) largest = Math.max(largest, gap);
  chunk.largestGap = largest;
}

/** An emptied node goes, and those above that are empty then; the root, which may be another. */
export function dropEmpty(chunk: VmaChunk, root: VmaChunk): VmaChunk {
  const { parent } = chunk;
  if (parent === null) {
    chunk.largestGap = 0;
    return chunk;
  }
  if (parent.chunks.length === 1) return dropEmpty(parent, root);
  const place = parent.chunks.indexOf(chunk);
  for (const row of [parent.chunks, parent.ends, parent.gaps]) row.splice(place, 1);
  if (place === parent.ends.length) setEnd(parent, place - 1, parent.ends[place - 1]);
  recountGaps(parent);
  return withoutSingleTop(root);
}

/** A top with one child is no use. */
function withoutSingleTop(root: VmaChunk): VmaChunk {
  let top = root;
  while (top.chunks.length === 1) {
    top = top.chunks[0];
    top.parent = null;
  }
  return top;
}

/** The highest VMA that ends at or below `va` and has a gap of `length` below it, or null. */
export function highestWide(chunk: VmaChunk, length: number, va: number): Vma | null {
  const { gaps, ends, vmas, chunks } = chunk;
  const last = ends.length - 1;
  if (last < 0 || ends[last] <= va) return highestOf(chunk, length);
  // What holds `va` is the only one of which a part counts.
  const place = placeAbove(chunk, va);
  if (!isLeaf(chunk) && gaps[place] >= length) {
    const found = highestWide(chunks[place], length, va);
    if (found !== null) return found;
  }
  const below = placeOfWide(gaps, length, place - 1);
  if (below < 0) return null;
  return isLeaf(chunk) ? vmas[below] : highestOf(chunks[below], length);
}

/** As `highestWide`, of all VMAs of `chunk`. */
function highestOf(chunk: VmaChunk, length: number): Vma | null {
  let node = chunk;
  let place = placeOfWide(node.gaps, length, node.gaps.length - 1);
  if (place < 0) return null;
  while (!isLeaf(node)) {
    node = node.chunks[place];
    place = placeOfWide(node.gaps, length, node.gaps.length - 1);
  }
  return node.vmas[place];
}

/** The last place up to `from` with a gap of `length`, or -1. */
function placeOfWide(gaps: readonly number[], length: number, from: number): number {
  let place = from;
  while (place >= 0 && gaps[place] < length) place--;
  return place;
}

/** The lowest VMA that ends above `va` and has a gap of `length` below it, or null. */
export function lowestWide(chunk: VmaChunk, length: number, va: number): Vma | null {
  const { gaps, vmas, chunks } = chunk;
  const leaf = isLeaf(chunk);
  for (let i = placeAbove(chunk, va); i < gaps.length; i++) {
    if (gaps[i] < length) continue;
    if (leaf) return vmas[i];
    const found = lowestWide(chunks[i], length, va);
    if (found !== null) return found;
  }
  return null;
}

/** Asserts that a node that begins above the end `below`, and those in it, have what a recount gives; the VMAs in it. */
export function checkChunk(node: VmaChunk, below: number): number {
  let end = below;
  let vmas = 0;
  for (const [place, child] of (isLeaf(node) ? node.vmas : node.chunks).entries()) {
    const isVma = 'mm' in child;
    vmas += isVma ? 1 : checkChunk(child, end);
    const found = isVma ? [child.end, child.start - end] : [child.ends.at(-1), child.largestGap];
    const link = isVma ? child.chunk : child.parent;
    const cached = [node.ends[place], node.gaps[place]];
    assert(link === node && cached.join() === found.join(), `a node of the VMA tree has ${cached}, found ${found}`);
    end = node.ends[place];
  }
  assert(node.largestGap === Math.max(0, ...node.gaps), 'a node of the VMA tree has another largest gap than its VMAs');
  return vmas;
}
