/**
 * A machine whose translations, TLB entries and clean cached pages are taken away between calls: all that can be rebuilt.
 *
 * It reaches into the machine (`kernel` is private to its users), as no other test does.
 */
import type { MachineConfig } from '../../src/index.ts';
import { Inode } from '../../src/kernel/inode.ts';
import type { Kernel } from '../../src/kernel/kernel.ts';
import type { Mm } from '../../src/kernel/mm.ts';
import { FLUSH_UNMAP } from '../../src/kernel/tlb-flush.ts';
import { PTE_GUARD, PTE_PRESENT, PTE_PROT_NONE } from '../../src/mmu/entry-codes.ts';
import { FRAME_ANON, FRAME_DIRTY, FRAME_UPTODATE, FRAME_WRITEBACK } from '../../src/mmu/frames.ts';
import { forEachEntry } from '../../src/mmu/page-table-visits.ts';
import { RngStream } from '../../src/rng.ts';
import { MachineTarget } from '../../src/scenario/machine-target.ts';
import type { Answer, Target, TargetCall } from '../../src/scenario/scenario.ts';

export function kernelOf(target: MachineTarget): Kernel {
  return (target.machine as unknown as { readonly kernel: Kernel }).kernel;
}

/** What is taken away before each call, and how often (percent). */
export interface Meddling {
  readonly tlbs: number;
  readonly translations: number;
  readonly cachedPages: number;
}

export class MeddlingTarget implements Target {
  readonly base: { readonly arena: bigint; readonly brk: bigint };
  readonly inner: MachineTarget;
  private readonly meddling: Meddling;
  private readonly rng: RngStream;
  /** How much was taken away, so that a test can tell that something was. */
  readonly taken: { tlbs: number; translations: number; cachedPages: number };

  constructor(config: MachineConfig, meddling: Meddling, seed: number) {
    this.inner = new MachineTarget(config);
    this.base = this.inner.base;
    this.meddling = meddling;
    this.rng = new RngStream(`meddling ${seed}`);
    this.taken = { tlbs: 0, translations: 0, cachedPages: 0 };
  }

  isAlive(process: number): boolean {
    return this.inner.isAlive(process);
  }

  call(process: number, call: TargetCall): Answer {
    if (this.often(this.meddling.tlbs)) this.flushTlbs();
    for (const mm of this.spaces()) this.dropTranslations(mm);
    this.evict();
    this.inner.machine.check();
    return this.inner.call(process, call);
  }

  private often(percent: number): boolean {
    return this.rng.below(100) < percent;
  }

  private spaces(): Mm[] {
    return [...kernelOf(this.inner).tasks.values()].filter((task) => !task.exited).map((task) => task.mm);
  }

  private flushTlbs(): void {
    for (const { mmu } of kernelOf(this.inner).parts.cpus) mmu.flushAll();
    this.taken.tlbs++;
  }

  /** Entries of pages whose data is elsewhere too: cached pages and the page of zeros. */
  private dropTranslations(mm: Mm): void {
    const { tables, frames, mapper, flusher } = kernelOf(this.inner).parts;
    forEachEntry(tables, mm.root, (va, slot) => {
      const flags = tables.flags(slot);
      if (flags & PTE_GUARD || !(flags & (PTE_PRESENT | PTE_PROT_NONE)) || frames.has(tables.frame(slot), FRAME_ANON))
        return;
      if (!this.often(this.meddling.translations)) return;
      mapper.remove(mm, va, slot);
      flusher.flushPage(mm, va, FLUSH_UNMAP);
      this.taken.translations++;
    });
  }

  /** Cached pages of files on the disk that are clean and mapped nowhere. */
  private evict(): void {
    const { owners, frames, filePages } = kernelOf(this.inner).parts;
    for (const inode of [...owners.all()]) {
      if (!(inode instanceof Inode) || inode.fs.swapBacked) continue;
      for (
        let index = inode.cache.nextCached(0, inode.endPage, 0);
        index >= 0;
        index = inode.cache.nextCached(index + 1, inode.endPage, 0)
      ) {
        const pfn = inode.cache.get(index);
        const state = (frames.flags[pfn] as number) & (FRAME_UPTODATE | FRAME_DIRTY | FRAME_WRITEBACK);
        if (state !== FRAME_UPTODATE || frames.mapcount[pfn] !== 0 || !this.often(this.meddling.cachedPages)) continue;
        filePages.truncate(inode, index, index + 1);
        this.taken.cachedPages++;
      }
    }
  }
}
