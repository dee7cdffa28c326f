/**
 * System V shared memory: shmget(2), shmat(2), shmdt(2), shmctl(2).
 *
 * A segment is memory of a fixed size with a number. Each shmat maps it as a new open file would be mapped, so that
 * no two attachments become one mapping; how often it is attached is how many mappings, or pieces of mappings, there
 * are. IPC_RMID takes it from those who look for its key; it goes with its last mapping.
 *
 * Everybody here owns every segment and has no privilege: of its permissions the owner's count.
 *
 * Source: shmget(2), shmop(2), shmctl(2); Linux ipc/shm.c, ipc/util.c.
 */

import { EACCES, EEXIST, EINVAL, ENOENT, ENOMEM, EPERM } from '../errno.ts';
import {
  IPC_CREAT,
  IPC_EXCL,
  IPC_INFO,
  IPC_PRIVATE,
  IPC_RMID,
  IPC_SET,
  IPC_STAT,
  O_RDONLY,
  O_RDWR,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  SHM_DEST,
  SHM_EXEC,
  SHM_HUGETLB,
  SHM_INFO,
  SHM_LOCK,
  SHM_LOCKED,
  SHM_NORESERVE,
  SHM_RDONLY,
  SHM_REMAP,
  SHM_RND,
  SHM_STAT,
  SHM_STAT_ANY,
  SHM_UNLOCK,
} from '../flags.ts';
import { type Answer, addressAnswer, failure, outcome, SUCCESS, UNSPECIFIED, value } from './answer.ts';
import { type Errno, isAligned, low32, pageAlign, pageFloor, pageOf, pagesOf, WORD_BITS, wrap } from './arithmetic.ts';
import { newHuge } from './huge-files.ts';
import { hugePageBytes, keepForFile } from './huge-pool.ts';
import { commit } from './limits.ts';
import { mapObject } from './mmap.ts';
import { addSegment, attachedTo, findSegment, highestIndex, INDEX_LIMIT, sweep } from './shm-table.ts';
import {
  type Caller,
  type FileObject,
  newObject,
  newOpenFile,
  type Process,
  type Segment,
  type State,
  takeNumber,
  type Vma,
} from './state.ts';
import { cutAround, firstOverlap, pgoffAt, takeOut } from './vmas.ts';

const PERMISSIONS = 0o777;
const READ = 0o444;
const WRITE = 0o222;
const EXECUTE = 0o111;
/** SHMMNI */
const SEGMENTS_MAX = 4096n;
const SIZE_END = 1n << 63n;

/** SHMMAX and SHMALL as Linux sets them. */
function noLimit(): bigint {
  return (1n << BigInt(WORD_BITS)) - 1n - (1n << 24n);
}

/** Whether the owner has each right that is asked for, no matter for whom. */
function permits(segment: Segment, asked: number): boolean {
  const wanted = (asked >> 6) | (asked >> 3) | asked;
  return (wanted & ~(segment.mode >> 6) & 0o7) === 0;
}

/**
 * @call shmget
 * Finds or makes a System V segment of shared memory, and answers its identifier.
 *
 * With IPC_PRIVATE as key the segment is new, as it is with IPC_CREAT if none has the key. The low nine bits of `flags`
 * are the permissions of a new segment; of one that is there they are rights that the caller wants to be sure of. The
 * contents are zeros. Identifiers begin at 0 and go round: an index below 64 (more, where there are more segments)
 * plus 32768 times how often it came round. SHM_HUGETLB makes it of huge pages from the pool (see [mmap](mmap.md)).
 *
 * @errors
 * ENOENT: no segment has the key, and no IPC_CREAT
 * EEXIST: IPC_CREAT with IPC_EXCL, and a segment has the key
 * EINVAL: the segment that is there is smaller than `size`
 * EACCES: the owner of the segment that is there lacks one of the permissions
 * EINVAL: a new segment of size 0, or larger than SHMMAX or, without SHM_HUGETLB, than a file can be
 * ENOSPC: more pages than SHMALL, or more segments than SHMMNI
 * EINVAL: SHM_HUGETLB with a size of pages that there is not
 * ENOMEM: so much memory cannot be promised, or of the pool of huge pages kept (SHM_NORESERVE does not ask for that)
 *
 * @flags IPC_CREAT IPC_EXCL IPC_PRIVATE SHM_NORESERVE SHM_HUGETLB
 */
