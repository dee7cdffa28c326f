/**
 * Where a mapping goes that says no address, or says one only as a hint.
 *
 * Without MAP_FIXED the kernel takes the hint if nothing is there, else the highest gap below
 * mmapBase that is large enough, else the lowest in the upper two thirds. A mapping that grows down keeps a gap of 256 pages below it free
 * from all but MAP_FIXED. Memory that could hold a huge page (2 MiB) is aligned to one, and memory of such pages must be.
 *
 * Source: mmap(2); Linux mm/mmap.c __get_unmapped_area, mm/vma.c unmapped_area_topdown,
 * mm/huge_memory.c __thp_get_unmapped_area, arch/x86/kernel/sys_x86_64.c.
 */

import { EINVAL, ENOMEM, EPERM } from '../errno.ts';
import { MAP_32BIT, MAP_FIXED } from '../flags.ts';
import {
  type AddressOrErrno,
  addressOf,
  failed,
  isAligned,
  max,
  min,
  PAGE_SIZE,
  pageAlign,
  pageFloor,
  WORD_BITS,
} from './arithmetic.ts';
import type { FileObject, Layout, Process, State, Vma } from './state.ts';
import { findVma, startWithGap } from './vmas.ts';

/** MAP_32BIT: the second and third GiB of the first four. */
const LOW_START = 0x4000_0000n;
const LOW_END = 0x8000_0000n;

/** MAP_FIXED takes -1 to -4095 for addresses, but the kernel then mistakes them for error numbers. */
const ERRORS = 4095n;

export interface PlaceRequest {
  /** What is mapped, /dev/zero too; undefined for other anonymous memory, shared or not. */
  readonly object: FileObject | undefined;
  /** Shared anonymous memory is never aligned to huge pages. */
  readonly shared: boolean;
  readonly address: bigint;
  /** In whole pages. */
  readonly length: bigint;
  readonly pgoff: bigint;
  /** MAP_ flags. */
  readonly flags: number;
}

/** The address for a mapping: ENOMEM no room, EINVAL unaligned, EPERM too low. */
export function findPlace(state: State, process: Process, request: PlaceRequest): AddressOrErrno {
  const { taskSize, minAddress } = state.layout;
  const { length } = request;
  const pageBytes = request.object?.huge?.pageBytes ?? PAGE_SIZE;
  if (length > taskSize) return failed(ENOMEM);
  if (length % pageBytes !== 0n) return failed(EINVAL);
  const address = choose(state.layout, process, request);
  if (address < 0n) return address;
  if (pageBytes > PAGE_SIZE && address % pageBytes !== 0n) return failed(EINVAL);
  const addresses = 1n << BigInt(WORD_BITS);
  if (address >= addresses - ERRORS) return address - addresses;
  if (address > taskSize - length) return failed(ENOMEM);
  if (!isAligned(address)) return failed(EINVAL);
  return address < minAddress ? failed(EPERM) : address;
}

function choose(layout: Layout, process: Process, request: PlaceRequest): AddressOrErrno {
  if (request.object?.huge && !(request.flags & MAP_FIXED))
    return chooseForHuge(layout, process, request, request.object.huge.pageBytes);
  const alignment = hugeAlignment(layout, request);
  const aligned = alignment === undefined ? undefined : chooseAligned(layout, process, request, alignment);
  return aligned ?? chooseAnywhere(layout, process, request, request.length);
}

/** Memory of huge pages: the hint rounded up, or where such a page begins in the first gap that has room for that. */
function chooseForHuge(layout: Layout, process: Process, request: PlaceRequest, bytes: bigint): AddressOrErrno {
  const roundUp = (address: bigint): bigint => ((address + bytes - 1n) / bytes) * bytes;
  const low = (request.flags & MAP_32BIT) !== 0 && WORD_BITS === 64;
  const hint = roundUp(request.address);
  const end = low ? LOW_END : layout.taskSize;
  if (hint !== 0n && hint + request.length <= end && fits(process, hint, request.length)) return hint;
  const spare = bytes - PAGE_SIZE;
  const place = chooseAnywhere(layout, process, { ...request, address: 0n }, request.length + spare);
  if (place < 0n) return place;
  // From the top down the highest place in the gap, from the bottom up the lowest.
  return low ? roundUp(place) : ((place + spare) / bytes) * bytes;
}

