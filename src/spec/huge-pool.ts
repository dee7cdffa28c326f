/**
 * The pool of huge pages (vm.nr_hugepages): who has them, and for whom they are kept.
 *
 * A page of the pool belongs to a file, or to the processes that have it as one of their own. Others are free, but may be
 * kept: for the file, once a shared mapping has asked for them; for a private mapping, until the process has pages of its own
 * there. Nothing of this is counted as it happens: each question is answered from what there is.
 *
 * Source: Linux mm/hugetlb.c hugetlb_reserve_pages, alloc_hugetlb_folio; Documentation/mm/hugetlbfs_reserv.rst.
 */

import { pageOf } from './arithmetic.ts';
import type { HugeFile } from './file-records.ts';
import { attachedTo } from './shm-table.ts';
import type { FileObject, Layout, Process, State, Vma } from './state.ts';
import { takeNumber } from './state.ts';

/** Bytes of the huge pages that the six bits of MAP_HUGE_ and its like ask for, 0 for the usual ones; undefined for none there are. */
export function hugePageBytes({ hugetlbPage, pageSize }: Layout, flags: bigint): bigint | undefined {
  const log = (flags >> 26n) & 0x3fn;
  if (log === 0n) return hugetlbPage;
  const larger = hugetlbPage * (hugetlbPage / pageSize);
  return [hugetlbPage, larger].find((bytes) => bytes === 1n << log);
}

/** Only usual ones are set aside. */
function poolOf({ layout }: State, pageBytes: bigint): number {
  return pageBytes === layout.hugetlbPage ? layout.hugePages : 0;
}

/** The files of huge pages that somebody has open or mapped, or that are segments; and those of `replaced` mappings. */
function files(state: State, replaced: readonly Vma[]): Set<HugeFile> {
  const objects = new Set<FileObject | undefined>();
  const add = (file: number): void => {
    objects.add(state.objects.get(state.openFiles.get(file)?.object ?? -1));
  };
  for (const process of state.processes.values()) {
    for (const file of process.descriptors.values()) add(file);
    for (const { file } of process.vmas) if (file !== undefined) add(file);
  }
  for (const { file } of replaced) if (file !== undefined) add(file);
  for (const [id, { object, removed }] of state.segments.byId)
    if (!removed || attachedTo(state, id) > 0) objects.add(state.objects.get(object));
  const huge = [...objects].map((object) => object?.huge);
  return new Set(huge.filter((file) => file !== undefined));
}

function total<T>(of: Iterable<T>, count: (one: T) => number): number {
  let sum = 0;
  for (const one of of) sum += count(one);
  return sum;
}

/** Pages that nobody has. */
function free(state: State, pageBytes: bigint, replaced: readonly Vma[] = []): number {
  const own = new Set<number>();
  for (const process of state.processes.values())
    for (const page of process.huge.values()) if (page !== 'file') own.add(page);
  const inFiles = total(files(state, replaced), (file) => (file.pageBytes === pageBytes ? file.pages.size : 0));
  return poolOf(state, pageBytes) - inFiles - (pageBytes === state.layout.hugetlbPage ? own.size : 0);
}

/** Pages that nobody has and that are kept for nobody. */
function spare(state: State, pageBytes: bigint, replaced: readonly Vma[] = []): number {
  const forFiles = total(files(state, replaced), (file) =>
    file.pageBytes === pageBytes ? file.asked.size - file.pages.size : 0,
  );
  if (pageBytes !== state.layout.hugetlbPage) return free(state, pageBytes, replaced) - forFiles;
  const forMappings = total(state.processes.values(), (process) =>
    total(process.vmas, (vma) => keptIn(state, process, vma, vma.start, vma.end)),
  );
  return free(state, pageBytes, replaced) - forFiles - forMappings - state.lostHugePages;
}

/** How many pages are kept for [start, end) of a private mapping. */
export function keptIn({ layout }: State, process: Process, vma: Vma, start: bigint, end: bigint): number {
  if (!vma.keeps) return 0;
  let count = 0;
  for (let at = start; at < end; at += layout.hugetlbPage) if (!isOwn(process, pageOf(at))) count++;
  return count;
}

function isOwn(process: Process, first: bigint): boolean {
  return typeof process.huge.get(first) === 'number';
}

/** Whether `count` more pages can be kept. What `replaced` mappings showed is let go only when the new one is there. */
export function canKeep(state: State, pageBytes: bigint, count: bigint, replaced: readonly Vma[] = []): boolean {
  return count <= BigInt(Math.max(spare(state, pageBytes, replaced), 0));
}

/** A shared mapping asks for pages [first, end) of a file; false if there are not so many that nobody has asked for yet. */
export function keepForFile(
  state: State,
  file: HugeFile,
  first: bigint,
  end: bigint,
  replaced: readonly Vma[] = [],
): boolean {
  if (end - first > BigInt(file.asked.size + poolOf(state, file.pageBytes))) return false;
  const missing: bigint[] = [];
  for (let page = first; page < end; page++) if (!file.asked.has(page)) missing.push(page);
  if (!canKeep(state, file.pageBytes, BigInt(missing.length), replaced)) return false;
  for (const page of missing) file.asked.add(page);
  return true;
}

/** The file gets page `page`; false if there is none for it. */
export function takeForFile(state: State, file: HugeFile, page: bigint): boolean {
  if (!file.asked.has(page) && spare(state, file.pageBytes) < 1) return false;
  file.asked.add(page);
  file.pages.add(page);
  return true;
}

/** A process gets a page of its own where small page `first` of a mapping is: its number, undefined if there is none for it. */
export function takeForProcess(
  state: State,
  process: Process,
  vma: Vma,
  pageBytes: bigint,
  first: bigint,
): number | undefined {
  const isKept = vma.keeps && !isOwn(process, first);
  const there = isKept ? free(state, pageBytes) : spare(state, pageBytes);
  return there < 1 ? undefined : takeNumber(state);
}

/** Pages [first, end) of the file have become a hole: those that were there are gone; those only asked for stay kept. */
export function loseHole(file: HugeFile, first: bigint, end: bigint): void {
  for (const page of [...file.pages]) if (page >= first && page < end) forgetPage(file, page);
}

/** The file ends before page `first`: what is behind is kept for it no longer. */
export function loseTail(file: HugeFile, first: bigint): void {
  for (const page of [...file.asked]) if (page >= first) forgetPage(file, page);
}

function forgetPage(file: HugeFile, page: bigint): void {
  file.asked.delete(page);
  file.pages.delete(page);
}
