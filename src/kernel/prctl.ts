/**
 * prctl(2): what a process may forbid itself, of which PR_SET_MDWE is here, and what its memory is marked with.
 *
 * With PR_MDWE_REFUSE_EXEC_GAIN no memory becomes both writable and executable, and none that was not executable becomes so:
 *
 *     mmap      W and X together                      EACCES
 *     mprotect  W and X together, X where was none    EACCES
 *
 * Memory that was both before stays so until its rights are changed. It cannot be taken back, and a child inherits it unless
 * PR_MDWE_NO_INHERIT stands beside it.
 *
 * And PR_SET_MEMORY_MERGE: private mappings, those there are and those to come, are marked as MADV_MERGEABLE marks them.
 * Source: Linux kernel/sys.c prctl_set_mdwe, include/linux/mman.h map_deny_write_exec, mm/ksm.c ksm_enable_merge_any.
 */

import { EINVAL, EPERM } from '../errno.ts';
import {
  PR_GET_MDWE,
  PR_GET_MEMORY_MERGE,
  PR_MDWE_NO_INHERIT,
  PR_MDWE_REFUSE_EXEC_GAIN,
  PR_SET_MDWE,
  PR_SET_MEMORY_MERGE,
  PR_SET_MM,
} from '../flags.ts';
import { toInt, toUnsigned, type Word } from '../units.ts';
import type { Mm } from './mm.ts';
import type { Task } from './task.ts';
import { VM_DROPPABLE, VM_EXEC, VM_MAYSHARE, VM_MERGEABLE, VM_SHARED, VM_SPECIAL, VM_WRITE } from './vm-flags.ts';

const NEVER_MERGEABLE = VM_SHARED | VM_MAYSHARE | VM_SPECIAL | VM_DROPPABLE;

/** Whether a mapping with VM_* flags `before` may not get those of `after`; a new one has the same twice. */
export function deniesExec(mm: Mm, before: number, after: number): boolean {
  if (mm.mdwe === 0 || !(after & VM_EXEC)) return false;
  return (after & VM_WRITE) !== 0 || !(before & VM_EXEC);
}

/** What a child's memory begins with. */
export function inheritedMdwe({ mdwe }: Mm): number {
  return mdwe & PR_MDWE_NO_INHERIT ? 0 : mdwe;
}

/** 0, the flags of PR_GET_MDWE, or a negative errno: -EPERM for PR_SET_MM, -EINVAL for an option that is not here. */
export function prctl(task: Task, option: Word, second: Word, rest: readonly Word[]): number {
  const { mm } = task;
  const isPlain = rest.every((word) => toUnsigned(word) === 0n);
  switch (toInt(option)) {
    case PR_SET_MDWE:
      return isPlain ? setMdwe(mm, toUnsigned(second)) : -EINVAL;
    case PR_GET_MDWE:
      return isPlain && toUnsigned(second) === 0n ? mm.mdwe : -EINVAL;
    case PR_SET_MEMORY_MERGE:
      return isPlain ? setMerging(mm, toUnsigned(second) === 0n ? 0 : VM_MERGEABLE) : -EINVAL;
    case PR_GET_MEMORY_MERGE:
      return isPlain && toUnsigned(second) === 0n ? Number(mm.futureMergeable !== 0) : -EINVAL;
    case PR_SET_MM:
      return rest.slice(1).every((word) => toUnsigned(word) === 0n) ? -EPERM : -EINVAL;
    default:
      return -EINVAL;
  }
}

function setMdwe(mm: Mm, wanted: bigint): number {
  if (wanted > BigInt(PR_MDWE_REFUSE_EXEC_GAIN | PR_MDWE_NO_INHERIT)) return -EINVAL;
  const bits = Number(wanted);
  if (bits === PR_MDWE_NO_INHERIT) return -EINVAL;
  if (mm.mdwe !== 0 && mm.mdwe !== bits) return -EPERM;
  mm.mdwe = bits;
  return 0;
}

/** Marks or unmarks the mappings there are, too, and joins none that become alike by it. */
function setMerging(mm: Mm, flag: number): number {
  if (mm.futureMergeable === flag) return 0;
  mm.futureMergeable = flag;
  for (const vma of mm.vmas) {
    if (flag === 0) vma.flags &= ~VM_MERGEABLE;
    else vma.flags |= mergeableFlag(mm, vma.flags);
  }
  return 0;
}

/** What a mapping made with `flags` gets of PR_SET_MEMORY_MERGE. */
export function mergeableFlag(mm: Mm, flags: number): number {
  return flags & NEVER_MERGEABLE ? 0 : mm.futureMergeable;
}
