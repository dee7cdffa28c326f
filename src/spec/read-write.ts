/**
 * read(2), write(2), pread(2), pwrite(2).
 *
 * Transfers move as many bytes as they can, page by page.
 *
 * Source: read(2), write(2), pread(2); Linux fs/read_write.c, mm/filemap.c.
 */

import { EBADF, EFAULT, EFBIG, EINVAL, EPERM } from '../errno.ts';
import { O_APPEND, O_DIRECT, O_DSYNC } from '../flags.ts';
import { type Answer, failure, transferred, UNSPECIFIED, value } from './answer.ts';
import { type Errno, min, PAGE_SIZE, signed, signedWord, transferMax, ZERO_PAGE } from './arithmetic.ts';
import { dropPrivileges } from './chmod.ts';
import { type Opened, opened } from './descriptors.ts';
import { readDevice, writeDevice } from './devices.ts';
import { bytesAt, type Place } from './faults.ts';
import { limitedCount, type Move, moveChunks, takesFromBehindEnd, unsealedCount, writeChunks } from './file-chunks.ts';
import type { UserRange } from './file-records.ts';
import { writeBack } from './file-sizes.ts';
import { isStream, positionedErrno } from './kinds.ts';
import { copyFromUser, copyToUser, putBytes } from './memory-access.ts';
import { readBytes } from './objects.ts';
import type { Caller, Process, State } from './state.ts';
import { readStream, writeStream } from './stream-calls.ts';
import { noteAccess, noteModification } from './times.ts';
import { Ranges, type Vector } from './user-ranges.ts';
import type { UserBytes } from './waiting.ts';

const POSITION_END = 1n << 63n;
/** The disk's block, in bytes. */
const SECTOR = 512n;

/** The memory of the program that a transfer is about: one range, or several whose iovecs stand in its memory. */
export type Memory = UserRange | Vector;

/**
 * Where a transfer takes place: at a position of its own (pread, pwrite), or at that of the open file, which it moves
 * on.
 */
export type Position = bigint | 'current';

/** read and pread into the caller's own buffer, which is always there. */
export function readShown(caller: Caller, fd: bigint, count: bigint, where: Position): Answer {
  const { state, process } = caller;
  const begun = begin(state, process, fd, 'readable', where, () => count);
  if (typeof begun === 'number') return failure(begun);
  if (isStream(begun.object.type)) return readStream(caller, begun, count, { kind: 'shown' });
  if (begun.object.type !== 'regular') return deviceShown(begun, min(count, transferMax()));
  if (count > 0n && begun.position < begun.object.size && isMisaligned(begun, begun.position, count))
    return failure(EINVAL);
  if (count > 0n) noteAccess(state, begun);
  const bytes = readBytes(begun.object, begun.position, min(count, transferMax()));
  moveOn(begun, where, BigInt(bytes.length));
  return { kind: 'bytes', bytes };
}

/** The same of a device. */
function deviceShown(begun: Begun, count: bigint): Answer {
  const bytes = new Uint8Array(Number(count));
  const answer = readDevice(begun.object, count, (place, offset, length, at) => {
    bytes.set(bytesAt(place).subarray(offset, offset + length), Number(at));
    return length;
  });
  return answer.kind === 'value' ? { kind: 'bytes', bytes: bytes.slice(0, Number(answer.value)) } : answer;
}

/**
 * @call read pread
 * Moves bytes of a file into memory of the process, and answers how many.
 *
 * read begins at the position of the open file and moves it on; pread begins at `off` and moves nothing. Fewer bytes
 * than asked come at the end of the file (0 behind it), and where memory cannot be stored to: what was moved before
 * stays and counts. Storing into memory breaks copy-on-write as the process's own store would. The form without an
 * address shows the bytes instead. A read of an empty pipe or socket waits as long as somebody could still write: the first that waits for
 * a pipe is the first that is woken; at a socket all are woken, the latest first, and those for whom nothing is left wait on.
 *
 * @errors
 * EINVAL: pread with a negative position
 * EBADF: `fd` is no descriptor
 * ESPIPE: pread of a pipe, a socket or a terminal
 * EBADF: not open for reading
 * EFAULT: the memory leaves user space
 * EINVAL: a negative count, or position + count exceeds 2^63 - 1; O_DIRECT on ext4 with a position or count that is no
 *   multiple of 512
 * EISDIR: it is a directory
 * EAGAIN: with O_NONBLOCK: nothing is in the pipe or socket, and somebody could still write
 * ECONNRESET: the other socket was closed with bytes unread
 * EFAULT: the first byte already cannot be stored
 */
