/**
 * open(2) and fstat(2).
 *
 * Source: open(2); Linux fs/open.c, fs/namei.c.
 */

import {
  EACCES,
  EBADF,
  EEXIST,
  EINVAL,
  EISDIR,
  ELOOP,
  EMFILE,
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
import { type Answer, failure, UNSPECIFIED } from './answer.ts';
import { type Errno, low32 } from './arithmetic.ts';
import { dropPrivileges } from './chmod.ts';
import { hasFreeDescriptor, install, openedEvenByPath } from './descriptors.ts';
import { addName } from './directories.ts';
import { setSize, sizeOf } from './file-sizes.ts';
import { takesDirect } from './kinds.ts';
import { isReadOnly } from './mounts.ts';
import { checkPath, deviceAt, type Found, isDots, MAY_READ, MAY_SEARCH, MAY_WRITE, Walk } from './paths.ts';
import { isProgram } from './programs.ts';
import type { Caller, FileObject, State } from './state.ts';
import { newObject, ROOT_OBJECT, takeNumber } from './state.ts';
import { noteModification } from './times.ts';

/** What O_PATH leaves of the other flags. */
const PATH_FLAGS = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
const TMPFILE = O_TMPFILE & ~O_DIRECTORY;
const SYNC = O_SYNC & ~O_DSYNC;

/** Flags of the opening only, which F_GETFL does not give. */
const OPENING_FLAGS = O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC;

/** All that open knows; other bits count for nothing. */
const KNOWN_FLAGS = 0x7fffc3 | O_PATH | TMPFILE;

/**
 * @call open
 * Opens a file, or makes one, and answers the lowest free descriptor.
 *
 * The descriptor leads to an open file of its own: a position, flags, and the right to read and write. O_CREAT makes a
 * regular file with the permissions of `mode`; O_TRUNC empties one that is there, private copies of its pages included.
 * O_PATH gives a descriptor that only names the file. The access mode 3 checks for reading and writing and allows
 * neither.
 *
 * @errors
 * EINVAL: O_CREAT with O_DIRECTORY
 * EMFILE: RLIMIT_NOFILE descriptors are open
 * EACCES: a directory on the way may not be searched
 * ENOENT: a directory on the way does not exist; the path is empty
 * ENOTDIR: something on the way is no directory
 * ENAMETOOLONG: the path has 4096 bytes or more, or a component more than 255
 * EISDIR: O_CREAT and the path ends in a slash
 * ENOENT: there is no such file, and no O_CREAT
 * EROFS: O_CREAT on a read-only mount
 * EACCES: O_CREAT in a directory that cannot be written
 * EEXIST: O_CREAT with O_EXCL, and there is such a file
 * EISDIR: O_CREAT of a directory
 * ENOTDIR: O_DIRECTORY or a slash at the end, and it is no directory
 * EISDIR: writing to a directory
 * EISDIR: O_TMPFILE
 * ELOOP: a symbolic link and O_NOFOLLOW; more than 40 symbolic links on the way
 * EACCES: the file's permissions do not allow it
 * EROFS: writing or O_TRUNC on a read-only mount (O_TRUNC before ELOOP and EACCES)
 * ENXIO: /dev/tty: no process has a terminal
 * EINVAL: O_DIRECT for what is neither a regular file nor a pipe
 * ETXTBSY: writing to a program that a process runs (see execve)
 *
 * @flags O_
 */
export function open(caller: Caller, path: string, flags: bigint, mode: bigint): Answer {
  return openIn(caller, ROOT_OBJECT, path, flags, mode);
}

/** open(2) of a path that begins in the directory `root`. */
export function openIn({ state, process }: Caller, root: number, path: string, flags: bigint, mode: bigint): Answer {
  const asked = low32(flags);
  const bits = asked & O_PATH ? asked & PATH_FLAGS : (asked & KNOWN_FLAGS) | O_LARGEFILE;
  const errno = checkFlags(bits);
  if (errno !== 0) return failure(errno);
  const found = deviceAt(state, path) ?? findFor(state, root, path, bits);
  if (found === 'elsewhere' || bits & TMPFILE) return UNSPECIFIED;
  const wrongPath = checkPath(path);
  if (wrongPath !== 0) return failure(wrongPath);
  if (!hasFreeDescriptor(process)) return failure(EMFILE);
  if (typeof found === 'number') return failure(found);
  const opened = findOrCreate(state, found, bits, low32(mode) & 0o7777);
  if (typeof opened === 'number') return failure(opened);
  return install(process, openObject(state, opened, bits), bits & O_CLOEXEC ? 'close-on-exec' : 'keep');
}

/** What a path leads to; EISDIR if it is to be made and ends in a slash, its own or that of a symbolic link. */
function findFor(state: State, root: number, path: string, bits: number): Found | Errno | 'elsewhere' {
  const walk = new Walk(state);
  const place = walk.placeOf(path, root);
  if (typeof place !== 'object') return place;
  if (place.slash && !isDots(place.name) && bits & O_CREAT) return EISDIR;
  const stays = bits & O_NOFOLLOW || (bits & (O_CREAT | O_EXCL)) === (O_CREAT | O_EXCL);
  const found = walk.at(place, stays ? 'stay' : 'follow');
  if (typeof found !== 'object') return found;
  return found.slash && !isDots(found.name) && bits & O_CREAT ? EISDIR : found;
}

function checkFlags(bits: number): Errno {
  if (bits & O_CREAT && bits & O_DIRECTORY) return EINVAL;
  if (bits & TMPFILE && (!(bits & O_DIRECTORY) || (bits & O_ACCMODE) === O_RDONLY)) return EINVAL;
  return 0;
}

/** What is opened, and by which name. */
interface Target {
  readonly mount: string | undefined;
  readonly object: number;
  readonly name: number | undefined;
}

function findOrCreate(state: State, found: Found, bits: number, mode: number): Target | Errno {
  const { object, number } = found;
  if (!object || number === undefined) return bits & O_CREAT ? create(state, found, mode) : ENOENT;
  const errno = checkExisting(state, object, found, bits);
  if (errno !== 0) return errno;
  if (bits & O_TRUNC && object.type === 'regular') {
    dropPrivileges(object);
    noteModification(state, object);
    setSize(state, object, 0n);
  }
  return { object: number, name: found.nameNumber, mount: found.mount };
}

function create(state: State, place: Found, mode: number): Target | Errno {
  const { directory, mount } = place;
  if (isReadOnly(state, mount)) return EROFS;
  if (!(directory.mode & MAY_WRITE) || !(directory.mode & MAY_SEARCH)) return EACCES;
  const object = takeNumber(state);
  state.objects.set(object, { ...newObject('regular', directory.fs, '', state.now), mode });
  return { object, name: addName(state, place, object), mount };
}

function checkExisting(state: State, object: FileObject, found: Found, bits: number): Errno {
  const isDirectory = object.type === 'directory';
  if (bits & O_CREAT && bits & O_EXCL) return EEXIST;
  if (bits & O_CREAT && isDirectory) return EISDIR;
  if (!isDirectory && (found.slash || bits & O_DIRECTORY)) return ENOTDIR;
  if (bits & O_PATH) return 0;
  const readOnly = isReadOnly(state, found.mount);
  if (bits & O_TRUNC && object.type === 'regular' && readOnly) return EROFS;
  if (object.type === 'symlink') return ELOOP;
  const writes = (bits & O_ACCMODE) !== O_RDONLY || (bits & O_TRUNC) !== 0;
  const reads = (bits & O_ACCMODE) !== O_WRONLY;
  if (isDirectory && writes) return EISDIR;
  if ((reads && !(object.mode & MAY_READ)) || (writes && !(object.mode & MAY_WRITE))) return EACCES;
  // The access mode 3 asks for the right to write, and opens for nothing.
  const access = bits & O_ACCMODE;
  if ((access === O_WRONLY || access === O_RDWR) && readOnly) return EROFS;
  if (object.type === 'no-tty') return ENXIO;
  if (bits & O_DIRECT && !takesDirect(object.type)) return EINVAL;
  return writes && isProgram(state, found.number ?? -1) ? ETXTBSY : 0;
}

/** An open file description. The access mode 3 checks for reading and writing and allows neither. */
function openObject(state: State, { object, name, mount }: Target, bits: number): number {
  const number = takeNumber(state);
  const access = bits & O_ACCMODE;
  const byPath = (bits & O_PATH) !== 0;
  state.openFiles.set(number, {
    object,
    mount,
    name,
    readable: !byPath && (access === O_RDONLY || access === O_RDWR),
    writable: !byPath && (access === O_WRONLY || access === O_RDWR),
    flags: (bits & SYNC ? bits | O_DSYNC : bits) & ~OPENING_FLAGS,
    position: 0n,
    segment: undefined,
  });
  return number;
}

/**
 * @call fstat
 * Tells the size of an open file, in bytes.
 *
 * @errors
 * EBADF: `fd` is no descriptor
 */
export function fstat({ state, process }: Caller, fd: bigint): Answer {
  const found = openedEvenByPath(state, process, fd);
  if (!found) return failure(EBADF);
  return { kind: 'size', size: sizeOf(found.object) };
}
