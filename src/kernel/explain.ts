/**
 * Explains an address: its VMA, the page-table walk, the TLB, the frame, the cache slot, and what an
 * access there would do now.
 *
 * Place: `Machine.explain`. It reads the machine as it stands and changes nothing, not even a memo
 * or the order of TLB entries: a snapshot taken before equals one taken after (tested).
 * explain-text.ts puts the result into sentences.
 */

import { UserError } from '../assert.ts';
import { ACCESS_EXEC, ACCESS_READ, ACCESS_WRITE } from '../mmu/access-codes.ts';
import type { FrameTable } from '../mmu/frames.ts';
import { NO_TAG, type TlbLevel } from '../mmu/tlb.ts';
import { MARK_DIRTY, MARK_WRITEBACK } from '../pagecache/file-cache.ts';
import { toUnsigned, type Word } from '../units.ts';
import { accessWord, entryWords, frameWords, rightsOf, tableNames, vmaWords } from './flag-words.ts';
import { type Forecast, forecast, leafOf, type Probe, probe } from './forecast.ts';
import { Inode } from './inode.ts';
import type { KernelParts } from './kernel.ts';
import { toVa } from './process-memory.ts';
import type { Task } from './task.ts';
import type { Vma } from './vma.ts';

export interface ExplainedVma {
  readonly start: number;
  readonly end: number;
  /** `rw-p` */
  readonly perms: string;
  /** Every flag in words: `read`, `write`, `locked`. */
  readonly flags: readonly string[];
  /** Base name of the file, `[stack]`, or '' for anonymous memory. */
  readonly path: string;
  readonly fs: 'tmpfs' | 'ext4' | null;
  /** Page of the file at `start`; for anonymous memory its own page number. */
  readonly pgoff: number;
  /** Bytes of the file; null for anonymous memory. */
  readonly fileBytes: number | null;
  /** The address lies below the VMA, which grows down to it at the first access. */
  readonly grows: boolean;
}

export interface ExplainedEntry {
  /** `PGD`, `PUD`, `PMD`, `PTE`. */
  readonly name: string;
  /** Frame of the table, index in it, and the physical address of the entry. */
  readonly table: number;
  readonly index: number;
  readonly pa: number;
  readonly raw: string;
  readonly kind: 'empty' | 'table' | 'page' | 'not present';
  /** Frame of the page or the lower table; null for an empty entry. */
  readonly frame: number | null;
  readonly bits: readonly string[];
}

/** One level of the TLB: null if the page is not there, else what its entry grants. */
export interface ExplainedTlb {
  readonly level: 1 | 2;
  readonly entry: {
    readonly pa: number;
    readonly load: boolean;
    readonly store: boolean;
    readonly fetch: boolean;
  } | null;
}

export interface ExplainedFrame {
  readonly pfn: number;
  readonly pa: number;
  readonly flags: readonly string[];
  readonly refcount: number;
  readonly mapcount: number;
  readonly owner: { readonly kind: 'anonymous' | 'file' | 'none'; readonly id: number; readonly index: number };
  readonly isZeroPage: boolean;
}

export interface ExplainedCacheSlot {
  readonly path: string;
  readonly index: number;
  /** 0: not cached. */
  readonly pfn: number;
  readonly dirty: boolean;
  readonly writeback: boolean;
  readonly beyondEnd: boolean;
}

export interface ExplainedAccess {
  readonly access: 'load' | 'store' | 'fetch';
  readonly forecast: Forecast;
}

/** What `Machine.explain` gives. */
export interface Explanation {
  readonly va: bigint;
  readonly process: number;
  readonly cpu: number;
  readonly asid: number;
  readonly pageSize: number;
  readonly vma: ExplainedVma | null;
  /** End of the nearest mapping below and start of the nearest above, where no VMA holds the address. */
  readonly below: number | null;
  readonly above: number | null;
  /** Empty for an address that the scheme cannot translate. */
  readonly walk: readonly ExplainedEntry[];
  readonly tlb: readonly ExplainedTlb[];
  /** The frame that the entry names; null where there is none. */
  readonly frame: ExplainedFrame | null;
  readonly cache: ExplainedCacheSlot | null;
  readonly accesses: readonly ExplainedAccess[];
}

