/**
 * An open file description: what `open` makes, `dup` and `fork` share, and a VMA holds.
 *
 * Invariant: `refs` = descriptors in all tables + VMAs that map it.
 * Source: POSIX 'open file description'; Linux struct file.
 */

import { O_ACCMODE, O_APPEND, O_NOATIME, O_PATH, O_RDONLY, O_RDWR, O_WRONLY, POSIX_FADV_NORMAL } from '../flags.ts';
import type { Dentry } from './dentry.ts';
import type { Mount } from './directory.ts';
import { TRAITS } from './file-kinds.ts';
import type { Inode } from './inode.ts';

/** Who counts the VMAs of a description (System V segments). VMAs that are counted do not disappear by merging. */
export interface Attachments {
  /** The object went with its last mapping: nothing maps it any more. */
  readonly isDestroyed: boolean;
  attached(): void;
  detached(): void;
}

export class OpenFile {
  readonly inode: Inode;
  /** O_* status flags, as F_GETFL gives them. */
  flags: number;
  readonly dentry: Dentry;
  /** The tree it was opened in; null for what has no name in any. */
  readonly mount: Mount | null;
  /** The file position as (page, byte). */
  positionPage: number;
  positionByte: number;
  /** The page of the first byte behind the last read, -1 before the first: tells a stream from random reads. */
  readEndPage: number;
  /** POSIX_FADV_NORMAL, _RANDOM or _SEQUENTIAL. */
  readAdvice: number;
  refs: number;
  /** It counts towards the open files of the system: not what only mappings hold. */
  counted: boolean;
  /** Set before the description is mapped. */
  attachments: Attachments | null;

  constructor(inode: Inode, flags: number, dentry: Dentry, mount: Mount | null = null) {
    this.inode = inode;
    this.flags = flags;
    this.dentry = dentry;
    this.mount = mount;
    this.positionPage = 0;
    this.positionByte = 0;
    this.readEndPage = -1;
    this.readAdvice = POSIX_FADV_NORMAL;
    this.refs = 1;
    this.counted = false;
    this.attachments = null;
    inode.opens++;
    if (this.writable) inode.writers++;
    if (mount !== null && this.writable) mount.writers++;
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

  /** Its contents were read or mapped by it. What has no name in a tree is not mounted with `relatime`. */
  noteAccess(): void {
    if (!(this.flags & O_NOATIME) && !this.mount?.readOnly)
      this.inode.noteAccess(this.mount === null ? 'always' : 'relative');
  }

  /** Nothing is executed from where it lies. */
  get isNoexec(): boolean {
    return TRAITS[this.inode.kind].noexec || (this.mount?.noexec ?? false);
  }

  /** O_DIRECT can be set: pipes, and files that a path leads to. */
  get mayBeDirect(): boolean {
    return TRAITS[this.inode.kind].direct && (this.inode.kind !== 'regular' || this.mount !== null);
  }

  setPosition(page: number, byte: number): void {
    this.positionPage = page;
    this.positionByte = byte;
  }
}
