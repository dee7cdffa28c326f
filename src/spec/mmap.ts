/**
 * mmap(2): maps a file or new memory into the address space.
 *
 * Here is what becomes of the arguments, checked in the kernel's order (what is mapped: mmap-checks.ts); the mapping itself is
 * map-range.ts, where it goes placement.ts.
 *
 * Source: mmap(2); Linux arch/x86/kernel/sys_x86_64.c, mm/mmap.c do_mmap, mm/vma.c __mmap_region.
 */

import { EACCES, EAGAIN, EBADF, EEXIST, EINVAL, ENOMEM, EOVERFLOW, EPERM } from '../errno.ts';
import {
  F_SEAL_SEAL,
  MAP_ANONYMOUS,
  MAP_DROPPABLE,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_GROWSDOWN,
  MAP_HUGETLB,
  MAP_LOCKED,
  MAP_NONBLOCK,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_STACK,
  MAP_SYNC,
  MAP_TYPE,
} from '../flags.ts';
import { type Answer, addressAnswer, failure } from './answer.ts';
import {
  type AddressOrErrno,
  type Errno,
  failed,
  isAligned,
  low32,
  pageAlign,
  pageFloor,
  pageOf,
  wrap,
} from './arithmetic.ts';
import { type Opened, opened } from './descriptors.ts';
import { newHugeFile } from './huge-files.ts';
import { hugePageBytes } from './huge-pool.ts';
import { mayLock, mayLockMore } from './limits.ts';
import { mapRange } from './map-range.ts';
import { isWriteSealed } from './memfd.ts';
import { checkAnonymous, checkSource, type Request } from './mmap-checks.ts';
import { isOnNoexec } from './mounts.ts';
import { findPlace } from './placement.ts';
import { populate } from './populate.ts';
import { deniesExec, mergeableMark } from './prctl.ts';
import type { Caller, FileObject, OpenFile, Process, State } from './state.ts';
import { noteAccess } from './times.ts';
import {
  accessFlags,
  VM_ATTACHED,
  VM_DONTDUMP,
  VM_DROPPABLE,
  VM_GROWSDOWN,
  VM_HUGETLB,
  VM_LOCKED,
  VM_MAY_FLAGS,
  VM_MAYEXEC,
  VM_MAYSHARE,
  VM_MAYWRITE,
  VM_NOHUGEPAGE,
  VM_NORESERVE,
  VM_SHARED,
  VM_SYNC,
  VM_WIPEONFORK,
} from './vm-flags.ts';
import { firstOverlap, vmaAt } from './vmas.ts';

