/** The record of the entries that a walk read: decoded, it tells what stands in the tables, in every scheme. */
import { describe, expect, test } from 'vitest';
import { entriesRead } from '../../../src/index.ts';
import { ACCESS_READ } from '../../../src/mmu/access-codes.ts';
import { PTE_ACCESSED, PTE_DIRTY, PTE_EXEC, PTE_PRESENT, PTE_USER, PTE_WRITE } from '../../../src/mmu/entry-codes.ts';
import type { PageTables } from '../../../src/mmu/page-tables.ts';
import { WALK_DONE, WALK_NOT_PRESENT, Walker } from '../../../src/mmu/walk.ts';
import { addressBits, X86_64 } from '../../../src/scheme.ts';
import { TRACE_EVENT, Trace, TraceCollector, type TraceRecord } from '../../../src/trace.ts';
import { machineRoom, SCHEMES } from '../../helpers/machine-room.ts';

const LEAF = PTE_PRESENT | PTE_USER | PTE_ACCESSED;

interface Traced {
  readonly tables: PageTables;
  readonly root: number;
  /** Walks for `va` and gives its records. */
  walk(va: number): TraceRecord[];
}

function traced(scheme: (typeof SCHEMES)[number]): Traced {
  const { tables } = machineRoom(scheme, 64);
  const trace = new Trace();
  const sink = new TraceCollector(TRACE_EVENT);
  trace.attach(sink);
  const walker = new Walker(tables, 2 ** (addressBits(scheme) - 1), trace);
  const root = tables.newTable();
  const walk = (va: number): TraceRecord[] => {
    walker.follows(ACCESS_READ, 1);
    walker.va = va;
    walker.walk(root, PTE_PRESENT, PTE_ACCESSED | PTE_DIRTY);
    trace.drain();
    return sink.take();
  };
  return { tables, root, walk };
}

/** What stands in the tables on the way to `va`. */
function standing(tables: PageTables, root: number, va: number): unknown[] {
  let table = root;
  return Array.from({ length: tables.levels }, (_, level) => {
    const slot = table * tables.entriesPerTable + tables.indexAt(va, level);
    table = tables.frame(slot);
    const pa = slot * tables.scheme.entryBytes;
    return { level, pa, low: tables.rawLow(slot) >>> 0, high: tables.rawHigh(slot) >>> 0 };
  });
}

describe.each(SCHEMES)('walks of $name', (scheme) => {
  const va = 2 ** scheme.pageShift * 37 + 5;
  const most = 2 ** scheme.frameBits - 1;

  test.each([
    ['a page that may be executed', 3, LEAF | PTE_EXEC],
    ['a page that may not', 3, LEAF],
    ['the last frame that an entry can name', most, LEAF | PTE_WRITE],
    ['that frame, to be executed', most, LEAF | PTE_EXEC | PTE_WRITE | PTE_DIRTY],
  ])('tell of %s', (_, pfn, flags) => {
    const { tables, root, walk } = traced(scheme);
    tables.set(tables.ensure(root, va), pfn, flags);
    // Once with all entries to be read, once with those above the leaf remembered.
    for (let round = 0; round < 2; round++) {
      tables.set(tables.ensure(root, va), pfn, flags);
      const before = standing(tables, root, va);
      const [miss, entries, end] = walk(va);
      expect(miss.fields).toEqual({ va, access: ACCESS_READ, level: 1 });
      expect(end.fields).toEqual({ va, references: scheme.levels.length, result: WALK_DONE });
      expect(entriesRead(entries.fields, end.fields, scheme)).toEqual(before);
    }
  });

  test('tell where they end', () => {
    const { tables, root, walk } = traced(scheme);
    const [, first, refused] = walk(va);
    expect(refused.fields).toEqual({ va, references: 1, result: WALK_NOT_PRESENT });
    expect(entriesRead(first.fields, refused.fields, scheme)).toEqual(standing(tables, root, va).slice(0, 1));
    tables.ensure(root, va);
    const [, all, empty] = walk(va);
    expect(empty.fields).toMatchObject({ references: scheme.levels.length, result: WALK_NOT_PRESENT });
    expect(entriesRead(all.fields, empty.fields, scheme)).toEqual(standing(tables, root, va));
  });

  test('read nothing where there is no address', () => {
    const { walk } = traced(scheme);
    expect(walk(2 ** addressBits(scheme)).map(({ kind }) => kind)).toEqual(['tlb_miss', 'walk']);
  });
});

test('an entry in which nothing but NX is set is told', () => {
  const fields = { root: 4096, entry0: -0, entry1: 0, entry2: 0, entry3: 0 };
  expect(entriesRead(fields, { va: 0, references: 1 }, X86_64)).toEqual([
    { level: 0, pa: 4096, low: 0, high: 0x8000_0000 },
  ]);
});
