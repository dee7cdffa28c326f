/**
 * open(2), unlink(2), fstat(2) and memfd_create(2).
 *
 * There is one directory, `.`, and it has only regular files. Permissions are those of the owner; there are no
 * privileges to go past them.
 *
 * open: EINVAL flags that do not go together; ENOENT empty path, no such file; ENAMETOOLONG; EMFILE; ENOTDIR a file where a
 * directory must be; EEXIST O_EXCL; EISDIR writing to or creating a directory; EACCES no permission.
 *
 * Source: open(2), unlink(2), memfd_create(2); Linux fs/open.c, fs/namei.c.
 */

import { EACCES, EBADF, EEXIST, EINVAL, EISDIR, EMFILE, ENAMETOOLONG, ENOENT, ENOTDIR } from '../errno.ts';
import {
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
  MFD_EXEC,
  MFD_HUGETLB,
  MFD_NOEXEC_SEAL,
  O_ACCMODE,
  O_APPEND,
  O_CREAT,
  O_DIRECTORY,
  O_DSYNC,
  O_EXCL,
  O_PATH,
  O_RDONLY,
  O_RDWR,
  O_TMPFILE,
  O_TRUNC,
  O_WRONLY,
} from '../flags.ts';
import { type Answer, failure, SUCCESS, UNSPECIFIED } from './answer.ts';
import { type Errno, low32 } from './arithmetic.ts';
import { hasFreeDescriptor, install, newTmpfsFile, openedEvenByPath } from './descriptors.ts';
import { setSize } from './file-sizes.ts';
import { type Lookup, lookUp } from './paths.ts';
import type { Caller, FileObject, State } from './state.ts';
import { newObject, newOpenFile, ROOT_OBJECT, takeNumber } from './state.ts';

/** What O_PATH leaves of the other flags. */
const PATH_FLAGS = O_PATH | O_DIRECTORY;
const TMPFILE = O_TMPFILE & ~O_DIRECTORY;

const MAY_READ = 0o400;
const MAY_WRITE = 0o200;

const MEMFD_FLAGS = MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC;
const MEMFD_NAME_MAX = 249;

export function open({ state, process }: Caller, path: string, flags: bigint, mode: bigint): Answer {
  const asked = low32(flags);
  const bits = asked & O_PATH ? asked & PATH_FLAGS : asked;
  const permissions = low32(mode) & 0o7777;
  const errno = checkFlags(bits);
  if (errno !== 0) return failure(errno);
  const found = lookUp(state, path);
  if (found === 'elsewhere') return UNSPECIFIED;
  if (found === 'too-long') return failure(ENAMETOOLONG);
  if (found === 'empty') return failure(ENOENT);
  if (!hasFreeDescriptor(process)) return failure(EMFILE);
  if (bits & TMPFILE) return UNSPECIFIED;
  const object = findOrCreate(state, found, bits, permissions);
  if (typeof object === 'number') return failure(object);
  return install(process, openObject(state, object.number, bits));
}

function checkFlags(bits: number): Errno {
  if (bits & O_CREAT && bits & O_DIRECTORY) return EINVAL;
  if (bits & TMPFILE && (!(bits & O_DIRECTORY) || (bits & O_ACCMODE) === O_RDONLY)) return EINVAL;
  return 0;
}

interface Numbered {
  readonly number: number;
}

function findOrCreate(state: State, found: Exclude<Lookup, string>, bits: number, mode: number): Numbered | Errno {
  if (found.errno !== 0) return found.errno;
  if (found.slash && found.number !== ROOT_OBJECT && bits & O_CREAT) return EISDIR;
  if (found.number === undefined) {
    return bits & O_CREAT ? { number: create(state, found.name, mode) } : ENOENT;
  }
  const object = state.objects.get(found.number) as FileObject;
  const errno = checkExisting(object, found, bits);
  if (errno !== 0) return errno;
  if (bits & O_TRUNC && object.type === 'regular') setSize(state, object, 0n);
  return { number: found.number };
}

function create(state: State, name: string, mode: number): number {
  const number = takeNumber(state);
  state.objects.set(number, { ...newObject('regular', state.layout.fs, name), mode });
  state.directory.set(name, number);
  return number;
}

function checkExisting(object: FileObject, found: Exclude<Lookup, string>, bits: number): Errno {
  const isDirectory = object.type === 'directory';
  if (bits & O_CREAT && bits & O_EXCL) return EEXIST;
  if (bits & O_CREAT && isDirectory) return EISDIR;
  if (!isDirectory && (found.slash || bits & O_DIRECTORY)) return ENOTDIR;
  if (bits & O_PATH) return 0;
  const writes = (bits & O_ACCMODE) !== O_RDONLY || (bits & O_TRUNC) !== 0;
  const reads = (bits & O_ACCMODE) !== O_WRONLY;
  if (isDirectory && writes) return EISDIR;
  if ((reads && !(object.mode & MAY_READ)) || (writes && !(object.mode & MAY_WRITE))) return EACCES;
  return 0;
}

/** An open file description. The access mode 3 checks for reading and writing and allows neither. */
function openObject(state: State, object: number, bits: number): number {
  const number = takeNumber(state);
  const access = bits & O_ACCMODE;
  const byPath = (bits & O_PATH) !== 0;
  state.openFiles.set(number, {
    ...newOpenFile(object),
    readable: !byPath && (access === O_RDONLY || access === O_RDWR),
    writable: !byPath && (access === O_WRONLY || access === O_RDWR),
    append: (bits & O_APPEND) !== 0,
    synchronous: (bits & O_DSYNC) !== 0,
    pathOnly: byPath,
  });
  return number;
}

/** The name goes; the file itself stays for those that have it open or mapped. */
export function unlink({ state }: Caller, path: string): Answer {
  const found = lookUp(state, path);
  if (found === 'elsewhere') return UNSPECIFIED;
  if (found === 'too-long') return failure(ENAMETOOLONG);
  if (found === 'empty') return failure(ENOENT);
  if (found.errno !== 0) return failure(found.errno);
  if (found.number === ROOT_OBJECT) return failure(EISDIR);
  if (found.number === undefined) return failure(ENOENT);
  if (found.slash) return failure(ENOTDIR);
  const object = state.objects.get(found.number) as FileObject;
  object.deleted = true;
  state.directory.delete(found.name);
  return SUCCESS;
}

export function fstat({ state, process }: Caller, fd: bigint): Answer {
  const found = openedEvenByPath(state, process, fd);
  if (!found) return failure(EBADF);
  return found.object.type === 'directory' ? UNSPECIFIED : { kind: 'size', size: found.object.size };
}

/** A nameless file in memory. EINVAL: unknown flags, MFD_EXEC with MFD_NOEXEC_SEAL, a name of more than 249 bytes. */
export function memfdCreate({ state, process }: Caller, name: string, flags: bigint): Answer {
  const bits = low32(flags);
  if ((bits & MFD_HUGETLB) !== 0) return UNSPECIFIED;
  if ((bits & ~MEMFD_FLAGS) !== 0 || (bits & MFD_EXEC && bits & MFD_NOEXEC_SEAL)) return failure(EINVAL);
  if (new TextEncoder().encode(name).length > MEMFD_NAME_MAX) return failure(EINVAL);
  if (!hasFreeDescriptor(process)) return failure(EMFILE);
  return install(process, newTmpfsFile(state, `/memfd:${name}`, 0n));
}