export function shmget({ state, process }: Caller, key: bigint, size: bigint, flags: bigint): Answer {
  sweep(state);
  const number = low32(key);
  const bits = low32(flags);
  const present = number === IPC_PRIVATE ? undefined : findSegment(state, number);
  if (!present) {
    if (number !== IPC_PRIVATE && !(bits & IPC_CREAT)) return failure(ENOENT);
    return newSegment(state, process, number, size, bits);
  }
  if (bits & IPC_CREAT && bits & IPC_EXCL) return failure(EEXIST);
  if (size > present.segment.size) return failure(EINVAL);
  return permits(present.segment, bits) ? value(BigInt(present.id)) : failure(EACCES);
}

function newSegment(state: State, process: Process, key: number, size: bigint, bits: number): Answer {
  if (size < 1n || size > noLimit()) return failure(EINVAL);
  if (size >= SIZE_END && !(bits & SHM_HUGETLB)) return failure(EINVAL);
  if (BigInt(state.segments.byId.size) >= SEGMENTS_MAX) return UNSPECIFIED;
  const contents = bits & SHM_HUGETLB ? hugeContents(state, size, bits) : usualContents(state, process, size, bits);
  if (typeof contents === 'number') return failure(contents);
  const object = takeNumber(state);
  const name = `/SYSV${key.toString(16).padStart(8, '0')}`;
  state.objects.set(object, { ...newObject('regular', 'tmpfs', name), deleted: true, ...contents });
  const mode = bits & PERMISSIONS;
  return value(BigInt(addSegment(state, { key, mode, removed: false, locked: false, size, object })));
}

function usualContents(state: State, process: Process, size: bigint, bits: number): Partial<FileObject> | Errno {
  const promised = bits & SHM_NORESERVE && state.layout.overcommit !== 2 ? 0n : pagesOf(size);
  return commit(state, process, promised) === 0 ? { size, promised } : ENOMEM;
}

/** Whole huge pages, kept for it at once. */
function hugeContents(state: State, size: bigint, bits: number): Partial<FileObject> | Errno {
  const pageBytes = hugePageBytes(state.layout, BigInt(bits >>> 0));
  if (pageBytes === undefined) return EINVAL;
  const huge = newHuge(pageBytes);
  const count = (size + pageBytes - 1n) / pageBytes;
  if (!(bits & SHM_NORESERVE) && !keepForFile(state, huge, 0n, count)) return ENOMEM;
  return { size: count * pageBytes, huge };
}

/**
 * @call shmat
 * Maps a System V segment, and answers the address.
 *
 * With address 0 the kernel chooses it. Otherwise the whole segment comes to lie there, and nothing may be mapped in its
 * range unless SHM_REMAP says so. The memory can be read and written, with SHM_RDONLY read alone (mprotect cannot change
 * that); SHM_EXEC adds the right to execute. Two attachments never become one mapping. Every mapping of the segment
 * counts as attached (shm_nattch), so do the pieces that mprotect or munmap leave of one: such pieces can grow, but not
 * merge.
 *
 * @errors
 * EINVAL: no segment has the identifier; the address is not a multiple of the page size, and no SHM_RND; SHM_REMAP
 *   without an address
 * EACCES: the segment's owner may not do it
 * EINVAL: something is mapped in the range, and no SHM_REMAP; the range wraps
 * ENOMEM: the range leaves user space; there is no room; more mappings than there may be; RLIMIT_AS
 * EPERM: the address lies below mmap_min_addr; what SHM_REMAP covers is sealed
 * EAGAIN: mlockall(MCL_FUTURE), and RLIMIT_MEMLOCK
 *
 * @flags SHM_RDONLY SHM_RND SHM_REMAP SHM_EXEC
 */
