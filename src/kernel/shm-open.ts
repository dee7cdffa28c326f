/**
 * shm_open(3), shm_unlink(3): shared memory with a name.
 *
 * Library functions: open and unlink in /dev/shm, a tmpfs of its own, with checks of the name. A leading slash does
 * not count, a further one is not allowed.
 * Source: POSIX shm_open(); what the GNU C library makes of it.
 */

import { EACCES, EINVAL, EISDIR, ENAMETOOLONG, ENOENT, EPERM } from '../errno.ts';
import { O_CLOEXEC, O_NOFOLLOW } from '../flags.ts';
import { toInt, type Word } from '../units.ts';
import type { FileSystem } from './inode.ts';
import type { Inodes } from './inodes.ts';
import { Namespace } from './namespace.ts';
import { type OpenParts, openIn } from './open.ts';
import type { OpenFiles } from './open-files.ts';
import type { Task } from './task.ts';

export interface ShmOpenParts extends OpenParts {
  readonly shmDirectory: ShmDirectory;
}

/** /dev/shm, which is there from the first use on. */
export class ShmDirectory {
  private readonly inodes: Inodes;
  private readonly openFiles: OpenFiles;
  private readonly fs: FileSystem;
  private made: Namespace | null;

  constructor(inodes: Inodes, openFiles: OpenFiles, fs: FileSystem) {
    this.inodes = inodes;
    this.openFiles = openFiles;
    this.fs = fs;
    this.made = null;
  }

  names(): Namespace {
    this.made ??= new Namespace(this.inodes, this.openFiles, this.fs, new Map());
    return this.made;
  }
}

const NAME_MAX = 255;

/** The name of the file, or what is wrong with it as a negative errno. */
function fileName(name: string): string | number {
  const path = name.replace(/^\/+/, '');
  if (path === '' || path.includes('/')) return -EINVAL;
  return new TextEncoder().encode(path).length > NAME_MAX ? -ENAMETOOLONG : path;
}

/** A descriptor, closed on exec; or a negative errno. */
export function shmOpen(parts: ShmOpenParts, task: Task, name: string, flags: Word, mode: Word): number {
  const path = fileName(name);
  if (typeof path === 'number') return path;
  const fd = openIn(parts, parts.shmDirectory.names(), task, path, toInt(flags) | O_NOFOLLOW | O_CLOEXEC, mode);
  return fd === -EISDIR ? -EINVAL : fd;
}

/** 0 or a negative errno: ENOENT for a name that none can have, too, unless it is too long. */
export function shmUnlink(parts: ShmOpenParts, name: string): number {
  const path = fileName(name);
  if (typeof path === 'number') return path === -EINVAL ? -ENOENT : path;
  const result = parts.shmDirectory.names().unlink(path);
  return result === -EPERM ? -EACCES : result;
}
