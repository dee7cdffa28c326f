/**
 * Transfers of pipes and sockets.
 *
 * A pipe is a ring of 16 pages: a write appends to the last page what would fit there whole, and gives each further page a
 * buffer of its own; bytes that could not be fetched from user memory take their page with them. A read empties buffer after
 * buffer, and a buffer that could not be stored stays. A socket has pieces of several pages in place of buffers.
 * Differs: nobody waits. A transfer that would wait fails with EAGAIN even without O_NONBLOCK; a socket takes
 * 52 pages of bytes, where Linux counts what its packets weigh.
 * Source: Linux fs/pipe.c anon_pipe_write, anon_pipe_read; net/unix/af_unix.c unix_stream_sendmsg, unix_stream_read_generic.
 */

import { EAGAIN, ECONNRESET, EFAULT, EPIPE } from '../errno.ts';
import { O_DIRECT, SI_USER, SIGPIPE } from '../flags.ts';
import type { Inode } from './inode.ts';
import type { OpenFile } from './open-file.ts';
import { PIPE_BUFFERS, type Stream, type StreamBuffer } from './stream.ts';
import type { Task } from './task.ts';
import type { ByteSink, ByteSource, TransferParts } from './transfers.ts';

/** Bytes of a piece: what a packet's head has room for, and eight pages (SKB_MAX_HEAD, UNIX_SKB_FRAGS_SZ). */
const PIECE_BYTES = 3776 + 32768;

/** Pages of bytes that a socket takes: 212,992 bytes (wmem_default). */
const SOCKET_BUFFERS = 52;

export function readStream(parts: TransferParts, file: OpenFile, count: number, sink: ByteSink): number {
  if (count === 0) return 0;
  const { inode } = file;
  const stream = inode.stream as Stream;
  let done = 0;
  while (stream.buffers.length > 0 && done < count) {
    const piece = stream.firstPiece();
    const moved = takePiece(parts, inode, stream, piece, count - done, sink);
    if (moved < 0) return done > 0 ? done : moved;
    done += moved;
    if (piece[0].packet) break;
  }
  return done > 0 ? done : whenEmpty(inode, stream);
}

/** Moves up to `count` bytes of a piece out, or none and -EFAULT. */
function takePiece(
  parts: TransferParts,
  inode: Inode,
  stream: Stream,
  piece: readonly StreamBuffer[],
  count: number,
  sink: ByteSink,
): number {
  const taken: { readonly buffer: StreamBuffer; readonly bytes: number }[] = [];
  let done = 0;
  for (const buffer of piece) {
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

/** What a read of nothing says: the end, once nobody can write any more. */
function whenEmpty(inode: Inode, stream: Stream): number {
  if (stream.reset) {
    stream.reset = false;
    return -ECONNRESET;
  }
  const writers = inode.kind === 'pipe' ? stream.writers > 0 : inode.peer !== null;
  return writers ? -EAGAIN : 0;
}

export function writeStream(
  parts: TransferParts,
  task: Task,
  file: OpenFile,
  count: number,
  source: ByteSource,
): number {
  const isPipe = file.inode.kind === 'pipe';
  if (isPipe && count === 0) return 0;
  const target = isPipe ? file.inode : file.inode.peer;
  if (target === null || (target.stream as Stream).readers === 0) {
    parts.signals.send(task, { signal: SIGPIPE, code: SI_USER, address: 0 });
    return -EPIPE;
  }
  const merged = isPipe ? appendToLast(parts, target, count, source) : 0;
  if (merged < 0) return merged;
  const room = isPipe ? PIPE_BUFFERS : SOCKET_BUFFERS;
  return fillBuffers(parts, target, count, merged, source, room, isPipe && (file.flags & O_DIRECT) !== 0);
}

/** Puts what is over whole pages into the last buffer if all of it fits; the bytes put there or -EFAULT. */
function appendToLast(parts: TransferParts, inode: Inode, count: number, source: ByteSource): number {
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

function fillBuffers(
  parts: TransferParts,
  inode: Inode,
  count: number,
  before: number,
  source: ByteSource,
  room: number,
  packet: boolean,
): number {
  const stream = inode.stream as Stream;
  const largest = inode.kind === 'pipe' ? parts.ram.pageSize : PIECE_BYTES;
  let done = before;
  while (done < count) {
    if (stream.buffers.length >= room) return done > 0 ? done : -EAGAIN;
    const wanted = Math.min(count - done, largest);
    const result = putPiece(parts, inode, wanted, source, packet);
    if (result < 0) return done > 0 ? done : result;
    done += wanted;
  }
  return done;
}

/** Adds a piece of `bytes` bytes; 0, or -EFAULT and nothing added if they do not all come. */
function putPiece(parts: TransferParts, inode: Inode, bytes: number, source: ByteSource, packet: boolean): number {
  const stream = inode.stream as Stream;
  const { pageSize } = parts.ram;
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
      piece.push({ index, offset: 0, length, packet, continues: done < bytes });
      if (source(pfn * pageSize, length) < length) result = -EFAULT;
    }
  }
  if (result < 0) for (const { index } of piece) parts.filePages.truncate(inode, index, index + 1);
  else stream.buffers.push(...piece);
  return result;
}
