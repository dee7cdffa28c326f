import { beforeEach, describe, expect, test } from 'vitest';
import {
  ACCESS_EXEC,
  ACCESS_READ,
  ACCESS_WRITE,
  FAULT_EXEC,
  FAULT_PRESENT,
  FAULT_WRITE,
} from '../../../src/mmu/access-codes.ts';
import {
  COUNT_DIRTY_ASSISTS,
  COUNT_FAULTS,
  COUNT_L1_MISSES,
  COUNT_WALK_REFERENCES,
} from '../../../src/mmu/access-counts.ts';
import {
  PTE_ACCESSED,
  PTE_DIRTY,
  PTE_EXEC,
  PTE_LEAF,
  PTE_PRESENT,
  PTE_PROT_NONE,
  PTE_USER,
  PTE_WRITE,
} from '../../../src/mmu/entry-codes.ts';
import { Mmu } from '../../../src/mmu/mmu.ts';
import { TlbLevel } from '../../../src/mmu/tlb.ts';
import { RngStream } from '../../../src/rng.ts';
import { addressBits, X86_64 } from '../../../src/scheme.ts';
import { TRACE_EVENT, Trace } from '../../../src/trace.ts';
import { type MachineRoom, machineRoom, SCHEMES } from '../../helpers/machine-room.ts';

let room: MachineRoom;
let mmu: Mmu;
let root: number;
let trace: Trace;

function build(scheme: MachineRoom['scheme'], addressEnd = 2 ** addressBits(scheme)): void {
  room = machineRoom(scheme, 64);
  const level = new TlbLevel({ sets: 4, ways: 2, replacement: 'lru' }, new RngStream('test'));
  trace = new Trace();
  mmu = new Mmu(room.tables, room.ram, level, null, addressEnd, trace);
  root = room.tables.newTable();
  mmu.switchTo(root, 1);
}

function enter(va: number, pfn: number, flags: number): number {
  const slot = room.tables.ensure(root, va);
  room.tables.set(slot, pfn, flags);
  return slot;
}

/** What the last fault was: address, access, error code. */
function record(): number[] {
  return [mmu.faultVa, mmu.faultAccess, mmu.faultError];
}

describe.each(SCHEMES.map((scheme) => [scheme.name, scheme] as const))('a walk on %s', (_name, scheme) => {
  beforeEach(() => build(scheme));

  test('gives the physical address and reads one entry a level', () => {
    const { pageSize, tables } = room;
    const va = tables.tableSpan + 3 * pageSize;
    enter(va, 40, PTE_PRESENT | PTE_USER | PTE_ACCESSED);
    expect(mmu.translateRead(va + 7)).toBe(40 * pageSize + 7);
    expect(mmu.counts[COUNT_WALK_REFERENCES]).toBe(scheme.levels.length);
    expect(mmu.translateRead(va + 8)).toBe(40 * pageSize + 8);
    expect([...mmu.counts].slice(0, 4)).toEqual([2, 1, 0, scheme.levels.length]);
  });

  test('notes what it reads for those who watch', () => {
    const { pageSize, tables } = room;
    const va = tables.tableSpan + 3 * pageSize;
    enter(va, 40, PTE_PRESENT | PTE_USER | PTE_ACCESSED);
    trace.enable(TRACE_EVENT);
    mmu.translateRead(va);
    expect(mmu.walker.length).toBe(scheme.levels.length);
    expect(mmu.walker.slots[0]).toBe(root * tables.entriesPerTable + tables.indexAt(va, 0));
    expect(mmu.walker.slots[mmu.walker.length - 1]).toBe(tables.lookup(root, va));
  });

  test('ends at the first entry that is not there', () => {
    expect(mmu.translateRead(5)).toBe(-1);
    expect(record()).toEqual([5, ACCESS_READ, 0]);
    expect(mmu.counts[COUNT_WALK_REFERENCES]).toBe(1);
    enter(0, 9, PTE_PROT_NONE);
    expect(mmu.translateWrite(5)).toBe(-1);
    expect(record()).toEqual([5, ACCESS_WRITE, FAULT_WRITE]);
    expect(mmu.counts[COUNT_WALK_REFERENCES]).toBe(1 + scheme.levels.length);
    expect([mmu.counts[COUNT_FAULTS], mmu.counts[COUNT_L1_MISSES]]).toEqual([2, 2]);
  });

  test('refuses a store to a page only read', () => {
    enter(0, 9, PTE_PRESENT | PTE_USER | PTE_EXEC);
    expect(mmu.translateRead(3)).toBe(9 * room.pageSize + 3);
    expect(mmu.translateWrite(3)).toBe(-1);
    expect(record()).toEqual([3, ACCESS_WRITE, FAULT_PRESENT | FAULT_WRITE]);
    expect(mmu.translateRead(4)).toBe(9 * room.pageSize + 4);
  });

  test('sets the accessed bit, and the dirty bit with the first store', () => {
    const slot = enter(0, 9, PTE_PRESENT | PTE_USER | PTE_WRITE);
    const { bits } = scheme;
    const seen = (): number[] => [room.tables.flags(slot) & PTE_ACCESSED, room.tables.flags(slot) & PTE_DIRTY];
    expect(seen()).toEqual([bits.accessed < 0 ? PTE_ACCESSED : 0, bits.dirty < 0 ? PTE_DIRTY : 0]);
    mmu.translateRead(0);
    expect(seen()).toEqual([PTE_ACCESSED, bits.dirty < 0 ? PTE_DIRTY : 0]);
    mmu.translateWrite(0);
    expect(seen()).toEqual([PTE_ACCESSED, PTE_DIRTY]);
    expect(room.tables.frame(slot)).toBe(9);
    expect(mmu.counts[COUNT_DIRTY_ASSISTS]).toBe(bits.dirty < 0 ? 0 : 1);
    mmu.translateWrite(1);
    expect(mmu.counts[COUNT_DIRTY_ASSISTS]).toBe(bits.dirty < 0 ? 0 : 1);
  });

  test('keeps address spaces apart', () => {
    enter(0, 9, PTE_PRESENT | PTE_USER | PTE_ACCESSED);
    expect(mmu.translateRead(0)).toBe(9 * room.pageSize);
    const other = room.tables.newTable();
    mmu.switchTo(other, 2);
    expect(mmu.translateRead(0)).toBe(-1);
    mmu.switchTo(root, 1);
    expect(mmu.translateRead(0)).toBe(9 * room.pageSize);
    expect(mmu.counts[COUNT_L1_MISSES]).toBe(2);
  });

  test('reaches the last page of the address space and nothing beyond', () => {
    const end = 2 ** addressBits(scheme);
    enter(end - room.pageSize, 9, PTE_PRESENT | PTE_USER | PTE_ACCESSED);
    expect(mmu.translateRead(end - 1)).toBe(10 * room.pageSize - 1);
    for (const va of [end, end + 5, 2 ** 63, 2 ** 64 - 1]) {
      expect(mmu.translateRead(va)).toBe(-1);
      expect(record()).toEqual([va, ACCESS_READ, 0]);
    }
    expect(mmu.counts[COUNT_WALK_REFERENCES]).toBe(scheme.levels.length);
  });

  test('goes by the tables again after a flush', () => {
    const slot = enter(0, 9, PTE_PRESENT | PTE_USER | PTE_ACCESSED);
    mmu.translateRead(0);
    room.tables.set(slot, 10, PTE_PRESENT | PTE_USER | PTE_ACCESSED);
    expect(mmu.translateRead(0)).toBe(9 * room.pageSize);
    mmu.flushPage(3, 2);
    expect(mmu.translateRead(0)).toBe(9 * room.pageSize);
    mmu.flushPage(3, 1);
    expect(mmu.translateRead(0)).toBe(10 * room.pageSize);
    for (const flush of [() => mmu.flushAsid(1), () => mmu.flushAll()]) {
      const before = mmu.counts[COUNT_L1_MISSES] as number;
      flush();
      mmu.translateRead(0);
      expect(mmu.counts[COUNT_L1_MISSES]).toBe(before + 1);
    }
  });
});

