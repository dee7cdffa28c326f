/**
 * What an access would do now: a TLB hit, a walk, a page fault and what it would do, or a signal.
 *
 * Place: explain.ts asks; the machine itself never does. The order of questions is that of mmu.ts
 * and fault.ts, asked without their effects: no memo, no count, no TLB order may change here.
 * Differs: a disk without room, and RAM without a free frame, are not foreseen.
 */

import { ACCESS_EXEC, ACCESS_READ, ACCESS_WRITE } from '../mmu/access-codes.ts';
import { PTE_EXEC, PTE_GUARD, PTE_LEAF, PTE_PRESENT, PTE_SWAP, PTE_USER, PTE_WRITE } from '../mmu/entry-codes.ts';
import { type DecodedEntry, decodeEntry } from '../mmu/entry-decode.ts';
import { FRAME_ANON, FRAME_ANON_EXCLUSIVE } from '../mmu/frames.ts';
import { granting, type Mmu } from '../mmu/mmu.ts';
import { allows, knownAccess } from './fault.ts';
import type { KernelParts } from './kernel.ts';
import type { Task } from './task.ts';
import { FAULT_ACCERR, FAULT_BUS, FAULT_MAPERR, FAULT_NONCANONICAL } from './vm-fault.ts';
import { VM_ACCESS, VM_SHARED } from './vm-flags.ts';
import type { Vma } from './vma.ts';

/** What the fault would do to the page. */
export type FaultAction =
  | 'map the zero page'
  | 'fill a frame with zeros'
  | 'map the cached page'
  | 'read the page'
  | 'add a page to the file'
  | 'copy the page of the file'
  | 'note the store'
  | 'take the frame over'
  | 'copy the frame'
  | 'read from swap'
  | 'try again';

/** What comes of one access. */
export type Forecast =
  | { readonly kind: 'tlb-hit'; readonly level: 1 | 2 }
  | { readonly kind: 'walk'; readonly entries: number }
  | { readonly kind: 'fault'; readonly action: FaultAction; readonly cost: 'minor' | 'major'; readonly grows: boolean }
  /** failure: FAULT_* of vm-fault.ts. */
  | { readonly kind: 'signal'; readonly failure: number; readonly reason: SignalReason };

export type SignalReason = 'no address' | 'no mapping' | 'no right' | 'guard' | 'beyond the end';

/** An entry that a walk would read now. */
export interface ProbedEntry {
  /** 0 = root. */
  readonly level: number;
  /** Frame of the table and index in it. */
  readonly table: number;
  readonly index: number;
  readonly entry: DecodedEntry;
}

/** Everything that decides about an access, looked up without a trace. */
export interface Probe {
  readonly task: Task;
  readonly va: number;
  /** An address that the scheme can translate. */
  readonly translatable: boolean;
  /** The VMA that holds `va`, or would after it has grown down to it. */
  readonly vma: Vma | null;
  readonly grows: boolean;
  /** Root first; ends with the leaf, or with the first entry that leads nowhere. */
  readonly walk: readonly ProbedEntry[];
}

export function probe(parts: KernelParts, task: Task, va: number): Probe {
  const translatable = va >= 0 && va < parts.canonicalEnd;
  const above = translatable ? firstEndingAbove(task, va) : null;
  const grows = above !== null && above.start > va && parts.stackGrowth.allows(task, above, va);
  const vma = above !== null && (above.start <= va || grows) ? above : null;
  return { task, va, translatable, vma, grows, walk: translatable ? walk(parts, task.mm.root, va) : [] };
}

/** As VmaTree.find, which keeps a memo. */
function firstEndingAbove(task: Task, va: number): Vma | null {
  for (const vma of task.mm.vmas) if (vma.end > va) return vma;
  return null;
}

function walk(parts: KernelParts, root: number, va: number): ProbedEntry[] {
  const { tables } = parts;
  const entries: ProbedEntry[] = [];
  let table = root;
  for (let level = 0; level < tables.levels; level++) {
    const index = tables.indexAt(va, level);
    const slot = table * tables.entriesPerTable + index;
    const entry = decodeEntry(tables, level, tables.rawLow(slot) >>> 0, tables.rawHigh(slot) >>> 0);
    entries.push({ level, table, index, entry });
    if (!entry.isPointer) break;
    table = entry.frame;
  }
  return entries;
}

/** The entry that names the page, whatever its bits; null if a table is missing. */
export function leafOf(parts: KernelParts, found: Probe): DecodedEntry | null {
  const last = found.walk.at(-1);
  if (last === undefined) return null;
  const isLeaf =
    last.level === parts.tables.levels - 1 ||
    (last.entry.flags & (PTE_PRESENT | PTE_LEAF)) === (PTE_PRESENT | PTE_LEAF);
  return isLeaf && last.entry.raw !== '0x0' ? last.entry : null;
}

