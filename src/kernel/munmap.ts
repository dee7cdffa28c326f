/**
 * munmap(2). Source: Linux mm/vma.c do_vmi_munmap.
 */

import { EINVAL } from '../errno.ts';
import { isWhole, toCount, type Word } from '../units.ts';
import type { Placement } from './placement.ts';
import type { Task } from './task.ts';
import type { Unmapper } from './unmap.ts';

export interface MunmapParts {
  readonly unmapper: Unmapper;
  readonly placement: Placement;
}

export function munmap(parts: MunmapParts, task: Task, address: Word, length: Word): number {
  const { pageSize } = task.mm;
  const { userEnd } = parts.placement.layout;
  const start = toCount(address);
  const bytes = toCount(length);
  if (start > userEnd || !isWhole(start, pageSize) || bytes > userEnd - start || bytes === 0) return -EINVAL;
  return parts.unmapper.unmap(task.mm, start, start + Math.ceil(bytes / pageSize) * pageSize);
}
