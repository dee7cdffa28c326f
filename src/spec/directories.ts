/**
 * unlink(2), rename(2), mkdir(2), rmdir(2), link(2), symlink(2): names. A name may be changed only where the directory can be written.
 *
 * Source: unlink(2), rename(2), mkdir(2), rmdir(2), link(2), symlink(2); Linux fs/namei.c.
 */

import { EACCES, EBUSY, EEXIST, EINVAL, EISDIR, ENOENT, ENOTDIR, ENOTEMPTY, EPERM, EROFS, EXDEV } from '../errno.ts';
import { type Answer, failure, outcome, SUCCESS, UNSPECIFIED } from './answer.ts';
import { type Errno, low32 } from './arithmetic.ts';
import { isReadOnly } from './mounts.ts';
import {
  bytesIn,
  checkPath,
  type Found,
  isDots,
  lookUp,
  lookUpName,
  MAY_SEARCH,
  MAY_WRITE,
  type Place,
  Walk,
} from './paths.ts';
import type { Caller, FileObject, Name, State } from './state.ts';
import { newObject, ROOT_OBJECT, takeNumber } from './state.ts';
import { noteChange, noteModification } from './times.ts';

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
 * EROFS: a read-only mount, whether or not there is such a file
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
  const found = lookUpName(state, path, 'goes', root);
  if (found === 'elsewhere') return UNSPECIFIED;
  if (typeof found === 'number') return failure(found);
  if (isDots(found.name)) return failure(EISDIR);
  const { object } = found;
  if (!object) return failure(ENOENT);
  if (found.slash) return failure(object.type === 'directory' ? EISDIR : ENOTDIR);
  const errno = mayTakeOut(found.directory, object, 'file');
  if (errno === 0) takeOut(state, found);
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
 * ENOTEMPTY: the path ends in `..`
 * EROFS: a read-only mount, whether or not there is such a directory
 * ENOENT: there is no such directory
 * EACCES: the directory that it stands in cannot be written
 * ENOTDIR: it is a file
 * ENOTEMPTY: something is in it
 */
