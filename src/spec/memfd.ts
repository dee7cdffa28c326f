/**
 * memfd_create(2) and its seals.
 *
 * A write, punched hole or size that a seal forbids is EPERM; so is a shared mapping for writing. A shared one for
 * reading can never become writable.
 *
 * Source: memfd_create(2), fcntl(2); Linux mm/memfd.c, mm/shmem.c.
 */

import { EBUSY, EINVAL, EMFILE, ENODEV, EPERM } from '../errno.ts';
import {
  F_ALL_SEALS,
  F_SEAL_EXEC,
  F_SEAL_FUTURE_WRITE,
  F_SEAL_GROW,
  F_SEAL_SEAL,
  F_SEAL_SHRINK,
  F_SEAL_WRITE,
  MFD_ALLOW_SEALING,
  MFD_CLOEXEC,
  MFD_EXEC,
  MFD_HUGETLB,
  MFD_NOEXEC_SEAL,
} from '../flags.ts';
import { type Answer, failure, outcome, value } from './answer.ts';
import { type Errno, low32 } from './arithmetic.ts';
import { hasFreeDescriptor, install, newTmpfsFile, type Opened } from './descriptors.ts';
import { objectOf } from './faults.ts';
import { newHugeFile } from './huge-files.ts';
import { hugePageBytes } from './huge-pool.ts';
import type { Caller, FileObject, State } from './state.ts';
import { VM_MAYWRITE, VM_SHARED } from './vm-flags.ts';

const KNOWN = MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL | MFD_EXEC;
/** The six bits that say the size of huge pages. */
const MFD_HUGE_SIZE = 0x3f << 26;
const NAME_MAX = 249;
const WRITE_SEALS = F_SEAL_WRITE | F_SEAL_FUTURE_WRITE;
const MAY_EXECUTE = 0o111;

/**
 * @call memfd_create
 * Makes a nameless file in memory and answers a descriptor for reading and writing.
 *
 * It behaves as a file of tmpfs, whatever file system the others are on, and is gone with its last descriptor and
 * mapping. /proc/PID/maps shows it as `/memfd:NAME (deleted)`. With MFD_ALLOW_SEALING it can be sealed by fcntl;
 * MFD_NOEXEC_SEAL allows that too, and takes the right to execute away for good. With MFD_HUGETLB its pages are huge and come
 * from the pool of huge pages (see [mmap](mmap.md)): it is mapped, read and resized in whole ones, and not written.
 *
 * @errors
 * EINVAL: unknown flags; MFD_EXEC with MFD_NOEXEC_SEAL; a size of huge pages without
 *   MFD_HUGETLB
 * EINVAL: the name has more than 249 bytes
 * EMFILE: RLIMIT_NOFILE descriptors are open
 * ENODEV: there are no huge pages of that size
 *
 * @flags MFD_
 */
export function memfdCreate({ state, process }: Caller, name: string, flags: bigint): Answer {
  const bits = low32(flags);
  const known = bits & MFD_HUGETLB ? KNOWN | MFD_HUGETLB | MFD_HUGE_SIZE : KNOWN;
  if ((bits & ~known) !== 0 || (bits & MFD_EXEC && bits & MFD_NOEXEC_SEAL)) return failure(EINVAL);
  if (new TextEncoder().encode(name).length > NAME_MAX) return failure(EINVAL);
  if (!hasFreeDescriptor(process)) return failure(EMFILE);
  const number = newMemoryFile(state, `/memfd:${name}`, flags);
  if (number === undefined) return failure(ENODEV);
  const object = state.objects.get(state.openFiles.get(number)?.object ?? 0);
  if (object && bits & MFD_NOEXEC_SEAL) object.mode &= ~MAY_EXECUTE;
  return install(process, number, bits & MFD_CLOEXEC ? 'close-on-exec' : 'keep');
}

/** Undefined where it is to be of huge pages of a size that there is not. */
function newMemoryFile(state: State, name: string, flags: bigint): number | undefined {
  const bits = low32(flags);
  if (!(bits & MFD_HUGETLB)) return newTmpfsFile(state, name, 0n, sealsAtFirst(bits));
  const pageBytes = hugePageBytes(state.layout, flags);
  return pageBytes === undefined ? undefined : newHugeFile(state, name, 0n, sealsAtFirst(bits), pageBytes);
}

function sealsAtFirst(bits: number): number {
  if (bits & MFD_NOEXEC_SEAL) return F_SEAL_EXEC;
  return bits & MFD_ALLOW_SEALING ? 0 : F_SEAL_SEAL;
}

/** F_GET_SEALS: EINVAL for what is not on tmpfs. */
export function getSeals({ object }: Opened): Answer {
  return object.seals === undefined ? failure(EINVAL) : value(BigInt(object.seals));
}

/** F_ADD_SEALS: EPERM if not open for writing, or sealed against it; EINVAL unknown seals, not on tmpfs; EBUSY. */
export function addSeals(state: State, { file, object }: Opened, seals: number): Answer {
  if (!file.writable) return failure(EPERM);
  if ((seals & ~F_ALL_SEALS) !== 0 || object.seals === undefined) return failure(EINVAL);
  if (object.seals & F_SEAL_SEAL) return failure(EPERM);
  // What may be executed, and nobody may change that any more, must not change either.
  const implied = seals & F_SEAL_EXEC && object.mode & MAY_EXECUTE ? F_SEAL_SHRINK | F_SEAL_GROW | WRITE_SEALS : 0;
  const sealsWrite = ((seals | implied) & ~object.seals & F_SEAL_WRITE) !== 0;
  if (sealsWrite && isWritableByMapping(state, object)) return failure(EBUSY);
  object.seals |= seals | implied;
  return outcome(0);
}

/** Whether a process has a shared mapping of it that is or may become writable. */
function isWritableByMapping(state: State, object: FileObject): boolean {
  const needed = VM_SHARED | VM_MAYWRITE;
  return [...state.processes.values()].some((process) =>
    process.vmas.some((vma) => (vma.flags & needed) === needed && objectOf(state, vma) === object),
  );
}

/** Whether a seal forbids all stores from now on. */
export function isWriteSealed(object: FileObject): boolean {
  return ((object.seals ?? 0) & WRITE_SEALS) !== 0;
}

/** EPERM if a seal forbids that the file gets this size. */
export function checkSizeSeals(object: FileObject, size: bigint): Errno {
  const seals = object.seals ?? 0;
  const forbidden = (size < object.size && seals & F_SEAL_SHRINK) || (size > object.size && seals & F_SEAL_GROW);
  return forbidden ? EPERM : 0;
}
