/**
 * A sparse array of numbers with marks: index -> entry, and 'the next index whose entry has these marks'.
 *
 * Place: under the cache of a file (page -> frame) and its block map (page -> block), which may be as long as a file can be (2^51 pages)
 * and are searched for the few pages that are dirty. A tree of 64-way nodes: a branch has for each child the marks that stand anywhere
 * below, so that a search passes over the rest. Entry, mark and search cost one node a level: 3 levels reach 262,144 pages, 9 all of
 * them. Nodes are rows of a few columns, not objects: a lookup at random in a million pages waits for memory twice, not eight times.
 * Invariants: no node is empty; marks stand on entries only; `marked` counts the slots of a node that have each mark.
 * Source: Linux lib/xarray.c, include/linux/xarray.h.
 */

import { assert } from './assert.ts';

const SLOTS = 64;
/** The places of indices [64 n, 64 n + 64) follow each other. */
export const ROW = SLOTS;
const SLOT_MASK = SLOTS - 1;
/** Marks are the bits of a number below 2^MARKS. */
const MARKS = 4;
/** 64^-level: `(index * SCALE[level]) & SLOT_MASK` is the slot of an index in a node of that level (0 = leaf). */
const SCALE = Float64Array.from({ length: 10 }, (_, level) => SLOTS ** -level);
const NODES_MIN = 4;
/** The columns of an array in which nothing was ever set: node 0 alone. Nobody writes to them. */
const NOTHING_WIDE = new Uint32Array(SLOTS);
const NOTHING_NARROW = new Uint8Array(SLOTS);

function slotOf(index: number, level: number): number {
  return (index * SCALE[level]) & SLOT_MASK;
}

/** `made` with the first `length` numbers of `column`. */
function larger<T extends Uint8Array | Uint32Array>(column: T, length: number, made: T): T {
  made.set(column.subarray(0, length));
  return made;
}

export class XArray {
  /** Uint32Array(64 * nodes), indexed by places: entries of a leaf, children of a branch; 0 = none. Node 0 is the leaf of what is not there. */
  entries: Uint32Array;
  /** Uint8Array(64 * nodes), indexed by places: marks of each entry, and of all below each child. */
  marks: Uint8Array;
  /** Uint8Array(MARKS * nodes): slots of the node that have each mark. */
  private marked: Uint8Array;
  /** Uint8Array(nodes): slots in use. */
  private used: Uint8Array;
  /** Uint32Array(nodes): the branch above, 0 = root. */
  private above: Uint32Array;
  /** Nodes made so far, node 0 included, and how many the columns hold; those given back are chained by their first slot from `freeNode` on. */
  private nodes: number;
  private capacity: number;
  private freeNode: number;
  /** 0 = empty; its level is 1 or more. */
  private root: number;
  private rootLevel: number;
  /** The leaf reached last (0 = missing), and index / 64 of what it holds. */
  private recentNumber: number;
  private recentLeaf: number;
  /** Entries. */
  size: number;

  constructor() {
    this.entries = NOTHING_WIDE;
    this.marks = NOTHING_NARROW;
    this.marked = NOTHING_NARROW;
    this.used = NOTHING_NARROW;
    this.above = NOTHING_WIDE;
    this.nodes = 1;
    this.capacity = 1;
    this.freeNode = 0;
    this.root = 0;
    this.rootLevel = 1;
    this.recentNumber = -1;
    this.recentLeaf = 0;
    this.size = 0;
  }

  private leafOf(index: number): number {
    const number = Math.floor(index * SCALE[1]);
    if (number === this.recentNumber) return this.recentLeaf;
    this.recentNumber = number;
    this.recentLeaf = this.descend(index);
    return this.recentLeaf;
  }

  private descend(index: number): number {
    const { entries } = this;
    if (index * SCALE[this.rootLevel] >= SLOTS) return 0;
    let node = this.root;
    for (let level = this.rootLevel; level > 0; level--) node = entries[node * SLOTS + slotOf(index, level)];
    return node;
  }

  /** Place of `index` in `entries` and `marks`, which holds until the next `set`; one that is empty where there is no entry. */
  placeOf(index: number): number {
    return this.leafOf(index) * SLOTS + (index & SLOT_MASK);
  }

