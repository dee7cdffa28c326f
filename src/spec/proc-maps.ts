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

/**
 * @call maps
 * Shows the mappings of the process, as /proc/PID/maps does: range, rights, offset and name.
 *
 * Rights are those that were asked for, not what the processor makes of them; `p` is private, `s` shared. Names are
 * base names of files, with ` (deleted)` once unlinked, `[heap]` for what the break made, `/dev/zero (deleted)` for
 * shared anonymous memory and `/memfd:NAME (deleted)` for memory files.
 *
 * @errors none
 */
export function maps({ state, process }: Caller): Answer {
  return { kind: 'maps', lines: process.vmas.map((vma) => line(state, process, vma)) };
}

function line(state: State, process: Process, vma: Vma): MapsLine {
  const { start, end, pgoff } = vma;
  const object = objectOf(state, vma.zero === undefined ? vma : { ...vma, file: vma.zero });
  return {
    start,
    end,
    perms: permissions(vma.flags),
    offset: object ? addressOf(pgoff) : 0n,
    path: object ? pathOf(state, vma, object) : isHeap(state, process, vma) ? '[heap]' : '',
  };
}

function permissions(flags: number): string {
  const rights = [flags & VM_READ ? 'r' : '-', flags & VM_WRITE ? 'w' : '-', flags & VM_EXEC ? 'x' : '-'];
  return rights.join('') + (flags & VM_MAYSHARE ? 's' : 'p');
}

function pathOf(state: State, vma: Vma, object: FileObject): string {
  const bears = state.openFiles.get(vma.zero ?? vma.file ?? -1)?.name;
  const name = bears === undefined ? undefined : state.names.get(bears);
  const { text, deleted } = name ?? { text: object.name, deleted: object.deleted };
  return deleted ? `${text} (deleted)` : text;
}

/** Private anonymous memory that has a byte below the break, whoever made it. */
function isHeap(state: State, process: Process, vma: Vma): boolean {
  return vma.start < process.brk && vma.end > state.layout.brk;
}

/**
 * @call smaps
 * Counts the pages of the mapping at an address, as /proc/PID/smaps does, in KiB.
 *
 * | field | pages |
 * |---|---|
 * | Rss | that page-table entries name; the page of zeros does not count |
 * | Pss | the same, each divided by the entries that name it |
 * | Shared_Clean, Shared_Dirty | that more than one entry names |
 * | Private_Clean, Private_Dirty | that this entry alone names |
 * | Anonymous | of private anonymous memory, and private copies of pages of files |
 * | Swap | swapped out |
 * | Locked | Pss, if the mapping is locked |
 *
 * A page is dirty if it was stored to through this entry or is dirty in its cache; pages of tmpfs always are. Where
 * nothing is mapped the answer is `unmapped`. Which pages of a file are there follows from fault-around and readahead.
 *
 * @errors none
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
  [vm.VM_RAND_READ, 'rr'],   [vm.VM_DONTCOPY, 'dc'],    [vm.VM_HUGETLB, 'de'],    [vm.VM_LOCKONFAULT, 'lf'],
  [vm.VM_ACCOUNT, 'ac'],     [vm.VM_NORESERVE, 'nr'],   [vm.VM_HUGETLB, 'ht'],    [vm.VM_SYNC, 'sf'],
  [vm.VM_WIPEONFORK, 'wf'],  [vm.VM_DONTDUMP, 'dd'],    [vm.VM_HUGEPAGE, 'hg'],   [vm.VM_NOHUGEPAGE, 'nh'],
  [vm.VM_MERGEABLE, 'mg'],   [vm.VM_DROPPABLE, 'dp'],   [vm.VM_SEALED, 'sl'],
];

/**
 * @call vmflags
 * Shows the flags of the mapping at an address, as the VmFlags line of /proc/PID/smaps does: two letters each.
 *
 * Mappings become one only if these agree, but for `gu`. `rd wr ex` may be read, written, executed; `mr mw me` may
 * become so; `sh` shared and writable at its origin, `ms` shared; `gd` grows down; `gu` has had guards; `lo lf` locked,
 * from the first touch on; `sr rr` MADV_SEQUENTIAL, _RANDOM; `dc wf dd` MADV_DONTFORK, _WIPEONFORK, _DONTDUMP; `ac nr`
 * counts as committed memory, never does; `sf` MAP_SYNC; `hg nh mg` MADV_HUGEPAGE, _NOHUGEPAGE, _MERGEABLE; `sl`
 * sealed; `dp` MAP_DROPPABLE; `de ht` huge pages, which do not grow.
 *
 * @errors none
 *
 * @differs `sd` (soft-dirty) is never shown; not every kernel is built with it.
 */
export function vmflags({ process }: Caller, address: bigint): Answer {
  const vma = vmaAt(process, address);
  if (!vma) return { kind: 'unmapped' };
  return { kind: 'vmflags', flags: LETTERS.filter(([bit]) => vma.flags & bit).map(([, letters]) => letters) };
}
