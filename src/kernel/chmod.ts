/**
 * chmod(2), fchmod(2), and what takes the set-user-ID bit away again.
 *
 * Everybody is the owner of everything here. A write, a change of size and fallocate clear S_ISUID, and S_ISGID of what its
 * group may execute; a store through a mapping does not.
 * Source: Linux fs/open.c chmod_common, fs/attr.c setattr_prepare, fs/inode.c file_remove_privs, mm/shmem.c shmem_setattr.
 */

import { EBADF, EPERM, EROFS } from '../errno.ts';
import { F_SEAL_EXEC } from '../flags.ts';
import { toInt, type Word } from '../units.ts';
import type { Inode } from './inode.ts';
import type { Namespace } from './namespace.ts';
import type { Task } from './task.ts';

const S_ISUID = 0o4000;
const S_ISGID = 0o2000;
const S_IXGRP = 0o010;
const EXECUTE = 0o111;
const PERMISSIONS = 0o7777;

export interface ChmodParts {
  readonly namespace: Namespace;
}

export function chmod(parts: ChmodParts, path: string, mode: Word): number {
  const found = parts.namespace.resolve(path, 'follow');
  if (typeof found === 'number') return found;
  return found.place.mount.readOnly ? -EROFS : setMode(found.entry.inode, toInt(mode) & PERMISSIONS);
}

export function fchmod(task: Task, fd: Word, mode: Word): number {
  const file = task.files.usable(toInt(fd));
  if (file === null) return -EBADF;
  return file.mount?.readOnly ? -EROFS : setMode(file.inode, toInt(mode) & PERMISSIONS);
}

function setMode(inode: Inode, mode: number): number {
  if (inode.seals & F_SEAL_EXEC && (inode.mode ^ mode) & EXECUTE) return -EPERM;
  inode.mode = mode;
  inode.noteChange();
  return 0;
}

/** Before the contents of a file are changed by a call. */
export function dropPrivileges(inode: Inode): void {
  inode.mode &= ~S_ISUID;
  if (inode.mode & S_IXGRP) inode.mode &= ~S_ISGID;
}