  /** Entry at `index`, 0 if there is none. */
  get(index: number): number {
    return this.entries[this.placeOf(index)];
  }

  /** Marks of the entry at `index`; 0 without one. */
  marksOf(index: number): number {
    return this.marks[this.placeOf(index)];
  }

  /** Entry and marks at `index`, without a trace in the memo: for probes. */
  peek(index: number): { readonly entry: number; readonly marks: number } {
    const place = this.descend(index) * SLOTS + (index & SLOT_MASK);
    return { entry: this.entries[place], marks: this.marks[place] };
  }

  /** Stores an entry (1 to 2^32 - 1); one that was there keeps its marks. */
  set(index: number, entry: number): void {
    let leaf = this.leafOf(index);
    if (leaf === 0) leaf = this.makeLeaf(index);
    const place = leaf * SLOTS + (index & SLOT_MASK);
    if (this.entries[place] === 0) {
      this.used[leaf] = this.used[leaf] + 1;
      this.size++;
    }
    this.entries[place] = entry;
  }

  private makeLeaf(index: number): number {
    this.growRoot(index);
    let node = this.root;
    for (let level = this.rootLevel; level > 0; level--) {
      const slot = slotOf(index, level);
      let child = this.entries[node * SLOTS + slot];
      if (child === 0) {
        child = this.newNode(node);
        this.entries[node * SLOTS + slot] = child;
        this.used[node] = this.used[node] + 1;
      }
      node = child;
    }
    this.recentLeaf = node;
    return node;
  }

  /** Makes a root, or the one there higher until it reaches `index`. */
  private growRoot(index: number): void {
    if (this.root === 0) {
      this.root = this.newNode(0);
      this.rootLevel = 1;
    }
    while (index * SCALE[this.rootLevel] >= SLOTS) {
      const { root } = this;
      this.rootLevel++;
      if (this.used[root] === 0) continue;
      this.root = this.newNode(0);
      this.entries[this.root * SLOTS] = root;
      this.used[this.root] = 1;
      this.above[root] = this.root;
      for (let mark = 0; mark < MARKS; mark++) if (this.marked[root * MARKS + mark] > 0) this.count(this.root, 0, mark);
    }
  }

  private newNode(above: number): number {
    let node = this.freeNode;
    if (node !== 0) {
      this.freeNode = this.entries[node * SLOTS];
      this.entries[node * SLOTS] = 0;
    } else {
      if (this.nodes === this.capacity) this.makeRoom();
      node = this.nodes++;
    }
    this.above[node] = above;
    return node;
  }

  private makeRoom(): void {
    const { nodes } = this;
    // By a quarter: twice as much would leave up to half of the columns empty, 5 bytes a page of them.
    this.capacity = nodes + Math.max(NODES_MIN, nodes >> 2);
    this.entries = larger(this.entries, nodes * SLOTS, new Uint32Array(this.capacity * SLOTS));
    this.marks = larger(this.marks, nodes * SLOTS, new Uint8Array(this.capacity * SLOTS));
    this.marked = larger(this.marked, nodes * MARKS, new Uint8Array(this.capacity * MARKS));
    this.used = larger(this.used, nodes, new Uint8Array(this.capacity));
    this.above = larger(this.above, nodes, new Uint32Array(this.capacity));
  }

  /** Takes the entry at `index` out, with its marks; what it was, or 0. */
  remove(index: number): number {
    const leaf = this.leafOf(index);
    const place = leaf * SLOTS + (index & SLOT_MASK);
    const entry = this.entries[place];
    if (entry === 0) return 0;
    this.unmark(index, this.marks[place]);
    this.entries[place] = 0;
    this.size--;
    this.used[leaf] = this.used[leaf] - 1;
    if (this.used[leaf] === 0) this.prune(index, leaf);
    return entry;
  }

