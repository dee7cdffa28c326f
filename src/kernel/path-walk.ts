/**
 * From a path to where its last component stands, as Linux walks it.
 *
 * Directory by directory: each must be searchable before anything is looked for in it. Everybody is the owner here, and
 * nobody has privileges. Symbolic links on the way are followed; one at the end only if it is asked for, or if a slash
 * follows it.
 * Differs: what is mounted is found by absolute paths only, so that a program's own files may have such names.
 * Source: Linux fs/namei.c link_path_walk, walk_component, pick_link.
 */

import { EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOTDIR } from '../errno.ts';
import type { DirectoryEntry, Mount } from './directory.ts';

const NAME_MAX = 255;
/** With the zero byte behind it. */
export const PATH_MAX = 4096;
/** Symbolic links followed in one walk (MAXSYMLINKS). */
const LINKS_MAX = 40;

/** The owner's rights. */
export const S_IRUSR = 0o400;
export const S_IWUSR = 0o200;
export const S_IXUSR = 0o100;

/** What the last component is: a name, or one of those that name no entry. */
export type LastKind = 'name' | 'dot' | 'dotdot' | 'root';

/** Where a path's last component stands, or would. */
export interface Place {
  readonly mount: Mount;
  readonly directory: DirectoryEntry;
  readonly name: string;
  readonly last: LastKind;
  /** A slash follows: it must be a directory. */
  readonly slash: boolean;
}

/** What is found at a place; `entry` is null if there is nothing of that name. */
export interface Found {
  readonly place: Place;
  readonly entry: DirectoryEntry | null;
}

/** A directory on the way, and the mount it is of. */
interface Reached {
  readonly mount: Mount;
  readonly entry: DirectoryEntry;
}

export function bytesIn(text: string): number {
  return new TextEncoder().encode(text).length;
}

function kindOf(name: string | undefined): LastKind {
  if (name === undefined) return 'root';
  if (name === '.') return 'dot';
  return name === '..' ? 'dotdot' : 'name';
}

export class PathWalk {
  private readonly root: Mount;
  private readonly mounts: ReadonlyMap<string, Mount>;
  private links: number;

  /** One walk of one path: `mounts` stand at /NAME. */
  constructor(root: Mount, mounts: ReadonlyMap<string, Mount>) {
    this.root = root;
    this.mounts = mounts;
    this.links = 0;
  }

  /** Where the last component of `path` stands, not looked up yet; or a negative errno. */
  parentOf(path: string): Place | number {
    if (path === '') return -ENOENT;
    if (bytesIn(path) >= PATH_MAX) return -ENAMETOOLONG;
    return this.walk(path, this.root, this.root.root);
  }

  private walk(path: string, mount: Mount, from: DirectoryEntry): Place | number {
    const names = path.split('/').filter((name) => name !== '');
    let start = mount;
    let directory = from;
    if (path.startsWith('/')) {
      start = this.mounts.get(names[0] ?? '') ?? this.root;
      directory = start.root;
      if (start !== this.root) names.shift();
    }
    for (const name of names.slice(0, -1)) {
      if (!(directory.inode.mode & S_IXUSR)) return -EACCES;
      const next = this.step(start, directory, name);
      if (typeof next === 'number') return next;
      if (next.entry.children === null) return -ENOTDIR;
      start = next.mount;
      directory = next.entry;
    }
    const name = names.at(-1);
    if (name !== undefined && !(directory.inode.mode & S_IXUSR)) return -EACCES;
    return { mount: start, slash: path.endsWith('/'), directory, name: name ?? '/', last: kindOf(name) };
  }

  /** One component on the way. A symbolic link may lead to another mount. */
  private step(mount: Mount, directory: DirectoryEntry, name: string): Reached | number {
    if (name === '.') return { mount, entry: directory };
    if (name === '..') return { mount, entry: directory.parent ?? directory };
    if (bytesIn(name) > NAME_MAX) return -ENAMETOOLONG;
    const entry = directory.children?.get(name);
    if (entry === undefined) return -ENOENT;
    if (entry.inode.kind !== 'symlink') return { mount, entry };
    const found = this.follow(entry, { mount, directory, name, last: 'name', slash: false });
    if (typeof found === 'number') return found;
    return found.entry === null ? -ENOENT : { mount: found.place.mount, entry: found.entry };
  }

  /** The entry at a place; a symbolic link is followed if `follow` says so, or if a slash stands behind it. */
  find(place: Place, follow: 'follow' | 'stay'): Found | number {
    const { directory, last, name, slash } = place;
    if (last === 'dotdot') return { place, entry: directory.parent ?? directory };
    if (last !== 'name') return { place, entry: directory };
    if (bytesIn(name) > NAME_MAX) return -ENAMETOOLONG;
    const entry = directory.children?.get(name) ?? null;
    if (entry === null || entry.inode.kind !== 'symlink' || (follow === 'stay' && !slash)) return { place, entry };
    return this.follow(entry, place);
  }

  private follow(link: DirectoryEntry, { mount, directory, slash }: Place): Found | number {
    if (++this.links > LINKS_MAX) return -ELOOP;
    link.inode.noteAccess('relative');
    const next = this.walk(link.inode.target, mount, directory);
    if (typeof next === 'number') return next;
    return this.find({ ...next, slash: slash || next.slash }, 'follow');
  }
}
