/**
 * Draws the state of one mapping as the READMEs do: what the VMA says, what the file's cache holds, what the page table has.
 *
 *   VMA:   rw-p
 *   Cache: a(dirty) -
 *   PTE:   a(r) b(w,dirty,own)
 *
 * Frames have letters in the order in which they come up; x2 is a mapcount above 1, own an anonymous frame that is one process's alone.
 */
import type { Process } from '../../src/index.ts';
import type { Kernel, KernelParts } from '../../src/kernel/kernel.ts';
import { PTE_DIRTY, PTE_GUARD, PTE_PRESENT, PTE_PROT_NONE, PTE_WRITE } from '../../src/mmu/entry-codes.ts';
import { FRAME_ANON_EXCLUSIVE, FRAME_DIRTY, FRAME_WRITEBACK } from '../../src/mmu/frames.ts';

function partsOf(process: Process): KernelParts {
  return (process as unknown as { kernel: Kernel }).kernel.parts;
}

export class Picture {
  private readonly va: number;
  private readonly pages: number;
  private readonly letters: Map<number, string>;

  /** Of `pages` pages from `va` on. */
  constructor(va: number, pages: number) {
    this.va = va;
    this.pages = pages;
    this.letters = new Map();
  }

  /** The lines for the processes, the first one's cache among them. */
  draw(...processes: Process[]): string[] {
    const [first, ...others] = processes;
    return [
      `VMA:   ${this.vmas(first)}`,
      `Cache: ${this.cache(first)}`,
      `PTE:   ${this.entries(first)}`,
      ...others.map((process) => `child: ${this.entries(process)}`),
    ];
  }

  private vmas(process: Process): string {
    const end = this.va + this.pages * 4096;
    const lines = process.maps().filter((line) => line.start < end && line.end > this.va);
    return lines
      .map(({ perms, start, end: stop }) => (lines.length > 1 ? `${perms}(${(stop - start) / 4096})` : perms))
      .join(' ');
  }

  private letter(pfn: number): string {
    if (!this.letters.has(pfn)) this.letters.set(pfn, String.fromCharCode('a'.charCodeAt(0) + this.letters.size));
    return this.letters.get(pfn) as string;
  }

  private cache(process: Process): string {
    const vma = process.task.mm.vmas.containing(this.va);
    if (vma === null || vma.file === null) return 'none';
    const { frames } = partsOf(process);
    return this.each((page) => {
      const pfn = vma.file?.inode.cache.get(vma.indexAt(this.va) + page) ?? 0;
      const marks = [
        ...(frames.has(pfn, FRAME_DIRTY) ? ['dirty'] : []),
        ...(frames.has(pfn, FRAME_WRITEBACK) ? ['writeback'] : []),
      ];
      return pfn === 0 ? '-' : this.letter(pfn) + (marks.length > 0 ? `(${marks.join(',')})` : '');
    });
  }

  private entries(process: Process): string {
    const { tables } = partsOf(process);
    return this.each((page) => {
      const slot = tables.lookup(process.task.mm.root, this.va + page * 4096);
      return slot < 0 || tables.isEmpty(slot) ? '-' : this.entry(process, slot);
    });
  }

  private entry(process: Process, slot: number): string {
    const { tables, frames, pool } = partsOf(process);
    const flags = tables.flags(slot);
    if (flags & PTE_GUARD) return 'guard';
    const pfn = tables.frame(slot);
    if (pfn === pool.zeroPfn) return 'zero(r)';
    const words = [flags & PTE_PROT_NONE ? 'none' : flags & PTE_WRITE ? 'w' : 'r'];
    if (!(flags & (PTE_PRESENT | PTE_PROT_NONE))) return '?';
    if (flags & PTE_DIRTY) words.push('dirty');
    if (frames.has(pfn, FRAME_ANON_EXCLUSIVE)) words.push('own');
    if (frames.mapcount[pfn] > 1) words.push(`x${frames.mapcount[pfn]}`);
    return `${this.letter(pfn)}(${words.join(',')})`;
  }

  private each(draw: (page: number) => string): string {
    return Array.from({ length: this.pages }, (_, page) => draw(page)).join('  ');
  }
}
