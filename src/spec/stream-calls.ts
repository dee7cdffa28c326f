/**
 * Reading and writing pipes and sockets, and waiting for it.
 *
 * A read waits while nothing is there and somebody could still write; a write to a pipe while it is full and somebody could still
 * read, and has then been done in part. Of those who wait for a pipe one is woken, the first that came: a reader by a write
 * that found the pipe empty (whatever came of it), a writer by a read that made room in a full pipe; and whoever was woken wakes the
 * next if something is left. All who wait for a socket are woken, the latest first. When the last who could give way is gone all are.
 *
 * Source: pipe(7), unix(7); Linux fs/pipe.c, net/unix/af_unix.c.
 */

import { EAGAIN, ECONNRESET, EFAULT, EPIPE } from '../errno.ts';
import { O_DIRECT, O_NONBLOCK } from '../flags.ts';
import { type Answer, failure, UNSPECIFIED, value } from './answer.ts';
import { min, PAGE_BYTES, transferMax } from './arithmetic.ts';
import type { Opened } from './descriptors.ts';
import { bytesAt } from './faults.ts';
import { copyFromUser, copyToUser, putBytes } from './memory-access.ts';
import type { Caller, FileObject, OpenFile, State, Thread } from './state.ts';
import { takeNumber } from './state.ts';
import { appendToLast, putPage, type StreamMove, takeFirst } from './stream-bytes.ts';
import { isOpenFor, peerOf } from './streams.ts';
import { moveInRanges } from './user-ranges.ts';
import type { StreamWait, UserBytes } from './waiting.ts';

const PIPE_PAGES = 16;
/** As many pages as a socket certainly takes. */
const SOCKET_PAGES = 8;

type Direction = StreamWait['direction'];

/** The answer, or undefined: the call has to wait. */
type Outcome = Answer | undefined;

function isPipe({ type }: FileObject): boolean {
  return type === 'pipe';
}

/** Reads up to `count` bytes. */
export function readStream(caller: Caller, found: Opened, count: bigint, user: UserBytes): Answer {
  if (count === 0n) return user.kind === 'shown' ? { kind: 'bytes', bytes: new Uint8Array(0) } : value(0n);
  return begin(caller, found, newWait('read', found, count, user), readOnce);
}

/** Writes `count` bytes: all of them, as many as there is room for, or as could be loaded. */
export function writeStream(caller: Caller, found: Opened, count: bigint, user: UserBytes): Answer {
  return begin(caller, found, newWait('write', found, count, user), isPipe(found.object) ? writePipe : writeSocket);
}

function newWait(direction: Direction, { file, number }: Opened, count: bigint, user: UserBytes): StreamWait {
  return {
    direction,
    object: file.object,
    file: number,
    count: Number(min(count, transferMax())),
    user,
    done: 0,
    wasEmpty: false,
    wasWoken: false,
    isPatient: (file.flags & O_NONBLOCK) === 0,
  };
}

function begin(
  { state, process, number, thread }: Caller,
  { object, file }: Opened,
  wait: StreamWait,
  run: (at: StreamCaller, wait: StreamWait) => Outcome,
): Answer {
  const answer = run({ state, process, number, thread, object, file }, wait);
  if (answer) return answer;
  thread.waiting = { stream: wait, since: takeNumber(state) };
  return { kind: 'waiting' };
}

/** A thread that was woken tries again. undefined: it waits on. */
export function streamAgain(caller: Caller, wait: StreamWait): Answer | undefined {
  const { state, thread } = caller;
  const object = state.objects.get(wait.object) as FileObject;
  const file = state.openFiles.get(wait.file) as OpenFile;
  const answer = isReady(state, object, wait) ? goOn({ ...caller, object, file }, wait) : undefined;
  if (!answer) thread.waiting = { stream: wait, since: takeNumber(state) };
  return answer;
}

function goOn(at: StreamCaller, wait: StreamWait): Outcome {
  wait.wasWoken = true;
  if (wait.direction === 'read') return readOnce(at, wait);
  wait.wasEmpty = at.object.queue.length === 0;
  return fillPipe(at, wait);
}

