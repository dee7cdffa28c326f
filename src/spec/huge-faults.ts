/**
 * What an access to a mapping of huge pages finds: a page of the pool as a whole, or a bus error.
 *
 *     shared                              the file's page; one is taken for it if it has none
 *     private, load                       the file's page; a page of the process's own if the file has none
 *     private, store                      a page of its own: a copy, unless nobody else has the one there is
 *
 * A process that kept pages when it made the mapping gets its copy even when the pool has none left: those who have the
 * page from it by fork lose theirs, and find a bus error.
 *
 * Source: Linux mm/hugetlb.c hugetlb_no_page, hugetlb_wp, unmap_ref_private.
 */

import { pageOf } from './arithmetic.ts';
import { takeForFile, takeForProcess } from './huge-pool.ts';
import { ensureFamily } from './merge.ts';
import type { FileObject, Process, State, Vma } from './state.ts';
import { VM_MAYSHARE, VM_SHARED } from './vm-flags.ts';
import { granuleOf, pgoffAt } from './vmas.ts';

/** The huge page at an address. */
interface Spot {
  readonly state: State;
  readonly process: Process;
  readonly vma: Vma;
  readonly object: FileObject;
  /** Number of its first small page. */
  readonly first: bigint;
  /** The same in the file. */
  readonly pgoff: bigint;
  /** Small pages in it. */
  readonly count: bigint;
}

/** Whose page the access finds: the file's, or the process's own. Undefined for a bus error. */
export function touchHuge(
  state: State,
  process: Process,
  vma: Vma,
  object: FileObject,
  address: bigint,
  kind: 'load' | 'store' | 'fetch',
): 'file' | 'own' | undefined {
  const bytes = granuleOf(state, vma);
  const start = address - (address % bytes);
  const spot = { state, process, vma, object, first: pageOf(start), pgoff: pgoffAt(vma, start), count: pageOf(bytes) };
  const found = process.huge.get(spot.first) ?? enter(spot);
  if (found === undefined) return undefined;
  if (kind !== 'store' || vma.flags & VM_SHARED) return found === 'file' ? 'file' : 'own';
  return mayStore(spot, found) ? 'own' : undefined;
}

/** The first touch. A page that the file has may reach beyond its end. */
function enter({ state, process, vma, object, first, pgoff, count }: Spot): number | 'file' | undefined {
  const file = object.huge;
  const page = pgoff / count;
  if (!file) return undefined;
  if (!file.pages.has(page)) {
    if ((page + 1n) * file.pageBytes > object.size) return undefined;
    if ((vma.flags & VM_MAYSHARE) === 0) return takeOwn(state, process, vma, file.pageBytes, first);
    if (!takeForFile(state, file, page)) return undefined;
  }
  process.huge.set(first, 'file');
  return 'file';
}

function takeOwn(state: State, process: Process, vma: Vma, pageBytes: bigint, first: bigint): number | undefined {
  const own = takeForProcess(state, process, vma, pageBytes, first);
  if (own === undefined) return undefined;
  ensureFamily(state, process, vma);
  process.huge.set(first, own);
  return own;
}

/** Makes what a private mapping shows a page that the process may store to. */
function mayStore(spot: Spot, found: number | 'file'): boolean {
  const { state, process, vma, first, count } = spot;
  const others = found === 'file' ? [] : othersWith(state, process, found);
  if (found !== 'file' && others.length === 0) return true;
  const copy = takeOwn(state, process, vma, granuleOf(state, vma), first);
  if (copy !== undefined) {
    if (found === 'file') copyOfFile(spot);
    return true;
  }
  if (!vma.keeps || found === 'file') return false;
  for (const other of others) lose(other, found, count);
  return true;
}

function othersWith(state: State, process: Process, page: number): Process[] {
  return [...state.processes.values()].filter((other) => other !== process && [...other.huge.values()].includes(page));
}

function lose(process: Process, page: number, count: bigint): void {
  for (const [first, found] of [...process.huge]) {
    if (found !== page) continue;
    process.huge.delete(first);
    for (let small = first; small < first + count; small++) process.pages.delete(small);
  }
}

function copyOfFile({ process, object, first, pgoff, count }: Spot): void {
  for (const [page, bytes] of object.pages)
    if (page >= pgoff && page < pgoff + count) process.pages.set(first + page - pgoff, bytes);
}
