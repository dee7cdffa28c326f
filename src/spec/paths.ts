/**
 * What a path leads to, from the directory that all paths begin in.
 *
 * Directories are entered by those who may search them: the owner's permission to execute, since there are no
 * privileges here. Links there are none.
 *
 * Source: path_resolution(7); Linux fs/namei.c.
 */

import { EACCES, ENAMETOOLONG, ENOENT, ENOTDIR } from '../errno.ts';
import type { Errno } from './arithmetic.ts';
import type { FileObject, State } from './state.ts';
import { DEVICES, FIRST_DEVICE, ROOT_OBJECT } from './state.ts';

const NAME_MAX = 255;
const PATH_MAX = 4096;

/** Permissions of the owner. */
export const MAY_READ = 0o400;
export const MAY_WRITE = 0o200;
const MAY_SEARCH = 0o100;

export interface Found {
  /** The directory that the last component stands in. */
  readonly directory: FileObject;
  /** The last component; `.` for the directory itself. */
  readonly name: string;
  /** Number of the object of that name, undefined if there is none. */
  readonly number: number | undefined;
  /** That object. */
  readonly object: FileObject | undefined;
  /** A slash follows: it must be a directory. */
  readonly slash: boolean;
}

/** What stands at an absolute path; undefined if this specification knows of nothing there. */
export function deviceAt(state: State, path: string): Found | undefined {
  const index = DEVICES.findIndex(([known]) => known === path);
  const number = FIRST_DEVICE + index;
  const object = index < 0 ? undefined : objectNumbered(state, number);
  const directory = objectNumbered(state, ROOT_OBJECT);
  return object && directory && { directory, name: object.name, number, object, slash: false };
}

/** `elsewhere` is outside the directory, where this specification knows nothing. */
export type Lookup = Found | Errno | 'elsewhere';

/** `root` is the number of the directory that the path begins in. */
export function lookUp(state: State, path: string, root = ROOT_OBJECT): Lookup {
  if (path === '') return ENOENT;
  if (bytesIn(path) >= PATH_MAX) return ENAMETOOLONG;
  const parts = path.split('/').filter((part) => part !== '');
  if (path.startsWith('/') || parts.includes('..')) return 'elsewhere';
  const last = parts.at(-1) ?? '.';
  const parent = walk(state, root, parts.slice(0, -1));
  if (typeof parent === 'number') return parent;
  const { number, directory } = parent;
  if (!(directory.mode & MAY_SEARCH)) return EACCES;
  const slash = path.endsWith('/');
  if (last === '.') return { directory, name: last, number, object: directory, slash };
  if (bytesIn(last) > NAME_MAX) return ENAMETOOLONG;
  const found = directory.entries.get(last);
  return { directory, name: last, number: found, object: objectNumbered(state, found), slash };
}

interface Step {
  readonly number: number;
  readonly directory: FileObject;
}

/** The directory at the end of some components. */
function walk(state: State, root: number, parts: readonly string[]): Step | Errno {
  let at: Step = { number: root, directory: objectNumbered(state, root) as FileObject };
  for (const part of parts) {
    if (!(at.directory.mode & MAY_SEARCH)) return EACCES;
    if (part === '.') continue;
    if (bytesIn(part) > NAME_MAX) return ENAMETOOLONG;
    const number = at.directory.entries.get(part);
    const object = objectNumbered(state, number);
    if (number === undefined || !object) return ENOENT;
    if (object.type !== 'directory') return ENOTDIR;
    at = { number, directory: object };
  }
  return at;
}

function objectNumbered(state: State, number: number | undefined): FileObject | undefined {
  return number === undefined ? undefined : state.objects.get(number);
}

function bytesIn(text: string): number {
  return new TextEncoder().encode(text).length;
}
