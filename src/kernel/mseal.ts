/**
 * mseal(2): mappings that may not be unmapped, moved, shrunk or given other rights any more.
 *
 * A hole anywhere in the range seals nothing. Source: Linux mm/mseal.c do_mseal.
 */

import { EINVAL, ENOMEM } from '../errno.ts';
import { isZero, offsetOf, pageOf, pagesUp, type Word, wrapPages } from '../units.ts';
import type { Task } from './task.ts';
import { VM_SEALED } from './vm-flags.ts';
import type { VmaOps } from './vma-ops.ts';

export interface MsealParts {
  readonly vmaOps: VmaOps;
}

export function mseal(parts: MsealParts, task: Task, address: Word, length: Word, flags: Word): number {
  const { pageSize, wordBits, vmas } = task.mm;
  if (!isZero(flags) || offsetOf(address, pageSize) !== 0) return -EINVAL;
  const startPage = pageOf(address, pageSize);
  const pages = pagesUp(length, pageSize, wordBits);
  if (pages === 0) return isZero(length) ? 0 : -EINVAL;
  if (startPage + pages >= wrapPages(pageSize, wordBits)) return -EINVAL;
  const start = startPage * pageSize;
  const end = start + pages * pageSize;
  for (let va = start; va < end; ) {
    const vma = vmas.containing(va);
    if (vma === null) return -ENOMEM;
    va = vma.end;
  }
  return sealRange(parts, task, start, end);
}

function sealRange(parts: MsealParts, task: Task, start: number, end: number): number {
  for (let va = start; va < end; ) {
    const vma = task.mm.vmas.containing(va);
    if (vma === null) return -ENOMEM;
    const stop = Math.min(end, vma.end);
    if (!(vma.flags & VM_SEALED)) {
      const sealed = parts.vmaOps.modify(vma, va, stop, vma.flags | VM_SEALED);
      if (typeof sealed === 'number') return sealed;
    }
    va = stop;
  }
  return 0;
}
