/**
 * Reading and writing pipes and sockets, and waiting for bytes or for room.
 *
 * Place: between the calls that move bytes (file-calls.ts) and the bytes of a stream. Who has to wait is in a queue of the stream:
 *
 *                     pipe                                     socket
 *     woken           the first in the queue                   all
 *     queues up       at the end                               at the front: the latest is woken first
 *     then            it wakes the next if something is left   -
 *
 * A writer of a pipe wakes a reader if the pipe was empty when it began, even if it then wrote nothing; a reader wakes a writer when
 * a page of a full pipe became free. A write that waits has written part of its bytes: it goes on where it was, and comes back with
 * what it wrote if nobody reads any more.
 * Differs: a socket takes 52 pages of bytes, where Linux counts what its packets weigh; so it is another moment when writers wait.
 * Invariant: a call that waits is in one queue, or has been woken.
 * Source: Linux fs/pipe.c anon_pipe_write, anon_pipe_read; net/unix/af_unix.c unix_stream_sendmsg, unix_stream_read_generic,
 * unix_stream_data_wait; net/core/sock.c sock_alloc_send_pskb.
 */

import { EAGAIN, ECONNRESET, EPIPE } from '../errno.ts';
import { O_DIRECT, O_NONBLOCK, SI_USER, SIGPIPE } from '../flags.ts';
import type { Inode } from './inode.ts';
import type { OpenFile } from './open-file.ts';
import type { OpenFiles } from './open-files.ts';
import { PIPE_BUFFERS, type Stream } from './stream.ts';
import { appendToLast, putPiece, takePiece } from './stream-bytes.ts';
import { type Task, WAITING, type WaitingCall } from './task.ts';
import type { TransferParts } from './transfers.ts';
import { type MoverParts, moverOf, type UserBytes } from './user-mover.ts';
import type { WaitQueue, Waker } from './wait-queue.ts';
import type { Waits } from './waits.ts';

/** Pages of bytes that a socket takes: 212,992 bytes (wmem_default). */
const SOCKET_BUFFERS = 52;

export interface StreamParts extends TransferParts, MoverParts {
  readonly waits: Waits;
  readonly openFiles: OpenFiles;
}

type Outcome = number | typeof WAITING;

function streamOf(inode: Inode): Stream {
  return inode.stream as Stream;
}

/** What reading and writing share: one call, from its beginning to its end. */
abstract class StreamCall implements WaitingCall, Waker {
  protected readonly parts: StreamParts;
  protected readonly task: Task;
  readonly file: OpenFile;
  protected readonly count: number;
  protected readonly user: UserBytes;
  abstract readonly shown: Uint8Array | null;
  /** It has waited, and passes on what woke it if there is more. */
  protected wasWoken: boolean;
  /** Sockets ask once whether they may wait, pipes each time. */
  private readonly began: 'patient' | 'impatient';

  constructor(parts: StreamParts, task: Task, file: OpenFile, count: number, user: UserBytes) {
    this.parts = parts;
    this.task = task;
    this.file = file;
    this.count = count;
    this.user = user;
    this.wasWoken = false;
    this.began = file.flags & O_NONBLOCK ? 'impatient' : 'patient';
  }

  protected get isPipe(): boolean {
    return this.file.inode.kind === 'pipe';
  }

  protected get mayWait(): boolean {
    return this.isPipe ? (this.file.flags & O_NONBLOCK) === 0 : this.began === 'patient';
  }

  /** Where it waits. */
  protected abstract get queue(): WaitQueue;
  /** Whether there is something to do for one that was woken. */
  protected abstract get isReady(): boolean;
  /** Goes on. */
  protected abstract proceed(): Outcome;

  /** From the first look on. */
  begin(outcome: Outcome): Outcome {
    if (outcome !== WAITING) return outcome;
    this.file.refs++;
    this.queueUp();
    return this.parts.waits.begin(this.task, 'stream', this);
  }

  private queueUp(): void {
    if (this.isPipe) this.queue.addLast(this);
    else this.queue.addFirst(this);
  }

  wake(): void {
    this.parts.waits.wake(this.task);
  }

  again(): Outcome {
    const outcome = this.isReady ? this.proceedWoken() : WAITING;
    if (outcome === WAITING) this.queueUp();
    // Who died of it has let go already.
    else if (!this.task.exited) this.parts.openFiles.put(this.file);
    return outcome;
  }

  private proceedWoken(): Outcome {
    this.wasWoken = true;
    return this.proceed();
  }

  giveUp(): void {
    this.queue.remove(this);
    this.parts.openFiles.put(this.file);
  }
}

class StreamRead extends StreamCall {
  get shown(): Uint8Array | null {
    return 'bytes' in this.user ? this.user.bytes : null;
  }

  private get stream(): Stream {
    return streamOf(this.file.inode);
  }

  protected get queue(): WaitQueue {
    return this.stream.readQueue;
  }

  protected get isReady(): boolean {
    const { inode } = this.file;
    const { buffers, writers, reset } = this.stream;
    return buffers.length > 0 || (this.isPipe ? writers === 0 : reset || inode.peer === null);
  }

