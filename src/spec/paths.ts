/**
 * What a path leads to, from the directory that all paths begin in.
 *
 * Directories are entered by those who may search them: the owner's permission to execute, since there are no
 * privileges here. Symbolic links on the way are followed, one at the end only where the call says so or a slash follows.
 *
 * Source: path_resolution(7), symlink(7); Linux fs/namei.c.
 */

import { EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR, EROFS } from '../errno.ts';
import type { Errno } from './arithmetic.ts';
import { isReadOnly } from './mounts.ts';
import type { FileObject, State } from './state.ts';
import { DEVICES, FIRST_DEVICE, ROOT_OBJECT } from './state.ts';

const NAME_MAX = 255;
const PATH_MAX = 4096;
/** Symbolic links that one path may lead through. */
const LINKS_MAX = 40;

/** Permissions of the owner. */
export const MAY_READ = 0o400;
export const MAY_WRITE = 0o200;
export const MAY_SEARCH = 0o100;

/** Where the last component of a path stands, or would. */
export interface Place {
  /** Name of the mount, undefined for none. */
  readonly mount: string | undefined;
  readonly directory: FileObject;
  readonly directoryNumber: number;
  /** The last component; `.` if the path is only slashes. */
  readonly name: string;
  /** A slash follows: it must be a directory. */
  readonly slash: boolean;
}

export interface Found extends Place {
  /** Number of its name; undefined if nothing is there, and for `.` and `..`. */
  readonly nameNumber: number | undefined;
  /** Number of the object, undefined if there is none. */
  readonly number: number | undefined;
  /** That object. */
  readonly object: FileObject | undefined;
}

/** `elsewhere` is outside the directory, where this specification knows nothing. */
type OrElsewhere<T> = T | Errno | 'elsewhere';

export type Follow = 'follow' | 'stay';

/** What stands at an absolute path; undefined if this specification knows of nothing there. */
export function deviceAt(state: State, path: string): Found | undefined {
  const index = DEVICES.findIndex(([known]) => known === path);
  const number = FIRST_DEVICE + index;
  const object = index < 0 ? undefined : state.objects.get(number);
  const directory = state.objects.get(ROOT_OBJECT) as FileObject;
  if (!object) return undefined;
  const place = { mount: undefined, directory, directoryNumber: ROOT_OBJECT, name: path, slash: false };
  return { ...place, nameNumber: undefined, number, object };
}

/** ENOENT for no path at all, ENAMETOOLONG for one of 4096 bytes and more. */
export function checkPath(path: string): Errno {
  if (path === '') return ENOENT;
  return bytesIn(path) >= PATH_MAX ? ENAMETOOLONG : 0;
}

export function isDots(name: string): boolean {
  return name === '.' || name === '..';
}

/** A directory that paths begin in, and the mount it is of. */
interface Start {
  readonly number: number;
  readonly mount: string | undefined;
}

/** One path, with how many links it has led through so far. */
export class Walk {
  private readonly state: State;
  private links: number;

  constructor(state: State) {
    this.state = state;
    this.links = 0;
  }

  /** Where the last component stands; nothing is looked up there. `root` is the number of the first directory. */
  placeOf(path: string, root = ROOT_OBJECT): OrElsewhere<Place> {
    const errno = checkPath(path);
    if (errno !== 0) return errno;
    return root !== ROOT_OBJECT && path.startsWith('/')
      ? 'elsewhere'
      : this.from({ number: root, mount: undefined }, path);
  }

  private from(start: Start, path: string): OrElsewhere<Place> {
    const parts = path.split('/').filter((part) => part !== '');
    let at = path.startsWith('/') ? this.mounted(parts.shift() ?? '') : start;
    if (!at) return 'elsewhere';
    for (const part of parts.slice(0, -1)) {
      const next = this.enter(at, part);
      if (typeof next !== 'object') return next;
      at = next;
    }
    const directory = this.state.objects.get(at.number) as FileObject;
    const name = parts.at(-1);
    if (name !== undefined && !(directory.mode & MAY_SEARCH)) return EACCES;
    return { mount: at.mount, directory, directoryNumber: at.number, name: name ?? '.', slash: path.endsWith('/') };
  }

  private mounted(name: string): Start | undefined {
    const found = this.state.mounts.get(name);
    return found && { number: found.root, mount: name };
  }

  /** The directory of that name in another one. */
  private enter({ number, mount }: Start, name: string): OrElsewhere<Start> {
    const directory = this.state.objects.get(number) as FileObject;
    if (!(directory.mode & MAY_SEARCH)) return EACCES;
    const found = this.at({ mount, directory, directoryNumber: number, name, slash: false }, 'follow');
    if (typeof found !== 'object') return found;
    if (found.number === undefined) return ENOENT;
    return found.object?.type === 'directory' ? { number: found.number, mount: found.mount } : ENOTDIR;
  }

  /** What stands at a place. */
  at(place: Place, follow: Follow): OrElsewhere<Found> {
    const { directory, directoryNumber, name, slash } = place;
    if (name === '.') return { ...place, nameNumber: undefined, number: directoryNumber, object: directory };
    if (name === '..') return this.above(place);
    if (bytesIn(name) > NAME_MAX) return ENAMETOOLONG;
    const nameNumber = directory.entries.get(name);
    const number = nameNumber === undefined ? undefined : this.state.names.get(nameNumber)?.object;
    const object = number === undefined ? undefined : this.state.objects.get(number);
    if (object?.type !== 'symlink' || (follow === 'stay' && !slash)) return { ...place, nameNumber, number, object };
    if (++this.links > LINKS_MAX) return ELOOP;
    const next = this.from({ number: directoryNumber, mount: place.mount }, object.target);
    return typeof next === 'object' ? this.at({ ...next, slash: slash || next.slash }, 'follow') : next;
  }

  private above(place: Place): OrElsewhere<Found> {
    const number = place.directory.parent;
    if (number === undefined) return 'elsewhere';
    return { ...place, nameNumber: undefined, number, object: this.state.objects.get(number) };
  }
}

/** What a path leads to; a slash behind it counts for nothing yet. */
export function lookUp(state: State, path: string, follow: Follow, root = ROOT_OBJECT): OrElsewhere<Found> {
  const walk = new Walk(state);
  const place = walk.placeOf(path, root);
  return typeof place === 'object' ? walk.at(place, follow) : place;
}

/**
 * The same for a name that is to come or go: no link at its end is followed, whether or not a slash is behind it. From a
 * read-only mount none goes, there or not.
 */
export function lookUpName(
  state: State,
  path: string,
  change: 'comes' | 'goes',
  root = ROOT_OBJECT,
): OrElsewhere<Found> {
  const walk = new Walk(state);
  const place = walk.placeOf(path, root);
  if (typeof place !== 'object') return place;
  if (isDots(place.name) && path.startsWith('/') && place.directory.parent === undefined) return 'elsewhere';
  if (change === 'goes' && !isDots(place.name) && isReadOnly(state, place.mount)) return EROFS;
  if (isDots(place.name)) return { ...place, nameNumber: undefined, number: undefined, object: undefined };
  const found = walk.at({ ...place, slash: false }, 'stay');
  return typeof found === 'object' ? { ...found, slash: place.slash } : found;
}

export function bytesIn(text: string): number {
  return new TextEncoder().encode(text).length;
}
