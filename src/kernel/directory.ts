/**
 * Directory entries: a name, what it stands for, and where it stands.
 *
 * Place: the tree that paths are walked in (path-walk.ts) and that namespace.ts changes. An inode with several names has an
 * entry for each. What is mounted somewhere is a tree of its own.
 * Invariant: `inode.links` counts the entries that name it, and the roots of trees.
 */

import { Dentry } from './dentry.ts';
import type { FileSystem, Inode } from './inode.ts';

/** A tree of directories, and what may be done in it. */
export class Mount {
  readonly fs: FileSystem;
  readonly root: DirectoryEntry;
  /** Nothing in it may be changed (EROFS), and nothing executed (EPERM, EACCES). */
  readOnly: boolean;
  noexec: boolean;
  /** Open descriptions that may write to it: while there are any it cannot become read-only. */
  writers: number;

  /** `directory` becomes the root. */
  constructor(directory: Inode) {
    directory.links++;
    this.fs = directory.fs;
    this.root = new DirectoryEntry(new Dentry('/', false), directory, null);
    this.readOnly = false;
    this.noexec = false;
    this.writers = 0;
  }
}

export class DirectoryEntry {
  readonly dentry: Dentry;
  readonly inode: Inode;
  /** By name; only directories have them. */
  readonly children: Map<string, DirectoryEntry> | null;
  /** The directory it stands in; null for the root of a tree. */
  parent: DirectoryEntry | null;

  constructor(dentry: Dentry, inode: Inode, parent: DirectoryEntry | null) {
    this.dentry = dentry;
    this.inode = inode;
    this.children = inode.kind === 'directory' ? new Map() : null;
    this.parent = parent;
    this.noteEntries();
  }

  /** After an entry came or went: the size of the directory. */
  noteEntries(): void {
    if (this.children !== null) this.inode.fs.sizeDirectory(this.inode, this.children.size);
  }

  /** Whether it is `ancestor` or stands in it, at any depth. */
  isInside(ancestor: DirectoryEntry): boolean {
    for (let at: DirectoryEntry | null = this; at !== null; at = at.parent) if (at === ancestor) return true;
    return false;
  }
}
