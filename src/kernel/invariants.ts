/**
 * The whole-machine invariant checker (level 2): every cached number against its recount.
 *
 * Place: run after each operation in tests and model checks; never on in benchmarks. It reads
 * everything and changes nothing. A broken rule is an `InvariantError` with the frame or the VMA
 * that breaks it and the last trace records.
 */

import { InvariantError } from '../assert.ts';
import { PTE_DIRTY, PTE_EXEC, PTE_GUARD, PTE_PRESENT, PTE_PROT_NONE, PTE_WRITE } from '../mmu/entry-codes.ts';
import {
  FRAME_ANON_EXCLUSIVE,
  FRAME_DIRTY,
  FRAME_FILE,
  FRAME_FREE,
  FRAME_RESERVED,
  FRAME_SWAP_BACKED,
  FRAME_TABLE,
  FRAME_UPTODATE,
  FRAME_WRITEBACK,
} from '../mmu/frames.ts';
import { countTables, forEachEntry } from '../mmu/page-table-visits.ts';
import { NO_TAG, type TlbLevel } from '../mmu/tlb.ts';
import { MARK_BLANK, MARK_DIRTY, MARK_WRITEBACK } from '../pagecache/file-cache.ts';
import { Inode } from './inode.ts';
import { checkObjects } from './invariants-objects.ts';
import type { Kernel, KernelParts } from './kernel.ts';
import { isDataMapping, isExecMapping } from './memory-limits.ts';
import { type Mm, RSS_ANON, RSS_FILE, RSS_HUGETLB, RSS_SHMEM } from './mm.ts';
import { VM_ACCESS, VM_GROWSDOWN, VM_LOCKED, VM_SHARED, VM_WRITE } from './vm-flags.ts';
import type { Vma } from './vma.ts';

