/**
 * mmap(2): maps a file or new memory into the address space.
 *
 * The pages of the range show the file from `offset` on (MAP_ANONYMOUS: zeros). Stores to a MAP_SHARED mapping are
 * stores to the object, for all that map or read it; stores to a MAP_PRIVATE mapping make a copy of the page that
 * only this process sees. What MAP_FIXED covers is unmapped first. A new mapping joins neighbours that are alike.
 *
 * Source: mmap(2); Linux arch/x86/kernel/sys_x86_64.c, mm/mmap.c do_mmap, mm/vma.c __mmap_region.
 */

import { EACCES, EAGAIN, EBADF, EEXIST, EINVAL, ENODEV, ENOMEM, EOPNOTSUPP, EOVERFLOW, EPERM } from '../errno.ts';
import {
  MAP_32BIT,
  MAP_ANONYMOUS,
  MAP_DENYWRITE,
  MAP_DROPPABLE,
  MAP_EXECUTABLE,
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
  MAP_SHARED_VALIDATE,
  MAP_STACK,
  MAP_SYNC,
  MAP_TYPE,
  PROT_WRITE,
} from '../flags.ts';
import { type Answer, addressAnswer, failure, UNSPECIFIED } from './answer.ts';
import {
  type AddressOrErrno,
  type Errno,
  failed,
  isAligned,
  low32,
  pageAlign,
  pageFloor,
  pageOf,
} from './arithmetic.ts';
import { type Opened, opened } from './descriptors.ts';
import { mayLock, mayLockMore } from './limits.ts';
import { mapRange } from './map-range.ts';
import { isWriteSealed } from './memfd.ts';
import { findPlace } from './placement.ts';
import { populate } from './populate.ts';
import type { Caller, OpenFile, Process, State } from './state.ts';
import {
  accessFlags,
  VM_DONTDUMP,
  VM_DROPPABLE,
  VM_GROWSDOWN,
  VM_LOCKED,
  VM_MAY_FLAGS,
  VM_MAYSHARE,
  VM_MAYWRITE,
  VM_NOHUGEPAGE,
  VM_NORESERVE,
  VM_SHARED,
  VM_SYNC,
  VM_WIPEONFORK,
} from './vm-flags.ts';
import { firstOverlap } from './vmas.ts';

const MAP_ABOVE4G = 0x80;
/** MAP_HUGE_2MB and MAP_HUGE_1GB, which count for nothing without MAP_HUGETLB. */
const HUGE_SIZES = (21 << 26) | (30 << 26);

/** What MAP_SHARED_VALIDATE knows. MAP_SHARED ignores all else. */
const VALIDATED =
  MAP_SHARED_VALIDATE |
  (MAP_FIXED | MAP_ANONYMOUS | MAP_DENYWRITE | MAP_EXECUTABLE | MAP_GROWSDOWN | MAP_LOCKED | MAP_NORESERVE) |
  (MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB | MAP_32BIT | MAP_ABOVE4G | HUGE_SIZES);

/** Behind the last byte of a file, and of what is no file. */
const FILE_END = (1n << 63n) - 1n;
const OTHER_END = (1n << 64n) - 1n;

interface Request {
  readonly address: bigint;
  /** In whole pages. */
  readonly length: bigint;
  readonly prot: number;
  readonly flags: bigint;
  readonly pgoff: bigint;
  /** What is mapped; undefined for anonymous memory. */
  readonly source: Opened | undefined;
}

