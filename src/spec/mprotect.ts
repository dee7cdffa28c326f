/**
 * mprotect(2): changes what may be done with the pages of a range.
 *
 * Source: mprotect(2); Linux mm/mprotect.c do_mprotect_pkey, mprotect_fixup.
 */

import { EACCES, EINVAL, ENOMEM, EPERM } from '../errno.ts';
import { PROT_EXEC, PROT_GROWSDOWN, PROT_GROWSUP, PROT_READ, PROT_SEM, PROT_WRITE } from '../flags.ts';
import { type Answer, failure, outcome, SUCCESS } from './answer.ts';
import { type Errno, isAligned, min, pageAlign, pageOf, wrap } from './arithmetic.ts';
import { commit, mayExpand } from './limits.ts';
import { changeFlags } from './merge.ts';
import { populateMapping } from './populate.ts';
import { deniesExec } from './prctl.ts';
import type { Caller, Process, State, Vma } from './state.ts';
import {
  accessFlags,
  mayHaveRights,
  VM_ACCESS_FLAGS,
  VM_ACCOUNT,
  VM_GROWSDOWN,
  VM_HUGETLB,
  VM_LOCKED,
  VM_NORESERVE,
  VM_SEALED,
  VM_SHARED,
  VM_WRITE,
} from './vm-flags.ts';
import { firstOverlap, vmaAt } from './vmas.ts';

const GROWS = BigInt(PROT_GROWSDOWN | PROT_GROWSUP);
const KNOWN = BigInt(PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM);

/**
 * @call mprotect
 * Changes what may be done with the pages of a range.
 *
 * Mapping by mapping, upwards. The first that cannot be changed ends the call, and those before it stay changed. What a
 * mapping may be given was settled by mmap: a shared mapping of a descriptor that is not open for writing never becomes
 * writable. Mappings are cut at the ends of the range, and joined with neighbours that have become alike.
 *
 * PROT_WRITE and PROT_EXEC alone allow loads too, since the processor knows no other way; /proc/PID/maps shows what was
 * asked. Locked private memory that becomes writable is copied at once. PROT_GROWSDOWN widens the range down to the
 * start of a mapping that grows down.
 *
 * @errors
 * EINVAL: PROT_GROWSDOWN with PROT_GROWSUP; the address is not a multiple of the page size
 * ENOMEM: the range wraps (a length of 0 succeeds before that)
 * EINVAL: unknown bits in `prot`
 * ENOMEM: nothing is mapped at the start of the range
 * EINVAL: PROT_GROWSDOWN for a mapping that does not grow down; PROT_GROWSUP
 * ENOMEM: for each mapping in turn: there is a gap before it
 * EACCES: a right that the mapping may not have
 * EPERM: the mapping is sealed
 * EINVAL: an end of the range lies inside a huge page
 * ENOMEM: it would exceed RLIMIT_DATA by becoming writable, or a cut would make too many mappings
 *
 * @flags PROT_
 */
export function mprotect({ state, process }: Caller, address: bigint, length: bigint, prot: bigint): Answer {
  const grows = prot & GROWS;
  if (grows === GROWS || !isAligned(address)) return failure(EINVAL);
  if (length === 0n) return SUCCESS;
  const end = wrap(address + pageAlign(length));
  if (end <= address) return failure(ENOMEM);
  if ((prot & ~GROWS & ~KNOWN) !== 0n) return failure(EINVAL);
  const first = firstOverlap(process, address, end);
  if (!first) return failure(ENOMEM);
  if (grows === BigInt(PROT_GROWSDOWN)) {
    if ((first.flags & VM_GROWSDOWN) === 0) return failure(EINVAL);
    return outcome(protect(state, process, first.start, end, Number(prot & KNOWN)));
  }
  if (first.start > address) return failure(ENOMEM);
  if (grows !== 0n) return failure(EINVAL);
  return outcome(protect(state, process, address, end, Number(prot & KNOWN)));
}

function protect(state: State, process: Process, start: bigint, end: bigint, prot: number): Errno {
  for (let at = start; at < end; ) {
    const vma = vmaAt(process, at);
    if (!vma) return ENOMEM;
    const changed = protectMapping(state, process, vma, at, min(end, vma.end), prot);
    if (typeof changed === 'number') return changed;
    at = changed.end;
  }
  return 0;
}

/** The mapping that [start, end) is in then, or why it stays as it is. */
function protectMapping(
  state: State,
  process: Process,
  vma: Vma,
  start: bigint,
  end: bigint,
  prot: number,
): Vma | Errno {
  const before = vma.flags;
  const wanted = (before & ~VM_ACCESS_FLAGS) | accessFlags(prot);
  if (!mayHaveRights(wanted) || deniesExec(process, before, wanted)) return EACCES;
  if (before & VM_SEALED) return EPERM;
  if (wanted === before) return vma;
  const pages = pageOf(end - start);
  if (wanted & VM_WRITE && !mayBecomeWritable(state, process, before, wanted, pages)) return ENOMEM;
  const changed = changeFlags(state, process, vma, start, end, accounted(vma, wanted));
  if (typeof changed === 'number') return changed;
  // What is locked and becomes writable is copied at once, lest a store must wait.
  const locked = (before & (VM_WRITE | VM_SHARED | VM_LOCKED)) === VM_LOCKED;
  if (locked && wanted & VM_WRITE) populateMapping(state, process, changed, start, end);
  return changed;
}

function mayBecomeWritable(state: State, process: Process, before: number, wanted: number, pages: bigint): boolean {
  if (!mayExpand(process, wanted, pages) && mayExpand(process, before, pages)) return false;
  return !becomesAccounted(before, wanted) || commit(state, process, pages) === 0;
}

function becomesAccounted(before: number, wanted: number): boolean {
  return (wanted & VM_WRITE) !== 0 && (before & (VM_ACCOUNT | VM_WRITE | VM_SHARED | VM_NORESERVE | VM_HUGETLB)) === 0;
}

/**
 * A private mapping counts from when it becomes writable; no longer when it stops being so before anything was
 * stored.
 */
function accounted(vma: Vma, wanted: number): number {
  if (becomesAccounted(vma.flags, wanted)) return wanted | VM_ACCOUNT;
  const untouched = vma.file === undefined && vma.anonVma === undefined;
  return (wanted & VM_WRITE) === 0 && untouched ? wanted & ~VM_ACCOUNT : wanted;
}