export function rmdir({ state }: Caller, path: string): Answer {
  const found = lookUpName(state, path, 'goes');
  if (found === 'elsewhere') return UNSPECIFIED;
  if (typeof found === 'number') return failure(found);
  if (isDots(found.name)) return failure(found.name === '.' ? EINVAL : ENOTEMPTY);
  const { object } = found;
  if (!object) return failure(ENOENT);
  const errno = mayTakeOut(found.directory, object, 'directory');
  if (errno !== 0) return failure(errno);
  if (object.entries.size > 0) return failure(ENOTEMPTY);
  takeOut(state, found);
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
 * EROFS: a read-only mount
 * EACCES: the directory that it is to stand in cannot be written
 */
export function mkdir({ state }: Caller, path: string, mode: bigint): Answer {
  const place = vacant(state, path, 'slash may follow');
  if (place === 'elsewhere') return UNSPECIFIED;
  if (typeof place === 'number') return failure(place);
  const made = newObject('directory', state.layout.fs, '', state.now);
  return outcome(enter(state, place, { ...made, mode: low32(mode) & 0o1777, parent: place.directoryNumber }));
}

/** Where something new can stand: EEXIST if something does, ENOENT for a slash where none may be. */
function vacant(state: State, path: string, slash: 'slash may follow' | 'no slash'): Found | Errno | 'elsewhere' {
  const found = lookUpName(state, path, 'comes');
  if (typeof found !== 'object') return found;
  if (isDots(found.name) || found.object) return EEXIST;
  if (found.slash && slash === 'no slash') return ENOENT;
  return isReadOnly(state, found.mount) ? EROFS : found;
}

/** Puts a new object, or one that has names already, under a name. */
function enter(state: State, place: Found, made: FileObject | number): Errno {
  if (!mayChange(place.directory)) return EACCES;
  const object = typeof made === 'number' ? made : takeNumber(state);
  if (typeof made !== 'number') state.objects.set(object, made);
  addName(state, place, object);
  if (typeof made === 'number') noteChange(state, state.objects.get(made) as FileObject);
  return 0;
}

/**
 * @call symlink
 * Makes a name that leads to another path.
 *
 * The path need not exist. It is followed where it stands on the way, and by open and chmod at the end too.
 *
 * @errors
 * ENOENT: the target is empty
 * ENAMETOOLONG: the target has 4096 bytes or more
 * EACCES: a directory on the way may not be searched
 * ENOENT: a directory on the way does not exist; the path is empty
 * ENOTDIR: something on the way is no directory
 * ENAMETOOLONG: the path has 4096 bytes or more, or a component more than 255
 * EEXIST: there is something of that name
 * ENOENT: a slash follows the name
 * EROFS: a read-only mount
 * EACCES: the directory that it is to stand in cannot be written
 */
export function symlink({ state }: Caller, target: string, path: string): Answer {
  const wrong = checkPath(target);
  if (wrong !== 0) return failure(wrong);
  const place = vacant(state, path, 'no slash');
  if (place === 'elsewhere') return UNSPECIFIED;
  if (typeof place === 'number') return failure(place);
  const made = newObject('symlink', state.layout.fs, '', state.now);
  return outcome(enter(state, place, { ...made, target, size: BigInt(bytesIn(target)) }));
}

/**
 * @call link
 * Gives a file one more name.
 *
 * What was opened or mapped by one of its names keeps that one in /proc/PID/maps. Of a symbolic link the link itself gets
 * the name.
 *
 * @errors
 * EACCES: a directory on the way may not be searched
 * ENOENT: a directory on the way, or the file, does not exist; a path is empty
 * ENOTDIR: something on the way is no directory; a slash follows the name of a file
 * ENAMETOOLONG: a path has 4096 bytes or more, or a component more than 255
 * EEXIST: there is something of the new name
 * ENOENT: a slash follows the new name
 * EROFS: a read-only mount
 * EXDEV: the names are of two mounts
 * EACCES: the directory that the new name is to stand in cannot be written
 * EPERM: it is a directory
 */
export function link({ state }: Caller, from: string, to: string): Answer {
  const found = lookUp(state, from, 'stay');
  if (found === 'elsewhere') return UNSPECIFIED;
  if (typeof found === 'number') return failure(found);
  const { object, number, slash } = found;
  if (!object || number === undefined) return failure(ENOENT);
  if (slash && object.type !== 'directory') return failure(ENOTDIR);
  const place = vacant(state, to, 'no slash');
  if (place === 'elsewhere') return UNSPECIFIED;
  if (typeof place === 'number') return failure(place);
  if (found.mount !== place.mount) return failure(EXDEV);
  if (!mayChange(place.directory)) return failure(EACCES);
  return object.type === 'directory' ? failure(EPERM) : outcome(enter(state, place, number));
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
 * EXDEV: the names are of two mounts
 * EBUSY: one of the paths ends in `.` or `..`
 * EROFS: a read-only mount, whether or not there is something of the old name
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
  const [sourceWalk, targetWalk] = [new Walk(state), new Walk(state)];
  const source = sourceWalk.placeOf(from);
  if (typeof source === 'number') return failure(source);
  const target = targetWalk.placeOf(to);
  if (typeof target === 'number') return failure(target);
  if (source === 'elsewhere' || target === 'elsewhere') return UNSPECIFIED;
  if (source.mount !== target.mount) return failure(EXDEV);
  if (isDots(source.name) || isDots(target.name)) return failure(EBUSY);
  if (isReadOnly(state, source.mount)) return failure(EROFS);
  const moved = sourceWalk.at({ ...source, slash: false }, 'stay');
  if (typeof moved === 'number') return failure(moved);
  if (moved === 'elsewhere' || !moved.object) return failure(ENOENT);
  const replaced = targetWalk.at({ ...target, slash: false }, 'stay');
  if (typeof replaced === 'number') return failure(replaced);
  if (replaced === 'elsewhere') return UNSPECIFIED;
  return outcome(renameTo(state, { ...moved, slash: source.slash }, { ...replaced, slash: target.slash }));
}

function renameTo(state: State, source: Found, target: Found): Errno {
  const object = source.object as FileObject;
  const errno = mayRename(state, object, source, target);
  if (errno !== 0 || object === target.object) return errno;
  const nameNumber = source.nameNumber as number;
  if (target.object) takeOut(state, target);
  source.directory.entries.delete(source.name);
  target.directory.entries.set(target.name, nameNumber);
  for (const directory of [source.directory, target.directory]) noteModification(state, directory);
  noteChange(state, object);
  (state.names.get(nameNumber) as Name).text = target.name;
  if (object.type === 'directory') object.parent = target.directoryNumber;
  return 0;
}

function mayRename(state: State, object: FileObject, source: Found, target: Found): Errno {
  const isDirectory = object.type === 'directory';
  if (!isDirectory && (source.slash || target.slash)) return ENOTDIR;
  if (holds(state, object, target.directory)) return EINVAL;
  if (target.object && target.object !== object && holds(state, target.object, source.directory)) return ENOTEMPTY;
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
  return mayChange(target.directory) ? 0 : EACCES;
}

/** Whether a directory is another one or has it in itself, at any depth. */
function holds(state: State, outer: FileObject, inner: FileObject): boolean {
  for (let at: FileObject | undefined = inner; at; ) {
    if (at === outer) return true;
    at = at.parent === undefined ? undefined : state.objects.get(at.parent);
  }
  return false;
}

/** Names are changed by those who may write the directory and search it. */
function mayChange(directory: FileObject): boolean {
  return (directory.mode & MAY_WRITE) !== 0 && (directory.mode & MAY_SEARCH) !== 0;
}

function mayTakeOut(directory: FileObject, object: FileObject, kind: 'file' | 'directory'): Errno {
  if (!mayChange(directory)) return EACCES;
  if (kind === 'directory') return object.type === 'directory' ? 0 : ENOTDIR;
  return object.type === 'directory' ? EISDIR : 0;
}

function takeOut(state: State, { directory, name, nameNumber, object }: Found): void {
  directory.entries.delete(name);
  noteModification(state, directory);
  noteChange(state, object as FileObject);
  (state.names.get(nameNumber as number) as Name).deleted = true;
}

/** A new name for an object; its number. */
export function addName(state: State, { directory, name }: Place, object: number): number {
  const number = takeNumber(state);
  state.names.set(number, { text: name, object, deleted: false });
  directory.entries.set(name, number);
  noteModification(state, directory);
  return number;
}

/** How many names an object has. */
export function linksOf(state: State, object: number): number {
  return [...state.names.values()].filter((name) => name.object === object && !name.deleted).length;
}
