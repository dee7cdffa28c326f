/**
 * Names for inodes: directories, links, and what may be done where.
 *
 * The order of errors is that of Linux: what the path itself shows, then whether its tree may be changed, then what stands
 * there, then whether its directory may be written.
 * Source: Linux fs/namei.c filename_create, do_unlinkat, do_rmdir, do_renameat2, do_linkat, may_delete, may_create.
 */

import {
  EACCES,
  EBUSY,
  EEXIST,
  EINVAL,
  EISDIR,
  ENAMETOOLONG,
  ENOENT,
  ENOTDIR,
  ENOTEMPTY,
  EPERM,
  EROFS,
  EXDEV,
} from '../errno.ts';
import { F_SEAL_SEAL } from '../flags.ts';
import { Dentry } from './dentry.ts';
import { DirectoryEntry, Mount } from './directory.ts';
import type { FileKind } from './file-kinds.ts';
import type { FileSystem, Inode } from './inode.ts';
import type { Inodes } from './inodes.ts';
import type { OpenFiles } from './open-files.ts';
import { bytesIn, type Found, PATH_MAX, PathWalk, type Place, S_IWUSR, S_IXUSR } from './path-walk.ts';

const CHANGE = S_IWUSR | S_IXUSR;

function mayChange({ directory }: Place): boolean {
  return (directory.inode.mode & CHANGE) === CHANGE;
}

/** What is to be taken out of its directory, and whether as a directory. */
function mayTakeOut(place: Place, entry: DirectoryEntry, as: 'directory' | 'file'): number {
  if (!mayChange(place)) return -EACCES;
  if (as === 'directory') return entry.children === null ? -ENOTDIR : 0;
  return entry.children === null ? 0 : -EISDIR;
}

/** As mount(8) has them. */
export interface MountFlags {
  readonly readOnly: boolean;
  readonly noexec: boolean;
}

export class Namespace {
  private readonly inodes: Inodes;
  private readonly openFiles: OpenFiles;
  private readonly mount: Mount;
  /** What stands at /NAME for absolute paths, whatever the root holds. */
  readonly mounts: Map<string, Mount>;

  constructor(inodes: Inodes, openFiles: OpenFiles, fs: FileSystem, mounts: ReadonlyMap<string, Mount>) {
    this.inodes = inodes;
    this.openFiles = openFiles;
    this.mount = new Mount(inodes.make('directory', fs, 0o755));
    this.mounts = new Map(mounts);
  }

  get root(): DirectoryEntry {
    return this.mount.root;
  }

  /** A walk of one path. */
  walk(): PathWalk {
    return new PathWalk(this.mount, this.mounts);
  }

  /**
   * Mounts a file system at /NAME, or mounts it anew with other flags: 0, or -EBUSY while something may write to what is to
   * become read-only.
   */
  mountAt(name: string, flags: MountFlags): number {
    const mount = this.mounts.get(name) ?? new Mount(this.inodes.make('directory', this.mount.fs, 0o755));
    if (flags.readOnly && mount.writers > 0) return -EBUSY;
    this.mounts.set(name, mount);
    mount.readOnly = flags.readOnly;
    mount.noexec = flags.noexec;
    return 0;
  }

  /** What `path` names, symbolic links followed; or a negative errno. */
  lookup(path: string): DirectoryEntry | number {
    const found = this.resolve(path, 'follow');
    return typeof found === 'number' ? found : found.entry;
  }

  /** The same with the place where it was found. */
  resolve(path: string, follow: 'follow' | 'stay'): { readonly place: Place; readonly entry: DirectoryEntry } | number {
    const walk = this.walk();
    const place = walk.parentOf(path);
    if (typeof place === 'number') return place;
    const found = walk.find(place, follow);
    if (typeof found === 'number') return found;
    const { entry } = found;
    if (entry === null) return -ENOENT;
    return found.place.slash && entry.children === null ? -ENOTDIR : { place: found.place, entry };
  }

  /** A new regular file at `path`, or the entry that stands there already. */
  create(path: string, mode: number): DirectoryEntry | number {
    const walk = this.walk();
    const place = walk.parentOf(path);
    if (typeof place === 'number') return place;
    if (place.last === 'name' && place.slash) return -EISDIR;
    const found = walk.find(place, 'follow');
    if (typeof found === 'number') return found;
    return found.entry ?? this.createAt(found.place, mode);
  }

  /** A new regular file where nothing stands. */
  createAt(place: Place, mode: number): DirectoryEntry | number {
    if (place.mount.readOnly) return -EROFS;
    if (!mayChange(place)) return -EACCES;
    const inode = this.inodes.make('regular', place.mount.fs, mode);
    // Files with a name take no seals.
    if (place.mount.fs.swapBacked) inode.seals = F_SEAL_SEAL;
    return this.enter(place, inode);
  }

  private enter(place: Place, inode: Inode): DirectoryEntry {
    const entry = new DirectoryEntry(new Dentry(place.name, false), inode, place.directory);
    inode.links++;
    place.directory.children?.set(place.name, entry);
    place.directory.noteEntries();
    place.directory.inode.noteModification();
    return entry;
  }

  /** The place for something new (filename_create); `slash` says whether a slash may follow its name. */
  private vacant(path: string, slash: 'may-follow' | 'is-wrong'): Place | number {
    const walk = this.walk();
    const place = walk.parentOf(path);
    if (typeof place === 'number') return place;
    if (place.last !== 'name') return -EEXIST;
    const found = walk.find({ ...place, slash: false }, 'stay');
    if (typeof found === 'number') return found;
    if (found.entry !== null) return -EEXIST;
    if (place.slash && slash === 'is-wrong') return -ENOENT;
    if (place.mount.readOnly) return -EROFS;
    return place;
  }

