/**
 * Directories: names for inodes.
 *
 * Source: Linux fs/namei.c for the order of errors. Paths are relative to the one root, which is every process's
 * directory too; symbolic links do not exist.
 * Differs: what is mounted (/dev, /proc) is found by absolute paths only, so that a program's own files may have such names.
 */

import { EBUSY, EEXIST, EINVAL, EISDIR, ENAMETOOLONG, ENOENT, ENOTDIR, ENOTEMPTY } from '../errno.ts';
import { F_SEAL_SEAL } from '../flags.ts';
import type { FileSystem, Inode } from './inode.ts';
import type { Inodes } from './inodes.ts';
import { Dentry } from './open-file.ts';
import type { OpenFiles } from './open-files.ts';

const NAME_MAX = 255;

/** A name with what it stands for; `children` only for directories. */
export interface DirectoryEntry {
  readonly dentry: Dentry;
  readonly inode: Inode;
  readonly children: Map<string, DirectoryEntry> | null;
}

/** Where a path's last component stands, or would. */
interface Place {
  readonly directory: DirectoryEntry;
  readonly name: string;
  readonly entry: DirectoryEntry | null;
}

/** A directory without entries that has one name. */
export function newDirectoryEntry(inodes: Inodes, fs: FileSystem, name: string, mode: number): DirectoryEntry {
  const inode = inodes.make('directory', fs, mode);
  inode.links = 1;
  return { dentry: new Dentry(name, false), inode, children: new Map() };
}

export class Namespace {
  private readonly inodes: Inodes;
  private readonly openFiles: OpenFiles;
  readonly fs: FileSystem;
  readonly root: DirectoryEntry;
  /** Directories that stand at /NAME for absolute paths only, whatever the root holds. */
  private readonly mounts: Map<string, DirectoryEntry>;

  constructor(inodes: Inodes, openFiles: OpenFiles, fs: FileSystem, mounts: ReadonlyMap<string, DirectoryEntry>) {
    this.inodes = inodes;
    this.openFiles = openFiles;
    this.fs = fs;
    this.root = newDirectoryEntry(inodes, fs, '/', 0o755);
    this.mounts = new Map(mounts);
  }

  private locate(path: string): Place | number {
    const parts = path.split('/').filter((part) => part !== '' && part !== '.');
    if (path === '') return -ENOENT;
    const mounted = path.startsWith('/') && parts.length > 0 ? this.mounts.get(parts[0]) : undefined;
    if (mounted !== undefined) parts.shift();
    let directory = mounted ?? this.root;
    if (parts.length === 0) return { directory, name: '.', entry: directory };
    for (const part of parts.slice(0, -1)) {
      const next = directory.children?.get(part);
      if (next === undefined) return -ENOENT;
      if (next.children === null) return -ENOTDIR;
      directory = next;
    }
    const name = parts[parts.length - 1];
    if (name.length > NAME_MAX) return -ENAMETOOLONG;
    const entry = directory.children?.get(name) ?? null;
    if (entry !== null && entry.children === null && path.endsWith('/')) return -ENOTDIR;
    return { directory, name, entry };
  }

  /** The entry that `path` names, or a negative errno. */
  lookup(path: string): DirectoryEntry | number {
    const place = this.locate(path);
    if (typeof place === 'number') return place;
    return place.entry ?? -ENOENT;
  }

  /** A new regular file, or the entry that stands there already. */
  create(path: string, mode: number): DirectoryEntry | number {
    const place = this.locate(path);
    if (typeof place === 'number') return place;
    if (place.entry !== null) return place.entry;
    if (path.endsWith('/')) return -EISDIR;
    const inode = this.inodes.make('regular', this.fs, mode);
    // Files with a name take no seals.
    if (this.fs.swapBacked) inode.seals = F_SEAL_SEAL;
    return this.enter(place, inode, null);
  }

  private enter(place: Place, inode: Inode, children: Map<string, DirectoryEntry> | null): DirectoryEntry {
    const entry = { dentry: new Dentry(place.name, false), inode, children };
    inode.links++;
    place.directory.children?.set(place.name, entry);
    return entry;
  }

  mkdir(path: string, mode: number): number {
    const place = this.locate(path);
    if (typeof place === 'number') return place;
    if (place.entry !== null) return -EEXIST;
    this.enter(place, this.inodes.make('directory', this.fs, mode), new Map());
    return 0;
  }

  unlink(path: string): number {
    const place = this.locate(path);
    if (typeof place === 'number') return place;
    if (place.entry === null) return -ENOENT;
    if (place.entry.children !== null) return -EISDIR;
    place.directory.children?.delete(place.name);
    this.removed(place.entry);
    return 0;
  }

  rmdir(path: string): number {
    const place = this.locate(path);
    if (typeof place === 'number') return place;
    if (place.entry === null) return -ENOENT;
    if (place.entry.children === null) return -ENOTDIR;
    if (place.name === '.') return -EINVAL;
    if (place.entry.children.size > 0) return -ENOTEMPTY;
    place.directory.children?.delete(place.name);
    this.removed(place.entry);
    return 0;
  }

  private removed(entry: DirectoryEntry): void {
    entry.dentry.removed = true;
    entry.inode.links--;
    this.openFiles.releaseInode(entry.inode);
  }

  rename(from: string, to: string): number {
    const source = this.locate(from);
    if (typeof source === 'number') return source;
    const target = this.locate(to);
    if (typeof target === 'number') return target;
    if (source.name === '.' || target.name === '.') return -EBUSY;
    if (source.entry === null) return -ENOENT;
    if (target.entry === source.entry) return 0;
    const refused = this.mayReplace(source.entry, target);
    if (refused < 0) return refused;
    source.directory.children?.delete(source.name);
    if (target.entry !== null) this.removed(target.entry);
    source.entry.dentry.name = target.name;
    target.directory.children?.set(target.name, source.entry);
    return 0;
  }

  private mayReplace(source: DirectoryEntry, target: Place): number {
    if (source.children !== null && this.isInside(target.directory, source)) return -EINVAL;
    if (target.entry === null) return 0;
    if (source.children !== null && target.entry.children === null) return -ENOTDIR;
    if (source.children === null && target.entry.children !== null) return -EISDIR;
    return target.entry.children !== null && target.entry.children.size > 0 ? -ENOTEMPTY : 0;
  }

  private isInside(directory: DirectoryEntry, ancestor: DirectoryEntry): boolean {
    if (directory === ancestor) return true;
    return [...(ancestor.children?.values() ?? [])].some(
      (child) => child.children !== null && this.isInside(directory, child),
    );
  }
}
