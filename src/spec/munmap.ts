/**
 * munmap(2): removes what is mapped in a range.
 *
 * Source: munmap(2); Linux mm/vma.c do_vmi_munmap.
 */

import { EINVAL } from '../errno.ts';
import { type Answer, outcome } from './answer.ts';
import { type Errno, isAligned, pageAlign } from './arithmetic.ts';
import type { Caller, Process, State } from './state.ts';
import { cutAround, takeOut } from './vmas.ts';

/**
 * @call munmap
 * Removes what is mapped in a range.
 *
 * All pages with a byte in [addr, addr + len) go: the address must be a multiple of the page size, the length need not
 * be. Mappings that reach beyond the range are cut. It is no error if nothing is mapped there, and no neighbours merge
 * by it. Private copies are lost, shared pages stay in their file; what was locked counts no more against
 * RLIMIT_MEMLOCK.
 *
 * @errors
 * EINVAL: the address is not a multiple of the page size, the length is 0, or the range leaves user space
 * ENOMEM: a hole punched into a mapping would make one more mapping than there may be; cutting off an edge is always
 *   possible
 * EPERM: one of the mappings is sealed; nothing was unmapped
 */
export function munmap({ state, process }: Caller, address: bigint, length: bigint): Answer {
  return outcome(unmap(state, process, address, length));
}

export function unmap(state: State, process: Process, address: bigint, length: bigint): Errno {
  const { taskSize } = state.layout;
  if (!isAligned(address) || address > taskSize || length > taskSize - address || length === 0n) return EINVAL;
  const end = address + pageAlign(length);
  const errno = cutAround(state, process, address, end);
  if (errno === 0) takeOut(process, address, end);
  return errno;
}
