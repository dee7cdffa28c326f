/**
 * chmod(2), fchmod(2), and permissions as fstat tells them.
 *
 * Everybody is the owner of everything here. Writing to a file, changing its size and fallocate take S_ISUID away, and
 * S_ISGID if its group may execute it; a store through a mapping takes nothing away.
 *
 * Source: chmod(2), inode(7); Linux fs/open.c, fs/inode.c.
 */

import { EBADF, ENOENT, ENOTDIR, EPERM, EROFS } from '../errno.ts';
import { F_SEAL_EXEC, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFREG, S_IFSOCK } from '../flags.ts';
import { type Answer, failure, outcome, UNSPECIFIED } from './answer.ts';
import { type Errno, low32 } from './arithmetic.ts';
import { opened, openedEvenByPath } from './descriptors.ts';
import { linksOf } from './directories.ts';
import { isReadOnly } from './mounts.ts';
import { lookUp } from './paths.ts';
import type { Caller, FileObject, State } from './state.ts';
import { noteChange } from './times.ts';

const PERMISSIONS = 0o7777;
const EXECUTE = 0o111;
const S_ISUID = 0o4000;
const S_ISGID = 0o2000;
const S_IXGRP = 0o010;

/**
 * @call chmod
 * Sets the permissions of a file; symbolic links are followed.
 *
 * What is open stays open, with the rights it was opened with.
 *
 * @errors
 * EACCES: a directory on the way may not be searched
 * ENOENT: there is no such file; the path is empty
 * ENOTDIR: something on the way is no directory; a slash follows the name of a file
 * ENAMETOOLONG: the path has 4096 bytes or more, or a component more than 255
 * ELOOP: more than 40 symbolic links on the way
 * EROFS: a read-only mount
 */
export function chmod({ state }: Caller, path: string, mode: bigint): Answer {
  const found = lookUp(state, path, 'follow');
  if (found === 'elsewhere') return UNSPECIFIED;
  if (typeof found === 'number') return failure(found);
  if (!found.object) return failure(ENOENT);
  if (found.slash && found.object.type !== 'directory') return failure(ENOTDIR);
  if (isReadOnly(state, found.mount)) return failure(EROFS);
  return outcome(setMode(state, found.object, low32(mode)));
}

/**
 * @call fchmod
 * Sets the permissions of an open file.
 *
 * @errors
 * EBADF: `fd` is no descriptor, or one of O_PATH
 * EROFS: a read-only mount
 * EPERM: a memory file whose rights to execute are sealed
 */
export function fchmod({ state, process }: Caller, fd: bigint, mode: bigint): Answer {
  const found = opened(state, process, fd);
  if (!found) return failure(EBADF);
  if (isReadOnly(state, found.file.mount)) return failure(EROFS);
  return outcome(setMode(state, found.object, low32(mode)));
}

function setMode(state: State, object: FileObject, asked: number): Errno {
  const mode = asked & PERMISSIONS;
  if ((object.seals ?? 0) & F_SEAL_EXEC && (object.mode ^ mode) & EXECUTE) return EPERM;
  object.mode = mode;
  noteChange(state, object);
  return 0;
}

/** Before a call changes what a file holds. */
export function dropPrivileges(object: FileObject): void {
  object.mode &= object.mode & S_IXGRP ? ~(S_ISUID | S_ISGID) : ~S_ISUID;
}

const TYPES: Readonly<Record<FileObject['type'], number>> = {
  regular: S_IFREG,
  directory: S_IFDIR,
  symlink: S_IFLNK,
  pipe: S_IFIFO,
  socket: S_IFSOCK,
  proc: S_IFREG,
  null: S_IFCHR,
  zero: S_IFCHR,
  full: S_IFCHR,
  random: S_IFCHR,
  tty: S_IFCHR,
  'no-tty': S_IFCHR,
};

/**
 * @call fstat_mode
 * Tells type and permissions of an open file, and how many names it has.
 *
 * The rest of what fstat answers. The names of a directory are not told: they are the file system's own affair.
 *
 * @errors
 * EBADF: `fd` is no descriptor
 */
export function fstatMode({ state, process }: Caller, fd: bigint): Answer {
  const found = openedEvenByPath(state, process, fd);
  if (!found) return failure(EBADF);
  const { object, file } = found;
  const mode = TYPES[object.type] | object.mode;
  if (object.type === 'directory') return { kind: 'mode', mode, links: undefined };
  const isNamed = object.type === 'regular' || object.type === 'symlink';
  return { kind: 'mode', mode, links: isNamed ? linksOf(state, file.object) : 1 };
}