class Checker {
  private readonly kernel: Kernel;
  private readonly parts: KernelParts;
  private readonly mms: readonly Mm[];
  /** Int32Array(frames) each: entries, and references, found by walking. */
  private readonly mapped: Int32Array;
  private readonly references: Int32Array;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.parts = kernel.parts;
    this.mms = [...new Set([...kernel.tasks.values()].filter((task) => !task.exited).map((task) => task.mm))];
    this.mapped = new Int32Array(this.parts.frames.count);
    this.references = new Int32Array(this.parts.frames.count);
  }

  run(): void {
    this.parts.allocator.settle();
    for (const mm of this.mms) this.checkMm(mm);
    this.checkTables();
    this.checkCaches();
    this.checkFrames();
    checkObjects(this.kernel, this.mms, (condition, sentence) => this.that(condition, sentence));
    for (const cpu of this.parts.cpus) {
      this.checkTlb(cpu.mmu.l1);
      if (cpu.mmu.l2 !== null) this.checkTlb(cpu.mmu.l2);
    }
  }

  private that(condition: boolean, sentence: () => string): asserts condition {
    if (condition) return;
    const records = this.parts.trace.last().map((record) => JSON.stringify(record));
    throw new InvariantError([sentence(), ...records].join('\n'));
  }

  private checkTables(): void {
    const { tables } = this.parts;
    const found = this.mms.reduce((sum, mm) => sum + countTables(tables, mm.root), 0);
    this.that(
      found === tables.tableFrames,
      () => `${tables.tableFrames} page tables counted, found ${found}: some are lost`,
    );
  }

  private checkMm(mm: Mm): void {
    let pages = 0;
    let locked = mm.unlockedUncounted;
    let data = 0;
    let exec = 0;
    let stack = 0;
    let previous: Vma | null = null;
    for (const vma of mm.vmas) {
      this.checkVma(vma, previous);
      pages += vma.pages;
      if (vma.flags & VM_LOCKED) locked += vma.pages;
      if (isDataMapping(vma.flags)) data += vma.pages;
      if (isExecMapping(vma.flags)) exec += vma.pages;
      if (vma.flags & VM_GROWSDOWN) stack += vma.pages;
      previous = vma;
    }
    mm.vmas.check();
    this.that(mm.vmas.last === previous, () => `mm ${mm.id}: the last VMA is not the last of the list`);
    this.that(pages === mm.totalPages, () => `mm ${mm.id}: totalPages is ${mm.totalPages}, counted ${pages}`);
    this.that(locked === mm.lockedPages, () => `mm ${mm.id}: lockedPages is ${mm.lockedPages}, counted ${locked}`);
    this.that(data === mm.dataPages, () => `mm ${mm.id}: dataPages is ${mm.dataPages}, counted ${data}`);
    this.that(exec === mm.execPages, () => `mm ${mm.id}: execPages is ${mm.execPages}, counted ${exec}`);
    this.that(stack === mm.stackPages, () => `mm ${mm.id}: stackPages is ${mm.stackPages}, counted ${stack}`);
    this.checkEntries(mm);
  }

  private checkVma(vma: Vma, previous: Vma | null): void {
    const { pageSize } = vma.mm;
    const name = `VMA ${vma.start.toString(16)}-${vma.end.toString(16)}`;
    this.that(vma.prev === previous, () => `${name}: wrong neighbour below`);
    this.that(previous === null || previous.end <= vma.start, () => `${name} overlaps the one below`);
    this.that(
      vma.start < vma.end && vma.start % pageSize === 0 && vma.end % pageSize === 0,
      () => `${name} is empty or unaligned`,
    );
    this.that((vma.mm as Mm).vmas.containing(vma.start) === vma, () => `${name} is not found by its address`);
    this.that(
      vma.anonVma === null || vma.chain.includes(vma.anonVma),
      () => `${name}: its AnonVma is not in its chain`,
    );
    for (const anonVma of vma.chain) {
      this.that(
        anonVma.vmas.overlapping(vma.pgoff, vma.pgoff + 1).includes(vma),
        () => `${name} is missing in AnonVma ${anonVma.id}`,
      );
    }
    if (vma.file === null) return;
    this.that(
      vma.file.inode.mappings.overlapping(vma.pgoff, vma.pgoff + 1).includes(vma),
      () => `${name} is missing among its file's mappings`,
    );
  }

  private checkEntries(mm: Mm): void {
    const { tables, pool } = this.parts;
    const rss = [0, 0, 0, 0];
    forEachEntry(tables, mm.root, (va, slot) => {
      const flags = tables.flags(slot);
      const vma = mm.vmas.containing(va);
      this.that(vma !== null, () => `mm ${mm.id}: an entry at ${va.toString(16)} outside every VMA`);
      if (vma === null || flags & PTE_GUARD || !(flags & (PTE_PRESENT | PTE_PROT_NONE))) return;
      const pfn = tables.frame(slot);
      this.checkEntry(vma, va, pfn, flags);
      if (pfn === pool.zeroPfn) return;
      this.mapped[pfn]++;
      rss[this.parts.mapper.rssKind(pfn)]++;
    });
    for (const kind of [RSS_FILE, RSS_ANON, RSS_SHMEM, RSS_HUGETLB]) {
      this.that(rss[kind] === mm.rss[kind], () => `mm ${mm.id}: rss[${kind}] is ${mm.rss[kind]}, counted ${rss[kind]}`);
    }
  }

  private checkEntry(vma: Vma, va: number, pfn: number, flags: number): void {
    const { frames, pool, rmap } = this.parts;
    const at = `the entry at ${va.toString(16)} (frame ${pfn})`;
    this.that(!frames.has(pfn, FRAME_FREE | FRAME_TABLE), () => `${at} names a free or table frame`);
    this.that(!(flags & PTE_WRITE) || (vma.flags & VM_WRITE) !== 0, () => `${at} is writable in a VMA that is not`);
    this.that(
      (vma.flags & VM_ACCESS) !== 0 || !(flags & PTE_PRESENT),
      () => `${at} is present in a VMA without rights`,
    );
    const isPrivate = !(vma.flags & VM_SHARED);
    if (isPrivate && flags & PTE_WRITE) {
      this.that(
        frames.has(pfn, FRAME_ANON_EXCLUSIVE) && frames.mapcount[pfn] === 1,
        () => `${at} is private and writable, but not owned alone`,
      );
    }
    if (pfn === pool.zeroPfn) return;
    this.checkFileEntry(vma, va, pfn, flags);
    let found = false;
    rmap.forEachMapping(pfn, (mapping, address) => {
      if (mapping === vma && address === va) found = true;
    });
    this.that(found, () => `${at} is not found by reverse mapping`);
  }

  /** Entries of cached pages: none beyond the end of the file (where fallocate may have put huge ones), none that was stored to without the cache knowing. */
  private checkFileEntry(vma: Vma, va: number, pfn: number, flags: number): void {
    const { frames } = this.parts;
    if (vma.file === null || !frames.has(pfn, FRAME_FILE)) return;
    const { inode } = vma.file;
    const at = `the entry at ${va.toString(16)} (page ${frames.index[pfn]} of inode ${inode.id})`;
    this.that(inode.huge !== null || vma.indexAt(va) < inode.endPage, () => `${at} lies beyond the end of the file`);
    const stored = (flags & (PTE_WRITE | PTE_DIRTY)) !== 0 && !inode.fs.swapBacked;
    this.that(!stored || frames.has(pfn, FRAME_DIRTY), () => `${at} was or can be stored to, but the page is clean`);
  }

  private checkCaches(): void {
    const { owners, frames, cache, device } = this.parts;
    let pages = 0;
    let dirty = 0;
    let underway = 0;
    for (const owner of owners.all()) {
      if (!(owner instanceof Inode)) continue;
      for (
        let index = owner.cache.nextCached(0, Number.POSITIVE_INFINITY, 0);
        index >= 0;
        index = owner.cache.nextCached(index + 1, Number.POSITIVE_INFINITY, 0)
      ) {
        const pfn = owner.cache.get(index);
        pages++;
        this.references[pfn]++;
        const name = `page ${index} of inode ${owner.id} (frame ${pfn})`;
        this.that(
          frames.owner[pfn] === owner.id && frames.index[pfn] === index && frames.has(pfn, FRAME_FILE),
          () => `${name}: the frame does not name its cache`,
        );
        const marked = (owner.cache.marksOf(index) & MARK_DIRTY) !== 0;
        const counts = frames.has(pfn, FRAME_DIRTY) && !frames.has(pfn, FRAME_SWAP_BACKED);
        this.that(marked === counts, () => `${name}: dirty ${counts}, marked ${marked}`);
        if (marked) dirty++;
        const written = (owner.cache.marksOf(index) & MARK_WRITEBACK) !== 0;
        this.that(
          written === frames.has(pfn, FRAME_WRITEBACK),
          () => `${name}: its mark and its frame differ over write-back`,
        );
        const blank = (owner.cache.marksOf(index) & MARK_BLANK) !== 0;
        this.that(!blank || !(frames.has(pfn, FRAME_UPTODATE) || marked), () => `${name}: blank, but good or dirty`);
        if (written || !(blank || frames.has(pfn, FRAME_UPTODATE) || owner.fs.swapBacked)) underway++;
      }
    }
    this.that(
      underway === device.queueDepth,
      () => `${device.queueDepth} requests are in flight for ${underway} pages under way`,
    );
    this.that(pages === cache.pages, () => `the page cache counts ${cache.pages} pages, found ${pages}`);
    this.that(
      dirty === cache.dirtyPages,
      () => `the page cache counts ${cache.dirtyPages} dirty pages, found ${dirty}`,
    );
  }

  private checkFrames(): void {
    const { frames, allocator } = this.parts;
    let used = 0;
    for (let pfn = 0; pfn < frames.count; pfn++) {
      const mapped = this.mapped[pfn];
      this.that(
        frames.mapcount[pfn] === mapped,
        () => `frame ${pfn}: mapcount is ${frames.mapcount[pfn]}, entries found ${mapped}`,
      );
      this.that(
        mapped <= 1 || !frames.has(pfn, FRAME_ANON_EXCLUSIVE),
        () => `frame ${pfn}: one owner's alone, but ${mapped} entries name it`,
      );
      if (frames.refcount[pfn] === 0) continue;
      used++;
      if (frames.has(pfn, FRAME_RESERVED | FRAME_TABLE)) continue;
      const expected = mapped + this.references[pfn];
      this.that(
        frames.refcount[pfn] === expected,
        () => `frame ${pfn}: refcount is ${frames.refcount[pfn]}, users found ${expected}`,
      );
    }
    const free = allocator.countFree();
    this.that(
      free === allocator.freeFrames,
      () => `free frames: ${allocator.freeFrames} counted, ${free} in the lists`,
    );
    this.that(
      free + used === frames.count,
      () => `${free} frames free and ${used} used of ${frames.count}: some are lost`,
    );
  }

  /** Every TLB entry grants no more than its page-table entry. */
  private checkTlb(level: TlbLevel): void {
    const { tables } = this.parts;
    for (let entry = 0; entry < level.tag.length; entry++) {
      const tag = level.tag[entry];
      if (tag === NO_TAG) continue;
      const asid = tag % tables.pageSize;
      const va = tag - asid;
      const mm = this.mms.find((candidate) => candidate.asid === asid);
      this.that(mm !== undefined, () => `a TLB entry of the dead address space ${asid} at ${va.toString(16)}`);
      const slot = tables.lookup(mm.root, va);
      const flags = slot < 0 ? 0 : tables.flags(slot);
      this.that(
        (flags & PTE_PRESENT) !== 0 && tables.baseOf(tables.frame(slot)) === level.base[entry],
        () => `a TLB entry at ${va.toString(16)} without its page-table entry`,
      );
      this.that(
        level.writeTag[entry] === NO_TAG || (flags & PTE_WRITE) !== 0,
        () => `a TLB entry at ${va.toString(16)} grants a store that the page table does not`,
      );
      this.that(
        level.execTag[entry] === NO_TAG || (flags & PTE_EXEC) !== 0,
        () => `a TLB entry at ${va.toString(16)} grants a fetch that the page table does not`,
      );
    }
  }
}

/** Throws `InvariantError` if any rule of the machine is broken. */
export function checkMachine(kernel: Kernel): void {
  new Checker(kernel).run();
}