function isReady(state: State, object: FileObject, { direction }: StreamWait): boolean {
  if (direction === 'write') return object.queue.length < PIPE_PAGES || !isOpenFor(state, object, 'readable');
  return object.queue.length > 0 || !canCome(state, object);
}

/** Whether somebody could still write what is read here. */
function canCome(state: State, object: FileObject): boolean {
  if (isPipe(object)) return isOpenFor(state, object, 'writable');
  const peer = peerOf(state, object);
  return peer !== undefined && isOpenFor(state, peer, 'writable');
}

interface StreamCaller extends Caller {
  readonly object: FileObject;
  readonly file: OpenFile;
}

/** A pipe is asked each time whether its calls may wait, a socket once. */
function mayWait({ object, file }: StreamCaller, { isPatient }: StreamWait): boolean {
  return isPipe(object) ? (file.flags & O_NONBLOCK) === 0 : isPatient;
}

// Reading.

function readOnce(at: StreamCaller, wait: StreamWait): Outcome {
  const { object } = at;
  const shown = new Uint8Array(wait.user.kind === 'shown' ? wait.count : 0);
  const move = mover(at, wait.user, shown);
  const wasFull = object.queue.length >= PIPE_PAGES;
  const pages = object.queue.length;
  let done = 0;
  let moved: number | undefined = 0;
  while (object.queue.length > 0 && done < wait.count && moved !== undefined) {
    const { isPacket } = object.queue[0];
    moved = takeFirst(object, wait.count - done, done, move);
    done += moved ?? 0;
    if (isPacket) break;
  }
  const answer = done > 0 || moved === undefined ? transferred(done, wait, shown) : whenEmpty(at, wait, shown);
  if (answer && isPipe(object)) afterReading(at, wait, wasFull && object.queue.length < pages);
  return answer;
}

function transferred(done: number, { user }: StreamWait, shown: Uint8Array): Answer {
  if (done === 0) return failure(EFAULT);
  return user.kind === 'shown' ? { kind: 'bytes', bytes: shown.slice(0, done) } : value(BigInt(done));
}

function whenEmpty(at: StreamCaller, wait: StreamWait, shown: Uint8Array): Outcome {
  const { state, object } = at;
  const nothing: Answer = wait.user.kind === 'shown' ? { kind: 'bytes', bytes: shown.slice(0, 0) } : value(0n);
  if (canCome(state, object)) return mayWait(at, wait) ? undefined : failure(EAGAIN);
  const peer = isPipe(object) ? undefined : peerOf(state, object);
  if (!peer || peer.queue.length === 0) return nothing;
  peer.queue = [];
  return failure(ECONNRESET);
}

function afterReading({ state, object }: StreamCaller, wait: StreamWait, hasMadeRoom: boolean): void {
  if (hasMadeRoom) wakeFirst(state, wait.object, 'write');
  if (wait.wasWoken && object.queue.length > 0) wakeFirst(state, wait.object, 'read');
}

// Writing.

function writePipe(at: StreamCaller, wait: StreamWait): Outcome {
  const { state, object } = at;
  if (wait.count === 0) return value(0n);
  if (!isOpenFor(state, object, 'readable')) return broken(at, wait);
  wait.wasEmpty = object.queue.length === 0;
  const appended = appendToLast(object, wait.count, mover(at, wait.user));
  if (appended === undefined) return failure(EFAULT);
  wait.done = appended;
  return fillPipe(at, wait);
}

function fillPipe(at: StreamCaller, wait: StreamWait): Outcome {
  const { state, object, file } = at;
  const how = { isPacket: (file.flags & O_DIRECT) !== 0, continues: false };
  const move = mover(at, wait.user);
  while (wait.done < wait.count) {
    if (!isOpenFor(state, object, 'readable')) return afterWriting(at, wait, broken(at, wait));
    if (object.queue.length >= PIPE_PAGES) return whenFull(at, wait);
    const put = putPage(object, wait.count - wait.done, wait.done, move, how);
    if (put === undefined) return afterWriting(at, wait, wait.done > 0 ? value(BigInt(wait.done)) : failure(EFAULT));
    wait.done += put;
  }
  return afterWriting(at, wait, value(BigInt(wait.done)));
}

