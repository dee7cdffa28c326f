/**
 * A set of half-open integer intervals that answers 'which of these overlap [lo, hi)'.
 *
 * Place: reverse mapping. A file's cache and an AnonVma each keep the page ranges that VMAs map of
 * them. A treap ordered by (lo, serial) in which every node knows the largest hi below it, so that
 * insert, remove and each hit cost logarithmic time. Priorities come from a counter's hash: no
 * chance is involved, and equal histories give equal trees.
 * Source: Cormen et al. 14.3 (interval trees), Seidel and Aragon (treaps).
 */

/** A member's place in a set; the owner keeps it to remove the member again. */
export class IntervalNode<T> {
  lo: number;
  hi: number;
  readonly item: T;
  serial: number;
  priority: number;
  maxHi: number;
  left: IntervalNode<T> | null;
  right: IntervalNode<T> | null;

  constructor(lo: number, hi: number, item: T, serial: number) {
    this.lo = lo;
    this.hi = hi;
    this.item = item;
    this.serial = serial;
    this.priority = priorityOf(serial);
    this.maxHi = hi;
    this.left = null;
    this.right = null;
  }
}

function priorityOf(serial: number): number {
  return Math.imul(serial ^ (serial >>> 15), 0x2c1b3c6d) >>> 0;
}

function comesBefore<T>(a: IntervalNode<T>, b: IntervalNode<T>): boolean {
  return a.lo < b.lo || (a.lo === b.lo && a.serial < b.serial);
}

function update<T>(node: IntervalNode<T>): IntervalNode<T> {
  let max = node.hi;
  if (node.left !== null && node.left.maxHi > max) max = node.left.maxHi;
  if (node.right !== null && node.right.maxHi > max) max = node.right.maxHi;
  node.maxHi = max;
  return node;
}

function merge<T>(left: IntervalNode<T> | null, right: IntervalNode<T> | null): IntervalNode<T> | null {
  if (left === null) return right;
  if (right === null) return left;
  if (left.priority > right.priority) {
    left.right = merge(left.right, right);
    return update(left);
  }
  right.left = merge(left, right.left);
  return update(right);
}

function rotateRight<T>(node: IntervalNode<T>): IntervalNode<T> {
  const up = node.left as IntervalNode<T>;
  node.left = up.right;
  up.right = update(node);
  return update(up);
}

function rotateLeft<T>(node: IntervalNode<T>): IntervalNode<T> {
  const up = node.right as IntervalNode<T>;
  node.right = up.left;
  up.left = update(node);
  return update(up);
}

function insertInto<T>(root: IntervalNode<T> | null, node: IntervalNode<T>): IntervalNode<T> {
  if (root === null) return node;
  if (comesBefore(node, root)) {
    root.left = insertInto(root.left, node);
    return root.left.priority > root.priority ? rotateRight(root) : update(root);
  }
  root.right = insertInto(root.right, node);
  return root.right.priority > root.priority ? rotateLeft(root) : update(root);
}

function removeFrom<T>(root: IntervalNode<T> | null, node: IntervalNode<T>): IntervalNode<T> | null {
  if (root === null) return null;
  if (root === node) return merge(node.left, node.right);
  if (comesBefore(node, root)) root.left = removeFrom(root.left, node);
  else root.right = removeFrom(root.right, node);
  return update(root);
}

function collect<T>(node: IntervalNode<T> | null, lo: number, hi: number, found: T[]): void {
  if (node === null || node.maxHi <= lo) return;
  collect(node.left, lo, hi, found);
  if (node.lo < hi && node.hi > lo) found.push(node.item);
  if (node.lo < hi) collect(node.right, lo, hi, found);
}

export class IntervalSet<T> {
  private root: IntervalNode<T> | null;
  private serial: number;
  size: number;

  constructor() {
    this.root = null;
    this.serial = 0;
    this.size = 0;
  }

  /** Adds [lo, hi) for `item`; the node returned removes it. */
  add(lo: number, hi: number, item: T): IntervalNode<T> {
    const node = new IntervalNode(lo, hi, item, ++this.serial);
    this.root = insertInto(this.root, node);
    this.size++;
    return node;
  }

  remove(node: IntervalNode<T>): void {
    this.root = removeFrom(this.root, node);
    node.left = null;
    node.right = null;
    this.size--;
  }

  /** Gives a member another interval; the same as to remove and to add it, but for its node. */
  move(node: IntervalNode<T>, lo: number, hi: number): void {
    this.remove(node);
    node.lo = lo;
    node.hi = hi;
    node.maxHi = hi;
    node.serial = ++this.serial;
    node.priority = priorityOf(node.serial);
    this.root = insertInto(this.root, node);
    this.size++;
  }

  /** The items whose interval overlaps [lo, hi), by ascending lo. */
  overlapping(lo: number, hi: number): T[] {
    const found: T[] = [];
    collect(this.root, lo, hi, found);
    return found;
  }

  all(): T[] {
    return this.overlapping(Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
  }
}
