/**
 * What /proc/PID/pagemap and /proc/PID/status say of a process, as far as its mappings decide it.
 *
 * Sizes are sums over mappings: VmSize all, VmLck what counts as locked, VmData private writable ones that are no
 * stacks, VmStk those that grow down, VmLib executable ones that are neither. What of them is in memory (Rss*) is not the business of
 * this specification, nor is what an entry names; that a page has none, or a guard, is.
 *
 * status: EINVAL for a field that is not among these.
 *
 * Source: proc_pid_status(5), proc_pid_pagemap(5); Linux fs/proc/task_mmu.c.
 */

import { EINVAL } from '../errno.ts';
import { type Answer, failure, UNSPECIFIED, value } from './answer.ts';
import { addressOf, max, min, pageOf, pagesOf } from './arithmetic.ts';
import { mappedPages, total } from './limits.ts';
import type { Caller, Process, Vma } from './state.ts';
import { isData, VM_EXEC, VM_GROWSDOWN, VM_HUGEPAGE, VM_WRITE } from './vm-flags.ts';
import { vmaAt } from './vmas.ts';

const KIB = 1024n;

/** The fields in pages; undefined for what is not said here. */
const FIELDS: ReadonlyMap<string, (process: Process) => bigint | undefined> = new Map<
  string,
  (process: Process) => bigint | undefined
>([
  ['VmSize', mappedPages],
  ['VmLck', (process) => process.lockedPages],
  ['VmRSS', () => undefined],
  ['RssAnon', () => undefined],
  ['RssFile', () => undefined],
  ['RssShmem', () => undefined],
  ['VmData', (process) => total(process, ({ flags }) => isData(flags))],
  ['VmStk', (process) => total(process, ({ flags }) => (flags & VM_GROWSDOWN) !== 0)],
  ['VmLib', (process) => total(process, isLibrary)],
]);

function isLibrary({ flags }: Vma): boolean {
  return (flags & (VM_EXEC | VM_WRITE | VM_GROWSDOWN)) === VM_EXEC;
}

/**
 * @call status
 * Sums up the address space, as /proc/PID/status does, in KiB; one field, or all of them.
 *
 * | field | pages |
 * |---|---|
 * | VmSize | mapped (RLIMIT_AS) |
 * | VmLck | locked (RLIMIT_MEMLOCK); what MREMAP_DONTUNMAP leaves behind of a locked mapping counts for good |
 * | VmRSS | that entries name: RssAnon, RssFile and RssShmem together |
 * | VmData | of private writable mappings that do not grow down (RLIMIT_DATA) |
 * | VmStk | of mappings that grow down |
 * | VmLib | of executable mappings that are neither writable nor grow down |
 *
 * @errors
 * EINVAL: there is no such field
 *
 * @differs Peaks, page tables and the program's text (VmPeak, VmHWM, VmPTE, VmExe) are left out of scenarios;
 * `Process.status()` has VmPTE.
 */
export function status(): Answer {
  return UNSPECIFIED;
}

/** One of them, in KiB. */
export function statusField({ process }: Caller, name: string): Answer {
  const count = FIELDS.get(name);
  if (!count) return failure(EINVAL);
  const pages = count(process);
  return pages === undefined ? UNSPECIFIED : value(addressOf(pages) / KIB);
}

/**
 * @call pagemap
 * Shows what the page table has for each page that a range touches, as /proc/PID/pagemap tells a reader without
 * privilege.
 *
 * | letter | entry |
 * |---|---|
 * | `.` | none |
 * | `p` | names the page of zeros, or anonymous memory that more than one entry names |
 * | `P` | names anonymous memory, and is the only one |
 * | `f`, `F` | the same of a page of a file or of shared memory |
 * | `g` | a guard |
 * | `s` | swapped out |
 *
 * What a mapping allows plays no part, nor whether there is one. Pages from the end of user space on are not shown.
 *
 * @errors none
 */
export function pagemap({ state, process }: Caller, address: bigint, length: bigint): Answer {
  const { taskSize } = state.layout;
  const first = min(pageOf(address), pageOf(taskSize));
  const end = max(first, min(pagesOf(address + length), pageOf(taskSize)));
  if (end - first > MANY) return UNSPECIFIED;
  const pages = Array.from({ length: Number(end - first) }, (_, index) => pageAt(process, first + BigInt(index)));
  const known = pages.filter((page) => page !== undefined);
  return known.length === pages.length ? { kind: 'pagemap', pages: known } : UNSPECIFIED;
}

/** More pages than anybody looks at. */
const MANY = 1n << 18n;

/** undefined where something may be. */
function pageAt(process: Process, page: bigint): 'guard' | 'absent' | undefined {
  const own = process.pages.get(page);
  if (own === 'guard') return 'guard';
  const vma = vmaAt(process, addressOf(page));
  if (!vma) return 'absent';
  return own || vma.file !== undefined || vma.flags & VM_HUGEPAGE ? undefined : 'absent';
}
