/**
 * munmap(2): removes what is mapped in a range.
 *
 * The address must be a multiple of the page size, the length need not be; all pages with a byte
 * in the range go. It is no error if nothing is mapped there. Neighbours never merge by it.
 *
 * EINVAL: address not aligned, length 0, or range beyond user space. ENOMEM: a hole punched into a mapping
 * would make one more than there may be. EPERM: one of the mappings is sealed, and nothing was unmapped.
 *
 * Source: munmap(2); Linux mm/vma.c do_vmi_munmap.
 */

import { EINVAL } from '../errno.ts';
import { type Answer, outcome } from './answer.ts';
import { type Errno, isAligned, pageAlign } from './arithmetic.ts';
import type { Caller, Process, State } from './state.ts';
import { cutAround, takeOut } from './vmas.ts';

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
