/**
 * The calls by name, with their arguments in the order of their manual pages.
 *
 * Arguments are what a program passes in registers: unsigned 64-bit bigints, of which a call takes what its C types
 * take. `pread` and `read` with a memory range move bytes into the program; with a count alone they show them.
 */

import type { Answer } from './answer.ts';
import { brk, sbrk } from './brk.ts';
import { close, dup } from './descriptors.ts';
import { fallocate } from './fallocate.ts';
import { fsync, ftruncate } from './file-sizes.ts';
import { setrlimit } from './limits.ts';
import { lseek } from './lseek.ts';
import { madvise } from './madvise.ts';
import { copyin, copyout, load, store } from './memory-access.ts';
import { mincore } from './mincore.ts';
import { mlock, mlock2, mlockall, munlock, munlockall } from './mlock.ts';
import { mmap } from './mmap.ts';
import { mprotect } from './mprotect.ts';
import { mremap } from './mremap.ts';
import { mseal } from './mseal.ts';
import { msync } from './msync.ts';
import { munmap } from './munmap.ts';
import { fstat, memfdCreate, open, unlink } from './open.ts';
import { maps, smaps } from './proc-maps.ts';
import { exit, fork, wait } from './processes.ts';
import { read, readShown, write, writeShown } from './read-write.ts';
import { sigaction } from './signals.ts';
import type { Handler, Process, State } from './state.ts';

/** Who calls. */
interface Caller {
  readonly state: State;
  readonly process: Process;
  /** Number of the process. */
  readonly number: number;
}

