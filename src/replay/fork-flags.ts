/**
 * What a call that makes a child asked for: clone's flags and the places where the kernel stores thread ids.
 *
 * fork and vfork are clone with fixed flags; clone3 has its flags in a structure, which only a strace shows.
 * Source: Linux kernel/fork.c; include/uapi/linux/sched.h.
 */

import type { ForkKind, RecordedCall } from './log-event.ts';
import type { StraceDetail } from './strace-log.ts';
import { syscallNumber } from './syscall-numbers.ts';

const CLONE_VM = 0x100;
const CLONE_FILES = 0x400;
const CLONE_VFORK = 0x4000;
const CLONE_THREAD = 0x10000;
const CLONE_PARENT_SETTID = 0x100000;
const CLONE_CHILD_SETTID = 0x1000000;

const BITS: Readonly<Record<string, number>> = {
  CLONE_VM,
  CLONE_FILES,
  CLONE_VFORK,
  CLONE_THREAD,
  CLONE_PARENT_SETTID,
  CLONE_CHILD_SETTID,
};

export interface ForkRequest {
  readonly sharesMemory: boolean;
  readonly sharesFiles: boolean;
  /** The parent waits until the child has called execve or ended. */
  readonly waits: boolean;
  readonly isThread: boolean;
  /** Where the kernel stores the child's id in the parent's and in the child's memory; 0: nowhere. */
  readonly parentTid: number;
  readonly childTid: number;
}

const NR_CLONE = syscallNumber('clone');
const NR_CLONE3 = syscallNumber('clone3');
const THREAD = CLONE_VM | CLONE_FILES | CLONE_THREAD;

/** True for the calls that make a child. */
export function makesChild(nr: number): boolean {
  return nr === NR_CLONE || nr === NR_CLONE3 || nr === syscallNumber('fork') || nr === syscallNumber('vfork');
}

export function forkRequest(call: RecordedCall, how: ForkKind, detail: StraceDetail | undefined): ForkRequest {
  if (call.nr === NR_CLONE) return request(call.args[0], call.args[2], call.args[3]);
  if (call.nr === NR_CLONE3 && detail !== undefined) return fromText(detail.args.join(', '));
  if (how === 'vfork') return request(CLONE_VM | CLONE_VFORK, 0, 0);
  return request(how === 'clone' ? THREAD : 0, 0, 0);
}

function request(flags: number, parentTid: number, childTid: number): ForkRequest {
  return {
    sharesMemory: (flags & CLONE_VM) !== 0,
    sharesFiles: (flags & CLONE_FILES) !== 0,
    waits: (flags & CLONE_VFORK) !== 0,
    isThread: (flags & CLONE_THREAD) !== 0,
    parentTid: flags & CLONE_PARENT_SETTID ? parentTid : 0,
    childTid: flags & CLONE_CHILD_SETTID ? childTid : 0,
  };
}

function fromText(text: string): ForkRequest {
  const flags = Object.entries(BITS).reduce(
    (sum, [name, bit]) => (new RegExp(`\\b${name}\\b`).test(text) ? sum | bit : sum),
    0,
  );
  const address = (field: string): number => Number(new RegExp(`\\b${field}=(0x[0-9a-f]+)`).exec(text)?.[1] ?? 0);
  return request(flags, address('parent_tid'), address('child_tid'));
}
