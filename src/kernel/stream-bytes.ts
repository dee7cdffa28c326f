/**
 * Moving bytes into and out of a stream, piece by piece.
 *
 * Place: under stream-calls.ts, which says when to move and when to wait. A pipe is a ring of 16 pages: a write appends to the last
 * page what would fit there whole, and gives each further page a buffer of its own; bytes that could not be fetched from user
 * memory take their page with them. A read empties buffer after buffer, and a buffer that could not be stored stays. A socket has
 * pieces of several pages in place of buffers.
 * Source: Linux fs/pipe.c anon_pipe_write, anon_pipe_read; net/unix/af_unix.c unix_stream_sendmsg, unix_stream_read_generic.
 */

import { EFAULT } from '../errno.ts';
import type { Inode } from './inode.ts';
import type { Stream, StreamBuffer } from './stream.ts';
import type { ByteSink, ByteSource, TransferParts } from './transfers.ts';

/** Bytes of a piece: what a packet's head has room for, and eight pages (SKB_MAX_HEAD, UNIX_SKB_FRAGS_SZ). */
const PIECE_BYTES = 3776 + 32768;

/** Moves up to `count` bytes of the first piece out, or none and -EFAULT. */
export function takePiece(parts: TransferParts, inode: Inode, count: number, sink: ByteSink): number {
  const stream = inode.stream as Stream;
  const taken: { readonly buffer: StreamBuffer; readonly bytes: number }[] = [];
  let done = 0;
  for (const buffer of stream.firstPiece()) {
    if (done === count) break;
    const bytes = Math.min(count - done, buffer.length);
    const moved = sink(parts.filePages.cached(inode, buffer.index) * parts.ram.pageSize + buffer.offset, bytes);
    if (moved < bytes) return -EFAULT;
    taken.push({ buffer, bytes });
    done += bytes;
  }
  for (const { buffer, bytes } of taken) consume(parts, inode, stream, buffer, bytes);
  return done;
}

function consume(parts: TransferParts, inode: Inode, stream: Stream, buffer: StreamBuffer, bytes: number): void {
  buffer.offset += bytes;
  buffer.length -= bytes;
  if (buffer.length > 0 && !buffer.packet) return;
  stream.buffers.shift();
  parts.filePages.truncate(inode, buffer.index, buffer.index + 1);
}

/** Puts what is over whole pages into the last buffer if all of it fits; the bytes put there or -EFAULT. */
export function appendToLast(parts: TransferParts, inode: Inode, count: number, source: ByteSource): number {
  const { pageSize } = parts.ram;
  const last = (inode.stream as Stream).buffers.at(-1);
  const odd = count % pageSize;
  if (odd === 0 || last === undefined || last.packet) return 0;
  const end = last.offset + last.length;
  if (end + odd > pageSize) return 0;
  const moved = source(parts.filePages.cached(inode, last.index) * pageSize + end, odd);
  if (moved < odd) return -EFAULT;
  last.length += odd;
  return odd;
}

/** Adds a piece of up to `count` bytes; how many, or a negative errno and nothing added if they do not all come. */
export function putPiece(
  parts: TransferParts,
  inode: Inode,
  count: number,
  source: ByteSource,
  how: 'packet' | 'bytes',
): number {
  const { pageSize } = parts.ram;
  const bytes = Math.min(count, inode.kind === 'pipe' ? pageSize : PIECE_BYTES);
  const stream = inode.stream as Stream;
  const piece: StreamBuffer[] = [];
  let result = 0;
  for (let done = 0; done < bytes && result === 0; ) {
    const length = Math.min(bytes - done, pageSize);
    const index = stream.takeIndex();
    const pfn = parts.filePages.forWrite(inode, index, 0, length);
    if (pfn < 0) result = pfn;
    else {
      parts.cache.setDirty(inode.cache, index, pfn);
      done += length;
      piece.push({ index, offset: 0, length, packet: how === 'packet', continues: done < bytes });
      if (source(pfn * pageSize, length) < length) result = -EFAULT;
    }
  }
  if (result < 0) for (const { index } of piece) parts.filePages.truncate(inode, index, index + 1);
  else stream.buffers.push(...piece);
  return result < 0 ? result : bytes;
}
