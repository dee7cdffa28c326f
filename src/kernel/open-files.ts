/**
 * References to open file descriptions, and what happens when the last one goes.
 *
 * Place: descriptors and VMAs hold descriptions, descriptions hold inodes, names hold inodes. When
 * nothing holds an inode any more its pages and its room on the disk are given back.
 * Invariant: `inode.opens` = open descriptions; `writableMappings` = VMAs that hold it shared with
 * a right to write now or later.
 */

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

  constructor(pages: FilePages, owners: OwnerTable) {
    this.pages = pages;
    this.owners = owners;
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

  /** Drops one reference to a description. */
  put(file: OpenFile): void {
    if (--file.refs > 0) return;
    if (file.inode.stream !== null) closeStream(file);
    file.inode.opens--;
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
