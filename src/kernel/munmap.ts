/**
 * munmap(2). Source: Linux mm/vma.c do_vmi_munmap.
 */

import { EINVAL } from '../errno.ts';
import { offsetOf, pageOf, pagesUp, toCount, type Word } from '../units.ts';
import type { Placement } from './placement.ts';
import type { Task } from './task.ts';
import type { Unmapper } from './unmap.ts';

export interface MunmapParts {
  readonly unmapper: Unmapper;
  readonly placement: Placement;
}

export function munmap(parts: MunmapParts, task: Task, address: Word, length: Word): number {
  const { pageSize, wordBits } = task.mm;
  const { userEnd } = parts.placement.layout;
  const start = pageOf(address, pageSize) * pageSize;
  const bytes = pagesUp(length, pageSize, wordBits) * pageSize;
  if (offsetOf(address, pageSize) !== 0 || start > userEnd || toCount(length) > userEnd - start || bytes === 0)
    return -EINVAL;
  return parts.unmapper.unmap(task.mm, start, start + bytes);
}
