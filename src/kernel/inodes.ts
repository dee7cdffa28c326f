/** Makes inodes: an owner id, an empty cache, an empty block map. */

import { BlockMap } from '../disk/block-map.ts';
import { FileCache } from '../pagecache/file-cache.ts';
import type { FileKind } from './file-kinds.ts';
import { type FileSystem, Inode } from './inode.ts';
import type { OwnerTable } from './owners.ts';

export class Inodes {
  private readonly owners: OwnerTable;

  constructor(owners: OwnerTable) {
    this.owners = owners;
  }

  make(kind: FileKind, fs: FileSystem, mode: number): Inode {
    const id = this.owners.nextId();
    const inode = new Inode(id, kind, fs, new FileCache(id), new BlockMap(), mode);
    this.owners.add(id, inode);
    return inode;
  }
}
