/**
 * pipe(2), socketpair(2), and bytes through what they make. None of them waits: EAGAIN.
 *
 * A pipe holds 16 pages of bytes. A write puts what is over whole pages into the last page if all of it fits there, and
 * begins a page for the rest; a page whose bytes cannot all be loaded is given up, EFAULT if nothing else was written. A
 * read goes from page to page, and one that cannot be stored is still there for the next. What is written with O_DIRECT is
 * read by one read each. What one write gives a socket is taken whole or not at all, and so is what a read takes of it.
 *
 * The end: reads give 0 once nobody can write any more, writes EPIPE and SIGPIPE once nobody can read. A socket whose peer
 * was closed with bytes unread says ECONNRESET once. How many bytes a socket takes is not the business of this specification.
 *
 * Source: pipe(7), unix(7); Linux fs/pipe.c, net/unix/af_unix.c.
 */

import { EAGAIN, ECONNRESET, EFAULT, EMFILE, EPIPE } from '../errno.ts';
import { O_DIRECT, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } from '../flags.ts';
import { type Answer, failure, UNSPECIFIED, value } from './answer.ts';
import { PAGE_BYTES, ZERO_PAGE } from './arithmetic.ts';
import { hasFreeDescriptor, install, type Opened } from './descriptors.ts';
import { bytesAt, type Place } from './faults.ts';
import type { StreamPage } from './file-records.ts';
import type { Caller, FileObject, Process, State } from './state.ts';
import { newObject, takeNumber } from './state.ts';

const PIPE_PAGES = 16;
/** As many pages as a socket certainly takes. */
const SOCKET_PAGES = 8;

/** Moves bytes between a page of the stream and elsewhere; `at` counts from the start of the transfer. The bytes moved. */
export type StreamMove = (place: Place, offset: number, length: number, at: bigint) => number;

function openEnd(state: State, object: number, access: number): number {
  const number = takeNumber(state);
  state.openFiles.set(number, {
    object,
    mount: undefined,
    name: undefined,
    readable: access !== O_WRONLY,
    writable: access !== O_RDONLY,
    flags: access | O_NONBLOCK,
    position: 0n,
    segment: undefined,
  });
  return number;
}

/** The two descriptors of two open files; EMFILE if there is not room for both. */
function installBoth(process: Process, first: () => number, second: () => number): Answer {
  const { nofile } = process.limits;
  const free = [0, 1].reduce((found: number[]) => [...found, lowestFree(process, found)], []);
  if (!hasFreeDescriptor(process) || BigInt(free[1]) >= nofile) return failure(EMFILE);
  install(process, first(), 'keep');
  install(process, second(), 'keep');
  return { kind: 'pair', values: [BigInt(free[0]), BigInt(free[1])] };
}

function lowestFree(process: Process, taken: readonly number[]): number {
  let fd = 0;
  while (process.descriptors.has(fd) || taken.includes(fd)) fd++;
  return fd;
}

function newStream(state: State, type: 'pipe' | 'socket'): number {
  const number = takeNumber(state);
  state.objects.set(number, { ...newObject(type, 'tmpfs', type), mode: type === 'pipe' ? 0o600 : 0o777 });
  return number;
}

/**
 * @call pipe
 * Makes a pipe and answers a descriptor to read from and one to write to.
 *
 * It holds 16 pages of bytes. A write puts what is over whole pages into the last page if all of it fits there, and begins
 * a page for each of the others; where memory cannot be loaded, the page under way is given up. A read goes from page to
 * page. Nobody ever waits: both ends are O_NONBLOCK. With O_DIRECT, set by fcntl, each page written is read by itself.
 *
 * @errors
 * EMFILE: RLIMIT_NOFILE descriptors are open, or all but one
 */
export function pipe({ state, process }: Caller): Answer {
  const object = newStream(state, 'pipe');
  return installBoth(
    process,
    () => openEnd(state, object, O_RDONLY),
    () => openEnd(state, object, O_WRONLY),
  );
}

/**
 * @call socketpair
 * Makes two connected stream sockets and answers a descriptor of each.
 *
 * What is written to one is read from the other. Nobody ever waits: both are O_NONBLOCK.
 *
 * @errors
 * EMFILE: RLIMIT_NOFILE descriptors are open, or all but one
 */
