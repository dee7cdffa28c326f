/**
 * References to open file descriptions, and what happens when the last one goes.
 *
 * Place: descriptors and VMAs hold descriptions, descriptions hold inodes, names hold inodes. When
 * nothing holds an inode any more its pages and its room on the disk are given back.
 * Invariant: `inode.opens` = open descriptions; `writableMappings` = VMAs that hold it shared with
 * a right to write now or later.
 */

import type { FdTable } from './fd-table.ts';
import type { LockWaiters } from './file-lock.ts';
import type { FilePages } from './file-pages.ts';
import type { Inode } from './inode.ts';
import type { OpenFile } from './open-file.ts';
import type { OwnerTable } from './owners.ts';
import { closeStream } from './stream-ends.ts';
import { VM_MAYWRITE, VM_SHARED } from './vm-flags.ts';
import type { Vma } from './vma.ts';

function mapsWritably(vma: Vma): boolean {
  return (vma.flags & VM_SHARED) !== 0 && (vma.flags & VM_MAYWRITE) !== 0;
}

export class OpenFiles {
  private readonly pages: FilePages;
  private readonly owners: OwnerTable;
  private readonly lockWaiters: LockWaiters;
  /** Open descriptions that descriptors were given for, and how many there may be (fs.file-max). */
  private count: number;
  private readonly countMax: number;

  constructor(pages: FilePages, owners: OwnerTable, lockWaiters: LockWaiters, countMax: number) {
    this.pages = pages;
    this.owners = owners;
    this.lockWaiters = lockWaiters;
    this.count = 0;
    this.countMax = countMax;
  }

  /** `vma` holds `file` from now on. */
  hold(file: OpenFile, vma: Vma): void {
    file.refs++;
    if (mapsWritably(vma)) file.inode.writableMappings++;
    file.attachments?.attached();
  }

  release(file: OpenFile, vma: Vma): void {
    if (mapsWritably(vma)) file.inode.writableMappings--;
    this.put(file);
    file.attachments?.detached();
  }

  /** Whether the system has room for `more` open descriptions; ENFILE if not. */
  hasRoom(more: number): boolean {
    return this.count + more <= this.countMax;
  }

  /** A description is given its first descriptor. */
  countIn(file: OpenFile): void {
    if (file.counted) return;
    file.counted = true;
    this.count++;
  }

  /** A descriptor in `table` is closed: the locks that the table has on the file are gone with it. */
  close(file: OpenFile, table: FdTable): void {
    if (!file.isPathOnly) file.inode.locks.drop(table, this.lockWaiters);
    this.put(file);
  }

  /** Drops one reference to a description. */
  put(file: OpenFile): void {
    if (--file.refs > 0) return;
    if (file.counted) this.count--;
    if (file.mount !== null && file.writable) file.mount.writers--;
    file.inode.flocks.drop(file, this.lockWaiters);
    file.inode.locks.drop(file, this.lockWaiters);
    if (file.inode.stream !== null) closeStream(file);
    if (file.inode.writtenAnew) {
      file.inode.writtenAnew = false;
      file.inode.fs.writeDelayed(file.inode);
    }
    file.inode.opens--;
    if (file.writable) file.inode.writers--;
    this.releaseInode(file.inode);
  }

  /** Frees the inode if no name and no description is left. */
  releaseInode(inode: Inode): void {
    if (inode.links > 0 || inode.opens > 0) return;
    this.pages.truncate(inode, 0, Number.POSITIVE_INFINITY);
    inode.fs.evict(inode);
    this.owners.remove(inode.id);
  }
}
