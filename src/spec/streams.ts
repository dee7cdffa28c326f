/**
 * pipe(2), socketpair(2), and who has their ends. What goes through them: stream-calls.ts.
 *
 * Source: pipe(7), unix(7); Linux fs/pipe.c, net/unix/af_unix.c.
 */

import { EINVAL, EMFILE } from '../errno.ts';
import { O_ACCMODE, O_CLOEXEC, O_DIRECT, O_NONBLOCK, O_RDONLY, O_RDWR, O_WRONLY } from '../flags.ts';
import { type Answer, failure, UNSPECIFIED } from './answer.ts';
import { low32 } from './arithmetic.ts';
import { hasFreeDescriptor, install } from './descriptors.ts';
import type { Caller, FileObject, Process, State } from './state.ts';
import { newObject, takeNumber } from './state.ts';
import { lives } from './threads.ts';

function openEnd(state: State, object: number, flags: number): number {
  const access = flags & O_ACCMODE;
  const number = takeNumber(state);
  state.openFiles.set(number, {
    object,
    mount: undefined,
    name: undefined,
    readable: access !== O_WRONLY,
    writable: access !== O_RDONLY,
    flags,
    position: 0n,
    segment: undefined,
  });
  return number;
}

/** The two descriptors of two open files; EMFILE if there is not room for both. */
function installBoth(process: Process, flags: number, first: () => number, second: () => number): Answer {
  const onExec = flags & O_CLOEXEC ? 'close-on-exec' : 'keep';
  const { nofile } = process.limits;
  const free = [0, 1].reduce((found: number[]) => [...found, lowestFree(process, found)], []);
  if (!hasFreeDescriptor(process) || BigInt(free[1]) >= nofile) return failure(EMFILE);
  install(process, first(), onExec);
  install(process, second(), onExec);
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
 * page. Who finds the pipe empty or full waits, but for O_NONBLOCK; a write of no more than a page is done whole or not begun.
 * With O_DIRECT each page written is read by itself. Both flags can be set by fcntl as well.
 *
 * @errors
 * EINVAL: flags other than O_NONBLOCK, O_DIRECT and O_CLOEXEC
 * EMFILE: RLIMIT_NOFILE descriptors are open, or all but one
 */
export function pipe({ state, process }: Caller, flagWord: bigint): Answer {
  const flags = low32(flagWord);
  if (flags & ~(O_NONBLOCK | O_DIRECT | O_CLOEXEC)) return failure(EINVAL);
  const object = newStream(state, 'pipe');
  return installBoth(
    process,
    flags,
    () => openEnd(state, object, O_RDONLY | (flags & O_NONBLOCK)),
    () => openEnd(state, object, O_WRONLY | (flags & (O_NONBLOCK | O_DIRECT))),
  );
}

/** Of the flags of socketpair: what kind of socket it is to be. */
const TYPE_BITS = 0xf;

/**
 * @call socketpair
 * Makes two connected stream sockets and answers a descriptor of each.
 *
 * What is written to one is read from the other. Who finds nothing to read waits, but for O_NONBLOCK.
 *
 * @errors
 * EINVAL: flags other than O_NONBLOCK and O_CLOEXEC
 * EMFILE: RLIMIT_NOFILE descriptors are open, or all but one
 */
export function socketpair({ state, process }: Caller, flagWord: bigint): Answer {
  const flags = low32(flagWord);
  if (flags & TYPE_BITS) return UNSPECIFIED;
  if (flags & ~(O_NONBLOCK | O_CLOEXEC)) return failure(EINVAL);
  const [a, b] = [newStream(state, 'socket'), newStream(state, 'socket')];
  (state.objects.get(a) as FileObject).peer = b;
  (state.objects.get(b) as FileObject).peer = a;
  const end = O_RDWR | (flags & O_NONBLOCK);
  return installBoth(
    process,
    flags,
    () => openEnd(state, a, end),
    () => openEnd(state, b, end),
  );
}

/** Whether somebody has a descriptor for it with this right, or waits in a call on one. */
export function isOpenFor(state: State, object: FileObject, right: 'readable' | 'writable'): boolean {
  const is = (number: number | undefined): boolean => {
    const file = number === undefined ? undefined : state.openFiles.get(number);
    return file?.[right] === true && state.objects.get(file.object) === object;
  };
  const isHeld = [...state.processes.values()].some(({ descriptors }) => [...descriptors.values()].some(is));
  return isHeld || [...state.threads.values()].some((one) => is(one.waiting?.stream?.file) && lives(state, one));
}

export function peerOf(state: State, object: FileObject): FileObject | undefined {
  return object.peer === undefined ? undefined : state.objects.get(object.peer);
}
