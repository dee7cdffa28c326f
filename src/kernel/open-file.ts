/**
 * An open file description: what `open` makes, `dup` and `fork` share, and a VMA holds.
 *
 * Invariant: `refs` = descriptors in all tables + VMAs that map it.
 * Source: POSIX 'open file description'; Linux struct file.
 */

import { O_ACCMODE, O_APPEND, O_PATH, O_RDONLY, O_RDWR, O_WRONLY, POSIX_FADV_NORMAL } from '../flags.ts';
import type { Inode } from './inode.ts';

/** A name in a directory, shared by what was opened through it: maps follows renames and shows deletion. */
export class Dentry {
  name: string;
  removed: boolean;

  constructor(name: string, removed: boolean) {
    this.name = name;
    this.removed = removed;
  }

  /** As /proc/PID/maps shows it, without the directory. */
  get shown(): string {
    return this.removed ? `${this.name} (deleted)` : this.name;
  }
}

/** Who counts the VMAs of a description (System V segments). VMAs that are counted do not disappear by merging. */
export interface Attachments {
  attached(): void;
  detached(): void;
}

export class OpenFile {
  readonly inode: Inode;
  /** O_* status flags, as F_GETFL gives them. */
  flags: number;
  readonly dentry: Dentry;
  /** The file position as (page, byte). */
  positionPage: number;
  positionByte: number;
  /** Page at which the last read ended, -1 before the first: tells a stream from random reads. */
  lastReadPage: number;
  /** POSIX_FADV_NORMAL, _RANDOM or _SEQUENTIAL. */
  readAdvice: number;
  refs: number;
  /** Set before the description is mapped. */
  attachments: Attachments | null;

  constructor(inode: Inode, flags: number, dentry: Dentry) {
    this.inode = inode;
    this.flags = flags;
    this.dentry = dentry;
    this.positionPage = 0;
    this.positionByte = 0;
    this.lastReadPage = -1;
    this.readAdvice = POSIX_FADV_NORMAL;
    this.refs = 1;
    this.attachments = null;
    inode.opens++;
  }

  get readable(): boolean {
    const mode = this.flags & O_ACCMODE;
    return mode === O_RDONLY || mode === O_RDWR;
  }

  get writable(): boolean {
    const mode = this.flags & O_ACCMODE;
    return mode === O_WRONLY || mode === O_RDWR;
  }

  /** O_PATH: names a file without opening it. */
  get isPathOnly(): boolean {
    return (this.flags & O_PATH) !== 0;
  }

  get appends(): boolean {
    return (this.flags & O_APPEND) !== 0;
  }

  setPosition(page: number, byte: number): void {
    this.positionPage = page;
    this.positionByte = byte;
  }
}
