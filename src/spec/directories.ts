/**
 * unlink(2), rename(2), mkdir(2), rmdir(2): names.
 *
 * A name that goes takes nothing from those who have the file open or mapped; /proc/PID/maps shows it as deleted. A
 * name may be changed only where the directory can be written.
 *
 * Source: unlink(2), rename(2), mkdir(2), rmdir(2); Linux fs/namei.c.
 */

import { EACCES, EBUSY, EEXIST, EINVAL, EISDIR, ENOENT, ENOTDIR, ENOTEMPTY } from '../errno.ts';
import { type Answer, failure, outcome, SUCCESS, UNSPECIFIED } from './answer.ts';
import { type Errno, low32 } from './arithmetic.ts';
import { type Found, lookUp, MAY_WRITE } from './paths.ts';
import type { Caller, FileObject } from './state.ts';
import { newObject, takeNumber } from './state.ts';

/** EISDIR for a directory, ENOENT if there is none, ENOTDIR if a slash follows, EACCES. */
export function unlink({ state }: Caller, path: string): Answer {
  const found = lookUp(state, path);
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

/** EINVAL for `.`, ENOENT, ENOTDIR for a file, ENOTEMPTY, EACCES. */
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

/** EEXIST if there is something of that name, EACCES. */
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
 * The new name is that of the file from now on; what had it before is replaced. EBUSY for `.`; ENOENT; ENOTDIR,
 * EISDIR if only one of them is a directory; EINVAL for a directory into itself; ENOTEMPTY; EACCES.
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
