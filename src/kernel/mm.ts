/**
 * Mm: one address space, shared by all threads of a process.
 *
 * Place: owns the VMA tree, the page-table root and the counts that limits and /proc read. It is
 * state; the calls that change it are files of their own.
 * Invariant: every count here is cached from the VMAs or the page tables and has its recount in
 * invariants.ts.
 * Source: Linux struct mm_struct.
 */

import type { WordBits } from '../units.ts';
import type { Commitments } from './commitments.ts';
import type { OpenFile } from './open-file.ts';
import type { AddressSpace } from './vma.ts';
import { VmaTree } from './vma-tree.ts';

/** Index of `Mm.rss`. */
export const RSS_FILE = 0;
export const RSS_ANON = 1;
export const RSS_SHMEM = 2;
/** Of huge pages from the pool, which count as resident nowhere else. */
export const RSS_HUGETLB = 3;

export class Mm implements AddressSpace {
  readonly id: number;
  readonly pageSize: number;
  /** Where lengths and addresses of calls wrap. */
  readonly wordBits: WordBits;
  /** Bytes kept free below a VMA that grows downwards. */
  readonly stackGuard: number;
  readonly vmas: VmaTree;
  /** Frame of the root table. */
  root: number;
  asid: number;
  /** Tasks that use it. */
  users: number;
  /** CPUs whose TLB may hold its translations. */
  readonly cpus: Set<number>;
  /** Pages mapped, all kinds; cached from the VMAs. */
  totalPages: number;
  /** Pages of VM_LOCKED VMAs, and `unlockedUncounted`; cached from the VMAs. */
  lockedPages: number;
  /** Pages that MREMAP_DONTUNMAP unlocked without counting them down: they count against RLIMIT_MEMLOCK for good. */
  unlockedUncounted: number;
  /** Pages of private writable VMAs that are not stacks (RLIMIT_DATA); cached from the VMAs. */
  dataPages: number;
  /** Pages of VMAs that grow down, and of those that may be executed and neither written nor grow; cached from the VMAs. */
  stackPages: number;
  execPages: number;
  /** Float64Array(4), indexed by RSS_*: page-table entries that name such a page. */
  readonly rss: Float64Array;
  /** The most resident pages before something was last taken away; see `peakRss`. */
  highWater: number;
  /** The file whose program it runs: held, and not opened for writing meanwhile; null before any execve. */
  program: OpenFile | null;
  startBrk: number;
  brk: number;
  /** Where its VM_ACCOUNT pages are counted. */
  readonly commitments: Commitments;
  /** VM_LOCKED_MASK bits given to new mappings (mlockall(MCL_FUTURE)). */
  defaultFlags: number;
  /** PR_MDWE_* bits. */
  mdwe: number;
  /** VM_MERGEABLE after PR_SET_MEMORY_MERGE, or 0. */
  futureMergeable: number;

  constructor(id: number, pageSize: number, wordBits: WordBits, stackGuard: number, commitments: Commitments) {
    this.id = id;
    this.pageSize = pageSize;
    this.wordBits = wordBits;
    this.stackGuard = stackGuard;
    this.vmas = new VmaTree();
    this.root = 0;
    this.asid = 0;
    this.users = 1;
    this.cpus = new Set();
    this.totalPages = 0;
    this.lockedPages = 0;
    this.unlockedUncounted = 0;
    this.dataPages = 0;
    this.stackPages = 0;
    this.execPages = 0;
    this.rss = new Float64Array(4);
    this.highWater = 0;
    this.program = null;
    this.startBrk = 0;
    this.brk = 0;
    this.commitments = commitments;
    this.defaultFlags = 0;
    this.mdwe = 0;
    this.futureMergeable = 0;
  }

  addRss(kind: number, amount: number): void {
    this.rss[kind] = this.rss[kind] + amount;
  }

  noteHighWater(): void {
    this.highWater = this.peakRss;
  }

  /** The most pages that were resident at a time, huge ones of the pool not counted (Linux get_mm_hiwater_rss). */
  get peakRss(): number {
    return Math.max(this.highWater, this.rss[RSS_ANON] + this.rss[RSS_FILE] + this.rss[RSS_SHMEM]);
  }
}
