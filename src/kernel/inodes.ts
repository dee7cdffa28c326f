/** Makes inodes: an owner id, an empty cache, an empty block map. */

import type { Clock } from '../clock.ts';
import { BlockMap } from '../disk/block-map.ts';
import { FileCache } from '../pagecache/file-cache.ts';
import type { FileKind } from './file-kinds.ts';
import { type FileSystem, Inode } from './inode.ts';
import type { OwnerTable } from './owners.ts';

export class Inodes {
  private readonly owners: OwnerTable;
  private readonly clock: Clock;

  constructor(owners: OwnerTable, clock: Clock) {
    this.owners = owners;
    this.clock = clock;
  }

  make(kind: FileKind, fs: FileSystem, mode: number): Inode {
    const id = this.owners.nextId();
    const inode = new Inode(id, kind, fs, new FileCache(id), new BlockMap(), mode, this.clock);
    this.owners.add(id, inode);
    return inode;
  }
}