export function shmat({ state, process }: Caller, id: bigint, address: bigint, flags: bigint): Answer {
  sweep(state);
  const bits = low32(flags);
  const start = pageFloor(address);
  if (low32(id) >> 31 || (!isAligned(address) && !(bits & SHM_RND))) return failure(EINVAL);
  if (start === 0n && bits & SHM_REMAP) return failure(EINVAL);
  const segment = state.segments.byId.get(low32(id));
  if (!segment) return failure(EINVAL);
  const prot = PROT_READ | (bits & SHM_RDONLY ? 0 : PROT_WRITE) | (bits & SHM_EXEC ? PROT_EXEC : 0);
  if (!permits(segment, READ | (prot & PROT_WRITE ? WRITE : 0) | (prot & PROT_EXEC ? EXECUTE : 0)))
    return failure(EACCES);
  const size = state.objects.get(segment.object)?.size ?? segment.size;
  const end = start + size;
  const isTaken = end !== wrap(end) || firstOverlap(process, start, end) !== undefined;
  if (address !== 0n && !(bits & SHM_REMAP) && isTaken) return failure(EINVAL);
  const file = openSegment(state, low32(id), segment, prot);
  const length = pageAlign(size);
  const at = address === 0n ? 'anywhere' : start;
  const mapped = addressAnswer(mapObject(state, process, file, { at, length, prot, pgoff: 0n, locked: false }));
  return mapped.kind === 'value' ? { ...mapped, length } : mapped;
}

/** An attachment's own open file: its number. */
function openSegment(state: State, id: number, { object }: Segment, prot: number): number {
  const number = takeNumber(state);
  const writable = (prot & PROT_WRITE) !== 0;
  const flags = writable ? O_RDWR : O_RDONLY;
  state.openFiles.set(number, { ...newOpenFile(object), writable, flags, segment: id });
  return number;
}

/**
 * @call shmdt
 * Unmaps an attachment of a System V segment.
 *
 * Its mapping may have been cut, and pieces of it unmapped: the first mapping at or behind the address that shows the
 * page of a segment which would stand there is of the attachment that is meant, and so are those of the same attachment
 * as far as the segment reaches. They go; what is sealed stays.
 *
 * @errors
 * EINVAL: the address is not a multiple of the page size, or there is no such attachment
 */
export function shmdt({ state, process }: Caller, address: bigint): Answer {
  if (!isAligned(address)) return failure(EINVAL);
  const isPiece = (vma: Vma): boolean =>
    segmentBehind(state, vma) !== undefined && vma.start >= address && pgoffAt(vma, address) === 0n;
  const first = process.vmas.find((vma) => vma.end > address && isPiece(vma));
  const object = first && state.objects.get(state.openFiles.get(first.file ?? -1)?.object ?? -1);
  if (!first || !object) return failure(EINVAL);
  const end = address + pageAlign(object.size);
  const pieces = process.vmas.filter((vma) => vma.file === first.file && isPiece(vma) && vma.end <= end);
  for (const { start, end: last } of pieces.includes(first) ? pieces : [first, ...pieces]) {
    if (cutAround(state, process, start, last) === 0) takeOut(process, start, last);
  }
  return SUCCESS;
}

function segmentBehind(state: State, vma: Vma): number | undefined {
  return vma.file === undefined ? undefined : state.openFiles.get(vma.file)?.segment;
}

/**
 * @call shmctl
 * Tells or changes something of a System V segment.
 *
 * | command | does |
 * | --- | --- |
 * | IPC_STAT | tells mode, key, size and number of attachments; the mode with SHM_DEST once it is removed, SHM_LOCKED |
 * | SHM_STAT, SHM_STAT_ANY | the same of the segment with an index (the lower 15 bits of what is given); answers its identifier; ANY without permission |
 * | IPC_SET | sets the permissions to `mode` |
 * | IPC_RMID | removes it: its key finds it no more, and it goes with its last attachment; until then it can be attached |
 * | SHM_LOCK, SHM_UNLOCK | its pages must stay in memory, or need not any more; its mappings are not locked |
 * | IPC_INFO | the limits of the system; answers the highest index in use |
 * | SHM_INFO | segments there are, their pages, and those of them in memory; answers the highest index in use |
 *
 * @errors
 * EINVAL: no such command; no segment has the identifier
 * EACCES: IPC_STAT, SHM_STAT: the owner may not read
 * EPERM: SHM_LOCK with a RLIMIT_MEMLOCK of 0
 * ENOMEM: SHM_LOCK of more than RLIMIT_MEMLOCK, all segments that are locked counted
 *
 * @flags IPC_RMID IPC_SET IPC_STAT IPC_INFO SHM_LOCK SHM_UNLOCK SHM_STAT SHM_STAT_ANY SHM_INFO
 * @differs There is one user, who owns every segment; times, process ids and owners are not kept.
 */
