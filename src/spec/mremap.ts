/**
 * mremap(2): grows, shrinks or moves a mapping.
 *
 *     new_len < old_len     the rest is unmapped; old_len may cross mappings and holes
 *     new_len = old_len     nothing, even where nothing is mapped
 *     new_len > old_len     grows in place if the range ends its mapping and what follows is free, else moves, if
 *                           MREMAP_MAYMOVE allows it
 *     MREMAP_FIXED          moves to new_address, where what is mapped is unmapped first. With equal lengths all
 *                           mappings in the range move, one by one, with the holes between them
 *     MREMAP_DONTUNMAP      moves the pages and leaves the mapping, empty, where it was
 *     old_len = 0           a second mapping of the same pages, for shared mappings only
 *
 * Source: mremap(2); Linux mm/mremap.c.
 */

import { EAGAIN, EFAULT, EINVAL, ENOMEM, EPERM } from '../errno.ts';
import { MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE } from '../flags.ts';
import { type Answer, addressAnswer } from './answer.ts';
import {
  type AddressOrErrno,
  type Errno,
  failed,
  isAligned,
  max,
  min,
  pageAlign,
  pageOf,
  WORD_BITS,
  wrap,
} from './arithmetic.ts';
import { commit, mayExpand, mayLockMore } from './limits.ts';
import { mergeNewRange } from './merge.ts';
import { chooseNewAddress, moveMapping, type Remap } from './mremap-move.ts';
import { unmap } from './munmap.ts';
import { populate } from './populate.ts';
import type { Caller, Process, State, Vma } from './state.ts';
import { VM_ACCOUNT, VM_ATTACHED, VM_HUGETLB, VM_LOCKED, VM_MAYSHARE, VM_SEALED } from './vm-flags.ts';
import { findVma, firstOverlap, granuleOf, pgoffAt, vmaAt } from './vmas.ts';

const KNOWN = BigInt(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP);

/**
 * @call mremap
 * Makes a mapping longer or shorter, or moves it, and answers where it is then.
 *
 * | lengths and flags | what happens |
 * |---|---|
 * | `newlen` < `oldlen` | the rest is unmapped; the old range may cross mappings and holes |
 * | `newlen` = `oldlen`, no flags | nothing, even where nothing is mapped behind the start |
 * | `newlen` > `oldlen` | grows in place if the range ends its mapping and what follows is free; else moves, if MREMAP_MAYMOVE allows it |
 * | MREMAP_FIXED | moves to `newaddr`, where whatever is mapped is unmapped first. With equal lengths every mapping of the range moves, the holes between them too |
 * | MREMAP_DONTUNMAP | moves the pages and leaves the mapping, empty, where it was |
 * | `oldlen` = 0 | a second mapping of the same pages; of shared mappings only |
 *
 * Pages are moved, not copied: page-table entries change their place, and contents, locks and private copies come
 * along. Growing shared anonymous memory does not make its object larger: what is behind its end raises SIGBUS. A call
 * that fails half-way may have unmapped the destination already, or have moved some of several mappings.
 *
 * @errors
 * EINVAL: unknown flags
 * EINVAL: the old address is not a multiple of the page size; `newlen` is 0 or larger than user space
 * EINVAL: with MREMAP_FIXED or MREMAP_DONTUNMAP: `newaddr` is not a multiple of the page size or leaves user space;
 *   MREMAP_MAYMOVE is missing; MREMAP_DONTUNMAP with differing lengths; the old and the new range overlap
 * ENOMEM: with these flags: less than 5 mappings are left up to vm.max_map_count
 * EFAULT: nothing is mapped at the old address
 * EPERM: the mapping is sealed, or one at the destination
 * EINVAL: memory of huge pages: an address inside one, or it would grow; MREMAP_DONTUNMAP
 * EINVAL: `oldlen` is 0 and the mapping is private
 * EFAULT: growing or moving: the old range reaches beyond its mapping
 * EINVAL: growing: the offset in the file would wrap
 * EAGAIN: growing: locked memory beyond RLIMIT_MEMLOCK
 * ENOMEM: growing: RLIMIT_AS or RLIMIT_DATA; no room where it is and no MREMAP_MAYMOVE; no room anywhere
 *
 * @flags MREMAP_
 */
