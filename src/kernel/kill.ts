/**
 * kill(2): the signal that nothing holds back.
 *
 * A task that has ended itself while its process goes on still names the process; one that has been waited for names none.
 * Source: Linux kernel/signal.c kill_something_info.
 */

import { EINVAL, ESRCH } from '../errno.ts';
import { SIGKILL } from '../flags.ts';
import { toInt, type Word } from '../units.ts';
import type { KernelParts } from './kernel.ts';
import type { Task } from './task.ts';

/** 0 or a negative errno. Differs: of the signals only SIGKILL is sent; others are EINVAL. */
export function kill(parts: KernelParts, target: Task | null, signal: Word): number {
  const number = toInt(signal);
  if (number !== 0 && number !== SIGKILL) return -EINVAL;
  const { group } = target ?? { group: null };
  const isThread = target !== null && target.id !== target.group.id;
  if (group === null || group.reaped || (isThread && target?.exited)) return -ESRCH;
  if (number === SIGKILL && !group.exited) parts.exiter.killGroup(group, SIGKILL);
  return 0;
}
