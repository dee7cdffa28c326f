/**
 * prctl(2): what a process forbids itself.
 *
 * Source: PR_SET_MDWE(2const); Linux kernel/sys.c, include/linux/mman.h map_deny_write_exec.
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
import { type Answer, failure, SUCCESS, value } from './answer.ts';
import { low32 } from './arithmetic.ts';
import type { Caller, Process } from './state.ts';
import { VM_DROPPABLE, VM_EXEC, VM_MAYSHARE, VM_MERGEABLE, VM_SHARED, VM_WRITE } from './vm-flags.ts';

/** Whether a mapping may not go from these flags to those; a new one has the same twice. */
export function deniesExec({ mdwe }: Process, before: number, after: number): boolean {
  if (mdwe === 0 || (after & VM_EXEC) === 0) return false;
  return (after & VM_WRITE) !== 0 || (before & VM_EXEC) === 0;
}

/**
 * @call prctl
 * Changes or tells what a process may do with itself; of its options those are here that are about memory.
 *
 * - **PR_SET_MDWE** with PR_MDWE_REFUSE_EXEC_GAIN: from now on mmap refuses memory that is writable and executable, and mprotect
 *   also memory that was not executable before (EACCES). What is mapped already stays as it is. It cannot be taken
 *   back. A child inherits it, unless PR_MDWE_NO_INHERIT stands beside it.
 * - **PR_GET_MDWE** answers these flags.
 * - **PR_SET_MEMORY_MERGE** with anything but 0: private mappings, those there are and those to come, are marked as
 *   MADV_MERGEABLE marks them; with 0 the marks go, and none is set any more. A child inherits it.
 *   **PR_GET_MEMORY_MERGE** answers 1 or 0.
 * - **PR_SET_MM** needs a privilege that nobody has; **PR_SET_VMA** needs CONFIG_ANON_VMA_NAME, which the kernel that was
 *   asked does not have.
 *
 * @errors
 * EINVAL: an option that is not here, an argument that is unused and not 0
 * EINVAL: PR_SET_MDWE with flags that are unknown, or PR_MDWE_NO_INHERIT alone
 * EPERM: PR_SET_MDWE with other flags than were set before
 * EPERM: PR_SET_MM
 * @flags PR_
 * @differs The many options that are not about memory are EINVAL.
 */
export function prctl({ process }: Caller, option: bigint, second: bigint, ...rest: readonly bigint[]): Answer {
  const isPlain = rest.every((word) => word === 0n);
  switch (low32(option)) {
    case PR_SET_MDWE:
      return isPlain ? setMdwe(process, second) : failure(EINVAL);
    case PR_GET_MDWE:
      return isPlain && second === 0n ? value(BigInt(process.mdwe)) : failure(EINVAL);
    case PR_SET_MEMORY_MERGE:
      return isPlain ? setMerging(process, second !== 0n) : failure(EINVAL);
    case PR_GET_MEMORY_MERGE:
      return isPlain && second === 0n ? value(process.mergesPages ? 1n : 0n) : failure(EINVAL);
    case PR_SET_MM:
      return failure(rest.slice(1).every((word) => word === 0n) ? EPERM : EINVAL);
    default:
      return failure(EINVAL);
  }
}

function setMdwe(process: Process, wanted: bigint): Answer {
  if (wanted > BigInt(PR_MDWE_REFUSE_EXEC_GAIN | PR_MDWE_NO_INHERIT)) return failure(EINVAL);
  const bits = Number(wanted);
  if (bits === PR_MDWE_NO_INHERIT) return failure(EINVAL);
  if (process.mdwe !== 0 && process.mdwe !== bits) return failure(EPERM);
  process.mdwe = bits;
  return SUCCESS;
}

/** Mappings that become alike by it are not joined. */
function setMerging(process: Process, merges: boolean): Answer {
  if (process.mergesPages === merges) return SUCCESS;
  process.mergesPages = merges;
  for (const vma of process.vmas) {
    if (merges) vma.flags |= mergeableMark(process, vma.flags);
    else vma.flags &= ~VM_MERGEABLE;
  }
  return SUCCESS;
}

/** What a mapping made with `flags` gets of PR_SET_MEMORY_MERGE. */
export function mergeableMark({ mergesPages }: Process, flags: number): number {
  const isPrivate = (flags & (VM_SHARED | VM_MAYSHARE | VM_DROPPABLE)) === 0;
  return mergesPages && isPrivate ? VM_MERGEABLE : 0;
}
