/**
 * open(2).
 *
 * The checks stand in the kernel's order: flags, path text, descriptor, the way there, what stands at its end.
 * Differs: O_TMPFILE makes no nameless file.
 * Source: Linux fs/open.c build_open_flags, fs/namei.c open_last_lookups, do_open, may_open.
 */

import {
  EACCES,
  EEXIST,
  EINVAL,
  EISDIR,
  ELOOP,
  ENAMETOOLONG,
  ENOENT,
  ENOTDIR,
  ENXIO,
  EROFS,
  ETXTBSY,
} from '../errno.ts';
import {
  O_ACCMODE,
  O_CLOEXEC,
  O_CREAT,
  O_DIRECT,
  O_DIRECTORY,
  O_DSYNC,
  O_EXCL,
  O_LARGEFILE,
  O_NOCTTY,
  O_NOFOLLOW,
  O_PATH,
  O_RDONLY,
  O_RDWR,
  O_SYNC,
  O_TMPFILE,
  O_TRUNC,
  O_WRONLY,
} from '../flags.ts';
import { toInt, type Word } from '../units.ts';
import { dropPrivileges } from './chmod.ts';
import { type DescriptorParts, hasRoom, install } from './descriptor-calls.ts';
import type { DirectoryEntry } from './directory.ts';
import { TRAITS } from './file-kinds.ts';
import type { Namespace } from './namespace.ts';
import { OpenFile } from './open-file.ts';
import { bytesIn, PATH_MAX, type Place, S_IRUSR, S_IWUSR } from './path-walk.ts';
import type { Task } from './task.ts';
import type { Truncator } from './truncate.ts';

export interface OpenParts extends DescriptorParts {
  readonly namespace: Namespace;
  readonly truncator: Truncator;
}

/** What O_PATH leaves of the flags. */
const PATH_FLAGS = O_DIRECTORY | O_CLOEXEC | O_PATH | O_NOFOLLOW;
/** All that open knows; other bits count for nothing. */
const KNOWN_FLAGS = 0x7fffc3;
const TMPFILE = O_TMPFILE & ~O_DIRECTORY;

export function open(parts: OpenParts, task: Task, path: string, flags: Word, mode: Word): number {
  return openIn(parts, parts.namespace, task, path, flags, mode);
}

/** open(2) of a path that begins in the root of `names`. */
export function openIn(
  parts: OpenParts,
  names: Namespace,
  task: Task,
  path: string,
  flagWord: Word,
  modeWord: Word,
): number {
  const asked = toInt(flagWord);
  const flags = asked & O_PATH ? asked & PATH_FLAGS : asked & (KNOWN_FLAGS | TMPFILE);
  const wrong = checkRequest(flags, path);
  if (wrong < 0) return wrong;
  // Before the path is walked: without a descriptor nothing is made or emptied.
  const room = hasRoom(parts, task, 1);
  if (room < 0) return room;
  const found = findOrCreate(names, path, flags, toInt(modeWord) & 0o7777 & ~task.group.umask);
  if (typeof found === 'number') return found;
  const { entry, place, created } = found;
  if (!created) {
    const refused = checkExisting(entry, place, flags);
    if (refused < 0) return refused;
    if (flags & O_TRUNC && entry.inode.kind === 'regular') {
      dropPrivileges(entry.inode);
      entry.inode.noteModification();
      parts.truncator.setSize(entry.inode, 0, 0);
    }
  }
  const file = new OpenFile(entry.inode, statusFlags(flags), entry.dentry, place.mount);
  return install(parts, task, file, (flags & O_CLOEXEC) !== 0);
}

function checkRequest(flags: number, path: string): number {
  if (flags & O_CREAT && flags & O_DIRECTORY) return -EINVAL;
  if (flags & TMPFILE && (!(flags & O_DIRECTORY) || (flags & O_ACCMODE) === O_RDONLY)) return -EINVAL;
  if (path === '') return -ENOENT;
  return bytesIn(path) >= PATH_MAX ? -ENAMETOOLONG : 0;
}

interface Opened {
  readonly entry: DirectoryEntry;
  readonly place: Place;
  readonly created: boolean;
}

function findOrCreate(names: Namespace, path: string, flags: number, mode: number): Opened | number {
  const walk = names.walk();
  const place = walk.parentOf(path);
  if (typeof place === 'number') return place;
  if (endsInSlash(place, flags)) return -EISDIR;
  const stays = flags & O_NOFOLLOW || (flags & (O_CREAT | O_EXCL)) === (O_CREAT | O_EXCL);
  const found = walk.find(place, stays ? 'stay' : 'follow');
  if (typeof found === 'number') return found;
  // A symbolic link may have brought a slash of its own.
  if (endsInSlash(found.place, flags)) return -EISDIR;
  if (found.entry !== null) return { entry: found.entry, place: found.place, created: false };
  // What a new file's mode forbids, it forbids those who open it next.
  const made = flags & O_CREAT ? names.createAt(found.place, mode) : -ENOENT;
  return typeof made === 'number' ? made : { entry: made, place: found.place, created: true };
}

function endsInSlash({ last, slash }: Place, flags: number): boolean {
  return last === 'name' && slash && (flags & O_CREAT) !== 0;
}

function checkExisting({ inode }: DirectoryEntry, place: Place, flags: number): number {
  const isDirectory = inode.kind === 'directory';
  if (flags & O_CREAT && flags & O_EXCL) return -EEXIST;
  if (flags & O_CREAT && isDirectory) return -EISDIR;
  if ((flags & O_DIRECTORY || place.slash) && !isDirectory) return -ENOTDIR;
  if (flags & O_PATH) return 0;
  const stored = isDirectory || inode.kind === 'regular';
  if (flags & O_TRUNC && inode.kind === 'regular' && place.mount.readOnly) return -EROFS;
  if (inode.kind === 'symlink') return -ELOOP;
  const writes = writesTo(flags);
  if (isDirectory && writes) return -EISDIR;
  if (!isPermitted(inode.mode, flags, writes)) return -EACCES;
  // The access mode 3 asks for the right to write, and opens for nothing.
  const access = flags & O_ACCMODE;
  if ((access === O_WRONLY || access === O_RDWR) && stored && place.mount.readOnly) return -EROFS;
  if (inode.kind === 'no-tty') return -ENXIO;
  if (flags & O_DIRECT && !TRAITS[inode.kind].direct) return -EINVAL;
  return writes && inode.programs > 0 ? -ETXTBSY : 0;
}

function writesTo(flags: number): boolean {
  return (flags & O_ACCMODE) !== O_RDONLY || (flags & O_TRUNC) !== 0;
}

/** Everybody is the owner here, and nobody may pass over what the file's mode says. */
function isPermitted(mode: number, flags: number, writes: boolean): boolean {
  const reads = (flags & O_ACCMODE) !== O_WRONLY;
  return (!reads || (mode & S_IRUSR) !== 0) && (!writes || (mode & S_IWUSR) !== 0);
}

/** What F_GETFL gives: flags that only say how to open are gone. */
function statusFlags(flags: number): number {
  const kept = flags & ~(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC);
  if (flags & O_PATH) return kept;
  return kept | O_LARGEFILE | (flags & (O_SYNC & ~O_DSYNC) ? O_DSYNC : 0);
}
