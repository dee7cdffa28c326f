/** Page tables against a map from addresses to entries, on every scheme, with frames running out and single allocations failing. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PTE_ACCESSED, PTE_PRESENT, PTE_USER, PTE_WRITE } from '../../src/mmu/entry-codes.ts';
import { forEachEntry } from '../../src/mmu/page-table-visits.ts';
import { freeTables } from '../../src/mmu/table-freeing.ts';
import { addressBits, type PageTableScheme } from '../../src/scheme.ts';
import { runs } from '../helpers/fuzz.ts';
import { type MachineRoom, machineRoom, SCHEMES } from '../helpers/machine-room.ts';

const FLAGS = PTE_PRESENT | PTE_USER | PTE_ACCESSED;

type Step =
  | {
      readonly kind: 'set';
      readonly page: number;
      readonly pfn: number;
      readonly writable: boolean;
      readonly failAt: number;
    }
  | { readonly kind: 'clear'; readonly page: number; readonly pages: number };

/** Pages that share tables, sit at their edges, or stand alone. */
function pageNumber(scheme: PageTableScheme): fc.Arbitrary<number> {
  const pages = 2 ** (addressBits(scheme) - scheme.pageShift);
  const entries = 2 ** (scheme.levels.at(-1) as number);
  return fc.oneof(
    fc.integer({ min: 0, max: 2 * entries }),
    fc
      .constantFrom(0, entries - 1, entries, entries ** 2 - 1, entries ** 2, pages / 2, pages - 1)
      .map((page) => page % pages),
    fc.integer({ min: 0, max: pages - 1 }),
  );
}

function steps(scheme: PageTableScheme): fc.Arbitrary<Step[]> {
  const page = pageNumber(scheme);
  const set = fc.record({
    kind: fc.constant('set' as const),
    page,
    pfn: fc.integer({ min: 0, max: 2 ** scheme.frameBits - 1 }),
    writable: fc.boolean(),
    failAt: fc.constantFrom(-1, -1, -1, -1, 0, 1),
  });
  const clear = fc.record({ kind: fc.constant('clear' as const), page, pages: fc.integer({ min: 1, max: 200 }) });
  return fc.array(fc.oneof({ weight: 3, arbitrary: set }, { weight: 1, arbitrary: clear }), {
    maxLength: 60,
    size: 'max',
  });
}

class Tester {
  private readonly room: MachineRoom;
  private readonly root: number;
  /** Page number -> [frame, writable], as it should be. */
  private readonly model: Map<number, readonly [number, boolean]>;
  /** Pages of mappings: each that was asked for, even where no table could be had and an upper one stayed. */
  private readonly mapped: Set<number>;

  constructor(scheme: PageTableScheme) {
    this.room = machineRoom(scheme, 64);
    this.root = this.room.tables.newTable();
    this.model = new Map();
    this.mapped = new Set();
  }

  run(step: Step): void {
    if (step.kind === 'set') this.set(step);
    else this.clear(step.page, step.page + step.pages);
    this.check();
  }

  private set({ page, pfn, writable, failAt }: Step & { kind: 'set' }): void {
    const { tables, allocator, pageSize } = this.room;
    const free = allocator.freeFrames;
    this.mapped.add(page);
    allocator.failCountdown = failAt;
    const slot = tables.ensure(this.root, page * pageSize);
    const failed = failAt >= 0 && allocator.failCountdown < 0;
    allocator.failCountdown = -1;
    if (slot < 0) {
      expect(failed || free < tables.levels).toBe(true);
      return;
    }
    tables.set(slot, pfn, FLAGS | (writable ? PTE_WRITE : 0));
    this.model.set(page, [pfn, writable]);
  }

  /** As munmap does it: entries first, then the tables between the neighbours that stay. */
  private clear(from: number, to: number): void {
    const { tables, pageSize } = this.room;
    const before = Math.max(-1, ...[...this.mapped].filter((page) => page < from));
    const after = Math.min(Number.POSITIVE_INFINITY, ...[...this.mapped].filter((page) => page >= to));
    for (const page of [...this.mapped].filter((candidate) => candidate >= from && candidate < to)) {
      if (this.model.delete(page)) tables.clear(tables.lookup(this.root, page * pageSize));
      this.mapped.delete(page);
    }
    freeTables(tables, this.root, from * pageSize, to * pageSize, (before + 1) * pageSize, after * pageSize);
  }

  check(): void {
    const { tables, allocator, frames, pageSize } = this.room;
    const seen = new Map<number, readonly [number, boolean]>();
    forEachEntry(tables, this.root, (va, slot) => {
      expect(tables.lookup(this.root, va)).toBe(slot);
      seen.set(va / pageSize, [tables.frame(slot), (tables.flags(slot) & PTE_WRITE) !== 0]);
    });
    expect(seen).toEqual(new Map([...this.model].sort(([a], [b]) => a - b)));
    expect([...seen.keys()]).toEqual([...this.model.keys()].sort((a, b) => a - b));
    expect(frames.count - 1 - allocator.freeFrames).toBe(tables.tableFrames);
  }

  /** Everything out: only the root may be left. */
  finish(): void {
    this.clear(0, 2 ** 40);
    expect(this.model.size).toBe(0);
    const { tables, allocator, frames } = this.room;
    expect(tables.tableFrames).toBe(1);
    tables.freeRoot(this.root);
    expect(allocator.freeFrames).toBe(frames.count - 1);
  }
}

describe.each(SCHEMES.map((scheme) => [scheme.name, scheme] as const))('page tables of %s', (_name, scheme) => {
  test('hold exactly what was entered, and free what maps nothing', () => {
    fc.assert(
      fc.property(steps(scheme), (sequence) => {
        const tester = new Tester(scheme);
        for (const step of sequence) tester.run(step);
        tester.finish();
      }),
      { numRuns: runs(150) },
    );
  });
});