export function read(caller: Caller, fd: bigint, memory: Memory, where: Position): Answer {
  const { state, process } = caller;
  const ranges = new Ranges(caller, memory);
  const begun = begin(state, process, fd, 'readable', where, () => ranges.find());
  if (typeof begun === 'number') return failure(begun);
  if (isNothing(memory, ranges)) return value(0n);
  const { object, position } = begun;
  const move: Move = (place, offset, length, at) =>
    ranges.move(at, length, (address, done, part) => copyToUser(state, process, address, place, offset + done, part));
  if (isStream(object.type)) return readStream(caller, begun, ranges.length, { kind: 'stored', ranges: ranges.found });
  if (object.type !== 'regular') return readDevice(object, min(ranges.length, transferMax()), move);
  if (ranges.length > 0n && position < object.size && isMisaligned(begun, position, ranges.length))
    return failure(EINVAL);
  if (ranges.length > 0n) noteAccess(state, begun);
  const count = min(min(ranges.length, transferMax()), object.size > position ? object.size - position : 0n);
  const done = moveChunks(object, position, count, move);
  if (done < count && isDirect(begun)) return failure(EFAULT);
  moveOn(begun, where, done);
  return transferred(done, count);
}

/** write and pwrite of bytes that are always there. */
export function writeShown(caller: Caller, fd: bigint, bytes: Uint8Array, where: Position): Answer {
  return writeFrom(
    caller,
    fd,
    where,
    () => BigInt(bytes.length),
    () => ({ kind: 'given', bytes }),
    (place, offset, length, at) => {
      putBytes(place, offset, bytes.subarray(Number(at), Number(at) + length));
      return length;
    },
  );
}

/**
 * @call write pwrite
 * Moves bytes from memory of the process into a file, and answers how many.
 *
 * write begins at the position of the open file and moves it on; pwrite begins at `off`; with O_APPEND both begin at
 * the end. The bytes are in the page cache, and seen by every reader and mapping, at once; on the disk after fsync. The
 * file grows as far as needed; what lies between its old end and the first byte is a hole. Fewer bytes are moved where
 * memory cannot be loaded, at RLIMIT_FSIZE and at the largest size of a file. A write to a full pipe waits for room and then goes
 * on, page by page; if meanwhile the last reader goes, SIGPIPE comes and what was written counts.
 *
 * @errors
 * EINVAL: pwrite with a negative position
 * EBADF: `fd` is no descriptor
 * ESPIPE: pwrite to a pipe, a socket, a terminal or /proc
 * EBADF: not open for writing
 * EINVAL: a memory file of huge pages
 * EFAULT: the memory leaves user space
 * EINVAL: a negative count, or position + count exceeds 2^63 - 1; O_DIRECT on ext4 with a position or count that is no
 *   multiple of 512
 * EFBIG: the first byte already lies beyond RLIMIT_FSIZE (SIGXFSZ comes with it), or beyond the largest size of a file
 * EPERM: the memory file is sealed against it
 * ENOSPC: /dev/full
 * EPIPE: nobody can read from the pipe or socket; SIGPIPE comes with it
 * EAGAIN: with O_NONBLOCK: the pipe is full
 * EFAULT: the first byte already cannot be loaded
 */