describe.each(
  SCHEMES.filter((scheme) => scheme.bits.noExecute >= 0 || scheme.bits.executable >= 0).map(
    (scheme) => [scheme.name, scheme] as const,
  ),
)('execution on %s', (_name, scheme) => {
  beforeEach(() => build(scheme));

  test('needs the right to it', () => {
    const slot = enter(0, 9, PTE_PRESENT | PTE_USER | PTE_ACCESSED);
    expect(mmu.translateFetch(4)).toBe(-1);
    expect(record()).toEqual([4, ACCESS_EXEC, FAULT_PRESENT | FAULT_EXEC]);
    mmu.translateRead(4);
    expect(mmu.translateFetch(4)).toBe(-1);
    room.tables.set(slot, 9, PTE_PRESENT | PTE_USER | PTE_ACCESSED | PTE_EXEC);
    mmu.flushPage(0, 1);
    expect(mmu.translateFetch(4)).toBe(9 * room.pageSize + 4);
  });

  test('and every access needs a page of the user', () => {
    enter(0, 9, PTE_PRESENT | PTE_ACCESSED | PTE_EXEC | PTE_WRITE);
    for (const access of [mmu.translateRead(0), mmu.translateWrite(0), mmu.translateFetch(0)]) expect(access).toBe(-1);
    expect(mmu.faultError & FAULT_PRESENT).toBe(FAULT_PRESENT);
  });
});

describe('x86-64', () => {
  beforeEach(() => build(X86_64, 2 ** 47));

  test('translates the lower half only', () => {
    enter(2 ** 47 - 4096, 9, PTE_PRESENT | PTE_USER | PTE_ACCESSED);
    expect(mmu.translateRead(2 ** 47 - 1)).toBe(10 * 4096 - 1);
    for (const va of [2 ** 47, 2 ** 63]) expect(mmu.translateRead(va)).toBe(-1);
  });

  test('a large leaf maps its whole span', () => {
    const { tables } = room;
    tables.ensure(root, 0);
    // Entry 1 of the table one level above the lowest becomes a leaf of 2 MiB.
    const below = tables.frame(tables.frame(root * 512) * 512);
    tables.set(below * 512 + 1, 0x200, PTE_PRESENT | PTE_USER | PTE_ACCESSED | PTE_LEAF);
    expect(mmu.translateRead(2 ** 21 + 0x12345)).toBe(0x200 * 4096 + 0x12345);
    expect(mmu.translateRead(2 ** 22 - 1)).toBe(0x200 * 4096 + 2 ** 21 - 1);
    expect(mmu.counts[COUNT_WALK_REFERENCES]).toBe(6);
  });
});