/**
 * The offset that a place is aligned to modulo 2 MiB; undefined for no alignment. Private anonymous memory is
 * aligned when there is no hint and its length is whole huge pages; files of ext4, and private mappings
 * of /dev/zero, whenever a huge page of the file fits; files of tmpfs never.
 */
function hugeAlignment(
  { hugePage }: Layout,
  { object, shared, address, length, pgoff }: PlaceRequest,
): bigint | undefined {
  if (hugePage === 0n) return undefined;
  if (!object) return !shared && address === 0n && length % hugePage === 0n ? 0n : undefined;
  const isHuge = object.type === 'zero' ? !shared : object.fs === 'ext4' && object.type === 'regular';
  if (!isHuge) return undefined;
  const offset = addressOf(pgoff);
  const firstHugePage = ((offset + hugePage - 1n) / hugePage) * hugePage;
  return offset + length - firstHugePage < hugePage ? undefined : offset;
}

/** A place with 2 MiB to spare, moved up to where it is aligned; undefined if there is no such room. */
function chooseAligned(layout: Layout, process: Process, request: PlaceRequest, offset: bigint): bigint | undefined {
  const place = chooseAnywhere(layout, process, request, request.length + layout.hugePage);
  if (place < 0n) return undefined;
  if (place === request.address) return place;
  const shift = BigInt.asUintN(64, offset - place) % layout.hugePage;
  return shift === 0n ? place + layout.hugePage : place + shift;
}

function chooseAnywhere(layout: Layout, process: Process, request: PlaceRequest, length: bigint): AddressOrErrno {
  if (length > layout.taskSize) return failed(ENOMEM);
  if (request.flags & MAP_FIXED) return request.address;
  if (request.flags & MAP_32BIT && WORD_BITS === 64) return chooseLow(process, request, length);
  const hint = pageFloor(request.address);
  if (hint !== 0n && isFree(layout, process, hint, length)) return hint;
  const place = highestGap(layout, process, length);
  return place < 0n ? lowestGap(process, length, pageAlign(layout.taskSize / 3n), layout.taskSize) : place;
}

/** Whether a hint can be taken. What lies below it does not matter, even if that could grow. */
function isFree(layout: Layout, process: Process, address: bigint, length: bigint): boolean {
  if (address > layout.taskSize - length) return false;
  const above = findVma(process, address);
  return !above || address + length <= startWithGap(above);
}

/**
 * The highest place below mmapBase. The gap that a stack keeps counts only for the space right below it; once it was
 * in the way, nothing above its end is looked at again.
 */
function highestGap(layout: Layout, process: Process, length: bigint): AddressOrErrno {
  let limit = layout.mmapBase;
  let above: Vma | undefined;
  for (const vma of [...[...process.vmas].reverse(), undefined]) {
    const bottom = max(vma?.end ?? 0n, layout.minPlace);
    const top = above ? min(limit, above.start) : limit;
    if (above && top - bottom >= length) limit = min(limit, startWithGap(above));
    if (min(top, limit) - bottom >= length) return min(top, limit) - length;
    above = vma;
  }
  return failed(ENOMEM);
}

/** MAP_32BIT: the hint, or the lowest place in the second and third GiB. */
function chooseLow(process: Process, request: PlaceRequest, length: bigint): AddressOrErrno {
  if (length > LOW_END) return failed(ENOMEM);
  const hint = pageAlign(request.address);
  if (hint !== 0n && hint <= LOW_END - length && fits(process, hint, length)) return hint;
  return lowestGap(process, length, LOW_START, LOW_END);
}

function fits(process: Process, address: bigint, length: bigint): boolean {
  const above = findVma(process, address);
  return !above || address + length <= startWithGap(above);
}

function lowestGap(process: Process, length: bigint, start: bigint, end: bigint): AddressOrErrno {
  let candidate = start;
  for (const vma of process.vmas) {
    if (vma.end <= candidate) continue;
    if (startWithGap(vma) >= candidate + length) break;
    candidate = vma.end;
  }
  return candidate + length <= end ? candidate : failed(ENOMEM);
}
