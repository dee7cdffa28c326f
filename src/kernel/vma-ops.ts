/**
 * Splitting, merging and resizing VMAs.
 *
 * Place: every call that changes an address space edits its VMAs through here. Pictures: `A` the
 * range in question, `P` and `N` its neighbours.
 *
 *   new range        PPAANN -> PPPPPP | PPPPNN | PPNNNN | PPAANN
 *   part of a VMA    AAAA(middle changes) -> split at its start, then at its end
 *
 * Neighbours merge if flags, file description, page offset and AnonVma allow it; sticky flags keep
 * nothing apart. Counts (pages, locks, data) are the callers' business: they know what
 * changed. Results are the VMA that now covers the range, or a negative errno.
 * Source: Linux mm/vma.c (vma_merge_new_range, vma_merge_existing_range, vma_modify, __split_vma).
 */

import { EINVAL, ENOMEM } from '../errno.ts';
import { RECORD_ID, type Trace } from '../trace.ts';
import { isWhole } from '../units.ts';
import { type AnonVmas, isForkChild } from './anon-vma.ts';
import { granule, releaseReservation } from './hugetlb.ts';
import type { Mm } from './mm.ts';
import type { OpenFile } from './open-file.ts';
import type { OpenFiles } from './open-files.ts';
import { VM_SPECIAL, VM_STICKY } from './vm-flags.ts';
import { type AnonVma, Vma } from './vma.ts';

/** A range that may merge with its neighbours; a VMA is one. */
export interface VmaRange {
  readonly start: number;
  readonly end: number;
  readonly flags: number;
  readonly pgoff: number;
  readonly file: OpenFile | null;
  readonly anonVma: AnonVma | null;
}

export interface MergeRange extends VmaRange {
  /** VMA whose pages move into the range (mremap), else null. */
  readonly copiedFrom: Vma | null;
}

export class VmaOps {
  private readonly anonVmas: AnonVmas;
  private readonly files: OpenFiles;
  private readonly maxMapCount: number;
  private readonly trace: Trace;

  constructor(anonVmas: AnonVmas, files: OpenFiles, maxMapCount: number, trace: Trace) {
    this.anonVmas = anonVmas;
    this.files = files;
    this.maxMapCount = maxMapCount;
    this.trace = trace;
  }

  isFull(mm: Mm): boolean {
    return mm.vmas.count >= this.maxMapCount;
  }

  exceedsMax(mm: Mm): boolean {
    return mm.vmas.count > this.maxMapCount;
  }

  /** Room for `extra` more VMAs below the limit. */
  hasRoomFor(mm: Mm, extra: number): boolean {
    return mm.vmas.count + extra <= this.maxMapCount;
  }

  /** A VMA for a range in which nothing stands: a neighbour extended, or a new one. The file gains a reference if it is new. */
  mapNewRange(mm: Mm, range: MergeRange): Vma {
    const neighbour = this.mergeNewRange(mm, range, range.copiedFrom);
    if (neighbour !== null) return neighbour;
    const vma = new Vma(mm, range.start, range.end, range.flags, range.pgoff, range.file);
    if (range.copiedFrom !== null) {
      vma.anonVma = range.copiedFrom.anonVma;
      this.anonVmas.clone(vma, range.copiedFrom);
    }
    this.mapAlone(vma);
    return vma;
  }

  /** The same for a VMA that stands nowhere yet and whose pages are all to come: it, or the neighbour extended in its place. */
  mapNew(vma: Vma): Vma {
    const neighbour = this.mergeNewRange(vma.mm as Mm, vma, null);
    if (neighbour === null) this.mapAlone(vma);
    return neighbour ?? vma;
  }

  /** A new VMA in free space that joins no neighbour. */
  mapAlone(vma: Vma): void {
    if (this.trace.mask !== 0) this.trace.emit(RECORD_ID.vma_new, vma.start, vma.end, vma.flags, vma.pgoff);
    if (vma.file !== null) this.files.hold(vma.file, vma);
    this.insert(vma.mm as Mm, vma);
  }

  insert(mm: Mm, vma: Vma): void {
    mm.vmas.insert(vma);
    vma.link();
  }

  /** Extends a neighbour over a free range if one fits; null otherwise. `copiedFrom`: VMA whose pages move there, or null. */
  mergeNewRange(mm: Mm, range: VmaRange, copiedFrom: Vma | null): Vma | null {
    const next = mm.vmas.find(range.start);
    const prev = next === null ? mm.vmas.last : next.prev;
    const { flags } = range;
    const left = prev !== null && this.mergesAfter(prev, range, flags, copiedFrom);
    const right =
      next !== null && this.mergesBefore(next, range, flags, copiedFrom) && (!left || sameOrAbsent(prev as Vma, next));
    if (left && prev !== null) {
      const last = right && next !== null && mayDisappear(next) ? next : null;
      prev.flags |= range.flags & VM_STICKY;
      this.absorb(prev, last, copiedFrom);
      this.resize(prev, prev.start, last === null ? range.end : last.end, prev.pgoff);
      return this.merged(prev, range.start, range.end);
    }
    if (!right || next === null) return null;
    next.flags |= range.flags & VM_STICKY;
    this.absorb(next, null, copiedFrom);
    this.resize(next, range.start, next.end, range.pgoff);
    return this.merged(next, range.start, range.end);
  }

