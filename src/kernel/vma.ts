/**
 * A VMA: one range of an address space with one set of rights over one object.
 *
 * Place: the intent; page tables are its disposable consequence. `pgoff` is the object's page at
 * `start`; private anonymous memory counts from address 0, so that neighbours continue each other.
 * AnonVma, the object of private pages, stands here too: each names the other.
 * Invariant: start < end, both page-aligned; while in a tree, `prev` and `next` are its
 * neighbours; it stands in the interval set of its file and of every AnonVma in `chain`.
 * Source: Linux include/linux/mm_types.h, rmap.h.
 */

import { type IntervalNode, IntervalSet } from '../interval-set.ts';
import type { HugeReservation } from './huge-pool.ts';
import type { FileMapping } from './inode.ts';
import type { OpenFile } from './open-file.ts';
import { VM_GROWSDOWN } from './vm-flags.ts';

/** What a VMA sees of the address space (mm.ts) that it stands in. */
export interface AddressSpace {
  readonly id: number;
  readonly pageSize: number;
  /** Bytes kept free below a VMA that grows downwards. */
  readonly stackGuard: number;
  /** Frame of the root table. */
  root: number;
  asid: number;
  /** CPUs whose TLB may hold its translations. */
  readonly cpus: Set<number>;
  /** Changes the count of page-table entries that name a page of one kind (RSS_*). */
  addRss(kind: number, amount: number): void;
  /** To be called before pages are taken away. */
  noteHighWater(): void;
}

/** A node of a VmaTree (vma-chunk.ts): a run of neighbouring VMAs, or of such nodes. */
export interface VmaChunk {
  parent: VmaChunk | null;
  /** The children of one of the lowest nodes, else empty. */
  readonly vmas: Vma[];
  /** Those of a node above, else empty. */
  readonly chunks: VmaChunk[];
  /** By child: where it ends, and the bytes free below it or the most that are free below one of its VMAs. */
  readonly ends: number[];
  readonly gaps: number[];
  largestGap: number;
}

/** The object that private pages belong to; its life is anon-vma.ts. */
export class AnonVma {
  readonly id: number;
  readonly parent: AnonVma | null;
  readonly vmas: IntervalSet<Vma>;
  /** AnonVmas below this one, itself included when it is a root (as Linux counts). */
  numChildren: number;
  /** VMAs whose own anonVma this is. */
  numActiveVmas: number;

  constructor(id: number, parent: AnonVma | null) {
    this.id = id;
    this.parent = parent;
    this.vmas = new IntervalSet();
    this.numChildren = parent === null ? 1 : 0;
    this.numActiveVmas = 0;
  }
}

/** What most VMAs have until they are touched: one array for all. */
export const NO_CHAIN: readonly AnonVma[] = [];
const NO_NODES: readonly IntervalNode<Vma>[] = [];

/** One page of a VMA: its address, its place in the object (see `Vma.indexAt`) and its slot. Fault handlers hand on this record, since a double as an argument is put into a box. */
export interface VmPage {
  readonly vma: Vma;
  readonly va: number;
  readonly pgoff: number;
  readonly slot: number;
}

export class Vma implements FileMapping {
  readonly mm: AddressSpace;
  start: number;
  end: number;
  flags: number;
  pgoff: number;
  /** The open file description that is mapped; null for private anonymous memory. */
  file: OpenFile | null;
  /** Where new private pages of this VMA are accounted; null until the first one. */
  anonVma: AnonVma | null;
  /** Every AnonVma whose pages this VMA may map: its own and those inherited by fork. */
  chain: readonly AnonVma[];
  /** Our nodes in the interval sets, in the order of `chain`. */
  anonNodes: readonly IntervalNode<Vma>[];
  fileNode: IntervalNode<FileMapping> | null;
  prev: Vma | null;
  next: Vma | null;
  chunk: VmaChunk | null;
  /** Huge pages kept for a private mapping that this process made. */
  hugeReservation: HugeReservation | null;
  /** Shown in maps instead of a path, such as '[stack]'; '' for none. */
  name: string;

  constructor(mm: AddressSpace, start: number, end: number, flags: number, pgoff: number, file: OpenFile | null) {
    this.mm = mm;
    this.start = start;
    this.end = end;
    this.flags = flags;
    this.pgoff = pgoff;
    this.file = file;
    this.anonVma = null;
    this.chain = NO_CHAIN;
    this.anonNodes = NO_NODES;
    this.fileNode = null;
    this.prev = null;
    this.next = null;
    this.chunk = null;
    this.hugeReservation = null;
    this.name = '';
  }

  /** Object page mapped at `va`. */
  indexAt(va: number): number {
    return this.pgoff + (va - this.start) / this.mm.pageSize;
  }

  get pages(): number {
    return (this.end - this.start) / this.mm.pageSize;
  }

  /** Private anonymous memory: no object behind it, or /dev/zero, which only lends its name. */
  get isAnonymous(): boolean {
    return this.file === null || this.file.inode.kind === 'zero';
  }

  /** It stands in interval sets, or is to: private anonymous memory does from its first page on. */
  private get isShown(): boolean {
    return this.file !== null || this.chain.length > 0;
  }

  /** Its range changed while it was linked. */
  relink(): void {
    if (this.isShown) this.moveNodes();
  }

  private moveNodes(): void {
    const last = this.pgoff + this.pages;
    if (this.file !== null && this.fileNode !== null) this.file.inode.mappings.move(this.fileNode, this.pgoff, last);
    const { anonNodes, chain } = this;
    for (let place = 0; place < anonNodes.length; place++) chain[place].vmas.move(anonNodes[place], this.pgoff, last);
  }

  /** Takes its place in the interval sets; call after any change of file or chain. */
  link(): void {
    if (this.isShown) this.addNodes();
  }

  private addNodes(): void {
    const last = this.pgoff + this.pages;
    if (this.file !== null) this.fileNode = this.file.inode.mappings.add(this.pgoff, last, this);
    if (this.chain.length > 0) this.anonNodes = this.chain.map((anonVma) => anonVma.vmas.add(this.pgoff, last, this));
  }

  unlink(): void {
    if (this.isShown) this.removeNodes();
  }

  private removeNodes(): void {
    if (this.file !== null && this.fileNode !== null) this.file.inode.mappings.remove(this.fileNode);
    this.fileNode = null;
    const { anonNodes, chain } = this;
    for (let place = 0; place < anonNodes.length; place++) chain[place].vmas.remove(anonNodes[place]);
    this.anonNodes = NO_NODES;
  }
}

/** Lowest address that must stay free below a VMA that grows downwards. */
export function startGap(vma: Vma): number {
  return vma.flags & VM_GROWSDOWN ? Math.max(0, vma.start - vma.mm.stackGuard) : vma.start;
}
