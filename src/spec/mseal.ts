/**
 * mseal(2): mappings that can no longer be unmapped, moved, or given other rights.
 *
 * Source: mseal(2); Linux mm/mseal.c.
 */

import { EINVAL, ENOMEM } from '../errno.ts';
import { type Answer, failure, SUCCESS } from './answer.ts';
import { type Errno, isAligned, min, pageAlign, wrap } from './arithmetic.ts';
import { changeFlags } from './merge.ts';
import type { Caller, Process, State, Vma } from './state.ts';
import { VM_SEALED } from './vm-flags.ts';
import { vmaAt } from './vmas.ts';

/**
 * @call mseal
 * Seals the mappings of a range for good: they can no longer be unmapped, moved, replaced, resized or given other
 * rights.
 *
 * Such calls fail with EPERM. Advice that would discard pages is refused where the memory is private, anonymous and not
 * writable. A seal cannot be taken back; the child of a fork inherits it.
 *
 * @errors
 * EINVAL: flags that are not 0, the address is not a multiple of the page size, or the range wraps
 * ENOMEM: part of the range is not mapped; nothing was sealed
 * EINVAL: an end of the range lies inside a huge page; what lies before was sealed
 */
export function mseal({ state, process }: Caller, address: bigint, length: bigint, flags: bigint): Answer {
  const size = pageAlign(length);
  const end = wrap(address + size);
  if (flags !== 0n || !isAligned(address)) return failure(EINVAL);
  if ((length !== 0n && size === 0n) || end < address) return failure(EINVAL);
  if (size === 0n) return SUCCESS;
  if (!isMapped(process, address, end)) return failure(ENOMEM);
  for (let at = address; at < end; ) {
    const vma = vmaAt(process, at);
    const sealed = vma ? sealMapping(state, process, vma, at, min(end, vma.end)) : ENOMEM;
    if (typeof sealed === 'number') return failure(sealed);
    at = sealed.end;
  }
  return SUCCESS;
}

function sealMapping(state: State, process: Process, vma: Vma, start: bigint, end: bigint): Vma | Errno {
  if (vma.flags & VM_SEALED) return vma;
  return changeFlags(state, process, vma, start, end, vma.flags | VM_SEALED);
}

function isMapped(process: Process, start: bigint, end: bigint): boolean {
  for (let at = start; at < end; ) {
    const vma = vmaAt(process, at);
    if (!vma) return false;
    at = vma.end;
  }
  return true;
}
