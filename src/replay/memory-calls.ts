/**
 * The recorded calls that change mappings, made on the simulated machine at the recorded addresses.
 *
 * The recorded kernel chose the places: each mapping goes with MAP_FIXED to where the log says that it went.
 * The heap is an anonymous mapping that grows and shrinks with brk.
 * Place: one handler per call number; traced-process.ts looks them up. Calls that failed in the recording are
 * made all the same where a failing call may have done a part of its work (mprotect, munmap over a hole).
 */

import {
  MAP_32BIT,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_HUGETLB,
  MAP_PRIVATE,
  MAP_SHARED,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  O_RDWR,
  PROT_READ,
  PROT_WRITE,
} from '../flags.ts';
import { type CallContext, type CallHandler, pageUp, type ReplayedCall } from './call-context.ts';
import { syscallNumber } from './syscall-numbers.ts';

/** What MAP_FIXED makes pointless, and what the simulated machine has no memory for. */
const DROPPED = MAP_FIXED_NOREPLACE | MAP_32BIT | MAP_HUGETLB;
const READ_WRITE = PROT_READ | PROT_WRITE;

function mmap(context: CallContext, { args, result }: ReplayedCall): void {
  const [, length, prot, flags, fd, offset] = args;
  if (result < 0) return;
  const fixed = (flags & ~DROPPED) | MAP_FIXED;
  const { sys } = context.process;
  const description = context.descriptors.get(fd);
  if (flags & MAP_ANONYMOUS || (description !== undefined && description.file === undefined)) {
    sys.mmap(result, length, prot, fixed | MAP_ANONYMOUS, -1, 0); // a device such as /dev/zero gives pages of zeros too
    return;
  }
  const file = description?.file ?? context.files.unnamed();
  context.files.mapped(file, offset + length);
  sys.mmap(result, length, prot, fixed, context.sims.of(file, description?.flags ?? O_RDWR), offset);
}

function mremap(context: CallContext, { args, result }: ReplayedCall): void {
  const [old, oldLength, newLength, flags] = args;
  if (result < 0) return;
  const moved = result !== old;
  const how = moved ? flags | MREMAP_MAYMOVE | MREMAP_FIXED : flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED);
  context.process.sys.mremap(old, oldLength, newLength, how, moved ? result : 0);
}

function brk({ heap, process }: CallContext, { result }: ReplayedCall): void {
  if (result <= 0) return;
  if (heap.start === undefined) {
    heap.start = result;
    heap.end = result;
    return;
  }
  const from = pageUp(heap.end);
  const to = pageUp(result);
  if (to > from) process.sys.mmap(from, to - from, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  else if (to < from) process.sys.munmap(to, from - to);
  heap.end = result;
}

function shmat({ process, segments }: CallContext, { args, result }: ReplayedCall): void {
  const length = segments.get(args[0]);
  if (result < 0 || length === undefined) return;
  process.sys.mmap(result, length, READ_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

const HANDLERS: Readonly<Record<string, CallHandler>> = {
  mmap,
  mremap,
  brk,
  shmat,
  munmap: ({ process }, { args }) => void process.sys.munmap(args[0], args[1]),
  mprotect: ({ process }, { args }) => void process.sys.mprotect(args[0], args[1], args[2]),
  pkey_mprotect: ({ process }, { args }) => void process.sys.mprotect(args[0], args[1], args[2]),
  madvise: ({ process }, { args }) => void process.sys.madvise(args[0], args[1], args[2]),
  msync: ({ process }, { args }) => void process.sys.msync(args[0], args[1], args[2]),
  mlock: ({ process }, { args, result }) => void (result >= 0 && process.sys.mlock2(args[0], args[1], 0)),
  mlock2: ({ process }, { args, result }) => void (result >= 0 && process.sys.mlock2(args[0], args[1], args[2])),
  munlock: ({ process }, { args }) => void process.sys.munlock(args[0], args[1]),
  mlockall: ({ process }, { args, result }) => void (result >= 0 && process.sys.mlockall(args[0])),
  munlockall: ({ process }) => void process.sys.munlockall(),
  shmget: ({ segments }, { args, result }) => void (result >= 0 && segments.set(result, args[1])),
};

/** By call number. */
export const MEMORY_CALLS: ReadonlyMap<number, CallHandler> = new Map(
  Object.entries(HANDLERS).map(([name, handler]) => [syscallNumber(name) as number, handler]),
);
