/**
 * The calls on descriptors that move bytes or positions: argument checks and user memory.
 *
 * pread and pwrite leave the position alone; read and write move it by what they moved.
 * Source: Linux fs/read_write.c (ksys_pread64, vfs_read, rw_verify_area, generic_file_llseek_size).
 */

import { EBADF, EFAULT, EINVAL, ENXIO, ESPIPE } from '../errno.ts';
import { SEEK_CUR, SEEK_DATA, SEEK_END, SEEK_HOLE, SEEK_SET } from '../flags.ts';
import { ACCESS_READ } from '../mmu/access-codes.ts';
import { offsetOf, pageOf, toInt, toSigned, toSignedRegister, toUnsigned, type Word } from '../units.ts';
import { type AccessEngine, BY_KERNEL } from './access.ts';
import { readDevice, writeDevice } from './char-devices.ts';
import { TRAITS } from './file-kinds.ts';
import type { OpenFile } from './open-file.ts';
import type { Placement } from './placement.ts';
import { isDirect, isMisaligned, readFile, writeFile } from './read-write.ts';
import { type StreamParts, startRead, startWrite } from './stream-calls.ts';
import type { Task, WAITING } from './task.ts';
import { type ByteSink, type ByteSource, isBadRange, type Position, transferMax } from './transfers.ts';
import { type Direction, moverOf, type UserBytes } from './user-mover.ts';

export interface FileCallParts extends StreamParts {
  readonly engine: AccessEngine;
  readonly placement: Placement;
}

/** Bytes in user memory, or in the caller's own hands (shown, not stored in the process). */
export type Buffer = { readonly address: Word; readonly length: Word } | { readonly bytes: Uint8Array };

/** `undefined` as offset: the file's own position. */
export type Offset = Word | undefined;

function lengthOf(buffer: Buffer): bigint {
  return 'bytes' in buffer ? BigInt(buffer.bytes.length) : toUnsigned(buffer.length);
}

/** A buffer that is not wholly inside user space is refused before anything moves. */
function isOutside(parts: FileCallParts, buffer: Buffer): boolean {
  if ('bytes' in buffer) return false;
  return toUnsigned(buffer.address) + toUnsigned(buffer.length) > BigInt(parts.placement.layout.userEnd);
}

function userBytes(buffer: Buffer): UserBytes {
  return 'bytes' in buffer ? buffer : [{ address: Number(buffer.address), length: Number(toUnsigned(buffer.length)) }];
}

function allows(file: OpenFile, direction: Direction): boolean {
  return direction === 'read' ? file.readable : file.writable;
}

/** The file that a transfer is made with, if the descriptor is for that; or a negative errno. */
export function fileFor(task: Task, fd: Word, offset: Offset, direction: Direction): OpenFile | number {
  if (offset !== undefined && toSigned(offset) < 0n) return -EINVAL;
  const file = task.files.usable(toInt(fd));
  if (file === null) return -EBADF;
  const { preads, pwrites } = TRAITS[file.inode.kind];
  if (offset !== undefined && !(direction === 'read' ? preads : pwrites)) return -ESPIPE;
  return allows(file, direction) ? file : -EBADF;
}

/** Where a transfer of `length` bytes begins; or -EINVAL. */
function positionOf(
  parts: FileCallParts,
  task: Task,
  file: OpenFile,
  length: bigint,
  offset: Offset,
): Position | number {
  const size = BigInt(parts.ram.pageSize);
  const at = offset === undefined ? BigInt(file.positionPage) * size + BigInt(file.positionByte) : toSigned(offset);
  if (isBadRange(at, length) || toSignedRegister(length, task.mm.wordBits) < 0n) return -EINVAL;
  return { page: pageOf(at, parts.ram.pageSize), byte: offsetOf(at, parts.ram.pageSize) };
}

function countOf(length: bigint, pageSize: number): number {
  return Math.min(Number(length), transferMax(pageSize));
}

/** read and pread: bytes moved, `WAITING`, or a negative errno. */
export function read(
  parts: FileCallParts,
  task: Task,
  fd: Word,
  buffer: Buffer,
  offset: Offset,
): number | typeof WAITING {
  const file = fileFor(task, fd, offset, 'read');
  if (typeof file === 'number') return file;
  if (isOutside(parts, buffer)) return -EFAULT;
  return readInto(parts, task, file, lengthOf(buffer), offset, userBytes(buffer));
}

/** Moves up to `length` bytes of a file that may be read; bytes moved, `WAITING`, or a negative errno. */
export function readInto(
  parts: FileCallParts,
  task: Task,
  file: OpenFile,
  length: bigint,
  offset: Offset,
  user: UserBytes,
): number | typeof WAITING {
  const position = positionOf(parts, task, file, length, offset);
  if (typeof position === 'number') return position;
  const count = countOf(length, parts.ram.pageSize);
  if (file.inode.stream !== null) return startRead(parts, task, file, count, user);
  const moved = take(parts, file, position, count, moverOf(parts, task, user, 'read'));
  if (offset === undefined && moved > 0) file.setPosition(position.page, position.byte);
  return moved;
}

function take(parts: FileCallParts, file: OpenFile, position: Position, count: number, sink: ByteSink): number {
  if (file.inode.kind === 'regular') return readFile(parts, file, position, count, sink);
  return readDevice(parts, file, position, count, sink);
}