export function write(caller: Caller, fd: bigint, memory: Memory, where: Position): Answer {
  const { state, process } = caller;
  const ranges = new Ranges(caller, memory);
  const find = (): bigint | Errno => ranges.find();
  return writeFrom(
    caller,
    fd,
    where,
    find,
    () => ({ kind: 'loaded', ranges: ranges.found }),
    (place, offset, length, at) =>
      ranges.move(at, length, (address, done, part) =>
        copyFromUser(state, process, address, place, offset + done, part),
      ),
    () => isNothing(memory, ranges),
  );
}

/** Ranges of no bytes at all: nothing is looked at any more. */
function isNothing(memory: Memory, ranges: Ranges): boolean {
  return 'iov' in memory && ranges.length === 0n;
}

interface Begun extends Opened {
  readonly position: bigint;
  readonly count: bigint;
}

/** How many bytes are to be moved, or why the memory for them is none. */
type Count = () => bigint | Errno;

/** The checks that reading and writing share. */
function begin(
  state: State,
  process: Process,
  fd: bigint,
  right: 'readable' | 'writable',
  where: Position,
  find: Count,
): Begun | Errno {
  if (where !== 'current' && signed(where) < 0n) return EINVAL;
  const found = opened(state, process, fd);
  if (!found) return EBADF;
  const positioned = where === 'current' ? 0 : positionedErrno(found.object.type, right);
  if (positioned !== 0) return positioned;
  if (!found.file[right]) return EBADF;
  if (right === 'writable' && found.object.huge) return EINVAL;
  const count = find();
  if (typeof count === 'number') return count;
  const position = where === 'current' ? found.file.position : where;
  if (signedWord(count) < 0n || position + count >= POSITION_END) return EINVAL;
  return { ...found, position, count };
}

function moveOn({ file, position }: Begun, where: Position, count: bigint): void {
  if (where === 'current') file.position = position + count;
}

function writeFrom(
  caller: Caller,
  fd: bigint,
  where: Position,
  find: Count,
  user: () => UserBytes,
  move: Move,
  isDone = (): boolean => false,
): Answer {
  const { state, process } = caller;
  const begun = begin(state, process, fd, 'writable', where, find);
  if (typeof begun === 'number') return failure(begun);
  if (isDone()) return value(0n);
  const { file, object, count } = begun;
  if (isStream(object.type)) return writeStream(caller, begun, count, user());
  if (object.type !== 'regular') return writeDevice(object, min(count, transferMax()), move);
  if (count === 0n) return value(0n);
  const position = file.flags & O_APPEND ? object.size : begun.position;
  const limited = limitedCount(process, object, position, min(count, transferMax()));
  if (limited === undefined) return failure(EFBIG);
  if (isMisaligned(begun, position, limited)) return failure(EINVAL);
  dropPrivileges(object);
  noteModification(state, object);
  const allowed = unsealedCount(object, position, limited);
  if (allowed === undefined) return failure(EPERM);
  if (isDirect(begun) && !canLoadAll(allowed, move)) return failure(EFAULT);
  const isTold = !takesFromBehindEnd(object, position, allowed, move);
  const done = writeChunks(object, position, allowed, move);
  if (done > 0n && file.flags & O_DSYNC) writeBack(object, position, position + done);
  if (done > 0n) moveOn({ ...begun, position }, where, done);
  return isTold ? transferred(done, allowed) : UNSPECIFIED;
}

/** O_DIRECT goes to the disk, and has all the memory at hand before it begins; tmpfs has no disk. */
function isDirect({ file, object }: Opened): boolean {
  return (file.flags & O_DIRECT) !== 0 && object.fs === 'ext4';
}

function canLoadAll(count: bigint, move: Move): boolean {
  const scratch: Place = { pages: new Map([[0n, ZERO_PAGE]]), page: 0n };
  for (let done = 0n; done < count; done += PAGE_SIZE) {
    const length = Number(min(PAGE_SIZE, count - done));
    if (move(scratch, 0, length, done) < length) return false;
  }
  return true;
}

/** What is moved to or from a disk is sectors. */
function isMisaligned(begun: Opened, position: bigint, count: bigint): boolean {
  return isDirect(begun) && (position % SECTOR !== 0n || count % SECTOR !== 0n);
}
