/**
 * The calls by name, with their arguments in the order of their manual pages.
 *
 * Arguments are what a program passes in registers: unsigned 64-bit bigints, of which a call takes what its C types
 * take. `pread` and `read` with a memory range move bytes into the program; with a count alone they show them.
 */

import type { Answer } from './answer.ts';
import { brk, sbrk } from './brk.ts';
import { posixFadvise, readahead, sync, syncFileRange, syncfs } from './cache-calls.ts';
import { chmod, fchmod, fstatMode } from './chmod.ts';
import { close, dup } from './descriptors.ts';
import { link, mkdir, rename, rmdir, symlink, unlink } from './directories.ts';
import { execve, kill } from './exec.ts';
import { fallocate } from './fallocate.ts';
import { fcntl } from './fcntl.ts';
import { fsync, ftruncate, truncate } from './file-sizes.ts';
import { futex } from './futex.ts';
import { setrlimit } from './limits.ts';
import { flock } from './locks.ts';
import { lseek } from './lseek.ts';
import { madvise, processMadvise } from './madvise.ts';
import { memfdCreate } from './memfd.ts';
import { compareExchange, copyin, copyout, fetch, fetchAdd, load, store } from './memory-access.ts';
import { mincore, mincoreInto } from './mincore.ts';
import { mlock, mlock2, mlockall, munlock, munlockall } from './mlock.ts';
import { mmap } from './mmap.ts';
import { mprotect } from './mprotect.ts';
import { mremap } from './mremap.ts';
import { mseal } from './mseal.ts';
import { msync } from './msync.ts';
import { munmap } from './munmap.ts';
import { fstat, open } from './open.ts';
import { prctl } from './prctl.ts';
import { prlimit } from './prlimit.ts';
import { maps, smaps, vmflags } from './proc-maps.ts';
import { pagemap, status, statusField } from './proc-status.ts';
import { processVm } from './process-vm.ts';
import { exit, fork, wait } from './processes.ts';
import { read, readShown, write, writeShown } from './read-write.ts';
import { remapFilePages } from './remap-file-pages.ts';
import { shmat, shmctl, shmdt, shmget } from './shm.ts';
import { shmOpen, shmUnlink } from './shm-open.ts';
import { sigaction } from './signals.ts';
import type { Caller } from './state.ts';
import { pipe, socketpair } from './streams.ts';
import { exitThread, getrusage, thread } from './threads.ts';
import { times } from './times.ts';
import { readv, writev } from './vectors.ts';
import { vfork } from './vfork.ts';
import { waited } from './waits.ts';

/** Two lists of ranges with their counts, and flags. */
type VectorArguments = readonly [bigint, bigint, bigint, bigint, bigint];
/** One range of each side, of the same length. */
type RangeArguments = readonly [bigint, bigint, bigint];

function lists(caller: Caller, direction: 'read' | 'write', child: bigint, args: VectorArguments): Answer {
  const [local, localCount, remote, remoteCount, flags] = args;
  const own = { address: local, count: localCount };
  return processVm(caller, direction, child, own, { address: remote, count: remoteCount }, flags);
}

function ranges(caller: Caller, direction: 'read' | 'write', child: bigint, args: RangeArguments): Answer {
  const [address, other, length] = args;
  return processVm(caller, direction, child, [{ address, length }], [{ address: other, length }], 0n);
}

