/**
 * An open file description: what `open` makes, `dup` and `fork` share, and a VMA holds.
 *
 * Invariant: `refs` = descriptors in all tables + VMAs that map it.
 * Source: POSIX 'open file description'; Linux struct file.
 */

import { O_ACCMODE, O_APPEND, O_RDONLY, O_WRONLY } from '../flags.ts';
import type { Inode } from './inode.ts';

export class OpenFile {
  readonly inode: Inode;
  /** O_* status flags. */
  flags: number;
  /** Path as maps shows it (base name, or '/memfd:NAME'). */
  readonly path: string;
  /** The file position as (page, byte). */
  positionPage: number;
  positionByte: number;
  refs: number;

  constructor(inode: Inode, flags: number, path: string) {
    this.inode = inode;
    this.flags = flags;
    this.path = path;
    this.positionPage = 0;
    this.positionByte = 0;
    this.refs = 1;
    inode.opens++;
  }

  get readable(): boolean {
    return (this.flags & O_ACCMODE) !== O_WRONLY;
  }

  get writable(): boolean {
    return (this.flags & O_ACCMODE) !== O_RDONLY;
  }

  get appends(): boolean {
    return (this.flags & O_APPEND) !== 0;
  }

  setPosition(page: number, byte: number): void {
    this.positionPage = page;
    this.positionByte = byte;
  }
}
