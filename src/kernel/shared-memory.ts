/**
 * Shared memory objects: shared anonymous mappings, memfds, System V segments.
 *
 * They live in a memory file system of their own whatever file system the files are on.
 * Source: Linux mm/shmem.c shmem_zero_setup, mm/memfd.c.
 */

import { ENOMEM } from '../errno.ts';
import { O_LARGEFILE, O_RDWR } from '../flags.ts';
import type { Asker, Commitments } from './commitments.ts';
import { Dentry } from './dentry.ts';
import type { FileSystem } from './inode.ts';
import type { Inodes } from './inodes.ts';
import { OpenFile } from './open-file.ts';
import type { OpenFiles } from './open-files.ts';

export class SharedMemory {
  private readonly fs: FileSystem;
  private readonly inodes: Inodes;
  private readonly openFiles: OpenFiles;
  private readonly commitments: Commitments;

  constructor(fs: FileSystem, inodes: Inodes, openFiles: OpenFiles, commitments: Commitments) {
    this.fs = fs;
    this.inodes = inodes;
    this.openFiles = openFiles;
    this.commitments = commitments;
  }

  /** A nameless object of a fixed size for one MAP_SHARED|MAP_ANONYMOUS mapping, as `promised` makes it. */
  anonymous(asker: Asker, pages: number, promised: number): OpenFile | number {
    return this.promised(asker, promised, '/dev/zero', pages, 0);
  }

  /**
   * A memory file of (pages, tail) bytes for which `promised` pages are committed as long as it exists, or -ENOMEM. The
   * caller holds one reference.
   */
  promised(asker: Asker, promised: number, name: string, pages: number, tail: number): OpenFile | number {
    if (!this.commitments.allows(asker, promised)) return -ENOMEM;
    const file = this.named(name, pages, tail);
    file.inode.chargedPages = promised;
    this.commitments.pages += promised;
    return file;
  }

  /** A memory file of (pages, tail) bytes shown as `name (deleted)` in maps. */
  named(name: string, pages: number, tail: number): OpenFile {
    const inode = this.inodes.make('regular', this.fs, 0o777);
    inode.setSize(pages, tail);
    return new OpenFile(inode, O_RDWR | O_LARGEFILE, new Dentry(name, true));
  }

  drop(file: OpenFile): void {
    this.openFiles.put(file);
  }
}
