/**
 * The list of a process's mappings: finding, cutting, taking out.
 *
 * Keeps the list sorted and free of overlaps. Whether neighbours become one is merge.ts's business.
 */

import { EINVAL, ENOMEM, EPERM } from '../errno.ts';
import { addressOf, type Errno, PAGE_SIZE, pageOf } from './arithmetic.ts';
import type { Process, State, Vma } from './state.ts';
import { VM_GROWSDOWN, VM_LOCKED, VM_SEALED } from './vm-flags.ts';

/** What stays free below a mapping that grows down (stack_guard_gap), in bytes. */
export function stackGuardGap(): bigint {
  return 256n * PAGE_SIZE;
}

/** The first mapping that ends behind `address`; the address may lie below it. */
export function findVma(process: Process, address: bigint): Vma | undefined {
  return process.vmas.find((vma) => vma.end > address);
}

/** The mapping at `address`. */
export function vmaAt(process: Process, address: bigint): Vma | undefined {
  const vma = findVma(process, address);
  return vma && vma.start <= address ? vma : undefined;
}

/** The first mapping that has a byte in [start, end). */
export function firstOverlap(process: Process, start: bigint, end: bigint): Vma | undefined {
  const vma = findVma(process, start);
  return vma && start < end && vma.start < end ? vma : undefined;
}

/** The last mapping that ends at or below `address`. */
export function vmaBelow(process: Process, address: bigint): Vma | undefined {
  let below: Vma | undefined;
  for (const vma of process.vmas) {
    if (vma.end > address) break;
    below = vma;
  }
  return below;
}

/** Where the space for other mappings ends: the start, or the gap that a stack keeps below it. */
export function startWithGap(vma: Vma): bigint {
  if ((vma.flags & VM_GROWSDOWN) === 0) return vma.start;
  return vma.start > stackGuardGap() ? vma.start - stackGuardGap() : 0n;
}

/** The page of the file that stands at `address`. */
export function pgoffAt(vma: Vma, address: bigint): bigint {
  return vma.pgoff + pageOf(address - vma.start);
}

/** The address of a page of the file; it may lie outside the mapping. */
export function addressOfPgoff(vma: Vma, pgoff: bigint): bigint {
  return vma.start + addressOf(pgoff - vma.pgoff);
}

export function pagesIn(vma: Vma): bigint {
  return pageOf(vma.end - vma.start);
}

/** What the ends of its pieces are multiples of, in bytes. */
export function granuleOf(state: State, vma: Vma): bigint {
  const file = vma.file === undefined ? undefined : state.openFiles.get(vma.file);
  return (file && state.objects.get(file.object)?.huge?.pageBytes) ?? PAGE_SIZE;
}

/** Puts a mapping that overlaps no other into its place. */
export function insertVma(process: Process, vma: Vma): void {
  const index = process.vmas.findIndex((other) => other.start > vma.start);
  process.vmas.splice(index < 0 ? process.vmas.length : index, 0, vma);
}

export function removeVma(process: Process, vma: Vma): void {
  process.vmas.splice(process.vmas.indexOf(vma), 1);
}

/** Moves the start; what stands at the addresses that remain stays the same. */
export function setStart(vma: Vma, start: bigint): void {
  vma.pgoff = pgoffAt(vma, start);
  vma.start = start;
}

/** Cuts a mapping in two at `at`, inside it: it keeps what lies below; the result is what lies above. */
export function splitVma(process: Process, vma: Vma, at: bigint): Vma {
  const upper: Vma = { ...vma };
  setStart(upper, at);
  vma.end = at;
  insertVma(process, upper);
  return upper;
}

/**
 * Cuts what straddles the ends of [start, end), so that whole mappings can be taken out of it.
 * EPERM if one of them is sealed, EINVAL for a cut inside a huge page, ENOMEM if a mapping would be punched at the limit of their number; cuts
 * that were made stay.
 */
export function cutAround(state: State, process: Process, start: bigint, end: bigint): Errno {
  const first = firstOverlap(process, start, end);
  if (!first) return 0;
  if (first.start < start) {
    if (first.end > end && process.vmas.length >= state.layout.maxMapCount) return ENOMEM;
    if (first.flags & VM_SEALED) return EPERM;
    if (start % granuleOf(state, first) !== 0n) return EINVAL;
    splitVma(process, first, start);
  }
  for (const vma of mappingsIn(process, start, end)) {
    if (vma.flags & VM_SEALED) return EPERM;
    if (vma.end > end && end % granuleOf(state, vma) !== 0n) return EINVAL;
    if (vma.end > end) splitVma(process, vma, end);
  }
  return 0;
}

/** The mappings that have a byte in [start, end), as they are now. */
export function mappingsIn(process: Process, start: bigint, end: bigint): Vma[] {
  return process.vmas.filter((vma) => start < end && vma.end > start && vma.start < end);
}

/** Takes out all mappings inside [start, end) with their pages. `cutAround` comes first. */
export function takeOut(process: Process, start: bigint, end: bigint): void {
  for (const vma of mappingsIn(process, start, end)) {
    if (vma.flags & VM_LOCKED) process.lockedPages -= pagesIn(vma);
    removeVma(process, vma);
  }
  dropPages(process, start, end, 'guards-too');
}

/** Forgets the process's own pages in [start, end). */
export function dropPages(process: Process, start: bigint, end: bigint, which: 'guards-too' | 'guards-stay'): void {
  for (const page of ownPagesIn(process, start, end)) {
    if (which === 'guards-too' || process.pages.get(page) !== 'guard') process.pages.delete(page);
  }
  for (const first of hugePagesIn(process, start, end)) process.huge.delete(first);
}

/** The first small pages of the huge ones that the process has touched in [start, end). */
export function hugePagesIn(process: Process, start: bigint, end: bigint): bigint[] {
  return [...process.huge.keys()].filter((first) => first >= pageOf(start) && first < pageOf(end));
}

/** The numbers of the process's own pages, guards among them, in [start, end). */
export function ownPagesIn(process: Process, start: bigint, end: bigint): bigint[] {
  const first = pageOf(start);
  const last = pageOf(end);
  if (last - first > BigInt(process.pages.size)) {
    return [...process.pages.keys()].filter((page) => page >= first && page < last);
  }
  const pages: bigint[] = [];
  for (let page = first; page < last; page++) if (process.pages.has(page)) pages.push(page);
  return pages;
}