export const CALLS = {
  open,
  dup,
  pipe,
  socketpair,
  memfd_create: memfdCreate,
  close,
  unlink,
  rename,
  mkdir,
  rmdir,
  link,
  symlink,
  chmod,
  fchmod,
  fstat_mode: fstatMode,
  times,
  flock,
  fcntl,
  truncate,
  ftruncate,
  fallocate,
  fsync,
  fdatasync: fsync,
  sync,
  syncfs,
  sync_file_range: syncFileRange,
  posix_fadvise: posixFadvise,
  readahead,
  pread: (caller: Caller, fd: bigint, address: bigint, length: bigint, offset: bigint) =>
    read(caller, fd, { address, length }, offset),
  pread_shown: readShown,
  read: (caller: Caller, fd: bigint, address: bigint, length: bigint) =>
    read(caller, fd, { address, length }, 'current'),
  read_shown: (caller: Caller, fd: bigint, length: bigint) => readShown(caller, fd, length, 'current'),
  pwrite: (caller: Caller, fd: bigint, address: bigint, length: bigint, offset: bigint) =>
    write(caller, fd, { address, length }, offset),
  pwrite_shown: writeShown,
  write: (caller: Caller, fd: bigint, address: bigint, length: bigint) =>
    write(caller, fd, { address, length }, 'current'),
  write_shown: (caller: Caller, fd: bigint, bytes: Uint8Array) => writeShown(caller, fd, bytes, 'current'),
  readv: (caller: Caller, fd: bigint, iov: bigint, count: bigint) => readv(caller, fd, iov, count, 'current'),
  preadv: readv,
  writev: (caller: Caller, fd: bigint, iov: bigint, count: bigint) => writev(caller, fd, iov, count, 'current'),
  pwritev: writev,
  lseek,
  fstat,
  mmap,
  mremap,
  remap_file_pages: remapFilePages,
  munmap,
  mprotect,
  msync,
  madvise,
  mlock,
  mlock2,
  munlock,
  mlockall,
  munlockall,
  mseal,
  mincore,
  mincore_into: mincoreInto,
  brk,
  sbrk,
  shmget,
  shmat,
  shmdt,
  shmctl,
  shm_open: shmOpen,
  shm_unlink: shmUnlink,
  load8: (caller: Caller, address: bigint) => load(caller, address, 1),
  load16: (caller: Caller, address: bigint) => load(caller, address, 2),
  load32: (caller: Caller, address: bigint) => load(caller, address, 4),
  load64: (caller: Caller, address: bigint) => load(caller, address, 8),
  store8: (caller: Caller, address: bigint, number: bigint) => store(caller, address, 1, number),
  store16: (caller: Caller, address: bigint, number: bigint) => store(caller, address, 2, number),
  store32: (caller: Caller, address: bigint, number: bigint) => store(caller, address, 4, number),
  store64: (caller: Caller, address: bigint, number: bigint) => store(caller, address, 8, number),
  cas8: (caller: Caller, address: bigint, old: bigint, desired: bigint) =>
    compareExchange(caller, address, 1, old, desired),
  cas16: (caller: Caller, address: bigint, old: bigint, desired: bigint) =>
    compareExchange(caller, address, 2, old, desired),
  cas32: (caller: Caller, address: bigint, old: bigint, desired: bigint) =>
    compareExchange(caller, address, 4, old, desired),
  cas64: (caller: Caller, address: bigint, old: bigint, desired: bigint) =>
    compareExchange(caller, address, 8, old, desired),
  fetchadd8: (caller: Caller, address: bigint, amount: bigint) => fetchAdd(caller, address, 1, amount),
  fetchadd16: (caller: Caller, address: bigint, amount: bigint) => fetchAdd(caller, address, 2, amount),
  fetchadd32: (caller: Caller, address: bigint, amount: bigint) => fetchAdd(caller, address, 4, amount),
  fetchadd64: (caller: Caller, address: bigint, amount: bigint) => fetchAdd(caller, address, 8, amount),
  fetch8: fetch,
  copyin,
  copyout,
  sigaction,
  setrlimit,
  prlimit,
  prctl,
  fork,
  vfork,
  thread,
  execve,
  kill,
  getrusage,
  exit_thread: exitThread,
  process_madvise: processMadvise,
  process_vm_readv: (caller: Caller, child: bigint, ...args: VectorArguments) => lists(caller, 'read', child, args),
  process_vm_readv_ranges: (caller: Caller, child: bigint, ...args: RangeArguments) =>
    ranges(caller, 'read', child, args),
  process_vm_writev: (caller: Caller, child: bigint, ...args: VectorArguments) => lists(caller, 'write', child, args),
  process_vm_writev_ranges: (caller: Caller, child: bigint, ...args: RangeArguments) =>
    ranges(caller, 'write', child, args),
  futex,
  waited,
  exit,
  wait,
  maps,
  smaps,
  vmflags,
  pagemap,
  status,
  status_field: statusField,
} satisfies Record<string, (caller: Caller, ...args: never[]) => Answer>;

export type CallName = keyof typeof CALLS;

type ArgumentsOf<Name extends CallName> = (typeof CALLS)[Name] extends (caller: Caller, ...args: infer Args) => Answer
  ? Readonly<Args>
  : never;

/** A call of one process. */
export type Call = {
  [Name in CallName]: { readonly process: number; readonly name: Name; readonly args: ArgumentsOf<Name> };
}[CallName];