/**
 * @call mmap
 * Maps a file, or new memory, into the address space, and answers where.
 *
 * The length is rounded up to whole pages. The pages show the file from `off` on, or with MAP_ANONYMOUS zeros; nothing
 * is read yet, a page comes when it is touched. Pages wholly behind the end of the file raise SIGBUS when touched; what
 * stands behind the end in the last page reads as zeros at first.
 *
 * - **MAP_SHARED**: a store is a store to the file (or to the nameless object behind shared anonymous memory), seen at
 *   once by all who map or read it. Through a descriptor that is not open for writing the mapping can never become
 *   writable.
 * - **MAP_PRIVATE**: the first store to a page makes a copy that this process alone sees; until then the page shows the
 *   file, later writes to it too.
 * - **MAP_FIXED**: the mapping goes exactly to `addr`, and whatever is mapped there is unmapped first.
 *   MAP_FIXED_NOREPLACE refuses instead. Without either, `addr` is a hint: it is rounded down to a page, never below 64
 *   KiB, and taken if the whole range is free; else the highest gap below the base of mappings is. MAP_32BIT looks in
 *   the second and third GiB.
 * - **Zeros**: /dev/zero mapped private is anonymous memory that keeps name and offset; each shared mapping is a nameless
 *   object of its own, as long as the mapping, which begins at `off` of it.
 * - **Alignment**: private anonymous memory of a multiple of 2 MiB without a hint, and files of ext4 that a huge page
 *   fits into, are placed so that huge pages could be used.
 * - **MAP_POPULATE** and **MAP_LOCKED** make the pages present; what cannot be had is left out, and the call succeeds
 *   all the same.
 *
 * - **MAP_HUGETLB**, or a memory file of MFD_HUGETLB: memory of huge pages, of 2 MiB unless MAP_HUGE_ says another size. They
 *   come from the pool (vm.nr_hugepages) whole, when they are touched, and are kept for the mapping until then. Lengths are
 *   rounded up to whole ones, and what cuts one in two is refused. A mapping of a file that may be written makes the file as
 *   long as itself.
 *
 * The new mapping becomes one with a neighbour if flags, file, offsets and families of anonymous pages agree. A closed
 * descriptor and an unlinked name take nothing from it.
 *
 * @errors
 * EINVAL: `off` is not a multiple of the page size; 32 bits: its page number does not fit into a register
 * EBADF: without MAP_ANONYMOUS: `fd` is no descriptor, or one of O_PATH
 * EINVAL: MAP_HUGETLB for a file that is not of huge pages, or with a size of pages that there is not
 * EINVAL: the length is 0
 * ENOMEM: the length wraps to 0 when it is rounded up
 * EOVERFLOW: 32 bits: the page number of `off` + `len` does not fit into a register
 * ENOMEM: there are more mappings than vm.max_map_count
 * ENOMEM: the range does not fit into user space, or there is no gap
 * EINVAL: MAP_FIXED with an address that is not a multiple of the page size (huge pages: of theirs)
 * EPERM: MAP_FIXED below vm.mmap_min_addr
 * EEXIST: MAP_FIXED_NOREPLACE and something is mapped in the range
 * EPERM: MAP_LOCKED while RLIMIT_MEMLOCK is 0
 * EAGAIN: locked memory beyond RLIMIT_MEMLOCK
 * EOVERFLOW: `off` + `len` is beyond 2^63 - 1 (a directory, a pipe or a device: 2^64 - 1); 32 bits: beyond 2^32 - 1 pages
 * EINVAL: neither MAP_SHARED nor MAP_PRIVATE nor another type
 * EOPNOTSUPP: MAP_SHARED_VALIDATE with a flag that it does not know
 * EACCES: shared and PROT_WRITE, but the descriptor is not open for writing
 * EACCES: the descriptor is not open for reading
 * EPERM: PROT_EXEC, but nothing may be executed from there (a pipe, a socket, /proc, a noexec mount)
 * ENODEV: the descriptor is that of a directory, a pipe, or a device other than /dev/zero
 * EINVAL: MAP_GROWSDOWN for a file or for shared memory
 * EPERM: shared and PROT_WRITE, but the memory file is sealed against writing
 * EACCES: PROT_WRITE and PROT_EXEC together after PR_SET_MDWE
 * ENOMEM: a mapping in the way would have to be cut in two, and there are too many
 * EPERM: a mapping in the way is sealed
 * ENOMEM: RLIMIT_AS, RLIMIT_DATA, or more than memory and swap; mappings in the way may have been cut in pieces by then
 * EINVAL: huge pages: the offset lies inside one, after the range was emptied
 * ENOMEM: huge pages: the pool has not enough, after the range was emptied (MAP_NORESERVE: when they are touched, SIGBUS)
 * ENODEV: a socket, after the range was emptied
 * EIO: a file of /proc, after the range was emptied
 * EOPNOTSUPP: MAP_SYNC on ext4, after the range was emptied
 *
 * @flags PROT_NONE PROT_READ PROT_WRITE PROT_EXEC PROT_SEM PROT_GROWSDOWN PROT_GROWSUP MAP_
 */
export function mmap(
  { state, process }: Caller,
  address: bigint,
  length: bigint,
  prot: bigint,
  flags: bigint,
  fd: bigint,
  offset: bigint,
): Answer {
  if (!isAligned(offset) || !fitsRegister(pageOf(offset))) return failure(EINVAL);
  const bits = low32(flags);
  const source = bits & MAP_ANONYMOUS ? undefined : opened(state, process, fd);
  if (!source && !(bits & MAP_ANONYMOUS)) return failure(EBADF);
  if (source && !source.object.huge && bits & MAP_HUGETLB) return failure(EINVAL);
  if (length === 0n) return failure(EINVAL);
  const request = { address, length: pageAlign(length), prot: low32(prot), flags, pgoff: pageOf(offset), source };
  const mapped = bits & MAP_HUGETLB || source ? mapHuge : map;
  return addressAnswer(mapped(state, process, request, length));
}