export function shmctl(caller: Caller, id: bigint, command: bigint, mode: bigint): Answer {
  const { state } = caller;
  sweep(state);
  const number = low32(id);
  if (low32(command) >> 31 || number >> 31) return failure(EINVAL);
  switch (low32(command)) {
    case IPC_INFO:
      return { kind: 'struct', value: highestIndex(state), members: limits() };
    case SHM_INFO:
      return { kind: 'struct', value: highestIndex(state), members: sums(state) };
    case SHM_STAT:
    case SHM_STAT_ANY:
      return statByIndex(state, number, low32(command));
    case IPC_STAT:
    case IPC_SET:
    case IPC_RMID:
    case SHM_LOCK:
    case SHM_UNLOCK: {
      const segment = state.segments.byId.get(number);
      if (!segment) return failure(EINVAL);
      return change(caller, number, segment, low32(command), low32(mode));
    }
    default:
      return failure(EINVAL);
  }
}

function limits() {
  return { shmmax: noLimit(), shmmin: 1n, shmmni: SEGMENTS_MAX, shmseg: SEGMENTS_MAX, shmall: noLimit() };
}

function sums(state: State): Readonly<Record<string, bigint>> {
  const all = [...state.segments.byId.values()];
  const sum = (of: (segment: Segment) => bigint): bigint => all.reduce((total, segment) => total + of(segment), 0n);
  return {
    used_ids: BigInt(all.length),
    shm_tot: sum(({ size }) => pagesOf(size)),
    shm_rss: sum(({ object }) => present(state.objects.get(object))),
  };
}

/** Small pages. Those of huge ones are multiplied once too often, as Linux does (shm_add_rss_swap). */
function present(object: FileObject | undefined): bigint {
  if (!object?.huge) return BigInt(object?.pages.size ?? 0);
  return BigInt(object.huge.pages.size) * pageOf(object.huge.pageBytes) ** 2n;
}

function statByIndex(state: State, index: number, command: number): Answer {
  const found = [...state.segments.byId].find(([id]) => id % INDEX_LIMIT === index % INDEX_LIMIT);
  if (!found) return failure(EINVAL);
  const [id, segment] = found;
  return command === SHM_STAT ? stat(state, id, segment, BigInt(id)) : about(state, id, segment, BigInt(id));
}

function stat(state: State, id: number, segment: Segment, result: bigint): Answer {
  return permits(segment, READ) ? about(state, id, segment, result) : failure(EACCES);
}

function about(state: State, id: number, segment: Segment, result: bigint): Answer {
  const { key, mode, removed, locked, size } = segment;
  const members = {
    mode: BigInt(mode | (removed ? SHM_DEST : 0) | (locked ? SHM_LOCKED : 0)),
    key: BigInt(key),
    shm_segsz: size,
    shm_nattch: BigInt(attachedTo(state, id)),
  };
  return { kind: 'struct', value: result, members };
}

function change(caller: Caller, id: number, segment: Segment, command: number, mode: number): Answer {
  switch (command) {
    case IPC_STAT:
      return stat(caller.state, id, segment, 0n);
    case IPC_SET:
      segment.mode = mode & PERMISSIONS;
      return SUCCESS;
    case IPC_RMID:
      segment.removed = true;
      segment.key = 0;
      return SUCCESS;
    case SHM_LOCK:
      return outcome(lock(caller, segment));
    default:
      segment.locked = false;
      return SUCCESS;
  }
}

/** Its pages are to stay in memory. EPERM with a limit of 0; ENOMEM beyond it, all locked segments counted. */
function lock({ state, process }: Caller, segment: Segment): Errno {
  const { memlock } = process.limits;
  if (memlock === 0n) return EPERM;
  if (segment.locked || state.objects.get(segment.object)?.huge) return 0;
  const locked = [...state.segments.byId.values()].filter((other) => other.locked);
  const pages = locked.reduce((sum, { size }) => sum + pagesOf(size), pagesOf(segment.size));
  if (pages > pageOf(memlock)) return ENOMEM;
  segment.locked = true;
  return 0;
}
