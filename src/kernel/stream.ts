/**
 * The bytes under way in a pipe, or to one socket of a pair: a queue of pages.
 *
 * Place: state of an inode; stream-calls.ts moves the bytes. Each page is a page of the inode's cache, numbered onwards, so
 * that it costs a frame and has an owner like any other.
 * Invariant: no buffer is empty; those of a pipe are at most `PIPE_BUFFERS`.
 * Source: Linux fs/pipe.c, net/unix/af_unix.c.
 */

import { WaitQueue } from './wait-queue.ts';

/** Pages that a pipe holds (PIPE_DEF_BUFFERS). */
export const PIPE_BUFFERS = 16;

/** A page of bytes that were written and not read: [offset, offset + length) of cached page `index`. */
export interface StreamBuffer {
  readonly index: number;
  offset: number;
  length: number;
  /** Written with O_DIRECT: read alone, and the rest of it forgotten. */
  readonly packet: boolean;
  /** The next page is of the same piece: a socket's bytes are moved by the piece, or not at all. */
  readonly continues: boolean;
}

export class Stream {
  readonly buffers: StreamBuffer[];
  /** Open descriptions that may read, and those that may write. */
  readers: number;
  writers: number;
  /** Calls that wait for bytes, and calls that wait for room: of a socket, in what it writes to its peer. */
  readonly readQueue: WaitQueue;
  readonly writeQueue: WaitQueue;
  /** The other socket was closed with bytes unread: the next read says ECONNRESET. */
  reset: boolean;
  private nextIndex: number;

  constructor() {
    this.buffers = [];
    this.readers = 0;
    this.writers = 0;
    this.readQueue = new WaitQueue();
    this.writeQueue = new WaitQueue();
    this.reset = false;
    this.nextIndex = 0;
  }

  /** Everybody who waits looks again. */
  wakeAll(): void {
    this.readQueue.wakeAll();
    this.writeQueue.wakeAll();
  }

  get bytes(): number {
    return this.buffers.reduce((sum, { length }) => sum + length, 0);
  }

  /** The pages of the first piece. */
  firstPiece(): StreamBuffer[] {
    const last = this.buffers.findIndex(({ continues }) => !continues);
    return this.buffers.slice(0, last + 1);
  }

  /** The number of the next page. */
  takeIndex(): number {
    return this.nextIndex++;
  }
}
