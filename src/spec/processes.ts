/**
 * fork(2), _exit(2) and waitpid(2).
 *
 * Source: fork(2); Linux mm/mmap.c dup_mmap, mm/memory.c vma_needs_copy, mm/rmap.c anon_vma_fork.
 */

import { ECHILD, ENOMEM } from '../errno.ts';
import { PR_MDWE_NO_INHERIT } from '../flags.ts';
import { type Answer, failure, value } from './answer.ts';
import { low32, pageOf } from './arithmetic.ts';
import { commit } from './limits.ts';
import type { ProcessStatus } from './process-status.ts';
import type { Caller, OwnPage, Process, State, Vma } from './state.ts';
import { takeNumber } from './state.ts';
import { VM_ACCOUNT, VM_DONTCOPY, VM_LOCKED_MASK, VM_WIPEONFORK } from './vm-flags.ts';
import { ownPagesIn, pagesIn } from './vmas.ts';

/**
 * @call fork
 * Makes a child process with a copy of the address space, and answers it.
 *
 * The child has the parent's mappings, and sees in private ones what the parent saw: pages are copied when either of
 * them stores, not before. Shared mappings stay shared, and so do open files with their positions. The child has its
 * own descriptors and limits and the same signal handlers. It does not inherit locks (mlock, mlockall), mappings under
 * MADV_DONTFORK, and the pages of those under MADV_WIPEONFORK.
 *
 * Every mapping that has private pages gets a family of its own in the child and then joins no other: a mapping made
 * beside it later stays apart.
 *
 * @errors
 * ENOMEM: no frame is left for the child's page tables; the child's memory cannot be promised
 *
 * @differs There is no EAGAIN: processes are not counted against RLIMIT_NPROC.
 */
export function fork({ state, process, number }: Caller, child: bigint): Answer {
  const vmas = process.vmas.filter((vma) => (vma.flags & VM_DONTCOPY) === 0);
  if (!canPromise(state, process, vmas)) return failure(ENOMEM);
  state.processes.set(Number(child), {
    ...childOf(process, number),
    program: process.program,
    memory: takeNumber(state),
    vmas: vmas.map((vma) => inheritedMapping(state, vma)),
    pages: inheritedPages(process, vmas),
    huge: inheritedHugePages(process, vmas),
    brk: process.brk,
  });
  state.threads.set(Number(child), {
    process: Number(child),
    ended: false,
    waiting: undefined,
    waited: undefined,
    executing: false,
  });
  return value(child);
}

/** A child without memory: what it has of its parent besides. */
export function childOf(process: Process, number: number): Process {
  return {
    parent: number,
    status: { state: 'running' },
    reaped: false,
    descriptors: new Map(process.descriptors),
    closeOnExec: new Set(process.closeOnExec),
    privileged: process.privileged,
    program: undefined,
    borrows: undefined,
    memory: 0,
    vmas: [],
    pages: new Map(),
    huge: new Map(),
    brk: 0n,
    lockedPages: 0n,
    futureFlags: 0,
    mdwe: process.mdwe & PR_MDWE_NO_INHERIT ? 0 : process.mdwe,
    mergesPages: process.mergesPages,
    limits: { ...process.limits },
    handlers: { ...process.handlers },
    pendingSignal: undefined,
  };
}

/** What the mappings of the child are promised, one after the other. */
function canPromise(state: State, process: Process, vmas: readonly Vma[]): boolean {
  let pages = 0n;
  return vmas.every((vma) => {
    if ((vma.flags & VM_ACCOUNT) === 0) return true;
    pages += pagesIn(vma);
    return state.layout.overcommit === 2 ? commit(state, process, pages) === 0 : true;
  });
}

function inheritedMapping(state: State, vma: Vma): Vma {
  const flags = vma.flags & ~VM_LOCKED_MASK;
  if (vma.anonVma === undefined || vma.flags & VM_WIPEONFORK) {
    return { ...vma, flags, anonVma: undefined, inherited: false, keeps: false };
  }
  return { ...vma, flags, anonVma: takeNumber(state), inherited: true, keeps: false };
}

/** Private memory that nothing was stored in has only zeros, which the child finds again by itself. */
function inheritsPages(vma: Vma): boolean {
  return (vma.anonVma !== undefined || vma.file !== undefined) && (vma.flags & VM_WIPEONFORK) === 0;
}

function inheritedPages(process: Process, vmas: readonly Vma[]): Map<bigint, OwnPage> {
  const pages = new Map<bigint, OwnPage>();
  for (const vma of vmas.filter(inheritsPages)) {
    for (const page of ownPagesIn(process, vma.start, vma.end)) {
      pages.set(page, process.pages.get(page) as OwnPage);
    }
  }
  return pages;
}

/** Where nothing was stored the child finds them by itself. What was kept for the parent is kept for it alone. */
function inheritedHugePages(process: Process, vmas: readonly Vma[]): Process['huge'] {
  const stored = vmas.filter(({ anonVma }) => anonVma !== undefined);
  const inherits = (first: bigint): boolean =>
    stored.some(({ start, end }) => first >= pageOf(start) && first < pageOf(end));
  return new Map([...process.huge].filter(([first]) => inherits(first)));
}

/**
 * @call exit
 * Ends the process, with all its threads.
 *
 * Its mappings, descriptors and private pages go. The parent learns the low 8 bits of `n` from wait.
 *
 * @errors none
 */
export function exit({ process }: Caller, code: bigint): Answer {
  endProcess(process, { state: 'exited', code: low32(code) & 0xff });
  return { kind: 'gone' };
}

/** The process is no more; what it had goes when the call is over. */
export function endProcess(process: Process, status: ProcessStatus): void {
  process.status = status;
}

/**
 * @call wait
 * Tells what has become of a child.
 *
 * It answers `exited N`, `killed SIGNAL` or `running`; a child that has ended can be asked about once.
 *
 * @errors
 * ECHILD: it is no child of this process, or was waited for already
 */
export function wait({ state, number }: Caller, child: bigint): Answer {
  const process = state.processes.get(Number(child));
  if (!process || process.parent !== number || process.reaped) return failure(ECHILD);
  if (process.status.state !== 'running') process.reaped = true;
  return { kind: 'status', status: { ...process.status } };
}