  private makeAt(place: Place, kind: FileKind, mode: number): Inode | number {
    if (!mayChange(place)) return -EACCES;
    const inode = this.inodes.make(kind, place.mount.fs, mode);
    this.enter(place, inode);
    return inode;
  }

  mkdir(path: string, mode: number): number {
    const place = this.vacant(path, 'may-follow');
    if (typeof place === 'number') return place;
    const made = this.makeAt(place, 'directory', mode & 0o1777);
    return typeof made === 'number' ? made : 0;
  }

  symlink(target: string, path: string): number {
    if (target === '') return -ENOENT;
    const length = bytesIn(target);
    if (length >= PATH_MAX) return -ENAMETOOLONG;
    const place = this.vacant(path, 'is-wrong');
    if (typeof place === 'number') return place;
    const made = this.makeAt(place, 'symlink', 0o777);
    if (typeof made === 'number') return made;
    made.target = target;
    made.setSize(0, length);
    return 0;
  }

  link(from: string, to: string): number {
    const source = this.resolve(from, 'stay');
    if (typeof source === 'number') return source;
    const place = this.vacant(to, 'is-wrong');
    if (typeof place === 'number') return place;
    if (source.place.mount !== place.mount) return -EXDEV;
    if (!mayChange(place)) return -EACCES;
    if (source.entry.children !== null) return -EPERM;
    source.entry.inode.noteChange();
    this.enter(place, source.entry.inode);
    return 0;
  }

  unlink(path: string): number {
    const found = this.standing(path, -EISDIR, -EISDIR, -EISDIR);
    if (typeof found === 'number') return found;
    const { place, entry } = found;
    if (place.slash) return entry.children === null ? -ENOTDIR : -EISDIR;
    const refused = mayTakeOut(place, entry, 'file');
    if (refused === 0) this.takeOut(entry);
    return refused;
  }

  rmdir(path: string): number {
    const found = this.standing(path, -EINVAL, -ENOTEMPTY, -EBUSY);
    if (typeof found === 'number') return found;
    const refused = mayTakeOut(found.place, found.entry, 'directory');
    if (refused < 0) return refused;
    if ((found.entry.children?.size ?? 0) > 0) return -ENOTEMPTY;
    this.takeOut(found.entry);
    return 0;
  }

  /** What a name that is to go stands for, links not followed; the errnos are for paths that end in no name. */
  private standing(
    path: string,
    dot: number,
    dotdot: number,
    root: number,
  ): { readonly place: Place; readonly entry: DirectoryEntry } | number {
    const walk = this.walk();
    const place = walk.parentOf(path);
    if (typeof place === 'number') return place;
    if (place.last !== 'name') return { dot, dotdot, root }[place.last];
    if (place.mount.readOnly) return -EROFS;
    const found = walk.find({ ...place, slash: false }, 'stay');
    if (typeof found === 'number') return found;
    return found.entry === null ? -ENOENT : { place, entry: found.entry };
  }

  private takeOut(entry: DirectoryEntry): void {
    entry.parent?.children?.delete(entry.dentry.name);
    entry.parent?.noteEntries();
    entry.parent?.inode.noteModification();
    entry.inode.noteChange();
    entry.dentry.removed = true;
    entry.inode.links--;
    this.openFiles.releaseInode(entry.inode);
  }

  rename(from: string, to: string): number {
    const [fromWalk, toWalk] = [this.walk(), this.walk()];
    const source = fromWalk.parentOf(from);
    if (typeof source === 'number') return source;
    const target = toWalk.parentOf(to);
    if (typeof target === 'number') return target;
    if (source.mount !== target.mount) return -EXDEV;
    if (source.last !== 'name' || target.last !== 'name') return -EBUSY;
    if (source.mount.readOnly) return -EROFS;
    const moved = fromWalk.find({ ...source, slash: false }, 'stay');
    if (typeof moved === 'number') return moved;
    if (moved.entry === null) return -ENOENT;
    const replaced = toWalk.find({ ...target, slash: false }, 'stay');
    if (typeof replaced === 'number') return replaced;
    return this.renameEntry(source, moved.entry, target, replaced);
  }

  private renameEntry(source: Place, entry: DirectoryEntry, target: Place, { entry: replaced }: Found): number {
    const as = entry.children === null ? 'file' : 'directory';
    if (as === 'file' && (source.slash || target.slash)) return -ENOTDIR;
    if (target.directory.isInside(entry)) return -EINVAL;
    if (replaced !== null && replaced !== entry && source.directory.isInside(replaced)) return -ENOTEMPTY;
    // Two names of one file both stay.
    if (replaced !== null && replaced.inode === entry.inode) return 0;
    const refused = mayTakeOut(source, entry, as) || this.mayPut(target, replaced, as);
    if (refused < 0) return refused;
    if (as === 'directory' && source.directory !== target.directory && !(entry.inode.mode & S_IWUSR)) return -EACCES;
    if ((replaced?.children?.size ?? 0) > 0) return -ENOTEMPTY;
    if (replaced !== null) entry.inode.fs.writeDelayed(entry.inode);
    source.directory.children?.delete(source.name);
    if (replaced !== null) this.takeOut(replaced);
    entry.dentry.name = target.name;
    entry.parent = target.directory;
    target.directory.children?.set(target.name, entry);
    for (const directory of [source.directory, target.directory]) {
      directory.noteEntries();
      directory.inode.noteModification();
    }
    entry.inode.noteChange();
    return 0;
  }

  private mayPut(target: Place, replaced: DirectoryEntry | null, as: 'directory' | 'file'): number {
    if (replaced !== null) return mayTakeOut(target, replaced, as);
    return mayChange(target) ? 0 : -EACCES;
  }
}
