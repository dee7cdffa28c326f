/**
 * unlink(2), rename(2), mkdir(2), rmdir(2): names. A name may be changed only where the directory can be written.
 *
 * Source: unlink(2), rename(2), mkdir(2), rmdir(2); Linux fs/namei.c.
 */

import { EACCES, EBUSY, EEXIST, EINVAL, EISDIR, ENOENT, ENOTDIR, ENOTEMPTY } from '../errno.ts';
import { type Answer, failure, outcome, SUCCESS, UNSPECIFIED } from './answer.ts';
import { type Errno, low32 } from './arithmetic.ts';
import { type Found, lookUp, MAY_WRITE } from './paths.ts';
import type { Caller, FileObject } from './state.ts';
import { newObject, ROOT_OBJECT, takeNumber } from './state.ts';

/**
 * @call unlink
 * Removes the name of a file.
 *
 * Nothing is taken from those who have the file open or mapped; its pages and blocks are free once nobody has. Until
 * then /proc/PID/maps shows the old name with ` (deleted)`.
 *
 * @errors
 * EACCES: a directory on the way may not be searched
 * ENOENT: a directory on the way does not exist; the path is empty
 * ENOTDIR: something on the way is no directory
 * ENAMETOOLONG: the path has 4096 bytes or more, or a component more than 255
 * EISDIR: the path is that of the directory itself
 * ENOENT: there is no such file
 * ENOTDIR: a slash follows the name of a file
 * EACCES: the directory cannot be written
 * EISDIR: it is a directory
 */
export function unlink(caller: Caller, path: string): Answer {
  return unlinkIn(caller, ROOT_OBJECT, path);
}

/** unlink(2) of a path that begins in the directory `root`. */
export function unlinkIn({ state }: Caller, root: number, path: string): Answer {
  const found = lookUp(state, path, root);
  if (found === 'elsewhere') return UNSPECIFIED;
  if (typeof found === 'number') return failure(found);
  if (found.name === '.') return failure(EISDIR);
  const { object } = found;
  if (!object) return failure(ENOENT);
  if (found.slash) return failure(object.type === 'directory' ? EISDIR : ENOTDIR);
  const errno = mayTakeOut(found.directory, object, 'file');
  if (errno === 0) takeOut(found.directory, found.name, object);
  return outcome(errno);
}

/**
 * @call rmdir
 * Removes an empty directory.
 *
 * @errors
 * EACCES: a directory on the way may not be searched
 * ENOENT: a directory on the way does not exist; the path is empty
 * ENOTDIR: something on the way is no directory
 * ENAMETOOLONG: the path has 4096 bytes or more, or a component more than 255
 * EINVAL: the path ends in `.`
 * ENOENT: there is no such directory
 * EACCES: the directory that it stands in cannot be written
 * ENOTDIR: it is a file
 * ENOTEMPTY: something is in it
 */
export function rmdir({ state }: Caller, path: string): Answer {
  const found = lookUp(state, path);
  if (found === 'elsewhere') return UNSPECIFIED;
  if (typeof found === 'number') return failure(found);
  if (found.name === '.') return failure(EINVAL);
  const { object } = found;
  if (!object) return failure(ENOENT);
  const errno = mayTakeOut(found.directory, object, 'directory');
  if (errno !== 0) return failure(errno);
  if (object.entries.size > 0) return failure(ENOTEMPTY);
  takeOut(found.directory, found.name, object);
  return SUCCESS;
}

/**
 * @call mkdir
 * Makes an empty directory with the permissions of `mode`.
 *
 * @errors
 * EACCES: a directory on the way may not be searched
 * ENOENT: a directory on the way does not exist; the path is empty
 * ENOTDIR: something on the way is no directory
 * ENAMETOOLONG: the path has 4096 bytes or more, or a component more than 255
 * EEXIST: there is something of that name
 * EACCES: the directory that it is to stand in cannot be written
 */
