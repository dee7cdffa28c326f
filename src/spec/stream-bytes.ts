/**
 * Bytes into and out of a pipe or socket, page by page, once it is known that there are some or that there is room.
 *
 * Source: Linux fs/pipe.c anon_pipe_write, anon_pipe_read; net/unix/af_unix.c.
 */

import { PAGE_BYTES, ZERO_PAGE } from './arithmetic.ts';
import { bytesAt, type Place } from './faults.ts';
import type { StreamPage } from './file-records.ts';
import type { FileObject } from './state.ts';

/** Moves bytes between a page of the stream and elsewhere; `at` counts from the start of the transfer. The bytes moved. */
export type StreamMove = (place: Place, offset: number, length: number, at: bigint) => number;

/** Takes the bytes of the first page, or of those that are moved together: at most `most`; undefined if some could not be stored. */
export function takeFirst(object: FileObject, most: number, at: number, move: StreamMove): number | undefined {
  const pages = object.queue.slice(0, object.queue.findIndex(({ continues }) => !continues) + 1);
  const there = pages.reduce((sum, page) => sum + page.length, 0);
  const length = Math.min(there, most);
  if (!store(pages, length, at, move)) return undefined;
  forget(object, pages, length);
  return length;
}

/** Stores `count` bytes of the pages; false if some could not be stored. */
function store(pages: readonly StreamPage[], count: number, at: number, move: StreamMove): boolean {
  let done = 0;
  for (const page of pages) {
    const length = Math.min(page.length, count - done);
    const place = { pages: new Map([[0n, page.bytes]]), page: 0n };
    if (length > 0 && move(place, page.offset, length, BigInt(at + done)) < length) return false;
    done += length;
  }
  return true;
}

function forget(object: FileObject, pages: readonly StreamPage[], count: number): void {
  let left = count;
  for (const page of pages) {
    const length = Math.min(page.length, left);
    if (length > 0) consume(object, page, length);
    left -= length;
  }
}

function consume(object: FileObject, page: StreamPage, length: number): void {
  page.offset += length;
  page.length -= length;
  if (page.length === 0 || page.isPacket) object.queue.shift();
}

/** Puts what is over whole pages into the last page if all of it fits there; undefined if it could not be loaded. */
export function appendToLast(object: FileObject, count: number, move: StreamMove): number | undefined {
  const last = object.queue.at(-1);
  const odd = count % PAGE_BYTES;
  if (!last || odd === 0 || last.isPacket || last.offset + last.length + odd > PAGE_BYTES) return 0;
  const place: Place = { pages: new Map([[0n, last.bytes]]), page: 0n };
  const moved = move(place, last.offset + last.length, odd, 0n);
  last.bytes = bytesAt(place);
  if (moved < odd) return undefined;
  last.length += odd;
  return odd;
}

/** Begins a page with up to `count` bytes, from the `at`th of the transfer on; undefined, and no page, if they could not be loaded. */
export function putPage(
  object: FileObject,
  count: number,
  at: number,
  move: StreamMove,
  how: { readonly isPacket: boolean; readonly continues: boolean },
): number | undefined {
  const length = Math.min(PAGE_BYTES, count);
  const place: Place = { pages: new Map([[0n, ZERO_PAGE]]), page: 0n };
  if (move(place, 0, length, BigInt(at)) < length) return undefined;
  object.queue.push({ bytes: bytesAt(place), offset: 0, length, ...how });
  return length;
}
