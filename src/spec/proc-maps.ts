/**
 * /proc/PID/maps, without device and inode, and of smaps the flags.
 *
 * Source: proc_pid_maps(5), proc_pid_smaps(5); Linux fs/proc/task_mmu.c.
 */

import { type Answer, type MapsLine, UNSPECIFIED } from './answer.ts';
import { addressOf } from './arithmetic.ts';
import { objectOf } from './faults.ts';
import type { Caller, FileObject, Process, State, Vma } from './state.ts';
import * as vm from './vm-flags.ts';
import { VM_EXEC, VM_MAYSHARE, VM_READ, VM_WRITE } from './vm-flags.ts';
import { vmaAt } from './vmas.ts';

export function maps({ state, process }: Caller): Answer {
  return { kind: 'maps', lines: process.vmas.map((vma) => line(state, process, vma)) };
}

function line(state: State, process: Process, vma: Vma): MapsLine {
  const { start, end, pgoff } = vma;
  const object = objectOf(state, vma);
  return {
    start,
    end,
    perms: permissions(vma.flags),
    offset: object ? addressOf(pgoff) : 0n,
    path: object ? pathOf(object) : isHeap(state, process, vma) ? '[heap]' : '',
  };
}

function permissions(flags: number): string {
  const rights = [flags & VM_READ ? 'r' : '-', flags & VM_WRITE ? 'w' : '-', flags & VM_EXEC ? 'x' : '-'];
  return rights.join('') + (flags & VM_MAYSHARE ? 's' : 'p');
}

function pathOf(object: FileObject): string {
  return object.deleted ? `${object.name} (deleted)` : object.name;
}

/** Private anonymous memory that has a byte below the break, whoever made it. */
function isHeap(state: State, process: Process, vma: Vma): boolean {
  return vma.start < process.brk && vma.end > state.layout.brk;
}

/**
 * /proc/PID/smaps of the mapping at an address. What of it is in memory is not the business of this specification.
 */
export function smaps({ process }: Caller, address: bigint): Answer {
  return vmaAt(process, address) ? UNSPECIFIED : { kind: 'unmapped' };
}

/** In the order in which the kernel prints them, that of its own bits. Soft-dirty is not told. */
// biome-ignore format: a table
const LETTERS: readonly (readonly [number, string])[] = [
  [vm.VM_READ, 'rd'],        [vm.VM_WRITE, 'wr'],       [vm.VM_EXEC, 'ex'],       [vm.VM_SHARED, 'sh'],
  [vm.VM_MAYREAD, 'mr'],     [vm.VM_MAYWRITE, 'mw'],    [vm.VM_MAYEXEC, 'me'],    [vm.VM_MAYSHARE, 'ms'],
  [vm.VM_GROWSDOWN, 'gd'],   [vm.VM_MAYBE_GUARD, 'gu'], [vm.VM_LOCKED, 'lo'],     [vm.VM_SEQ_READ, 'sr'],
  [vm.VM_RAND_READ, 'rr'],   [vm.VM_DONTCOPY, 'dc'],    [vm.VM_LOCKONFAULT, 'lf'], [vm.VM_ACCOUNT, 'ac'],
  [vm.VM_NORESERVE, 'nr'],   [vm.VM_SYNC, 'sf'],        [vm.VM_WIPEONFORK, 'wf'], [vm.VM_DONTDUMP, 'dd'],
  [vm.VM_HUGEPAGE, 'hg'],    [vm.VM_NOHUGEPAGE, 'nh'],  [vm.VM_MERGEABLE, 'mg'],  [vm.VM_SEALED, 'sl'],
  [vm.VM_DROPPABLE, 'dp'],
];

/** The VmFlags of the mapping at an address. */
export function vmflags({ process }: Caller, address: bigint): Answer {
  const vma = vmaAt(process, address);
  if (!vma) return { kind: 'unmapped' };
  return { kind: 'vmflags', flags: LETTERS.filter(([bit]) => vma.flags & bit).map(([, letters]) => letters) };
}