/** Of huge pages, anonymous memory is a nameless file, and lengths are rounded up to whole ones. */
function mapHuge(state: State, process: Process, request: Request, length: bigint): AddressOrErrno {
  const { source, flags } = request;
  const pageBytes = source ? source.object.huge?.pageBytes : hugePageBytes(state.layout, flags);
  if (pageBytes === undefined) return source ? map(state, process, request) : failed(EINVAL);
  const whole = wrap(((length + pageBytes - 1n) / pageBytes) * pageBytes);
  if (whole === 0n) return failed(EINVAL);
  const number = source?.number ?? newHugeFile(state, 'anon_hugepage', whole, F_SEAL_SEAL, pageBytes);
  return map(state, process, { ...request, length: whole, source: openedAs(state, number) });
}

function openedAs(state: State, number: number): Opened | undefined {
  const file = state.openFiles.get(number);
  const object = file && state.objects.get(file.object);
  return file && object && { number, file, object };
}

/** The page offset is an unsigned long. */
function fitsRegister(pages: bigint): boolean {
  return wrap(pages) === pages;
}

/** What a call other than mmap wants mapped: shared, of an open file. */
export interface SharedRange {
  /** In whole pages. */
  readonly at: bigint | 'anywhere';
  readonly length: bigint;
  readonly prot: number;
  readonly pgoff: bigint;
  readonly locked: boolean;
  readonly populate?: boolean;
}

/** Maps pages of an open file, with mmap's errors from ENOMEM (more mappings than there may be) on. */
export function mapObject(state: State, process: Process, number: number, range: SharedRange): AddressOrErrno {
  const file = state.openFiles.get(number);
  const object = file && state.objects.get(file.object);
  if (!file || !object) return failed(EBADF);
  const { at, length, prot, pgoff, locked, populate } = range;
  const fixed = at === 'anywhere' ? 0 : MAP_FIXED;
  const flags = BigInt(MAP_SHARED | fixed | (locked ? MAP_LOCKED : 0) | (populate ? MAP_POPULATE : 0));
  const address = at === 'anywhere' ? 0n : at;
  return map(state, process, { address, length, prot, flags, pgoff, source: { number, file, object } });
}

/** What execve maps: pages of a file, or zeros, exactly there. */
export interface PrivateRange {
  readonly start: bigint;
  readonly length: bigint;
  readonly prot: number;
  /** Number of the open file. */
  readonly file: number | undefined;
  readonly pgoff: bigint;
}

/** Maps private memory at a fixed address, with mmap's errors. */
export function mapPrivate(state: State, process: Process, range: PrivateRange): Errno {
  const { start, length, prot, file: number, pgoff } = range;
  const file = number === undefined ? undefined : state.openFiles.get(number);
  const object = file && state.objects.get(file.object);
  const source = number !== undefined && file && object ? { number, file, object } : undefined;
  const flags = BigInt(MAP_PRIVATE | MAP_FIXED | (source ? 0 : MAP_ANONYMOUS));
  const mapped = map(state, process, { address: start, length, prot, flags, pgoff, source });
  return mapped < 0n ? Number(-mapped) : 0;
}

