/**
 * msync(2).
 *
 * MS_SYNC writes shared file pages and waits; MS_ASYNC does nothing here, since dirty pages are
 * known to the cache anyway. A hole is remembered while the walk goes on.
 * Source: Linux mm/msync.c.
 */

import { EBUSY, EINVAL, ENOMEM } from '../errno.ts';
import { MS_ASYNC, MS_INVALIDATE, MS_SYNC } from '../flags.ts';
import { offsetOf, pageOf, pagesUp, toInt, type Word, wrapPages } from '../units.ts';
import type { Task } from './task.ts';
import { VM_LOCKED, VM_SHARED } from './vm-flags.ts';
import type { Vma } from './vma.ts';
import type { Writeback } from './writeback.ts';

export interface MsyncParts {
  readonly writeback: Writeback;
}

export function msync(parts: MsyncParts, task: Task, address: Word, length: Word, flagWord: Word): number {
  const { pageSize, wordBits } = task.mm;
  const flags = toInt(flagWord);
  if (flags - (flags & (MS_ASYNC | MS_INVALIDATE | MS_SYNC)) !== 0 || offsetOf(address, pageSize) !== 0) return -EINVAL;
  if (flags & MS_ASYNC && flags & MS_SYNC) return -EINVAL;
  const startPage = pageOf(address, pageSize);
  const pages = pagesUp(length, pageSize, wordBits);
  if (startPage + pages >= wrapPages(pageSize, wordBits)) return -ENOMEM;
  return pages === 0 ? 0 : syncRange(parts, task, startPage * pageSize, (startPage + pages) * pageSize, flags);
}

function syncRange(parts: MsyncParts, task: Task, start: number, end: number, flags: number): number {
  let hole = 0;
  let va = start;
  while (va < end) {
    const vma = task.mm.vmas.find(va);
    if (vma === null) return -ENOMEM;
    if (va < vma.start) {
      if (flags === MS_ASYNC) return -ENOMEM;
      hole = -ENOMEM;
      va = vma.start;
      if (va >= end) break;
    }
    if (flags & MS_INVALIDATE && vma.flags & VM_LOCKED) return -EBUSY;
    if (flags & MS_SYNC) syncVma(parts, vma, va, Math.min(end, vma.end));
    va = vma.end;
  }
  return hole;
}

function syncVma(parts: MsyncParts, vma: Vma, start: number, end: number): void {
  if (vma.file === null || !(vma.flags & VM_SHARED)) return;
  const from = vma.indexAt(start);
  parts.writeback.sync(vma.file.inode, from, from + (end - start) / vma.mm.pageSize);
}
