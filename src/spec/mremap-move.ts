/**
 * The move of a mapping by mremap: where to, what the new mapping is, and what becomes of the old.
 *
 * The new mapping shows the same pages of the file. Private anonymous memory that nothing was stored in
 * starts afresh at its new place (so that it joins what it finds there); once it has a family it stays numbered by
 * where it was made. The process's own pages, guards too, go along.
 *
 * Source: Linux mm/mremap.c move_vma, mm/vma.c copy_vma.
 */

import { ENOMEM } from '../errno.ts';
import { MAP_FIXED, MAP_SHARED, MREMAP_DONTUNMAP, MREMAP_FIXED } from '../flags.ts';
import { type AddressOrErrno, failed, pageOf } from './arithmetic.ts';
import { objectOf } from './faults.ts';
import { keptIn } from './huge-pool.ts';
import { commit } from './limits.ts';
import { addRange } from './merge.ts';
import { unmap } from './munmap.ts';
import { findPlace } from './placement.ts';
import type { FileObject, OwnPage, Process, State, Vma } from './state.ts';
import { VM_ACCOUNT, VM_LOCKED, VM_LOCKED_MASK, VM_MAYSHARE } from './vm-flags.ts';
import { hugePagesIn, ownPagesIn, pgoffAt, vmaAt } from './vmas.ts';

/** Arguments of mremap, lengths in whole pages. */
export interface Remap {
  readonly address: bigint;
  readonly oldLength: bigint;
  readonly newLength: bigint;
  /** MREMAP_ flags. */
  readonly flags: number;
  readonly newAddress: bigint;
  /** Bytes of the huge pages that the mapping is of. */
  readonly granule?: bigint;
}

/** The new address: as said, as hinted at, or anywhere (a new address of 0). */
export function chooseNewAddress(state: State, process: Process, vma: Vma, remap: Remap): AddressOrErrno {
  return findPlace(state, process, {
    object: lentOrMapped(state, vma),
    shared: (vma.flags & VM_MAYSHARE) !== 0,
    address: remap.newAddress,
    length: remap.newLength,
    pgoff: vma.file === undefined && vma.zero === undefined ? 0n : pgoffAt(vma, remap.address),
    flags: (remap.flags & MREMAP_FIXED ? MAP_FIXED : 0) | (vma.flags & VM_MAYSHARE ? MAP_SHARED : 0),
  });
}

/** What the kernel asks for a place: the object, or /dev/zero for memory that bears its name. */
function lentOrMapped(state: State, vma: Vma): FileObject | undefined {
  return objectOf(state, vma.zero === undefined ? vma : { ...vma, file: vma.zero });
}

/** Moves [address, address + oldLength) of a mapping to free space at `target`, where it gets newLength. */
export function moveMapping(state: State, process: Process, vma: Vma, remap: Remap, target: bigint): AddressOrErrno {
  const { address, oldLength, newLength } = remap;
  const stays = (remap.flags & MREMAP_DONTUNMAP) !== 0;
  if (process.vmas.length >= state.layout.maxMapCount - 3) return failed(ENOMEM);
  const charge = pageOf(stays ? newLength : newLength - oldLength);
  if (vma.flags & VM_ACCOUNT && commit(state, process, charge) !== 0) return failed(ENOMEM);
  const locked = (vma.flags & VM_LOCKED) !== 0;
  const whole = vma.start === address && vma.end === address + oldLength;
  const copy = copyOf(vma, address, target, newLength);
  partFromKept(state, process, vma, address, address + oldLength);
  addRange(process, copy);
  movePages(process, address, target, oldLength);
  if (locked) process.lockedPages += pageOf(newLength);
  if (stays) leaveEmpty(process, address, whole);
  else unmap(state, process, address, oldLength);
  return target;
}

/** What a mapping is from `address` on, at its new place. */
function copyOf(vma: Vma, address: bigint, target: bigint, length: bigint): Vma {
  const fresh = vma.file === undefined && vma.anonVma === undefined;
  return { ...vma, start: target, end: target + length, pgoff: fresh ? pageOf(target) : pgoffAt(vma, address) };
}

/** What was kept for it goes with what moves. What was kept for the rest is lost: nobody gets it any more. */
function partFromKept(state: State, process: Process, vma: Vma, start: bigint, end: bigint): void {
  state.lostHugePages += keptIn(state, process, vma, vma.start, start) + keptIn(state, process, vma, end, vma.end);
  vma.keeps = false;
}

function movePages(process: Process, from: bigint, to: bigint, length: bigint): void {
  const distance = pageOf(to) - pageOf(from);
  for (const page of ownPagesIn(process, from, from + length)) {
    process.pages.set(page + distance, process.pages.get(page) as OwnPage);
    process.pages.delete(page);
  }
  for (const first of hugePagesIn(process, from, from + length)) {
    process.huge.set(first + distance, process.huge.get(first) as number | 'file');
    process.huge.delete(first);
  }
}

/**
 * MREMAP_DONTUNMAP: all of the old mapping is locked no longer, though RLIMIT_MEMLOCK goes on counting it; if all of
 * it was moved, nothing was ever stored in it.
 */
function leaveEmpty(process: Process, address: bigint, whole: boolean): void {
  const old = vmaAt(process, address);
  if (!old) return;
  old.flags &= ~VM_LOCKED_MASK;
  if (!whole) return;
  old.anonVma = undefined;
  old.inherited = false;
}