export function mkdir({ state }: Caller, path: string, mode: bigint): Answer {
  const found = lookUp(state, path);
  if (found === 'elsewhere') return UNSPECIFIED;
  if (typeof found === 'number') return failure(found);
  if (found.object) return failure(EEXIST);
  if (!(found.directory.mode & MAY_WRITE)) return failure(EACCES);
  const number = takeNumber(state);
  const made = newObject('directory', state.layout.fs, found.name);
  state.objects.set(number, { ...made, mode: low32(mode) & 0o1777 });
  found.directory.entries.set(found.name, number);
  return SUCCESS;
}

/**
 * @call rename
 * Gives a file or directory another name; what had that name before is replaced.
 *
 * Descriptors and mappings stay, and /proc/PID/maps shows the new name. The file that is replaced is as if unlinked.
 *
 * @errors
 * EACCES: a directory on the way may not be searched
 * ENOENT: a directory on the way does not exist; the path is empty
 * ENOTDIR: something on the way is no directory
 * ENAMETOOLONG: the path has 4096 bytes or more, or a component more than 255
 * EBUSY: one of the paths is the directory itself
 * ENOENT: there is nothing of the old name
 * ENOTDIR: a slash follows the name of a file
 * EINVAL: a directory would come to stand in itself
 * ENOTEMPTY: the new name is that of a directory on the way to the old one
 * EACCES: a directory cannot be written
 * ENOTDIR: a directory is to replace a file
 * EISDIR: a file is to replace a directory
 * ENOTEMPTY: the directory that would be replaced has something in it
 */
export function rename({ state }: Caller, from: string, to: string): Answer {
  const source = lookUp(state, from);
  const target = lookUp(state, to);
  if (source === 'elsewhere' || target === 'elsewhere') return UNSPECIFIED;
  if (typeof source === 'number') return failure(source);
  if (typeof target === 'number') return failure(target);
  if (source.name === '.' || target.name === '.') return failure(EBUSY);
  const { object, number } = source;
  if (!object || number === undefined) return failure(ENOENT);
  const errno = mayRename(state.objects, object, source, target);
  if (errno !== 0 || object === target.object) return outcome(errno);
  if (target.object) takeOut(target.directory, target.name, target.object);
  source.directory.entries.delete(source.name);
  target.directory.entries.set(target.name, number);
  object.name = target.name;
  return SUCCESS;
}

function mayRename(objects: ReadonlyMap<number, FileObject>, object: FileObject, source: Found, target: Found): Errno {
  const isDirectory = object.type === 'directory';
  if (!isDirectory && (source.slash || target.slash)) return ENOTDIR;
  if (holds(objects, object, target.directory)) return EINVAL;
  if (target.object && target.object !== object && holds(objects, target.object, source.directory)) return ENOTEMPTY;
  if (object === target.object) return 0;
  const taking = mayTakeOut(source.directory, object, isDirectory ? 'directory' : 'file');
  if (taking !== 0) return taking;
  const putting = mayPut(target, isDirectory ? 'directory' : 'file');
  if (putting !== 0) return putting;
  if (isDirectory && source.directory !== target.directory && !(object.mode & MAY_WRITE)) return EACCES;
  return target.object && target.object.entries.size > 0 ? ENOTEMPTY : 0;
}

function mayPut(target: Found, kind: 'file' | 'directory'): Errno {
  if (target.object) return mayTakeOut(target.directory, target.object, kind);
  return target.directory.mode & MAY_WRITE ? 0 : EACCES;
}

/** Whether a directory is another one or has it in itself, at any depth. */
function holds(objects: ReadonlyMap<number, FileObject>, outer: FileObject, inner: FileObject): boolean {
  if (outer === inner) return true;
  return [...outer.entries.values()].some((number) => {
    const entry = objects.get(number);
    return entry?.type === 'directory' && holds(objects, entry, inner);
  });
}

function mayTakeOut(directory: FileObject, object: FileObject, kind: 'file' | 'directory'): Errno {
  if (!(directory.mode & MAY_WRITE)) return EACCES;
  if (kind === 'directory') return object.type === 'directory' ? 0 : ENOTDIR;
  return object.type === 'directory' ? EISDIR : 0;
}

function takeOut(directory: FileObject, name: string, object: FileObject): void {
  directory.entries.delete(name);
  object.deleted = true;
}