  /** `target` takes over the AnonVmas of what it swallows; `gone` disappears. */
  private absorb(target: Vma, gone: Vma | null, copiedFrom: Vma | null): void {
    if (copiedFrom !== null) this.anonVmas.duplicate(target, copiedFrom);
    if (gone !== null) this.anonVmas.duplicate(target, gone);
    if (gone !== null) target.flags |= gone.flags & VM_STICKY;
    if (gone !== null) this.discard(gone);
  }

  /** Takes a VMA out for good: its place, its AnonVmas and its file. */
  discard(vma: Vma): void {
    (vma.mm as Mm).vmas.remove(vma);
    this.letGo(vma);
  }

  /** The same for one that has no place any more. */
  private letGo(vma: Vma): void {
    if (vma.hugeReservation !== null) releaseReservation(vma);
    vma.unlink();
    if (vma.anonVma !== null) this.anonVmas.leave(vma);
    if (vma.file !== null) this.files.release(vma.file, vma);
  }

  /** Moves the ends of a VMA. */
  resize(vma: Vma, start: number, end: number, pgoff: number): void {
    vma.start = start;
    vma.end = end;
    vma.pgoff = pgoff;
    vma.relink();
    (vma.mm as Mm).vmas.changed(vma);
  }

  /** Moves the border between neighbours without a gap. */
  private moveBorder(lower: Vma, upper: Vma, at: number): void {
    upper.pgoff = upper.indexAt(at);
    upper.start = at;
    lower.end = at;
    upper.relink();
    lower.relink();
    (lower.mm as Mm).vmas.borderMoved(lower);
  }

  private compatible(vma: Vma, range: VmaRange, flags: number): boolean {
    const alike = ((vma.flags ^ flags) & ~VM_STICKY) === 0;
    return alike && vma.file === range.file && vma.name === '' && !(vma.flags & VM_SPECIAL);
  }

  /** `range`, with `flags` instead of its own, continues `prev`. */
  private mergesAfter(prev: Vma, range: VmaRange, flags: number, source: Vma | null): boolean {
    return (
      this.compatible(prev, range, flags) &&
      prev.end === range.start &&
      anonVmasMerge(prev, range, source) &&
      prev.pgoff + prev.pages === range.pgoff
    );
  }

  private mergesBefore(next: Vma, range: VmaRange, flags: number, source: Vma | null): boolean {
    return (
      this.compatible(next, range, flags) &&
      next.start === range.end &&
      anonVmasMerge(next, range, source) &&
      next.pgoff === range.pgoff + (range.end - range.start) / next.mm.pageSize
    );
  }

  /** Cuts `vma` at `at`, which lies inside it; the upper part, or -ENOMEM at the limit of mappings, -EINVAL inside a huge page. */
  split(vma: Vma, at: number): Vma | number {
    if (this.isFull(vma.mm as Mm)) return -ENOMEM;
    if (!isWhole(at, granule(vma))) return -EINVAL;
    return this.splitUnlimited(vma, at);
  }

  /** As `split`, for munmap, which may go one above the limit for a moment. */
  splitUnlimited(vma: Vma, at: number): Vma {
    const mm = vma.mm as Mm;
    if (this.trace.mask !== 0) this.trace.emit(RECORD_ID.vma_split, vma.start, at, vma.end, 0);
    const upper = this.partOf(vma, at, vma.end);
    vma.end = at;
    vma.relink();
    mm.vmas.insertUpperPart(vma, upper);
    upper.link();
    return upper;
  }

  /** Cuts `vma` at both ends of [start, end), which lies inside it; the part between. Two splits, with one edit of the tree. */
  private cutOut(vma: Vma, start: number, end: number): Vma {
    const last = vma.end;
    if (this.trace.mask !== 0) {
      this.trace.emit(RECORD_ID.vma_split, vma.start, start, last, 0);
      this.trace.emit(RECORD_ID.vma_split, start, end, last, 0);
    }
    const middle = this.partOf(vma, start, end);
    const upper = this.partOf(vma, end, last);
    vma.end = start;
    vma.relink();
    (vma.mm as Mm).vmas.insertUpperParts(vma, middle, upper);
    middle.link();
    upper.link();
    return middle;
  }

