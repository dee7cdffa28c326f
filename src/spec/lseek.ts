/**
 * lseek(2): moves the position of an open file.
 *
 * On ext4, in pages that fallocate took ahead, data begins where something was cached: not the business of this
 * specification.
 *
 * Source: lseek(2); Linux fs/read_write.c, mm/filemap.c mapping_seek_hole_data.
 */

import { EBADF, EINVAL, ENXIO, ESPIPE } from '../errno.ts';
import { SEEK_CUR, SEEK_DATA, SEEK_END, SEEK_HOLE, SEEK_SET } from '../flags.ts';
import { type Answer, failure, UNSPECIFIED, value } from './answer.ts';
import { addressOf, low32, max, min, pageOf, pagesOf, signed } from './arithmetic.ts';
import { opened } from './descriptors.ts';
import { maxBytes } from './file-sizes.ts';
import { isStream } from './kinds.ts';
import { hasPage, touches } from './page-ranges.ts';
import type { Caller, FileObject, OpenFile } from './state.ts';

/** A position that every directory has. */
const SMALL = 1n << 30n;

/** Where the last page ends that a file could have. To Linux that is negative. */
const BEYOND = 1n << 63n;

const WHENCES: readonly number[] = [SEEK_SET, SEEK_CUR, SEEK_END, SEEK_DATA, SEEK_HOLE];

/**
 * @call lseek
 * Moves the position of an open file, and answers it.
 *
 * SEEK_SET counts from the start, SEEK_CUR from the position, SEEK_END from the end; it may lie behind the end.
 * SEEK_DATA goes to the next byte from `off` on that is no hole, SEEK_HOLE to the next hole; the end of the file counts
 * as one. On tmpfs what is data is the pages that the file has, which loads of a mapping make too; on ext4 the blocks
 * it has, and pages that fallocate took once they were cached. What stands in the last page that there can be is not
 * found as data, and the hole behind it is at -2^63. All descriptors that dup or fork made share the
 * position. The position of a device is always 0.
 *
 * @errors
 * EBADF: `fd` is no descriptor
 * EINVAL: unknown `whence`
 * ESPIPE: a pipe, a socket or a terminal
 * EINVAL: the position would be negative, or larger than a file can be
 * ENXIO: SEEK_DATA, SEEK_HOLE: `off` is negative or not before the end; no data follows
 *
 * @flags SEEK_
 */
export function lseek({ state, process }: Caller, fd: bigint, offset: bigint, whence: bigint): Answer {
  const found = opened(state, process, fd);
  if (!found) return failure(EBADF);
  const { file, object } = found;
  const from = low32(whence);
  if (!WHENCES.includes(from)) return failure(EINVAL);
  if (isStream(object.type)) return failure(ESPIPE);
  if (object.type === 'directory' || object.type === 'proc') return seekFromStart(file, object, signed(offset), from);
  if (object.type !== 'regular') return value(0n);
  if (from === SEEK_DATA || from === SEEK_HOLE) return seekContents(file, object, signed(offset), from);
  const base = from === SEEK_SET ? 0n : from === SEEK_CUR ? file.position : object.size;
  return setPosition(file, object, signed(base + offset));
}

/** Where the end is, is the file system's own affair. */
function seekFromStart(file: OpenFile, object: FileObject, offset: bigint, whence: number): Answer {
  if (whence !== SEEK_SET && whence !== SEEK_CUR) return object.type === 'proc' ? failure(EINVAL) : UNSPECIFIED;
  const position = whence === SEEK_SET ? offset : file.position + offset;
  if (position < 0n) return failure(EINVAL);
  if (position > SMALL) return UNSPECIFIED;
  file.position = position;
  return value(position);
}

function setPosition(file: OpenFile, object: FileObject, position: bigint): Answer {
  if (position < 0n || position > maxBytes(object)) return failure(EINVAL);
  file.position = position;
  return value(position);
}

function seekContents(file: OpenFile, object: FileObject, offset: bigint, whence: number): Answer {
  if (offset < 0n || offset >= object.size) return failure(ENXIO);
  // A file of huge pages is data from beginning to end.
  if (object.huge) return setPosition(file, object, whence === SEEK_DATA ? offset : object.size);
  const found = whence === SEEK_DATA ? nextData(object, offset) : nextHole(object, offset);
  if (dependsOnCache(object, offset, found, whence)) return UNSPECIFIED;
  if (found === BEYOND) return whence === SEEK_DATA ? failure(ENXIO) : value(signed(BEYOND));
  return found === undefined ? failure(ENXIO) : setPosition(file, object, found);
}

/** On ext4 a reserved page counts as data once it was cached; on tmpfs it is a hole. */
function dependsOnCache(object: FileObject, offset: bigint, found: bigint | undefined, whence: number): boolean {
  if (object.fs === 'tmpfs') return false;
  const end = found === undefined ? pagesOf(object.size) : pageOf(found);
  return whence === SEEK_DATA ? touches(object.reserved, pageOf(offset), end) : hasPage(object.reserved, end);
}

function nextData(object: FileObject, offset: bigint): bigint | undefined {
  const first = pageOf(offset);
  const end = pagesOf(object.size);
  let next: bigint | undefined;
  for (const page of object.pages.keys()) {
    if (page >= first && page < end && (next === undefined || page < next)) next = page;
  }
  if (next === undefined) return undefined;
  return addressOf(next + 1n) === BEYOND ? BEYOND : max(offset, addressOf(next));
}

function nextHole(object: FileObject, offset: bigint): bigint {
  let page = pageOf(offset);
  while (object.pages.has(page)) page++;
  return addressOf(page) === BEYOND ? BEYOND : min(object.size, max(offset, addressOf(page)));
}
