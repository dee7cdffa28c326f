/**
 * Laying out an address space by hand, as execve does before the first instruction.
 *
 * Place: for replay, which takes a program's first mappings from a recording. Kernel pages (vdso,
 * vvar) have no file of their own: they belong to a nameless object whose pages fault one by one.
 * Source: Linux fs/binfmt_elf.c, mm/mmap.c _install_special_mapping.
 */

import { O_RDWR } from '../flags.ts';
import { Dentry } from './dentry.ts';
import type { FileSystem } from './inode.ts';
import type { Inodes } from './inodes.ts';
import { accountPages } from './memory-limits.ts';
import { protFlags } from './mmap.ts';
import { OpenFile } from './open-file.ts';
import type { OpenFiles } from './open-files.ts';
import type { Task } from './task.ts';
import type { Unmapper } from './unmap.ts';
import { VM_MAYEXEC, VM_MAYREAD, VM_MAYWRITE, VM_SPECIAL_MAPPING } from './vm-flags.ts';
import type { VmaOps } from './vma-ops.ts';

export interface ImageParts {
  readonly vmaOps: VmaOps;
  readonly unmapper: Unmapper;
  readonly inodes: Inodes;
  readonly memoryFs: FileSystem;
  readonly openFiles: OpenFiles;
}

/** Empties the address space; the heap then starts (and ends) at `heapStart`. */
export function clearImage(parts: ImageParts, task: Task, heapStart: number): void {
  parts.unmapper.unmap(task.mm, 0, Number.MAX_SAFE_INTEGER);
  task.mm.startBrk = heapStart;
  task.mm.brk = heapStart;
}

/** Maps kernel pages at [start, end) with PROT_* rights, shown as `name`. */
export function mapSpecial(
  parts: ImageParts,
  task: Task,
  start: number,
  end: number,
  prot: number,
  name: string,
): void {
  const { mm } = task;
  const pages = (end - start) / mm.pageSize;
  const inode = parts.inodes.make('special', parts.memoryFs, 0o555);
  inode.setSize(pages, 0);
  const file = new OpenFile(inode, O_RDWR, new Dentry(name, false));
  const flags = protFlags(prot) | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | VM_SPECIAL_MAPPING;
  const vma = parts.vmaOps.mapNewRange(mm, { start, end, flags, pgoff: 0, file, anonVma: null, copiedFrom: null });
  vma.name = name;
  parts.openFiles.put(file);
  accountPages(mm, flags, pages);
}