export function mremap(
  { state, process }: Caller,
  address: bigint,
  oldLength: bigint,
  newLength: bigint,
  flags: bigint,
  newAddress: bigint,
): Answer {
  if ((flags & ~KNOWN) !== 0n) return addressAnswer(failed(EINVAL));
  const remap: Remap = {
    address,
    oldLength: pageAlign(oldLength),
    newLength: pageAlign(newLength),
    flags: Number(flags),
    newAddress,
  };
  const errno = checkArguments(state, process, remap);
  return addressAnswer(errno === 0 ? execute(state, process, remap) : failed(errno));
}

/** The caller says where the mapping is to go (MREMAP_DONTUNMAP alone: may say, as a hint). */
function saysWhere({ flags }: Remap): boolean {
  return (flags & (MREMAP_FIXED | MREMAP_DONTUNMAP)) !== 0;
}

function checkArguments(state: State, process: Process, remap: Remap): Errno {
  const { address, oldLength, newLength, flags, newAddress } = remap;
  const { taskSize, maxMapCount } = state.layout;
  if (!isAligned(address) || newLength === 0n || newLength > taskSize) return EINVAL;
  if (!saysWhere(remap)) return 0;
  if (newAddress > taskSize - newLength || !isAligned(newAddress)) return EINVAL;
  if ((flags & MREMAP_MAYMOVE) === 0) return EINVAL;
  if (flags & MREMAP_DONTUNMAP && oldLength !== newLength) return EINVAL;
  if (wrap(address + oldLength) > newAddress && newAddress + newLength > address) return EINVAL;
  return process.vmas.length + 2 >= maxMapCount - 3 ? ENOMEM : 0;
}

function execute(state: State, process: Process, remap: Remap): AddressOrErrno {
  const { address, oldLength, newLength } = remap;
  if (remap.flags & MREMAP_FIXED && oldLength === newLength) return moveAll(state, process, remap);
  const vma = vmaAt(process, address);
  const whole = inHugePages(state, vma, remap);
  const errno = checkMapping(process, vma, whole);
  if (!vma || errno !== 0) return failed(errno);
  const growsLocked = newLength > oldLength && (vma.flags & VM_LOCKED) !== 0;
  const result = saysWhere(remap) ? moveTo(state, process, whole) : resize(state, process, vma, whole);
  if (result >= 0n && growsLocked) populate(state, process, result + oldLength, result + newLength);
  return result;
}

/** Lengths of memory of huge pages are rounded up to whole ones. */
function inHugePages(state: State, vma: Vma | undefined, remap: Remap): Remap {
  if (!vma || !(vma.flags & VM_HUGETLB)) return remap;
  const granule = granuleOf(state, vma);
  const roundUp = (length: bigint): bigint => ((length + granule - 1n) / granule) * granule;
  return { ...remap, oldLength: roundUp(remap.oldLength), newLength: roundUp(remap.newLength), granule };
}

/** Memory of huge pages goes to such addresses only, and does not grow. */
function fitsHugePages({ address, newAddress, oldLength, newLength, granule = 1n }: Remap): boolean {
  return address % granule === 0n && newAddress % granule === 0n && newLength <= oldLength;
}

/** Whether the mapping at the old address allows what is wanted. */
function checkMapping(process: Process, vma: Vma | undefined, remap: Remap): Errno {
  const { address, oldLength, newLength } = remap;
  if (!vma) return EFAULT;
  if (vma.flags & VM_SEALED) return EPERM;
  if (vma.flags & VM_HUGETLB && !fitsHugePages(remap)) return EINVAL;
  if (newLength <= oldLength && !saysWhere(remap)) return 0;
  if (oldLength === 0n && (vma.flags & VM_MAYSHARE) === 0) return EINVAL;
  if (vma.flags & VM_HUGETLB && remap.flags & MREMAP_DONTUNMAP) return EINVAL;
  const kept = min(oldLength, newLength);
  if (kept > vma.end - address) return EFAULT;
  return newLength > oldLength ? checkGrowth(process, vma, remap) : 0;
}

function checkGrowth(process: Process, vma: Vma, { address, oldLength, newLength }: Remap): Errno {
  const pages = pageOf(newLength - oldLength);
  if (pgoffAt(vma, address) + pageOf(newLength) >= 1n << BigInt(WORD_BITS)) return EINVAL;
  if (!mayLockMore(process, vma.flags, pages)) return EAGAIN;
  return mayExpand(process, vma.flags, pages) ? 0 : ENOMEM;
}

