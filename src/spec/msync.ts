/**
 * msync(2): writes what was stored through shared mappings to their files.
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

/**
 * @call msync
 * Writes what was stored through shared mappings of a range to their files.
 *
 * A load or read(2) sees every store at once, synchronized or not. What MS_SYNC changes is the disk: dirty pages are
 * written back and are clean and write-protected afterwards, so that the next store to each faults once more; on ext4,
 * bytes that were stored behind the end of the file are zeroed by it. MS_ASYNC does nothing, as on Linux since 2.6.19,
 * and so does 0. A hole is remembered while the rest is done, except with MS_ASYNC alone.
 *
 * @errors
 * EINVAL: unknown flags; the address is not a multiple of the page size; MS_ASYNC with MS_SYNC
 * ENOMEM: the range wraps (a length that rounds up to 0 succeeds)
 * EBUSY: MS_INVALIDATE meets a locked mapping, at once
 * ENOMEM: part of the range is not mapped
 *
 * @flags MS_
 */
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
