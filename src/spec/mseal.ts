/**
 * mseal(2): mappings that can no longer be unmapped, moved, or given other rights.
 *
 * EINVAL: flags, address not aligned, range wraps. ENOMEM: not all of it is mapped; then nothing is sealed.
 *
 * Source: mseal(2); Linux mm/mseal.c.
 */

import { EINVAL, ENOMEM } from '../errno.ts';
import { type Answer, failure, SUCCESS } from './answer.ts';
import { isAligned, min, pageAlign, wrap } from './arithmetic.ts';
import { changeFlags } from './merge.ts';
import type { Caller, Process, State, Vma } from './state.ts';
import { VM_SEALED } from './vm-flags.ts';
import { vmaAt } from './vmas.ts';

export function mseal({ state, process }: Caller, address: bigint, length: bigint, flags: bigint): Answer {
  const size = pageAlign(length);
  const end = wrap(address + size);
  if (flags !== 0n || !isAligned(address)) return failure(EINVAL);
  if ((length !== 0n && size === 0n) || end < address) return failure(EINVAL);
  if (size === 0n) return SUCCESS;
  if (!isMapped(process, address, end)) return failure(ENOMEM);
  for (let at = address; at < end; ) {
    const vma = vmaAt(process, at);
    const sealed = vma && sealMapping(state, process, vma, at, min(end, vma.end));
    if (!sealed) return failure(ENOMEM);
    at = sealed.end;
  }
  return SUCCESS;
}

function sealMapping(state: State, process: Process, vma: Vma, start: bigint, end: bigint): Vma | undefined {
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