  /** Gives back an empty leaf, and the branches that are empty without it. */
  private prune(index: number, leaf: number): void {
    this.recentNumber = -1;
    let node = leaf;
    for (let level = 1; ; level++) {
      const branch = this.above[node];
      this.entries[node * SLOTS] = this.freeNode;
      this.freeNode = node;
      if (branch === 0) break;
      this.entries[branch * SLOTS + slotOf(index, level)] = 0;
      this.used[branch] = this.used[branch] - 1;
      if (this.used[branch] > 0) return;
      node = branch;
    }
    this.root = 0;
  }

  /** Adds marks to the entry at `index`, which is there; those that were not set before. */
  mark(index: number, marks: number): number {
    const leaf = this.leafOf(index);
    const place = leaf * SLOTS + (index & SLOT_MASK);
    assert(this.entries[place] !== 0, `there is nothing to mark at ${index}`);
    const added = marks & ~this.marks[place];
    for (let mark = 0; added >> mark !== 0; mark++) if ((added >> mark) & 1) this.spread(index, leaf, mark);
    return added;
  }

  /** Sets a mark on an entry, and on what is above it up to where it stands already. */
  private spread(index: number, leaf: number, mark: number): void {
    let node = leaf;
    for (let level = 0; node !== 0; level++) {
      if (this.count(node, slotOf(index, level), mark) > 1) return;
      node = this.above[node];
    }
  }

  /** Sets a mark that a slot lacks; slots of the node that have it now. */
  private count(node: number, slot: number, mark: number): number {
    const counter = node * MARKS + mark;
    this.marks[node * SLOTS + slot] = this.marks[node * SLOTS + slot] | (1 << mark);
    this.marked[counter] = this.marked[counter] + 1;
    return this.marked[counter];
  }

  /** Takes marks away; those that were set before. */
  unmark(index: number, marks: number): number {
    const leaf = this.leafOf(index);
    const gone = marks & this.marks[leaf * SLOTS + (index & SLOT_MASK)];
    for (let mark = 0; gone >> mark !== 0; mark++) if ((gone >> mark) & 1) this.withdraw(index, leaf, mark);
    return gone;
  }

  /** Clears a mark of an entry, and of what is above it where no other entry has it. */
  private withdraw(index: number, leaf: number, mark: number): void {
    let node = leaf;
    for (let level = 0; node !== 0; level++) {
      const place = node * SLOTS + slotOf(index, level);
      const counter = node * MARKS + mark;
      this.marks[place] = this.marks[place] & ~(1 << mark);
      this.marked[counter] = this.marked[counter] - 1;
      if (this.marked[counter] > 0) return;
      node = this.above[node];
    }
  }

  /** The first index >= `from` that is < `end` (which may be Infinity) and whose entry has all of `marks`, or -1. */
  next(from: number, end: number, marks: number): number {
    if (from >= end || this.root === 0) return -1;
    const leaf = this.leafOf(from);
    const first = from - (from & SLOT_MASK);
    const slot = leaf === 0 ? -1 : this.nextSlot(leaf, from & SLOT_MASK, marks);
    const index = slot >= 0 ? first + slot : this.nextBelow(this.root, this.rootLevel, 0, first + SLOTS, marks);
    return index < end ? index : -1;
  }

  /** First slot from `slot` on that is in use and has `marks`, or -1. */
  private nextSlot(node: number, slot: number, marks: number): number {
    const { entries, marks: column } = this;
    const end = (node + 1) * SLOTS;
    for (let place = node * SLOTS + slot; place < end; place++)
      if (entries[place] !== 0 && (column[place] & marks) === marks) return place & SLOT_MASK;
    return -1;
  }

  /** First index >= `from` with `marks` below `node` of `level`, whose first index is `base`; or -1. */
  private nextBelow(node: number, level: number, base: number, from: number, marks: number): number {
    const span = SLOTS ** level;
    let slot = Math.max(0, Math.floor((from - base) / span));
    while (slot < SLOTS) {
      slot = this.nextSlot(node, slot, marks);
      if (slot < 0) return -1;
      const start = base + slot * span;
      if (level === 0) return start;
      const found = this.nextBelow(this.entries[node * SLOTS + slot], level - 1, start, from, marks);
      if (found >= 0) return found;
      slot++;
    }
    return -1;
  }
}