/** write and pwrite: bytes moved, `WAITING`, or a negative errno. */
export function write(
  parts: FileCallParts,
  task: Task,
  fd: Word,
  buffer: Buffer,
  offset: Offset,
): number | typeof WAITING {
  const file = fileFor(task, fd, offset, 'write');
  if (typeof file === 'number') return file;
  // Files of huge pages are written through mappings only.
  if (file.inode.huge !== null) return -EINVAL;
  if (isOutside(parts, buffer)) return -EFAULT;
  if (isDirect(file) && !canLoad(parts, task, buffer, file, offset)) return -EFAULT;
  return writeFrom(parts, task, file, lengthOf(buffer), offset, userBytes(buffer));
}

/** Moves up to `length` bytes into a file that may be written; bytes moved, `WAITING`, or a negative errno. */
export function writeFrom(
  parts: FileCallParts,
  task: Task,
  file: OpenFile,
  length: bigint,
  offset: Offset,
  user: UserBytes,
): number | typeof WAITING {
  const position = positionOf(parts, task, file, length, offset);
  if (typeof position === 'number') return position;
  const count = countOf(length, parts.ram.pageSize);
  if (file.inode.stream !== null) return startWrite(parts, task, file, count, user);
  const moved = give(parts, task, file, position, count, moverOf(parts, task, user, 'write'));
  if (offset === undefined && moved > 0) file.setPosition(position.page, position.byte);
  return moved;
}

/** Writing directly, all the memory is taken hold of before any of it counts; what is misaligned is refused for that. */
function canLoad(parts: FileCallParts, task: Task, buffer: Buffer, file: OpenFile, offset: Offset): boolean {
  const count = countOf(lengthOf(buffer), parts.ram.pageSize);
  const position = positionOf(parts, task, file, lengthOf(buffer), offset);
  if ('bytes' in buffer || typeof position === 'number' || isMisaligned(file, position, count)) return true;
  const { pageSize } = parts.ram;
  const start = Number(buffer.address);
  for (let va = start; va < start + count; va = (Math.floor(va / pageSize) + 1) * pageSize)
    if (parts.engine.resolve(task, va, ACCESS_READ, BY_KERNEL) < 0) return false;
  return true;
}

function give(
  parts: FileCallParts,
  task: Task,
  file: OpenFile,
  position: Position,
  count: number,
  source: ByteSource,
): number {
  if (file.inode.kind === 'regular') return writeFile(parts, task, file, position, count, source);
  return writeDevice(parts, file, count, source);
}

/** The new position, exact; or a negative errno. */
export function lseek(parts: FileCallParts, task: Task, fd: Word, offset: Word, whenceWord: Word): number | bigint {
  const file = task.files.usable(toInt(fd));
  if (file === null) return -EBADF;
  const whence = toInt(whenceWord);
  if (whence < SEEK_SET || whence > SEEK_HOLE) return -EINVAL;
  const { inode } = file;
  const { seeking } = TRAITS[inode.kind];
  if (seeking === 'never') return -ESPIPE;
  if (seeking === 'nowhere') return 0;
  if (seeking === 'from-start' && whence !== SEEK_SET && whence !== SEEK_CUR) return -EINVAL;
  const size = BigInt(parts.ram.pageSize);
  const target =
    whence === SEEK_DATA || whence === SEEK_HOLE
      ? seekData(parts, file, toSigned(offset), whence)
      : seekTo(file, toSigned(offset), whence, size);
  if (target === LLONG_MIN) return target;
  if (target < 0n) return Number(target);
  const largest = BigInt(inode.fs.maxSizePages) * size + BigInt(inode.fs.maxSizeTail);
  if (seeking === 'file' && target > largest) return -EINVAL;
  file.setPosition(Number(target / size), Number(target % size));
  return target < 2n ** 53n ? Number(target) : target;
}

function seekTo(file: OpenFile, offset: bigint, whence: number, size: bigint): bigint {
  const { inode } = file;
  let base = 0n;
  if (whence === SEEK_CUR) base = BigInt(file.positionPage) * size + BigInt(file.positionByte);
  else if (whence === SEEK_END) base = BigInt(inode.sizePages) * size + BigInt(inode.sizeTail);
  else if (whence !== SEEK_SET) return BigInt(-EINVAL);
  const target = base + offset;
  return target < 0n || target >= 1n << 63n ? BigInt(-EINVAL) : target;
}

function seekData(parts: FileCallParts, file: OpenFile, offset: bigint, whence: number): bigint {
  const { inode } = file;
  const size = BigInt(parts.ram.pageSize);
  const end = BigInt(inode.sizePages) * size + BigInt(inode.sizeTail);
  if (offset < 0n || offset >= end) return BigInt(-ENXIO);
  const from = Number(offset / size);
  const page =
    whence === SEEK_DATA
      ? inode.fs.nextData(inode, from, inode.endPage)
      : inode.fs.nextHole(inode, from, inode.endPage);
  if (page < 0) return BigInt(-ENXIO);
  // The end of the last page that there can be is negative to Linux (mapping_seek_hole_data): such data lies nowhere.
  if (whence === SEEK_DATA && BigInt(page + 1) * size > LLONG_MAX) return BigInt(-ENXIO);
  if (BigInt(page) * size > LLONG_MAX) return LLONG_MIN;
  const found = page === from ? offset : BigInt(page) * size;
  return found > end ? end : found;
}

const LLONG_MAX = 2n ** 63n - 1n;
const LLONG_MIN = -(2n ** 63n);
