/**
 * Files of huge pages: making them, mapping them, giving their reservations back.
 *
 * Place: called by mmap, memfd_create, shmget and by what takes mappings apart. A shared mapping reserves pages of its
 * file, a private one pages of its own; both ask the pool when they are made, so that a touch need not.
 * Source: Linux mm/hugetlb.c (hugetlb_reserve_pages, hugetlb_vm_op_close), fs/hugetlbfs/inode.c.
 */

import { EINVAL, ENOMEM } from '../errno.ts';
import { O_LARGEFILE, O_RDWR } from '../flags.ts';
import { Dentry } from './dentry.ts';
import { HugeFile, type HugePool, type HugePools, HugeReservation } from './huge-pool.ts';
import type { FileSystem } from './inode.ts';
import type { Inodes } from './inodes.ts';
import { OpenFile } from './open-file.ts';
import type { OpenFiles } from './open-files.ts';
import { VM_HUGETLB, VM_MAYSHARE, VM_NORESERVE } from './vm-flags.ts';
import type { Vma } from './vma.ts';

export class Hugetlb {
  readonly pools: HugePools;
  private readonly fs: FileSystem;
  private readonly inodes: Inodes;
  private readonly openFiles: OpenFiles;

  constructor(pools: HugePools, fs: FileSystem, inodes: Inodes, openFiles: OpenFiles) {
    this.pools = pools;
    this.fs = fs;
    this.inodes = inodes;
    this.openFiles = openFiles;
  }

  /**
   * A nameless file of `bytes`, a whole number of huge pages; the caller holds one reference. With 'reserve' its pages are
   * reserved at once: -ENOMEM if they cannot be.
   */
  make(pool: HugePool, name: string, bytes: number, reserve: 'reserve' | 'noreserve'): OpenFile | number {
    const inode = this.inodes.make('regular', this.fs, 0o777);
    inode.huge = new HugeFile(pool);
    inode.setSize((bytes / pool.bytes) * pool.pagesEach, 0);
    const file = new OpenFile(inode, O_RDWR | O_LARGEFILE, new Dentry(name, true));
    if (reserve === 'noreserve' || inode.huge.reserve(0, bytes / pool.bytes)) return file;
    this.openFiles.put(file);
    return -ENOMEM;
  }
}

/**
 * Before `pages` small pages of a file of huge pages are mapped from page `pgoff` on: reserves them as VM_* `flags` say.
 * What a private mapping keeps, null for none; or -EINVAL, -ENOMEM.
 */
export function reserveForMapping(
  huge: HugeFile,
  pgoff: number,
  pages: number,
  flags: number,
): HugeReservation | null | number {
  const { pool } = huge;
  if (pgoff % pool.pagesEach !== 0) return -EINVAL;
  if (flags & VM_NORESERVE) return null;
  const from = pgoff / pool.pagesEach;
  const end = (pgoff + pages) / pool.pagesEach;
  if (flags & VM_MAYSHARE) return huge.reserve(from, end) ? null : -ENOMEM;
  return pool.reserve(end - from) ? new HugeReservation() : -ENOMEM;
}

/** A mapping goes away, after its pages: what was kept for it is free again. */
export function releaseReservation(vma: Vma): void {
  const pool = vma.file?.inode.huge?.pool;
  if (!(vma.flags & VM_HUGETLB) || vma.hugeReservation === null || pool === undefined) return;
  pool.reserved -= vma.pages / pool.pagesEach;
}

/**
 * mremap moves pages of `source`, all or some, to `made`, and with them what is kept for the mapping. What was kept for pages
 * that stay is nobody's from then on: they get none of it, and it never becomes free again (clear_vma_resv_huge_pages).
 */
export function moveReservation(made: Vma, source: Vma): void {
  made.hugeReservation = source.hugeReservation;
  source.hugeReservation = null;
}

/** The pages of [start, end), all in `vma`, are about to be dropped and are kept for it once more. */
export function restoreReservation(vma: Vma, start: number, end: number): void {
  const pool = vma.file?.inode.huge?.pool;
  if (vma.hugeReservation === null || pool === undefined) return;
  for (let va = start; va < end; va += pool.bytes) {
    if (vma.hugeReservation.used.delete(vma.indexAt(va) / pool.pagesEach)) pool.reserved++;
  }
}

/** Bytes that the ends of a mapping's pieces are multiples of. */
export function granule(vma: Vma): number {
  return vma.file?.inode.huge?.pool.bytes ?? vma.mm.pageSize;
}