/** Explains `address` as `task` sees it. Throws `UserError` if the task has ended. */
export function explain(parts: KernelParts, task: Task, address: Word): Explanation {
  if (task.exited) throw new UserError(`process ${task.id} has ended and has no addresses any more`);
  const va = toUnsigned(address);
  const found = probe(parts, task, toVa(va, parts.config.scheme.wordBits));
  const { vma } = found;
  const [below, above] = vma === null && found.translatable ? neighbours(task, found.va) : [null, null];
  return {
    va,
    process: task.id,
    cpu: task.cpu.id,
    asid: task.mm.asid,
    pageSize: parts.pageSize,
    vma: vma === null ? null : describeVma(vma, found),
    below,
    above,
    walk: describeWalk(parts, found),
    tlb: describeTlb(parts, found),
    frame: describeFrame(parts, found),
    cache: vma === null ? null : describeCache(vma, found),
    accesses: [ACCESS_READ, ACCESS_WRITE, ACCESS_EXEC].map((access) => ({
      access: accessWord(access),
      forecast: forecast(parts, found, access),
    })),
  };
}

function neighbours(task: Task, va: number): [number | null, number | null] {
  let below: number | null = null;
  for (const vma of task.mm.vmas) {
    if (vma.start > va) return [below, vma.start];
    below = vma.end;
  }
  return [below, null];
}

function describeVma(vma: Vma, found: Probe): ExplainedVma {
  const { file } = vma;
  return {
    start: vma.start,
    end: vma.end,
    perms: rightsOf(vma.flags),
    flags: vmaWords(vma.flags),
    path: vma.name || (file?.dentry.shown ?? ''),
    fs: file === null ? null : file.inode.fs.name,
    pgoff: vma.pgoff,
    fileBytes: file === null ? null : file.inode.sizePages * vma.mm.pageSize + file.inode.sizeTail,
    grows: found.grows,
  };
}

function describeWalk(parts: KernelParts, found: Probe): ExplainedEntry[] {
  const { tables } = parts;
  const names = tableNames(tables.levels);
  return found.walk.map(({ level, table, index, entry }) => {
    const empty = entry.raw === '0x0';
    const present = entry.flags !== 0 && entryWords(entry.flags).includes('present');
    return {
      name: names[level],
      table,
      index,
      pa: (table * tables.entriesPerTable + index) * tables.scheme.entryBytes,
      raw: entry.raw,
      kind: empty ? 'empty' : entry.isPointer ? 'table' : present ? 'page' : 'not present',
      frame: empty ? null : entry.frame,
      bits: entryWords(entry.flags),
    };
  });
}

function describeTlb(parts: KernelParts, found: Probe): ExplainedTlb[] {
  if (!found.translatable) return [];
  const { l1, l2 } = found.task.cpu.mmu;
  const page = Math.floor(found.va / parts.pageSize);
  const describe = (level: 1 | 2, tlb: TlbLevel): ExplainedTlb => {
    const place = tlb.peek(tlb.tag, page, page * parts.pageSize + found.task.mm.asid);
    if (place < 0) return { level, entry: null };
    const granted = (column: Float64Array): boolean => column[place] !== NO_TAG;
    const rights = { load: granted(tlb.tag), store: granted(tlb.writeTag), fetch: granted(tlb.execTag) };
    return { level, entry: { pa: tlb.base[place], ...rights } };
  };
  return l2 === null ? [describe(1, l1)] : [describe(1, l1), describe(2, l2)];
}

function describeFrame(parts: KernelParts, found: Probe): ExplainedFrame | null {
  const leaf = leafOf(parts, found);
  if (leaf === null || leaf.frame === 0 || entryWords(leaf.flags).includes('swapped out')) return null;
  const { frames, pool } = parts;
  const pfn = leaf.frame;
  return {
    pfn,
    pa: pfn * parts.pageSize,
    flags: frameWords(frames.flags[pfn]),
    refcount: frames.refcount[pfn],
    mapcount: frames.mapcount[pfn],
    owner: { kind: ownerKind(parts, frames, pfn), id: frames.owner[pfn], index: frames.index[pfn] },
    isZeroPage: pfn === pool.zeroPfn,
  };
}

function ownerKind(parts: KernelParts, frames: FrameTable, pfn: number): 'anonymous' | 'file' | 'none' {
  if (!parts.owners.has(frames.owner[pfn])) return 'none';
  return parts.owners.get(frames.owner[pfn]) instanceof Inode ? 'file' : 'anonymous';
}

function describeCache(vma: Vma, found: Probe): ExplainedCacheSlot | null {
  const { file } = vma;
  if (file === null) return null;
  const { inode } = file;
  const index = Math.floor(vma.indexAt(found.va));
  const { pfn, marks } = inode.cache.peek(index);
  return {
    path: file.dentry.shown,
    index,
    pfn,
    dirty: (marks & MARK_DIRTY) !== 0 || (pfn !== 0 && inode.fs.swapBacked),
    writeback: (marks & MARK_WRITEBACK) !== 0,
    beyondEnd: index >= inode.endPage,
  };
}