  /** A VMA for a part of `vma` that stands nowhere yet, and that holds the file. */
  private partOf(vma: Vma, start: number, end: number): Vma {
    const part = new Vma(vma.mm, start, end, vma.flags, vma.indexAt(start), vma.file);
    part.name = vma.name;
    part.anonVma = vma.anonVma;
    part.hugeReservation = vma.hugeReservation;
    this.anonVmas.clone(part, vma);
    if (vma.file !== null) this.files.hold(vma.file, part);
    return part;
  }

  /**
   * Gives [start, end) of `vma` new flags: merges it with neighbours or splits it off. The VMA that
   * now covers the range (it may be larger), or what `split` says.
   */
  modify(vma: Vma, start: number, end: number, flags: number): Vma | number {
    const merged = this.mergeExisting(vma, start, end, flags);
    if (merged !== null) return this.merged(merged, start, end);
    const part = this.isolate(vma, start, end);
    if (typeof part === 'number') return part;
    if (this.trace.mask !== 0) this.trace.emit(RECORD_ID.vma_flags, start, end, part.flags, flags);
    part.flags = flags;
    return part;
  }

  /** What splits make of [start, end) in `vma`. Where the second fails, the first stays done. */
  private isolate(vma: Vma, start: number, end: number): Vma | number {
    if (vma.start === start) {
      const upper = end < vma.end ? this.split(vma, end) : vma;
      return typeof upper === 'number' ? upper : vma;
    }
    const whole = granule(vma);
    if (end < vma.end && this.hasRoomFor(vma.mm as Mm, 2) && isWhole(start, whole) && isWhole(end, whole))
      return this.cutOut(vma, start, end);
    const upper = this.split(vma, start);
    return typeof upper === 'number' || end === upper.end ? upper : this.isolate(upper, start, end);
  }

  private merged(vma: Vma, from: number, to: number): Vma {
    if (this.trace.mask !== 0) this.trace.emit(RECORD_ID.vma_merge, vma.start, vma.end, from, to);
    return vma;
  }

  private mergeExisting(vma: Vma, start: number, end: number, flags: number): Vma | null {
    const leftSide = start === vma.start;
    const rightSide = end === vma.end;
    if (flags & VM_SPECIAL || (!leftSide && !rightSide)) return null;
    const { prev, next } = vma;
    // Where the range begins or ends with `vma`, `vma` is to that neighbour what the range is.
    const left = leftSide && prev !== null && this.mergesAfter(prev, vma, flags, vma);
    const right =
      rightSide &&
      next !== null &&
      this.mergesBefore(next, vma, flags, vma) &&
      (!left || sameOrAbsent(prev as Vma, next));
    if (leftSide && rightSide && !mayDisappear(vma)) return null;
    if (left && right) return this.joinBoth(prev as Vma, vma, next as Vma);
    if (left) return this.joinLeft(prev as Vma, vma, end);
    return right ? this.joinRight(vma, next as Vma, start) : null;
  }

  private joinBoth(prev: Vma, middle: Vma, next: Vma): Vma {
    prev.flags |= (middle.flags | next.flags) & VM_STICKY;
    this.anonVmas.duplicate(prev, next.anonVma !== null ? next : middle);
    (prev.mm as Mm).vmas.swallowTwo(prev, middle, next);
    this.letGo(middle);
    this.letGo(next);
    prev.relink();
    return prev;
  }

  private joinLeft(prev: Vma, middle: Vma, end: number): Vma {
    prev.flags |= middle.flags & VM_STICKY;
    this.anonVmas.duplicate(prev, middle);
    if (end === middle.end) {
      this.discard(middle);
      this.resize(prev, prev.start, end, prev.pgoff);
    } else this.moveBorder(prev, middle, end);
    return prev;
  }

  private joinRight(middle: Vma, next: Vma, start: number): Vma {
    next.flags |= middle.flags & VM_STICKY;
    this.anonVmas.duplicate(next, middle);
    if (start === middle.start) {
      const { pgoff } = middle;
      this.discard(middle);
      this.resize(next, start, next.end, pgoff);
    } else this.moveBorder(middle, next, start);
    return next;
  }
}

/** A VMA whose number counts with somebody (System V attachments) is not swallowed by another. */
function mayDisappear(vma: Vma): boolean {
  return vma.file === null || vma.file.attachments === null;
}

/** The AnonVma of `target` and of the range may become one; `source` is the VMA the range's pages come from. */
function anonVmasMerge(target: Vma, range: VmaRange, source: Vma | null): boolean {
  const wanted = range.anonVma;
  if (target.anonVma === null && wanted !== null) return source === null || !isForkChild(source);
  if (target.anonVma !== null && wanted === null) return !isForkChild(target);
  return target.anonVma === wanted;
}

/** Two VMAs on either side of a range may become one. */
function sameOrAbsent(prev: Vma, next: Vma): boolean {
  return prev.anonVma === null || next.anonVma === null || prev.anonVma === next.anonVma;
}
