/**
 * What an access finds at an address, and the page it makes there if it has to.
 *
 *     no mapping, and no stack that could grow       SIGSEGV, SEGV_MAPERR
 *     mapping without the right                      SIGSEGV, SEGV_ACCERR
 *     guard page (MADV_GUARD_INSTALL)                SIGSEGV, SEGV_MAPERR
 *     page wholly behind the end of the object       SIGBUS, BUS_ADRERR
 *     shared mapping                                 the object's page
 *     private mapping, stored to before              the process's own page
 *     private mapping of a file, load                the object's page
 *     private mapping of a file, first store         a copy of the object's page, from now on its own
 *     private anonymous memory, loads at first       the page of zeros that all share
 *     private anonymous memory, first store          zeros, from now on its own
 *     memory of huge pages                           huge-faults.ts
 *
 * Source: Linux mm/memory.c, arch/x86/mm/fault.c.
 */

import type { Signal } from './answer.ts';
import { pageFloor, pageOf, pagesOf, ZERO_PAGE } from './arithmetic.ts';
import { touchHuge } from './huge-faults.ts';
import { commit, mayExpand, mayLockMore } from './limits.ts';
import { ensureFamily } from './merge.ts';
import type { FileObject, OwnPage, Process, State, Vma } from './state.ts';
import { noteStore } from './times.ts';
import { VM_ACCESS_FLAGS, VM_EXEC, VM_GROWSDOWN, VM_HUGETLB, VM_LOCKED, VM_MAYSHARE, VM_WRITE } from './vm-flags.ts';
import { findVma, pgoffAt, setStart, stackGuardGap, vmaBelow } from './vmas.ts';

export type Access = 'load' | 'store' | 'fetch';

/** Which of these a mapping must have. On x86 each right implies the one to load. */
const RIGHTS: Readonly<Record<Access, number>> = { load: VM_ACCESS_FLAGS, store: VM_WRITE, fetch: VM_EXEC };

/** Where the bytes of a page stand. A store puts a new page there. */
export interface Place {
  readonly pages: Map<bigint, OwnPage>;
  readonly page: bigint;
}

export type Fault = Signal;

export function isFault(found: Place | Fault): found is Fault {
  return 'code' in found;
}

/** The bytes of a page. Not to be written. */
export function bytesAt({ pages, page }: Place): Uint8Array {
  const bytes = pages.get(page);
  return bytes instanceof Uint8Array ? bytes : ZERO_PAGE;
}

/** What an access to the page of `address` finds. */
export function access(state: State, process: Process, address: bigint, kind: Access): Place | Fault {
  const vma = mappingFor(state, process, address);
  if (!vma) return { name: 'SIGSEGV', code: 'SEGV_MAPERR', address };
  const refused: Fault = { name: 'SIGSEGV', code: 'SEGV_ACCERR', address };
  const right = kind === 'fetch' && state.layout.fetches === 'are-loads' ? RIGHTS.load : RIGHTS[kind];
  if (vma.flags & right) return touch(state, process, vma, address, kind);
  if (kind !== 'fetch' || (vma.flags & RIGHTS.load) === 0) return refused;
  // That it must not be fetched shows only once the page is there.
  const first = touch(state, process, vma, address, 'load');
  return isFault(first) ? first : refused;
}

/** The same for a mapping that is known to be there and to allow it. */
export function touch(state: State, process: Process, vma: Vma, address: bigint, kind: Access): Place | Fault {
  const page = pageOf(address);
  const own = process.pages.get(page);
  if (own === 'guard') return { name: 'SIGSEGV', code: 'SEGV_MAPERR', address };
  if (vma.flags & VM_HUGETLB) return partOfHugePage(state, process, vma, address, kind);
  if (vma.flags & VM_MAYSHARE && vma.file !== undefined) return objectPage(state, vma, address, kind);
  if (kind === 'store') ensureFamily(state, process, vma);
  const mine = { pages: process.pages, page };
  if (own && !(own === ZERO_PAGE && kind === 'store')) return mine;
  if (vma.file === undefined) {
    process.pages.set(page, kind === 'store' ? ownCopy(ZERO_PAGE) : ZERO_PAGE);
    return mine;
  }
  const theirs = objectPage(state, vma, address, 'load');
  if (kind !== 'store' || isFault(theirs)) return theirs;
  process.pages.set(page, ownCopy(bytesAt(theirs)));
  return mine;
}

function partOfHugePage(state: State, process: Process, vma: Vma, address: bigint, kind: Access): Place | Fault {
  const object = objectOf(state, vma);
  const whose = object && touchHuge(state, process, vma, object, address, kind);
  if (!object || !whose) return { name: 'SIGBUS', code: 'BUS_ADRERR', address };
  if (whose === 'own') return { pages: process.pages, page: pageOf(address) };
  return { pages: object.pages, page: pgoffAt(vma, pageFloor(address)) };
}

/** ZERO_PAGE itself is the one that loads show everywhere, and nobody's own. */
function ownCopy(bytes: Uint8Array): Uint8Array {
  return bytes === ZERO_PAGE ? bytes.slice() : bytes;
}

/** The object behind a mapping; undefined for private anonymous memory. */
export function objectOf(state: State, vma: Vma): FileObject | undefined {
  if (vma.file === undefined) return undefined;
  const file = state.openFiles.get(vma.file);
  return file && state.objects.get(file.object);
}

/** A page of the object. On tmpfs any fault fills a hole with a page of zeros, on ext4 only a store does. */
function objectPage(state: State, vma: Vma, address: bigint, kind: Access): Place | Fault {
  const object = objectOf(state, vma);
  const page = pgoffAt(vma, pageFloor(address));
  if (!object || page >= pagesOf(object.size)) return { name: 'SIGBUS', code: 'BUS_ADRERR', address };
  const { pages } = object;
  if (kind === 'store') noteStore(state, object);
  if (!pages.has(page) && (object.fs === 'tmpfs' || kind === 'store')) pages.set(page, ZERO_PAGE);
  return { pages, page };
}

/** The mapping at an address, if need be after the stack above it has grown down to it. */
function mappingFor(state: State, process: Process, address: bigint): Vma | undefined {
  const vma = findVma(process, address);
  if (!vma || vma.start <= address) return vma;
  return vma.flags & VM_GROWSDOWN && growDown(state, process, vma, pageFloor(address)) ? vma : undefined;
}

/**
 * Lets a stack start at `start`. Refused below minPlace; within 256 pages of a mapping below it that can be
 * accessed and is no stack itself; beyond a limit (of which the stack's own gives it a family all the same).
 */
function growDown(state: State, process: Process, vma: Vma, start: bigint): boolean {
  if (start < state.layout.minPlace) return false;
  const below = vmaBelow(process, vma.start);
  const blocks = below !== undefined && (below.flags & VM_GROWSDOWN) === 0 && (below.flags & VM_ACCESS_FLAGS) !== 0;
  if (blocks && start - below.end < stackGuardGap()) return false;
  ensureFamily(state, process, vma);
  const pages = pageOf(vma.start - start);
  if (pages > vma.pgoff || !withinLimits(state, process, vma, start, pages)) return false;
  if (vma.flags & VM_LOCKED) process.lockedPages += pages;
  setStart(vma, start);
  return true;
}

function withinLimits(state: State, process: Process, vma: Vma, start: bigint, pages: bigint): boolean {
  return (
    mayExpand(process, vma.flags, pages) &&
    vma.end - start <= process.limits.stack &&
    mayLockMore(process, vma.flags, pages) &&
    commit(state, process, pages) === 0
  );
}
