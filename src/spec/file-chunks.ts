/**
 * The pages of a file that a transfer goes through, one after the other, and how much of a write may be.
 *
 * Source: Linux mm/filemap.c generic_perform_write; generic_write_checks of fs/read_write.c.
 */

import { RLIM_INFINITY } from '../flags.ts';
import { addressOf, max, min, offsetIn, PAGE_SIZE, pageFloor, pageOf, pagesOf, ZERO_PAGE } from './arithmetic.ts';
import type { Place } from './faults.ts';
import { maxBytes, zeroBehindEnd } from './file-sizes.ts';
import { checkSizeSeals, isWriteSealed } from './memfd.ts';
import { withRange } from './page-ranges.ts';
import type { FileObject, Process } from './state.ts';

/**
 * Moves bytes between a page of the file and elsewhere; `at` counts from the start of the transfer. The bytes moved.
 */
export type Move = (place: Place, offset: number, length: number, at: bigint) => number;

/** Moves `count` bytes, at most up to the first that cannot be moved; how many. */
export function moveChunks(object: FileObject, position: bigint, count: bigint, move: Move): bigint {
  for (let done = 0n; done < count; ) {
    const at = position + done;
    const length = Number(min(PAGE_SIZE - BigInt(offsetIn(at)), count - done));
    const moved = move({ pages: object.pages, page: pageOf(at) }, offsetIn(at), length, done);
    if (moved === 0) return done;
    done += BigInt(moved);
  }
  return count;
}

/** As `moveChunks`, into the file, which grows by it. */
export function writeChunks(object: FileObject, position: bigint, count: bigint, move: Move): bigint {
  const done = moveChunks(object, position, count, (...chunk) => writeChunk(object, move, ...chunk));
  if (done < count) reserveRest(object, position + done, position + count);
  return done;
}

/**
 * One page's worth of a write. The page is there, and the file reaches up to the bytes, even if then none of them can
 * be had; but since that may be the very page they come from, they are tried again.
 */
function writeChunk(object: FileObject, move: Move, place: Place, offset: number, length: number, at: bigint): number {
  if (!place.pages.has(place.page)) place.pages.set(place.page, ZERO_PAGE);
  const start = addressOf(place.page) + BigInt(offset);
  const moved = move(place, offset, length, at);
  reach(object, start, moved);
  if (moved > 0) return moved;
  const again = move(place, offset, length, at);
  reach(object, start, again);
  return again;
}

/** The file grows to what was written at `start`, if it ended before. */
function reach(object: FileObject, start: bigint, moved: number): void {
  if (start > object.size) zeroBehindEnd(object, start);
  object.size = max(object.size, start + BigInt(moved));
}

/** ext4 had begun to make room for what then could not be had. */
function reserveRest(object: FileObject, start: bigint, end: bigint): void {
  if (object.fs === 'ext4') object.reserved = withRange(object.reserved, pageOf(start), pagesOf(end));
}

/**
 * Whether a write takes bytes from behind the end of the same file of ext4, where it zeroes them: that comes first if the memory is not mapped
 * by then, and last if it is. What is mapped is not told here.
 */
export function takesFromBehindEnd(object: FileObject, position: bigint, count: bigint, move: Move): boolean {
  const page = pageOf(object.size);
  const last = object.pages.get(page);
  if (object.fs !== 'ext4' || position <= object.size || last === undefined) return false;
  const before = bytesFrom(count, move);
  zeroBehindEnd(object, position);
  const after = bytesFrom(count, move);
  object.pages.set(page, last);
  return after.some((bytes, index) => bytes.some((byte, at) => byte !== before[index][at]));
}

/** The bytes of a transfer, page by page, up to the first that cannot be had. */
function bytesFrom(count: bigint, move: Move): Uint8Array[] {
  const taken: Uint8Array[] = [];
  for (let done = 0n; done < count; done += PAGE_SIZE) {
    const scratch: Place = { pages: new Map([[0n, ZERO_PAGE]]), page: 0n };
    const length = Number(min(PAGE_SIZE, count - done));
    const moved = move(scratch, 0, length, done);
    taken.push(scratch.pages.get(0n) as Uint8Array);
    if (moved < length) break;
  }
  return taken;
}

/** How much of a write no seal forbids, in whole pages where the file may not grow; undefined if nothing. */
export function unsealedCount(object: FileObject, position: bigint, count: bigint): bigint | undefined {
  if (isWriteSealed(object)) return undefined;
  if (checkSizeSeals(object, position + count) === 0 || position + count <= object.size) return count;
  const end = pageFloor(object.size);
  return position < end ? end - position : undefined;
}

/** How much of a write there is room for; undefined if not even for one byte. */
export function limitedCount(
  process: Process,
  object: FileObject,
  position: bigint,
  count: bigint,
): bigint | undefined {
  const limit = process.limits.fsize;
  if (limit !== RLIM_INFINITY && position >= limit) {
    process.pendingSignal = 'SIGXFSZ';
    return undefined;
  }
  const end = min(limit, maxBytes(object));
  return position >= end ? undefined : min(count, end - position);
}