/** What an access (ACCESS_*) at the probed address would do. */
export function forecast(parts: KernelParts, found: Probe, access: number): Forecast {
  return fromTlb(parts, found, access) ?? fromWalk(parts, found, access) ?? fromFault(parts, found, access);
}

function fromTlb(parts: KernelParts, found: Probe, access: number): Forecast | null {
  if (!found.translatable) return null;
  const { task, va } = found;
  const mmu: Mmu = task.cpu.mmu;
  const vpn = Math.floor(va / parts.pageSize);
  const tag = vpn * parts.pageSize + task.mm.asid;
  if (mmu.l1.peek(granting(mmu.l1, access), vpn, tag) >= 0) return { kind: 'tlb-hit', level: 1 };
  // An entry without the right makes the processor walk at once: it does not ask the second level.
  if (mmu.l2 === null || mmu.l1.peek(mmu.l1.tag, vpn, tag) >= 0) return null;
  return mmu.l2.peek(granting(mmu.l2, access), vpn, tag) >= 0 ? { kind: 'tlb-hit', level: 2 } : null;
}

function fromWalk(parts: KernelParts, found: Probe, access: number): Forecast | null {
  const flags = leafOf(parts, found)?.flags ?? 0;
  const right = access === ACCESS_WRITE ? PTE_WRITE : access === ACCESS_READ ? 0 : PTE_EXEC;
  const needed = PTE_PRESENT | PTE_USER | right;
  return (flags & needed) === needed ? { kind: 'walk', entries: found.walk.length } : null;
}

function fromFault(parts: KernelParts, found: Probe, access: number): Forecast {
  const { va, vma } = found;
  if (!found.translatable) {
    const upper = va >= 2 ** 64 - parts.canonicalEnd;
    return { kind: 'signal', failure: upper ? FAULT_MAPERR : FAULT_NONCANONICAL, reason: 'no address' };
  }
  if (vma === null) return { kind: 'signal', failure: FAULT_MAPERR, reason: 'no mapping' };
  if (allows(vma, knownAccess(parts.tables, access))) return withVma(parts, found, vma, access);
  const looksFirst = access === ACCESS_EXEC && parts.tables.codes.controlsExecution && vma.flags & VM_ACCESS;
  // The page is brought in before the fetch is refused, unless that fails.
  const first = looksFirst ? withVma(parts, found, vma, ACCESS_READ) : null;
  return first?.kind === 'signal' ? first : { kind: 'signal', failure: FAULT_ACCERR, reason: 'no right' };
}

function withVma(parts: KernelParts, found: Probe, vma: Vma, access: number): Forecast {
  const leaf = leafOf(parts, found);
  return leaf === null ? absent(found, vma, access) : present(parts, found, vma, leaf, access);
}

const MINOR = 'minor';
const MAJOR = 'major';

function resolved(found: Probe, action: FaultAction, cost: 'minor' | 'major'): Forecast {
  return { kind: 'fault', action, cost, grows: found.grows };
}

/** No entry yet: the first touch of the page. */
function absent(found: Probe, vma: Vma, access: number): Forecast {
  const { file } = vma;
  if (file === null) {
    return resolved(found, access === ACCESS_WRITE ? 'fill a frame with zeros' : 'map the zero page', MINOR);
  }
  const { inode } = file;
  const index = Math.floor(vma.indexAt(found.va));
  if (index >= inode.endPage) return { kind: 'signal', failure: FAULT_BUS, reason: 'beyond the end' };
  const { pfn } = inode.cache.peek(index);
  const fromDisk = pfn === 0 && !inode.fs.swapBacked;
  const cost = fromDisk ? MAJOR : MINOR;
  if (access === ACCESS_WRITE && !(vma.flags & VM_SHARED)) return resolved(found, 'copy the page of the file', cost);
  if (pfn !== 0) return resolved(found, 'map the cached page', MINOR);
  return resolved(found, fromDisk ? 'read the page' : 'add a page to the file', cost);
}

/** The entry is there, but without the right; or it is no hardware entry at all. */
function present(parts: KernelParts, found: Probe, vma: Vma, leaf: DecodedEntry, access: number): Forecast {
  if (leaf.flags & PTE_GUARD) return { kind: 'signal', failure: FAULT_MAPERR, reason: 'guard' };
  if (leaf.flags & PTE_SWAP) return resolved(found, 'read from swap', MAJOR);
  if (!(leaf.flags & PTE_PRESENT) || access !== ACCESS_WRITE || leaf.flags & PTE_WRITE)
    return resolved(found, 'try again', MINOR);
  if (vma.flags & VM_SHARED) return resolved(found, 'note the store', MINOR);
  if (leaf.frame === parts.pool.zeroPfn) return resolved(found, 'fill a frame with zeros', MINOR);
  const { frames } = parts;
  const alone = frames.has(leaf.frame, FRAME_ANON_EXCLUSIVE) || frames.refcount[leaf.frame] === 1;
  return resolved(found, frames.has(leaf.frame, FRAME_ANON) && alone ? 'take the frame over' : 'copy the frame', MINOR);
}