// biome-ignore format: a table
export const CALLS = {
  open: ({ state, process }: Caller, path: string, flags: bigint, mode: bigint) => open(state, process, path, flags, mode),
  dup: ({ state, process }: Caller, fd: bigint) => dup(state, process, fd),
  memfd_create: ({ state, process }: Caller, name: string, flags: bigint) => memfdCreate(state, process, name, flags),
  close: ({ process }: Caller, fd: bigint) => close(process, fd),
  unlink: ({ state }: Caller, path: string) => unlink(state, path),
  ftruncate: ({ state, process }: Caller, fd: bigint, length: bigint) => ftruncate(state, process, fd, length),
  fallocate: ({ state, process }: Caller, fd: bigint, mode: bigint, offset: bigint, length: bigint) => fallocate(state, process, fd, mode, offset, length),
  fsync: ({ state, process }: Caller, fd: bigint) => fsync(state, process, fd),
  fdatasync: ({ state, process }: Caller, fd: bigint) => fsync(state, process, fd),
  pread: ({ state, process }: Caller, fd: bigint, address: bigint, length: bigint, offset: bigint) => read(state, process, fd, { address, length }, offset),
  pread_shown: ({ state, process }: Caller, fd: bigint, length: bigint, offset: bigint) => readShown(state, process, fd, length, offset),
  read: ({ state, process }: Caller, fd: bigint, address: bigint, length: bigint) => read(state, process, fd, { address, length }, 'current'),
  read_shown: ({ state, process }: Caller, fd: bigint, length: bigint) => readShown(state, process, fd, length, 'current'),
  pwrite: ({ state, process }: Caller, fd: bigint, address: bigint, length: bigint, offset: bigint) => write(state, process, fd, { address, length }, offset),
  pwrite_shown: ({ state, process }: Caller, fd: bigint, bytes: Uint8Array, offset: bigint) => writeShown(state, process, fd, bytes, offset),
  write: ({ state, process }: Caller, fd: bigint, address: bigint, length: bigint) => write(state, process, fd, { address, length }, 'current'),
  write_shown: ({ state, process }: Caller, fd: bigint, bytes: Uint8Array) => writeShown(state, process, fd, bytes, 'current'),
  lseek: ({ state, process }: Caller, fd: bigint, offset: bigint, whence: bigint) => lseek(state, process, fd, offset, whence),
  fstat: ({ state, process }: Caller, fd: bigint) => fstat(state, process, fd),
  mmap: ({ state, process }: Caller, address: bigint, length: bigint, prot: bigint, flags: bigint, fd: bigint, offset: bigint) => mmap(state, process, address, length, prot, flags, fd, offset),
  mremap: ({ state, process }: Caller, address: bigint, oldLength: bigint, newLength: bigint, flags: bigint, newAddress: bigint) => mremap(state, process, address, oldLength, newLength, flags, newAddress),
  munmap: ({ state, process }: Caller, address: bigint, length: bigint) => munmap(state, process, address, length),
  mprotect: ({ state, process }: Caller, address: bigint, length: bigint, prot: bigint) => mprotect(state, process, address, length, prot),
  msync: ({ state, process }: Caller, address: bigint, length: bigint, flags: bigint) => msync(state, process, address, length, flags),
  madvise: ({ state, process }: Caller, address: bigint, length: bigint, advice: bigint) => madvise(state, process, address, length, advice),
  mlock: ({ state, process }: Caller, address: bigint, length: bigint) => mlock(state, process, address, length),
  mlock2: ({ state, process }: Caller, address: bigint, length: bigint, flags: bigint) => mlock2(state, process, address, length, flags),
  munlock: ({ state, process }: Caller, address: bigint, length: bigint) => munlock(state, process, address, length),
  mlockall: ({ state, process }: Caller, flags: bigint) => mlockall(state, process, flags),
  munlockall: ({ state, process }: Caller) => munlockall(state, process),
  mseal: ({ state, process }: Caller, address: bigint, length: bigint, flags: bigint) => mseal(state, process, address, length, flags),
  mincore: ({ state, process }: Caller, address: bigint, length: bigint) => mincore(state, process, address, length),
  brk: ({ state, process }: Caller, address: bigint) => brk(state, process, address),
  sbrk: ({ state, process }: Caller, increment: bigint) => sbrk(state, process, increment),
  load8: ({ state, process }: Caller, address: bigint) => load(state, process, address, 1),
  load16: ({ state, process }: Caller, address: bigint) => load(state, process, address, 2),
  load32: ({ state, process }: Caller, address: bigint) => load(state, process, address, 4),
  load64: ({ state, process }: Caller, address: bigint) => load(state, process, address, 8),
  store8: ({ state, process }: Caller, address: bigint, number: bigint) => store(state, process, address, 1, number),
  store16: ({ state, process }: Caller, address: bigint, number: bigint) => store(state, process, address, 2, number),
  store32: ({ state, process }: Caller, address: bigint, number: bigint) => store(state, process, address, 4, number),
  store64: ({ state, process }: Caller, address: bigint, number: bigint) => store(state, process, address, 8, number),
  copyin: ({ state, process }: Caller, address: bigint, length: bigint) => copyin(state, process, address, length),
  copyout: ({ state, process }: Caller, address: bigint, bytes: Uint8Array) => copyout(state, process, address, bytes),
  sigaction: ({ process }: Caller, signal: bigint, handler: Handler | undefined) => sigaction(process, signal, handler),
  setrlimit: ({ state, process }: Caller, resource: bigint, limit: bigint) => setrlimit(state, process, resource, limit),
  fork: ({ state, process, number }: Caller, child: bigint) => fork(state, number, process, child),
  exit: ({ process }: Caller, code: bigint) => exit(process, code),
  wait: ({ state, number }: Caller, child: bigint) => wait(state, number, child),
  maps: ({ state, process }: Caller) => maps(state, process),
  smaps: ({ process }: Caller, address: bigint) => smaps(process, address),
} satisfies Record<string, (caller: Caller, ...args: never[]) => Answer>;

export type CallName = keyof typeof CALLS;

type ArgumentsOf<Name extends CallName> = (typeof CALLS)[Name] extends (caller: Caller, ...args: infer Args) => Answer
  ? Readonly<Args>
  : never;

/** A call of one process. */
export type Call = {
  [Name in CallName]: { readonly process: number; readonly name: Name; readonly args: ArgumentsOf<Name> };
}[CallName];