  proceed(): Outcome {
    const { parts, stream, file, count } = this;
    const sink = moverOf(parts, this.task, this.user, 'read');
    let done = 0;
    let freesRoom = false;
    while (stream.buffers.length > 0 && done < count) {
      const { packet } = stream.buffers[0];
      const before = stream.buffers.length;
      const moved = takePiece(parts, file.inode, count - done, sink);
      if (moved < 0) return this.end(done > 0 ? done : moved, freesRoom);
      freesRoom ||= stream.buffers.length < before && (before >= PIPE_BUFFERS || !this.isPipe);
      done += moved;
      if (packet) break;
    }
    if (done > 0) return this.end(done, freesRoom);
    const nothing = this.whenEmpty();
    return nothing === WAITING ? WAITING : this.end(nothing, false);
  }

  /** What a read of nothing says: the end, once nobody can write any more. */
  private whenEmpty(): Outcome {
    const { stream } = this;
    if (stream.reset) {
      stream.reset = false;
      return -ECONNRESET;
    }
    const canCome = this.isPipe ? stream.writers > 0 : this.file.inode.peer !== null;
    if (!canCome) return 0;
    return this.mayWait ? WAITING : -EAGAIN;
  }

  private end(result: number, freesRoom: boolean): number {
    const { stream } = this;
    const { peer } = this.file.inode;
    if (!this.isPipe) {
      if (freesRoom && peer !== null) streamOf(peer).writeQueue.wakeAll();
      return result;
    }
    if (freesRoom) stream.writeQueue.wakeFirst();
    if (this.wasWoken && stream.buffers.length > 0) stream.readQueue.wakeFirst();
    return result;
  }
}

class StreamWrite extends StreamCall {
  readonly shown: null;
  private done: number;
  /** A pipe was empty when the call began, or went on. */
  private wasEmpty: boolean;

  constructor(parts: StreamParts, task: Task, file: OpenFile, count: number, user: UserBytes) {
    super(parts, task, file, count, user);
    this.shown = null;
    this.done = 0;
    this.wasEmpty = false;
  }

  /** The inode that the bytes go to; null once nobody can read them. */
  private get target(): Inode | null {
    const target = this.isPipe ? this.file.inode : this.file.inode.peer;
    return target === null || streamOf(target).readers === 0 ? null : target;
  }

  protected get queue(): WaitQueue {
    return streamOf(this.file.inode).writeQueue;
  }

  protected get isReady(): boolean {
    return this.target === null || this.hasRoom(this.target);
  }

  private hasRoom(target: Inode): boolean {
    return streamOf(target).buffers.length < (this.isPipe ? PIPE_BUFFERS : SOCKET_BUFFERS);
  }

  start(): Outcome {
    const { target, isPipe } = this;
    if (isPipe && this.count === 0) return 0;
    if (target === null) return this.broken();
    if (!isPipe) return this.fill(target);
    this.wasEmpty = streamOf(target).buffers.length === 0;
    const merged = appendToLast(this.parts, target, this.count, moverOf(this.parts, this.task, this.user, 'write'));
    if (merged < 0) return this.end(merged);
    this.done = merged;
    return this.fill(target);
  }

  protected proceed(): Outcome {
    const { target } = this;
    if (target === null) return this.isPipe ? this.end(this.broken()) : this.lost();
    this.wasEmpty = streamOf(target).buffers.length === 0;
    return this.fill(target);
  }

  private fill(target: Inode): Outcome {
    const { parts, count } = this;
    const how = this.isPipe && this.file.flags & O_DIRECT ? 'packet' : 'bytes';
    const source = moverOf(parts, this.task, this.user, 'write', this.done);
    while (this.done < count) {
      if (!this.hasRoom(target)) return this.whenFull(target);
      const put = putPiece(parts, target, count - this.done, source, how);
      if (put < 0) return this.end(this.done > 0 ? this.done : put);
      this.done += put;
      if (!this.isPipe) streamOf(target).readQueue.wakeAll();
    }
    return this.end(this.done);
  }

  private whenFull(target: Inode): Outcome {
    if (!this.mayWait) return this.end(this.done > 0 ? this.done : -EAGAIN);
    if (this.isPipe && this.wasEmpty) streamOf(target).readQueue.wakeFirst();
    return WAITING;
  }

  /** Nobody reads: the signal comes even if part was written. */
  private broken(): number {
    this.parts.signals.send(this.task, { signal: SIGPIPE, code: SI_USER, address: 0 });
    return this.done > 0 ? this.done : -EPIPE;
  }

  /** A socket's peer was closed while the call waited: no signal, and the error is that of the socket. */
  private lost(): number {
    const stream = streamOf(this.file.inode);
    const errno = stream.reset ? ECONNRESET : EPIPE;
    stream.reset = false;
    return this.done > 0 ? this.done : -errno;
  }

  private end(result: number): number {
    if (!this.isPipe) return result;
    const { readQueue, writeQueue, buffers } = streamOf(this.file.inode);
    if (this.wasEmpty) readQueue.wakeFirst();
    if (this.wasWoken && buffers.length < PIPE_BUFFERS) writeQueue.wakeFirst();
    return result;
  }
}

/** Up to `count` bytes out of a stream: how many, `WAITING`, or a negative errno. */
export function startRead(parts: StreamParts, task: Task, file: OpenFile, count: number, user: UserBytes): Outcome {
  if (count === 0) return 0;
  const call = new StreamRead(parts, task, file, count, user);
  return call.begin(call.proceed());
}

/** Up to `count` bytes into a stream: how many, `WAITING`, or a negative errno. */
export function startWrite(parts: StreamParts, task: Task, file: OpenFile, count: number, user: UserBytes): Outcome {
  const call = new StreamWrite(parts, task, file, count, user);
  return call.begin(call.start());
}
