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
    const left = prev !== null && this.mergesAfter(prev, range, copiedFrom);
    const right =
      next !== null && this.mergesBefore(next, range, copiedFrom) && (!left || sameOrAbsent(prev as Vma, next));
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
    const mm = vma.mm as Mm;
    if (vma.hugeReservation !== null) releaseReservation(vma);
    vma.unlink();
    mm.vmas.remove(vma);
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

  private compatible(vma: Vma, range: VmaRange): boolean {
    const alike = ((vma.flags ^ range.flags) & ~VM_STICKY) === 0;
    return alike && vma.file === range.file && vma.name === '' && !(vma.flags & VM_SPECIAL);
  }

  private mergesAfter(prev: Vma, range: VmaRange, source: Vma | null): boolean {
    return (
      this.compatible(prev, range) &&
      prev.end === range.start &&
      anonVmasMerge(prev, range, source) &&
      prev.pgoff + prev.pages === range.pgoff
    );
  }

  private mergesBefore(next: Vma, range: VmaRange, source: Vma | null): boolean {
    return (
      this.compatible(next, range) &&
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
    const upper = new Vma(mm, at, vma.end, vma.flags, vma.indexAt(at), vma.file);
    upper.name = vma.name;
    upper.anonVma = vma.anonVma;
    upper.hugeReservation = vma.hugeReservation;
    this.anonVmas.clone(upper, vma);
    if (vma.file !== null) this.files.hold(vma.file, upper);
    vma.end = at;
    vma.relink();
    mm.vmas.insertUpperPart(vma, upper);
    upper.link();
    return upper;
  }

  /**
   * Gives [start, end) of `vma` new flags: merges it with neighbours or splits it off. The VMA that
   * now covers the range (it may be larger), or what `split` says.
   */
  modify(vma: Vma, start: number, end: number, flags: number): Vma | number {
    const merged = this.mergeExisting(vma, start, end, flags);
    if (merged !== null) return this.merged(merged, start, end);
    let part = vma;
    if (part.start < start) {
      const upper = this.split(part, start);
      if (typeof upper === 'number') return upper;
      part = upper;
    }
    if (part.end > end) {
      const upper = this.split(part, end);
      if (typeof upper === 'number') return upper;
    }
    if (this.trace.mask !== 0) this.trace.emit(RECORD_ID.vma_flags, start, end, part.flags, flags);
    part.flags = flags;
    return part;
  }

  private merged(vma: Vma, from: number, to: number): Vma {
    if (this.trace.mask !== 0) this.trace.emit(RECORD_ID.vma_merge, vma.start, vma.end, from, to);
    return vma;
  }

  private mergeExisting(vma: Vma, start: number, end: number, flags: number): Vma | null {
    const leftSide = start === vma.start;
    const rightSide = end === vma.end;
    if (flags & VM_SPECIAL || (!leftSide && !rightSide)) return null;
    const range = {
      start,
      end,
      flags,
      pgoff: vma.indexAt(start),
      file: vma.file,
      anonVma: vma.anonVma,
    };
    const { prev, next } = vma;
    const left = leftSide && prev !== null && this.mergesAfter(prev, range, vma);
    const right =
      rightSide && next !== null && this.mergesBefore(next, range, vma) && (!left || sameOrAbsent(prev as Vma, next));
    if (leftSide && rightSide && !mayDisappear(vma)) return null;
    if (left && right) return this.joinBoth(prev as Vma, vma, next as Vma);
    if (left) return this.joinLeft(prev as Vma, vma, end);
    return right ? this.joinRight(vma, next as Vma, start) : null;
  }

  private joinBoth(prev: Vma, middle: Vma, next: Vma): Vma {
    const { end } = next;
    prev.flags |= (middle.flags | next.flags) & VM_STICKY;
    this.anonVmas.duplicate(prev, next.anonVma !== null ? next : middle);
    this.discard(middle);
    this.discard(next);
    this.resize(prev, prev.start, end, prev.pgoff);
    return prev;
  }

  private joinLeft(prev: Vma, middle: Vma, end: number): Vma {
    prev.flags |= middle.flags & VM_STICKY;
    this.anonVmas.duplicate(prev, middle);
    if (end === middle.end) this.discard(middle);
    else this.resize(middle, end, middle.end, middle.indexAt(end));
    this.resize(prev, prev.start, end, prev.pgoff);
    return prev;
  }

  private joinRight(middle: Vma, next: Vma, start: number): Vma {
    const pgoff = middle.indexAt(start);
    next.flags |= middle.flags & VM_STICKY;
    this.anonVmas.duplicate(next, middle);
    if (start === middle.start) this.discard(middle);
    else this.resize(middle, middle.start, start, middle.pgoff);
    this.resize(next, start, next.end, pgoff);
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
