/**
 * What there is besides regular files, and how each kind answers the calls that are the same for all.
 *
 *                 mmap           lseek         pread, pwrite   fsync    fallocate
 *     directory   ENODEV         from 0, here  EISDIR          0        EISDIR
 *     null, full  ENODEV         0             as read, write  EINVAL   ENODEV
 *     zero        memory         0             as read, write  EINVAL   ENODEV
 *     random      ENODEV         0             as read, write  EINVAL   ENODEV
 *     tty         ENODEV         ESPIPE        ESPIPE          EINVAL   ENODEV
 *     pipe        ENODEV         ESPIPE        ESPIPE          EINVAL   ESPIPE
 *     socket      ENODEV, late   ESPIPE        ESPIPE          EINVAL   ENODEV
 *     proc        EIO, late      from 0, here  pwrite ESPIPE   EINVAL   ENODEV
 *
 * "Late" is after the range was emptied for the mapping. Nothing is executed from pipes, sockets and /proc (EPERM).
 *
 * Source: null(4), random(4), pipe(7), unix(7), proc(5); the real kernel, asked.
 */

import { EINVAL, EIO, EISDIR, ENODEV, ESPIPE } from '../errno.ts';
import type { Errno } from './arithmetic.ts';
import type { FileObject } from './state.ts';

export type Kind = FileObject['type'];

const STREAMS: readonly Kind[] = ['tty', 'pipe', 'socket'];
const NOT_EXECUTABLE: readonly Kind[] = ['pipe', 'socket', 'proc'];

/** Bytes go through it and are gone: no position. */
export function isStream(kind: Kind): boolean {
  return STREAMS.includes(kind);
}

export function isNoexec(kind: Kind): boolean {
  return NOT_EXECUTABLE.includes(kind);
}

/** What mmap fails with because of the kind: at once, or when the range is empty already. */
export function mappingErrno(kind: Kind, when: 'at once' | 'late'): Errno {
  if (kind === 'regular' || kind === 'zero') return 0;
  if (kind === 'socket') return when === 'late' ? ENODEV : 0;
  if (kind === 'proc') return when === 'late' ? EIO : 0;
  return ENODEV;
}

/** Offsets of its mappings end with files, at 2^63, and not with numbers. */
export function hasSignedOffsets(kind: Kind): boolean {
  return kind === 'regular' || kind === 'socket' || kind === 'proc';
}

export function positionedErrno(kind: Kind, right: 'readable' | 'writable'): Errno {
  return isStream(kind) || (kind === 'proc' && right === 'writable') ? ESPIPE : 0;
}

export function fsyncErrno(kind: Kind): Errno {
  return kind === 'regular' || kind === 'directory' ? 0 : EINVAL;
}

export function fallocateErrno(kind: Kind): Errno {
  if (kind === 'regular') return 0;
  if (kind === 'directory') return EISDIR;
  return kind === 'pipe' ? ESPIPE : ENODEV;
}

/** O_DIRECT can be asked for. */
export function takesDirect(kind: Kind): boolean {
  return kind === 'regular' || kind === 'pipe';
}
