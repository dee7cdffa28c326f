/**
 * The second half of mmap: everything is decided, and the range becomes mapped.
 *
 * What was there is unmapped first. A refusal for a limit comes after the mappings were cut around the range,
 * so that it can leave them in pieces.
 *
 * Source: Linux mm/vma.c __mmap_region.
 */

import { EINVAL, ENOMEM, EOPNOTSUPP } from '../errno.ts';
import { F_SEAL_SEAL } from '../flags.ts';
import { addressOf, type Errno, max, pageOf } from './arithmetic.ts';
import { newTmpfsFile } from './descriptors.ts';
import { keepForMapping } from './huge-files.ts';
import { mappingErrno } from './kinds.ts';
import { commit, mayExpand } from './limits.ts';
import { addRange } from './merge.ts';
import { attachedTo } from './shm-table.ts';
import type { FileObject, Process, State, Vma } from './state.ts';
import {
  isAccountable,
  VM_ACCOUNT,
  VM_DROPPABLE,
  VM_HUGETLB,
  VM_LOCKED,
  VM_LOCKED_MASK,
  VM_MAYSHARE,
  VM_NORESERVE,
  VM_SHARED,
  VM_SYNC,
  VM_WRITE,
} from './vm-flags.ts';
import { cutAround, mappingsIn, pagesIn, takeOut, vmaAt } from './vmas.ts';

export interface NewRange {
  readonly start: bigint;
  readonly end: bigint;
  /** VM_ flags. */
  readonly flags: number;
  /** Of the file; what anonymous memory gets is decided here. */
  readonly pgoff: bigint;
  /** Number of the open file; undefined for anonymous memory, which is shared if `flags` say so. */
  readonly file: number | undefined;
}

/**
 * EPERM sealed; EOPNOTSUPP MAP_SYNC on ext4, ENODEV sockets, EIO /proc, all after what was there is unmapped; ENOMEM too many mappings, RLIMIT_AS,
 * RLIMIT_DATA, memory.
 */
export function mapRange(state: State, process: Process, range: NewRange): Errno {
  const { start, end } = range;
  const pages = pageOf(end - start);
  const cut = cutAround(state, process, start, end);
  if (cut !== 0) return cut;
  const replaced = mappingsIn(process, start, end);
  if (!mayExpand(process, range.flags, pages - sumOfPages(replaced))) return ENOMEM;
  const accountable = isAccountable(range.flags);
  const counted = replaced.filter((vma) => vma.flags & VM_ACCOUNT);
  if (accountable && commit(state, process, pages - sumOfPages(counted)) !== 0) return ENOMEM;
  takeOut(process, start, end);
  const refused = isLostSegment(state, range, replaced) ? EINVAL : refusedByObject(state, range);
  const errno = refused || keepHugePages(state, range, replaced);
  if (errno !== 0) return errno;
  const vma = accountable ? { ...range, flags: range.flags | VM_ACCOUNT } : range;
  return enter(state, process, vma, pages);
}

/** Of huge pages as many are kept as are mapped, and a file that may be written is as long as what is mapped of it. */
function keepHugePages(state: State, { start, end, flags, pgoff, file }: NewRange, replaced: readonly Vma[]): Errno {
  const object = objectOfFile(state, file);
  if (!object?.huge) return 0;
  const isSegment = file !== undefined && state.openFiles.get(file)?.segment !== undefined;
  const errno = keepForMapping(state, object, { pgoff, length: end - start, flags, isSegment, replaced });
  if (errno === 0 && flags & VM_WRITE) object.size = max(object.size, addressOf(pgoff) + end - start);
  return errno;
}

/** remap_file_pages over the last attachments of a System V segment that was removed: it went with them. */
function isLostSegment(state: State, { file }: NewRange, replaced: readonly Vma[]): boolean {
  const id = file === undefined ? undefined : state.openFiles.get(file)?.segment;
  if (id === undefined || !replaced.some((vma) => vma.file === file)) return false;
  return attachedTo(state, id) === 0 && (state.segments.byId.get(id)?.removed ?? true);
}

/** What the thing that is mapped refuses itself. */
function refusedByObject(state: State, { file, flags }: NewRange): Errno {
  const object = objectOfFile(state, file);
  const errno = object ? mappingErrno(object.type, 'late') : 0;
  return errno === 0 && flags & VM_SYNC && isOnExt4(object) ? EOPNOTSUPP : errno;
}

function objectOfFile(state: State, file: number | undefined): FileObject | undefined {
  const found = file === undefined ? undefined : state.openFiles.get(file);
  return found && state.objects.get(found.object);
}

/** ext4 can do MAP_SYNC only on memory that is a disk, which there is none of. */
function isOnExt4(object: FileObject | undefined): boolean {
  return object?.fs === 'ext4' && object.type === 'regular';
}

function sumOfPages(vmas: readonly Vma[]): bigint {
  return vmas.reduce((sum, vma) => sum + pagesIn(vma), 0n);
}

function enter(state: State, process: Process, range: NewRange, pages: bigint): Errno {
  const fresh = { ...range, zero: undefined, anonVma: undefined, inherited: false, keeps: keepsPages(range) };
  const isZero = objectOfFile(state, range.file)?.type === 'zero';
  const makesMemory = (range.flags & VM_SHARED) !== 0 && (isZero || range.file === undefined);
  if (makesMemory && commit(state, process, promisedFor(range)) !== 0) return ENOMEM;
  if (isZero) {
    addRange(process, { ...fresh, ...memoryOfZero(state, range) });
  } else if (range.file !== undefined) {
    addRange(process, fresh);
  } else if (range.flags & VM_SHARED) {
    addRange(process, { ...fresh, pgoff: 0n, file: sharedMemory(state, range) });
  } else {
    addRange(process, { ...fresh, pgoff: pageOf(range.start) });
  }
  lock(process, range.start, pages);
  return 0;
}

/** /dev/zero: shared, an object of its own, whose offsets begin where the mapping's do; else memory with a name. */
function memoryOfZero(state: State, range: NewRange): Pick<Vma, 'file' | 'zero'> {
  if ((range.flags & VM_SHARED) === 0) return { file: undefined, zero: range.file };
  return { file: sharedMemory(state, range), zero: undefined };
}

function keepsPages({ flags }: NewRange): boolean {
  return (flags & (VM_HUGETLB | VM_MAYSHARE | VM_NORESERVE)) === VM_HUGETLB;
}

/** MAP_DROPPABLE memory is never locked, nor are huge pages, which always stay. */
function lock(process: Process, start: bigint, pages: bigint): void {
  const vma = vmaAt(process, start);
  if (!vma || (vma.flags & VM_LOCKED) === 0) return;
  if (vma.flags & (VM_DROPPABLE | VM_HUGETLB)) vma.flags &= ~VM_LOCKED_MASK;
  else process.lockedPages += pages;
}

/** Shared anonymous memory is a nameless file of a fixed size. */
function sharedMemory(state: State, range: NewRange): number {
  return newTmpfsFile(state, '/dev/zero', range.end - range.start, F_SEAL_SEAL, promisedFor(range));
}

/** The pages that shared memory for this range is promised: all of it, unless it was told not to ask. */
function promisedFor({ start, end, flags }: NewRange): bigint {
  return flags & VM_NORESERVE ? 0n : pageOf(end - start);
}
