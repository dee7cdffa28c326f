/**
 * When neighbouring mappings become one.
 *
 * A range joins a mapping that it touches if both have the same flags and the same open file, if the pages of the file
 * (for private anonymous memory: what pgoff was given) run on, and if their anonymous pages are of one family:
 *
 *     families          joins?
 *     none,  none       yes
 *     none,  F          yes, unless F was inherited from the parent by fork
 *     F,     F          yes
 *     F,     G          no
 *
 * Mappings of a System V segment are counted (VM_ATTACHED): they can grow, but none disappears by joining another.
 * Mappings of huge pages join nobody.
 *
 * The family is Linux's `anon_vma`. A mapping gets one when something is first stored in it privately; then it takes
 * that of a neighbour which could become one with it by mprotect alone. Source: Linux mm/vma.c.
 */

import { EINVAL, ENOMEM } from '../errno.ts';
import type { Errno } from './arithmetic.ts';
import type { Process, State, Vma } from './state.ts';
import { takeNumber } from './state.ts';
import { VM_ACCESS_FLAGS, VM_ATTACHED, VM_HUGETLB, VM_STICKY } from './vm-flags.ts';
import { findVma, granuleOf, insertVma, pagesIn, removeVma, setStart, splitVma, vmaBelow } from './vmas.ts';

/** Whether two mappings side by side, `left` below `right`, agree in everything but their families. */
function runOn(left: Vma, right: Vma, ignoredFlags: number): boolean {
  return (
    left.end === right.start &&
    ((left.flags ^ right.flags) & ~(ignoredFlags | VM_STICKY)) === 0 &&
    left.file === right.file &&
    left.zero === right.zero &&
    left.pgoff + pagesIn(left) === right.pgoff
  );
}

/** Whether a range may join a mapping as far as families go. */
function familiesAgree(range: Vma, mapping: Vma): boolean {
  if (mapping.anonVma === undefined && range.anonVma !== undefined) return !range.inherited;
  if (mapping.anonVma !== undefined && range.anonVma === undefined) return !mapping.inherited;
  return mapping.anonVma === range.anonVma;
}

/** The mappings that a range can join. With both of them, those too must be of one family. */
function partners(range: Vma, below: Vma | undefined, above: Vma | undefined): { prev?: Vma; next?: Vma } {
  if (range.flags & VM_HUGETLB) return {};
  const prev = below && runOn(below, range, 0) && familiesAgree(range, below) ? below : undefined;
  const next = above && runOn(range, above, 0) && familiesAgree(range, above) ? above : undefined;
  if (!prev) return next ? { next } : {};
  const strangers =
    next !== undefined && prev.anonVma !== undefined && next.anonVma !== undefined && prev.anonVma !== next.anonVma;
  return next && !strangers ? { prev, next } : { prev };
}

/** A mapping takes from what joins it the flags that stick, and if it has no family, the family. */
function adopt(mapping: Vma, from: Vma): void {
  mapping.flags |= from.flags & VM_STICKY;
  if (mapping.anonVma !== undefined || from.anonVma === undefined) return;
  mapping.anonVma = from.anonVma;
  mapping.inherited = from.inherited;
}

/**
 * Makes a range in free space part of the mappings that it touches: prev grows over it, and over
 * next if both fit; else next grows down. The mapping it became part of, undefined for none. brk
 * looks at prev alone.
 */
export function mergeNewRange(process: Process, range: Vma, sides: 'both' | 'prev'): Vma | undefined {
  const below = vmaBelow(process, range.start);
  const above = sides === 'both' ? findVma(process, range.start) : undefined;
  const { prev, next } = partners(range, below, above);
  const target = prev ?? next;
  if (!target) return undefined;
  adopt(target, range);
  if (!prev) {
    setStart(target, range.start);
    return target;
  }
  const swallowed = next && !(next.flags & VM_ATTACHED) ? next : undefined;
  target.end = swallowed ? swallowed.end : range.end;
  if (swallowed) {
    adopt(target, swallowed);
    removeVma(process, swallowed);
  }
  return target;
}

/** Puts a range into free space, as part of its neighbours where it can be. The mapping it is in then. */
export function addRange(process: Process, range: Vma): Vma {
  const merged = mergeNewRange(process, range, 'both');
  if (merged) return merged;
  insertVma(process, range);
  return range;
}

/**
 * Gives [start, end) of a mapping other flags: it joins what it touches at an end of the mapping, or is
 * cut out. The mapping that the range is in then; or ENOMEM if a cut needs more mappings than there may be, EINVAL if it
 * lies inside a huge page (a first cut that was possible stays).
 */
export function changeFlags(
  state: State,
  process: Process,
  vma: Vma,
  start: bigint,
  end: bigint,
  flags: number,
): Vma | Errno {
  const merged = mergeChanged(process, vma, start, end, flags);
  if (merged) return merged;
  let part = vma;
  if (part.start < start) {
    const errno = checkCut(state, process, part, start);
    if (errno !== 0) return errno;
    part = splitVma(process, part, start);
  }
  if (part.end > end) {
    const errno = checkCut(state, process, part, end);
    if (errno !== 0) return errno;
    splitVma(process, part, end);
  }
  part.flags = flags;
  return part;
}

function checkCut(state: State, process: Process, vma: Vma, at: bigint): Errno {
  if (process.vmas.length >= state.layout.maxMapCount) return ENOMEM;
  return at % granuleOf(state, vma) === 0n ? 0 : EINVAL;
}

/** The part of `changeFlags` without cuts: prev, next or both take the range over. */
function mergeChanged(process: Process, vma: Vma, start: bigint, end: bigint, flags: number): Vma | undefined {
  if (vma.flags & VM_ATTACHED && start === vma.start && end === vma.end) return undefined;
  const index = process.vmas.indexOf(vma);
  const below = start === vma.start ? process.vmas[index - 1] : undefined;
  const above = end === vma.end ? process.vmas[index + 1] : undefined;
  const range: Vma = { ...vma, flags, end };
  setStart(range, start);
  const { prev, next } = partners(range, below, above);
  const target = prev ?? next;
  if (!target) return undefined;
  if (prev && next) adopt(prev, next);
  adopt(target, vma);
  shrinkTo(process, vma, prev ? end : vma.start, prev ? vma.end : start);
  if (prev) prev.end = next ? next.end : end;
  else setStart(target, start);
  if (prev && next) removeVma(process, next);
  return target;
}

/** What is left of a mapping whose other part joined a neighbour; nothing if that was all of it. */
function shrinkTo(process: Process, vma: Vma, start: bigint, end: bigint): void {
  if (start === end) {
    removeVma(process, vma);
    return;
  }
  setStart(vma, start);
  vma.end = end;
}

/** Gives a mapping that is about to get its first private page a family: a neighbour's or a new one. */
export function ensureFamily(state: State, process: Process, vma: Vma): void {
  if (vma.anonVma !== undefined) return;
  vma.anonVma = familyOfNeighbour(process, vma) ?? takeNumber(state);
  vma.inherited = false;
}

/** The family of next or else prev, if that differs in rights alone and did not get it by fork. */
function familyOfNeighbour(process: Process, vma: Vma): number | undefined {
  const index = process.vmas.indexOf(vma);
  const next = process.vmas[index + 1];
  if (next && !next.inherited && next.anonVma !== undefined && runOn(vma, next, VM_ACCESS_FLAGS)) return next.anonVma;
  const prev = process.vmas[index - 1];
  if (prev && !prev.inherited && prev.anonVma !== undefined && runOn(prev, vma, VM_ACCESS_FLAGS)) return prev.anonVma;
  return undefined;
}