function whenFull(at: StreamCaller, wait: StreamWait): Outcome {
  if (!mayWait(at, wait)) return afterWriting(at, wait, wait.done > 0 ? value(BigInt(wait.done)) : failure(EAGAIN));
  if (wait.wasEmpty) wakeFirst(at.state, wait.object, 'read');
  return undefined;
}

function broken({ process }: StreamCaller, { done }: StreamWait): Answer {
  process.pendingSignal = 'SIGPIPE';
  return done > 0 ? value(BigInt(done)) : failure(EPIPE);
}

function afterWriting({ state, object }: StreamCaller, wait: StreamWait, answer: Answer): Answer {
  if (wait.wasEmpty) wakeFirst(state, wait.object, 'read');
  if (wait.wasWoken && object.queue.length < PIPE_PAGES) wakeFirst(state, wait.object, 'write');
  return answer;
}

function writeSocket(at: StreamCaller, wait: StreamWait): Outcome {
  const { state, object } = at;
  const peer = peerOf(state, object);
  if (!peer || !isOpenFor(state, peer, 'readable')) return broken(at, wait);
  const before = peer.queue.length;
  const move = mover(at, wait.user);
  while (wait.done < wait.count) {
    if (peer.queue.length >= SOCKET_PAGES) {
      // What was put there is no whole message yet: nobody may read it.
      peer.queue.length = before;
      return UNSPECIFIED;
    }
    const left = wait.count - wait.done;
    const put = putPage(peer, left, wait.done, move, { isPacket: false, continues: left > PAGE_BYTES });
    if (put === undefined) {
      peer.queue.length = before;
      return failure(EFAULT);
    }
    wait.done += put;
  }
  if (wait.count > 0) wakeAll(state, object.peer as number);
  return value(BigInt(wait.done));
}

// Those who wait.

function waitersOf(state: State, object: number, direction: Direction): Thread[] {
  return [...state.threads.values()]
    .filter(({ waiting }) => waiting?.stream?.object === object && waiting.turn === undefined)
    .filter(({ waiting }) => waiting?.stream?.direction === direction)
    .sort((a, b) => (a.waiting?.since ?? 0) - (b.waiting?.since ?? 0));
}

function wake(state: State, thread: Thread | undefined): void {
  if (thread?.waiting) thread.waiting.turn = takeNumber(state);
}

function wakeFirst(state: State, object: number, direction: Direction): void {
  wake(state, waitersOf(state, object, direction)[0]);
}

function wakeAll(state: State, object: number): void {
  for (const thread of waitersOf(state, object, 'read').reverse()) wake(state, thread);
}

/** Those for whom nobody is left to give way. */
export function wakeOrphans(state: State): void {
  const numbers = [...state.threads.values()].flatMap(({ waiting }) => waiting?.stream?.object ?? []);
  for (const number of new Set(numbers)) {
    const object = state.objects.get(number) as FileObject;
    const readers = waitersOf(state, number, 'read');
    if (!canCome(state, object)) for (const one of isPipe(object) ? readers : readers.reverse()) wake(state, one);
    if (isPipe(object) && !isOpenFor(state, object, 'readable'))
      for (const one of waitersOf(state, number, 'write')) wake(state, one);
  }
}

/** Moves bytes between the pages of a stream and the caller's memory, or what is shown or given. */
function mover({ state, process }: Caller, user: UserBytes, shown: Uint8Array = new Uint8Array(0)): StreamMove {
  return (place, offset, length, at) => {
    switch (user.kind) {
      case 'shown':
        shown.set(bytesAt(place).subarray(offset, offset + length), Number(at));
        return length;
      case 'given':
        putBytes(place, offset, user.bytes.subarray(Number(at), Number(at) + length));
        return length;
      default: {
        const copy = user.kind === 'stored' ? copyToUser : copyFromUser;
        return moveInRanges(user.ranges, at, length, (address, done, part) =>
          copy(state, process, address, place, offset + done, part),
        );
      }
    }
  };
}
