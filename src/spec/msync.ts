/**
 * msync(2): writes what was stored through shared mappings to their files.
 *
 * A load sees every store at once, synchronized or not; what can be seen of MS_SYNC is that ext4
 * zeroes what was stored behind the end of the file.
 *
 * EINVAL: unknown flags, MS_SYNC with MS_ASYNC, address not aligned. ENOMEM: range wraps, or has a hole; for anything
 * but plain MS_ASYNC the rest is done first. EBUSY: MS_INVALIDATE meets a locked mapping, at once.
 *
 * Source: msync(2); Linux mm/msync.c.
 */

import { EBUSY, EINVAL, ENOMEM } from '../errno.ts';
import { MS_ASYNC, MS_INVALIDATE, MS_SYNC } from '../flags.ts';
import { type Answer, failure, outcome, SUCCESS } from './answer.ts';
import { addressOf, type Errno, isAligned, low32, max, min, pageAlign, wrap } from './arithmetic.ts';
import { objectOf } from './faults.ts';
import { writeBack } from './file-sizes.ts';
import type { Caller, Process, State } from './state.ts';
import { VM_LOCKED, VM_SHARED } from './vm-flags.ts';
import { mappingsIn, pgoffAt } from './vmas.ts';

export function msync({ state, process }: Caller, address: bigint, length: bigint, flags: bigint): Answer {
  const bits = low32(flags);
  if ((bits & ~(MS_ASYNC | MS_INVALIDATE | MS_SYNC)) !== 0) return failure(EINVAL);
  if (!isAligned(address) || (bits & MS_ASYNC && bits & MS_SYNC)) return failure(EINVAL);
  const end = wrap(address + pageAlign(length));
  if (end < address) return failure(ENOMEM);
  return end === address ? SUCCESS : outcome(synchronize(state, process, address, end, bits));
}

function synchronize(state: State, process: Process, start: bigint, end: bigint, bits: number): Errno {
  let at = start;
  let hole: Errno = 0;
  for (const vma of mappingsIn(process, start, end)) {
    if (vma.start > at) {
      if (bits === MS_ASYNC) return ENOMEM;
      hole = ENOMEM;
    }
    if (bits & MS_INVALIDATE && vma.flags & VM_LOCKED) return EBUSY;
    const object = objectOf(state, vma);
    if (bits & MS_SYNC && object && vma.flags & VM_SHARED) {
      const from = addressOf(pgoffAt(vma, max(at, vma.start)));
      writeBack(object, from, from + min(end, vma.end) - max(at, vma.start));
    }
    at = vma.end;
  }
  return at < end ? ENOMEM : hole;
}
