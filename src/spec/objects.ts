/**
 * The contents of a file or of shared memory: pages by number, holes between them.
 */

import { addressOf, max, min, offsetIn, PAGE_BYTES, PAGE_SIZE, pageOf, pagesOf, ZERO_PAGE } from './arithmetic.ts';
import { objectOf } from './faults.ts';
import { withoutRange } from './page-ranges.ts';
import type { FileObject, State } from './state.ts';
import { addressOfPgoff, dropPages } from './vmas.ts';

/** `count` bytes from `position` on, fewer at the end of the file. */
export function readBytes(object: FileObject, position: bigint, count: bigint): Uint8Array {
  const end = min(object.size, position + count);
  if (end <= position) return new Uint8Array(0);
  const bytes = new Uint8Array(Number(end - position));
  for (let done = 0; done < bytes.length; ) {
    const at = position + BigInt(done);
    const offset = offsetIn(at);
    const length = Math.min(PAGE_BYTES - offset, bytes.length - done);
    bytes.set((object.pages.get(pageOf(at)) ?? ZERO_PAGE).subarray(offset, offset + length), done);
    done += length;
  }
  return bytes;
}

/** Zeroes [start, end) in the pages there are. */
export function zeroBytes(object: FileObject, start: bigint, end: bigint): void {
  for (const page of pagesBetween(object, pageOf(start), pagesOf(end))) {
    const from = max(start, addressOf(page)) - addressOf(page);
    const to = min(end - addressOf(page), PAGE_SIZE);
    const bytes = object.pages.get(page) as Uint8Array;
    if (from < to) object.pages.set(page, bytes.slice().fill(0, Number(from), Number(to)));
  }
}

/** Turns the pages [first, last) into a hole. */
export function removePages(object: FileObject, first: bigint, last: bigint): void {
  object.reserved = withoutRange(object.reserved, first, last);
  for (const page of pagesBetween(object, first, last)) object.pages.delete(page);
}

/** The numbers of the pages there are in [first, last). */
export function pagesBetween(object: FileObject, first: bigint, last: bigint): bigint[] {
  if (last - first > BigInt(object.pages.size)) {
    return [...object.pages.keys()].filter((page) => page >= first && page < last);
  }
  const pages: bigint[] = [];
  for (let page = first; page < last; page++) if (object.pages.has(page)) pages.push(page);
  return pages;
}

/** Takes from all processes the private copies of the pages from `first` on, up to `end` if there is one. */
export function dropCopies(state: State, object: FileObject, first: bigint, end?: bigint): void {
  for (const process of state.processes.values()) {
    for (const vma of process.vmas) {
      if (vma.file === undefined || objectOf(state, vma) !== object) continue;
      const last = end === undefined ? vma.end : min(vma.end, addressOfPgoff(vma, end));
      dropPages(process, max(vma.start, addressOfPgoff(vma, first)), last, 'guards-stay');
    }
  }
}