export function socketpair({ state, process }: Caller): Answer {
  const [a, b] = [newStream(state, 'socket'), newStream(state, 'socket')];
  (state.objects.get(a) as FileObject).peer = b;
  (state.objects.get(b) as FileObject).peer = a;
  return installBoth(
    process,
    () => openEnd(state, a, O_RDWR),
    () => openEnd(state, b, O_RDWR),
  );
}

/** Whether somebody has a descriptor for it with this right. */
function isOpenFor(state: State, object: FileObject, right: 'readable' | 'writable'): boolean {
  return [...state.processes.values()].some((process) =>
    [...process.descriptors.values()].some((number) => {
      const file = state.openFiles.get(number);
      return file?.[right] === true && state.objects.get(file.object) === object;
    }),
  );
}

function peerOf(state: State, object: FileObject): FileObject | undefined {
  return object.peer === undefined ? undefined : state.objects.get(object.peer);
}

/** Reads up to `count` bytes. */
export function readStream(state: State, { object }: Opened, count: bigint, move: StreamMove): Answer {
  if (count === 0n) return value(0n);
  let done = 0;
  while (object.queue.length > 0 && BigInt(done) < count) {
    const pages = object.queue.slice(0, object.queue.findIndex(({ continues }) => !continues) + 1);
    const { isPacket } = pages[0];
    const length = Math.min(
      pages.reduce((sum, page) => sum + page.length, 0),
      Number(count) - done,
    );
    if (!store(pages, length, done, move)) return done > 0 ? value(BigInt(done)) : failure(EFAULT);
    forget(object, pages, length);
    done += length;
    if (isPacket) break;
  }
  return done > 0 ? value(BigInt(done)) : whenEmpty(state, object);
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

function whenEmpty(state: State, object: FileObject): Answer {
  if (object.type === 'pipe') return isOpenFor(state, object, 'writable') ? failure(EAGAIN) : value(0n);
  const peer = peerOf(state, object);
  if (!peer || isOpenFor(state, peer, 'writable')) return failure(EAGAIN);
  if (peer.queue.length === 0) return value(0n);
  peer.queue = [];
  return failure(ECONNRESET);
}

/** Writes `count` bytes: all of them, as many as there is room for, or as could be loaded. */
export function writeStream(
  state: State,
  process: Process,
  { object, file }: Opened,
  count: bigint,
  move: StreamMove,
): Answer {
  const isPipe = object.type === 'pipe';
  if (isPipe && count === 0n) return value(0n);
  const target = isPipe ? object : peerOf(state, object);
  if (!target || !isOpenFor(state, target, 'readable')) {
    process.pendingSignal = 'SIGPIPE';
    return failure(EPIPE);
  }
  const begun = isPipe ? appendToLast(target, Number(count), move) : 0;
  if (begun === undefined) return failure(EFAULT);
  const isPacket = isPipe && (file.flags & O_DIRECT) !== 0;
  return fillPages(target, Number(count), begun, move, isPacket);
}

function appendToLast(object: FileObject, count: number, move: StreamMove): number | undefined {
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

function fillPages(object: FileObject, count: number, begun: number, move: StreamMove, isPacket: boolean): Answer {
  const isPipe = object.type === 'pipe';
  const started = object.queue.length;
  let done = begun;
  while (done < count) {
    if (isPipe && object.queue.length >= PIPE_PAGES) return done > 0 ? value(BigInt(done)) : failure(EAGAIN);
    if (!isPipe && object.queue.length >= SOCKET_PAGES) return UNSPECIFIED;
    const length = Math.min(PAGE_BYTES, count - done);
    const place: Place = { pages: new Map([[0n, ZERO_PAGE]]), page: 0n };
    if (move(place, 0, length, BigInt(done)) < length) {
      if (!isPipe) object.queue.length = started;
      return isPipe && done > 0 ? value(BigInt(done)) : failure(EFAULT);
    }
    done += length;
    const continues = !isPipe && done < count;
    object.queue.push({ bytes: bytesAt(place), offset: 0, length, isPacket, continues });
  }
  return value(BigInt(done));
}