/**
 * Which error wins, in this order:
 *   EINVAL      offset not a multiple of the page size
 *   EBADF       no such descriptor, or one of O_PATH (unless MAP_ANONYMOUS)
 *   EINVAL      MAP_HUGETLB for a file; length 0
 *   ENOMEM      length wraps when rounded up; more mappings than there may be
 *   ENOMEM, EINVAL, EPERM   no room; MAP_FIXED address not aligned; below mmap_min_addr
 *   EEXIST      MAP_FIXED_NOREPLACE and something is there
 *   EPERM, EAGAIN           MAP_LOCKED with a limit of 0; beyond RLIMIT_MEMLOCK
 *   EOVERFLOW   file: offset + length beyond 2^63 - 1
 *   EINVAL      no kind of mapping, or several
 *   EOPNOTSUPP  MAP_SHARED_VALIDATE with a flag that it does not know
 *   EACCES      shared and writable, but the descriptor is not; descriptor not readable
 *   ENODEV      neither a file nor memory
 *   EINVAL      MAP_GROWSDOWN for anything but private memory
 *   EPERM       shared and writable, but F_SEAL_WRITE; what MAP_FIXED covers is sealed
 *   ENOMEM      RLIMIT_AS, RLIMIT_DATA, memory: what MAP_FIXED covers may be left cut in pieces
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
  if (!isAligned(offset)) return failure(EINVAL);
  const bits = low32(flags);
  const source = bits & MAP_ANONYMOUS ? undefined : opened(state, process, fd);
  if (!source && !(bits & MAP_ANONYMOUS)) return failure(EBADF);
  if (bits & MAP_HUGETLB) return source ? failure(EINVAL) : UNSPECIFIED;
  if (length === 0n) return failure(EINVAL);
  const request = { address, length: pageAlign(length), prot: low32(prot), flags, pgoff: pageOf(offset), source };
  return addressAnswer(map(state, process, request));
}

function map(state: State, process: Process, request: Request): AddressOrErrno {
  const { length, pgoff, source } = request;
  const bits = low32(request.flags);
  if (length === 0n || process.vmas.length > state.layout.maxMapCount) return failed(ENOMEM);
  const start = place(state, process, request);
  if (start < 0n) return start;
  const end = start + length;
  if (bits & MAP_FIXED_NOREPLACE && firstOverlap(process, start, end)) return failed(EEXIST);
  if (bits & MAP_LOCKED && !mayLock(process)) return failed(EPERM);
  const common = commonFlags(request) | process.futureFlags;
  if (!mayLockMore(process, common, pageOf(length))) return failed(EAGAIN);
  const errno = source ? checkSource(request, source) : checkAnonymous(bits);
  if (errno !== 0) return failed(errno);
  const vmFlags = common | (source ? kindOfFileMapping(bits, source.file) : kindOfMemory(bits));
  const range = { start, end, flags: vmFlags & ~withheld(bits, source), pgoff, file: source?.number };
  const mapped = mapRange(state, process, range);
  if (mapped !== 0) return failed(mapped);
  const populates = (bits & (MAP_POPULATE | MAP_NONBLOCK)) === MAP_POPULATE;
  if (populates || vmFlags & VM_LOCKED) populate(state, process, start, end);
  return start;
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

function checkSource({ length, pgoff, prot, flags }: Request, { file, object }: Opened): Errno {
  const objectEnd = object.type === 'regular' ? FILE_END : OTHER_END;
  if (pgoff > pageOf(objectEnd - length)) return EOVERFLOW;
  const type = low32(flags) & MAP_TYPE;
  if (type !== MAP_SHARED && type !== MAP_PRIVATE && type !== MAP_SHARED_VALIDATE) return EINVAL;
  const validated = object.fs === 'ext4' ? VALIDATED | MAP_SYNC : VALIDATED;
  if (type === MAP_SHARED_VALIDATE && (flags & ~BigInt(validated)) !== 0n) return EOPNOTSUPP;
  if (type !== MAP_PRIVATE && prot & PROT_WRITE && !file.writable) return EACCES;
  if (!file.readable) return EACCES;
  if (object.type !== 'regular') return ENODEV;
  if (low32(flags) & MAP_GROWSDOWN) return EINVAL;
  return type !== MAP_PRIVATE && prot & PROT_WRITE && isWriteSealed(object) ? EPERM : 0;
}

function checkAnonymous(bits: number): Errno {
  const type = bits & MAP_TYPE;
  if (type === MAP_PRIVATE) return 0;
  if (type === MAP_SHARED) return bits & MAP_GROWSDOWN ? EINVAL : 0;
  return type === MAP_DROPPABLE && (bits & (MAP_LOCKED | MAP_GROWSDOWN)) === 0 ? 0 : EINVAL;
}

function kindOfFileMapping(bits: number, file: OpenFile): number {
  if ((bits & MAP_TYPE) === MAP_PRIVATE) return 0;
  return file.writable ? VM_SHARED | VM_MAYSHARE : VM_MAYSHARE;
}

function kindOfMemory(bits: number): number {
  if ((bits & MAP_TYPE) === MAP_SHARED) return VM_SHARED | VM_MAYSHARE;
  const droppable = VM_DROPPABLE | VM_NORESERVE | VM_WIPEONFORK | VM_DONTDUMP;
  return (bits & MAP_TYPE) === MAP_DROPPABLE ? droppable : 0;
}

/** A shared mapping of what cannot be written, by this descriptor or at all, can never be made writable. */
function withheld(bits: number, source: Opened | undefined): number {
  if (!source || (bits & MAP_TYPE) === MAP_PRIVATE) return 0;
  return source.file.writable && !isWriteSealed(source.object) ? 0 : VM_MAYWRITE;
}