/**
 * Equal lengths and MREMAP_FIXED: every mapping of the range, each to the same distance. No hole may come first; a
 * System V segment without huge pages, or a mapping of /dev/zero, moves alone.
 */
function moveAll(state: State, process: Process, remap: Remap): AddressOrErrno {
  const { address: start, newAddress } = remap;
  const end = start + remap.oldLength;
  let moved = false;
  for (let at = start; at < end; ) {
    const vma = firstOverlap(process, at, end);
    if (!vma) break;
    if (!moved && vma.start > start) return failed(EFAULT);
    if (movesAlone(vma) && (moved || vma.end < end)) return failed(EFAULT);
    const address = max(vma.start, at);
    const length = min(vma.end, end) - address;
    at = address + length;
    const piece = { ...remap, address, oldLength: length, newLength: length, newAddress: newAddress + address - start };
    const part = inHugePages(state, vma, piece);
    const errno = checkMapping(process, vma, part);
    const result = errno === 0 ? moveTo(state, process, part) : failed(errno);
    if (result < 0n) return result;
    moved = true;
  }
  return moved ? newAddress : failed(EFAULT);
}

function movesAlone({ flags, zero }: Vma): boolean {
  return (flags & VM_HUGETLB) === 0 && ((flags & VM_ATTACHED) !== 0 || zero !== undefined);
}

/** In place if it can be. */
function resize(state: State, process: Process, vma: Vma, remap: Remap): AddressOrErrno {
  const { address, oldLength, newLength, flags } = remap;
  if (newLength === oldLength) return address;
  if (newLength < oldLength) {
    const errno = unmap(state, process, address + newLength, oldLength - newLength);
    return errno === 0 ? address : failed(errno);
  }
  if (vma.end - address === oldLength && canGrow(state, process, vma, newLength - oldLength)) {
    return growInPlace(state, process, vma, newLength - oldLength) === 0 ? address : failed(ENOMEM);
  }
  if ((flags & MREMAP_MAYMOVE) === 0) return failed(ENOMEM);
  const target = chooseNewAddress(state, process, vma, { ...remap, newAddress: 0n });
  return target < 0n ? target : moveMapping(state, process, vma, remap, target);
}

function canGrow(state: State, process: Process, vma: Vma, size: bigint): boolean {
  const next = findVma(process, vma.end);
  return vma.end + size <= state.layout.taskSize && (!next || next.start >= vma.end + size);
}

/** The new range joins its mapping, and the next one too if that is alike. */
function growInPlace(state: State, process: Process, vma: Vma, size: bigint): Errno {
  if (vma.flags & VM_ACCOUNT && commit(state, process, pageOf(size)) !== 0) return ENOMEM;
  if (vma.flags & VM_LOCKED) process.lockedPages += pageOf(size);
  const { end } = vma;
  mergeNewRange(process, { ...vma, start: end, end: end + size, pgoff: pgoffAt(vma, end), inherited: false }, 'both');
  return 0;
}

/** MREMAP_FIXED and MREMAP_DONTUNMAP. What it unmaps on the way stays unmapped if it then fails. */
function moveTo(state: State, process: Process, remap: Remap): AddressOrErrno {
  const { address, oldLength, newLength, newAddress, flags } = remap;
  if (flags & MREMAP_FIXED) {
    const errno = unmap(state, process, newAddress, newLength);
    if (errno !== 0) return failed(errno);
    if (!vmaAt(process, address)) return failed(EFAULT);
  }
  if (newLength < oldLength) {
    const errno = unmap(state, process, address + newLength, oldLength - newLength);
    if (errno !== 0) return failed(errno);
  }
  const vma = vmaAt(process, address);
  if (!vma) return failed(EFAULT);
  const kept = { ...remap, oldLength: min(oldLength, newLength) };
  if (flags & MREMAP_DONTUNMAP && !mayExpand(process, vma.flags, pageOf(oldLength))) return failed(ENOMEM);
  const target = chooseNewAddress(state, process, vma, kept);
  return target < 0n ? target : moveMapping(state, process, vma, kept, target);
}