function map(state: State, process: Process, request: Request): AddressOrErrno {
  const { length, pgoff, source } = request;
  const bits = low32(request.flags);
  if (length === 0n) return failed(ENOMEM);
  if (!fitsRegister(pgoff + pageOf(length))) return failed(EOVERFLOW);
  if (process.vmas.length > state.layout.maxMapCount) return failed(ENOMEM);
  const start = place(state, process, request);
  if (start < 0n) return start;
  const end = start + length;
  if (bits & MAP_FIXED_NOREPLACE && firstOverlap(process, start, end)) return failed(EEXIST);
  if (bits & MAP_LOCKED && !mayLock(process)) return failed(EPERM);
  const huge = source?.object.huge ? VM_HUGETLB : 0;
  const common = (commonFlags(request) & ~unhonoured(state, huge)) | process.futureFlags | huge;
  if (!mayLockMore(process, common, pageOf(length))) return failed(EAGAIN);
  const errno = source ? checkSource(state, request, source) : checkAnonymous(bits);
  if (errno !== 0) return failed(errno);
  const vmFlags = common | (source ? kindOfFileMapping(bits, source.file) : kindOfMemory(bits));
  if (deniesExec(process, vmFlags, vmFlags)) return failed(EACCES);
  const kept = (vmFlags | mergeableMark(process, vmFlags)) & ~withheld(state, bits, source);
  const range = { start, end, flags: kept, pgoff, file: source?.number };
  const mapped = mapRange(state, process, range);
  if (mapped !== 0) return failed(mapped);
  if (source && isToldOfMapping(process, source.object, start, end)) noteAccess(state, source);
  const populates = (bits & (MAP_POPULATE | MAP_NONBLOCK)) === MAP_POPULATE;
  if (populates || vmFlags & VM_LOCKED) populate(state, process, start, end);
  return start;
}

/** A file on tmpfs does not come to know of a range that joined another mapping of it. */
function isToldOfMapping(process: Process, object: FileObject, start: bigint, end: bigint): boolean {
  if (object.type !== 'regular') return false;
  const vma = vmaAt(process, start);
  return object.fs === 'ext4' || (vma?.start === start && vma.end === end);
}

/** A hint is rounded down, but not to where the kernel itself would not go. */
function place(state: State, process: Process, request: Request): AddressOrErrno {
  const { minPlace } = state.layout;
  const bits = low32(request.flags);
  const fixed = (bits & (MAP_FIXED | MAP_FIXED_NOREPLACE)) !== 0;
  const hint = pageFloor(request.address);
  const rounded = hint !== 0n && hint < minPlace ? minPlace : hint;
  return findPlace(state, process, {
    object: request.source?.object,
    shared: (bits & MAP_SHARED) !== 0,
    address: fixed ? request.address : rounded,
    length: request.length,
    pgoff: request.source ? request.pgoff : 0n,
    flags: fixed ? bits | MAP_FIXED : bits,
  });
}

/** What vm.overcommit_memory = 2 does not let a program ask for, but of huge pages. */
function unhonoured(state: State, huge: number): number {
  return state.layout.overcommit === 2 && huge === 0 ? VM_NORESERVE : 0;
}

/** What a mapping of any kind takes from prot and flags. */
function commonFlags({ prot, flags }: Request): number {
  const bits = low32(flags);
  return (
    accessFlags(prot) |
    VM_MAY_FLAGS |
    (bits & MAP_GROWSDOWN ? VM_GROWSDOWN : 0) |
    (bits & MAP_LOCKED ? VM_LOCKED : 0) |
    (bits & MAP_SYNC ? VM_SYNC : 0) |
    (bits & MAP_STACK ? VM_NOHUGEPAGE : 0) |
    (bits & MAP_NORESERVE ? VM_NORESERVE : 0)
  );
}

function kindOfFileMapping(bits: number, file: OpenFile): number {
  if ((bits & MAP_TYPE) === MAP_PRIVATE) return 0;
  const counted = file.segment === undefined ? 0 : VM_ATTACHED;
  return (file.writable ? VM_SHARED | VM_MAYSHARE : VM_MAYSHARE) | counted;
}

function kindOfMemory(bits: number): number {
  if ((bits & MAP_TYPE) === MAP_SHARED) return VM_SHARED | VM_MAYSHARE;
  const droppable = VM_DROPPABLE | VM_NORESERVE | VM_WIPEONFORK | VM_DONTDUMP;
  return (bits & MAP_TYPE) === MAP_DROPPABLE ? droppable : 0;
}

/**
 * A shared mapping of what cannot be written, by this descriptor or at all, can never be made writable; what lies on a noexec
 * mount, never executable.
 */
function withheld(state: State, bits: number, source: Opened | undefined): number {
  if (!source) return 0;
  const exec = isOnNoexec(state, source.file) ? VM_MAYEXEC : 0;
  const stays = (bits & MAP_TYPE) === MAP_PRIVATE || (source.file.writable && !isWriteSealed(source.object));
  return stays ? exec : exec | VM_MAYWRITE;
}
