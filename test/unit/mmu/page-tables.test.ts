import { beforeEach, describe, expect, test } from 'vitest';
import { PTE_ACCESSED, PTE_PRESENT, PTE_USER, PTE_WRITE } from '../../../src/mmu/entry-codes.ts';
import { FRAME_TABLE } from '../../../src/mmu/frames.ts';
import { forEachEntry } from '../../../src/mmu/page-table-visits.ts';
import { freeTables } from '../../../src/mmu/table-freeing.ts';
import { X86_64 } from '../../../src/scheme.ts';
import { type MachineRoom, machineRoom, SCHEMES } from '../../helpers/machine-room.ts';

const FLAGS = PTE_PRESENT | PTE_USER | PTE_ACCESSED | PTE_WRITE;

describe.each(SCHEMES.map((scheme) => [scheme.name, scheme] as const))('page tables of %s', (_name, scheme) => {
  let room: MachineRoom;
  let root: number;
  let start: number;

  beforeEach(() => {
    room = machineRoom(scheme, 64);
    start = room.allocator.freeFrames;
    root = room.tables.newTable();
  });

  test('begin with an empty root in a zeroed frame of its own', () => {
    const { tables, frames } = room;
    expect(tables.tableFrames).toBe(1);
    expect(frames.has(root, FRAME_TABLE)).toBe(true);
    expect(frames.refcount[root]).toBe(1);
    for (let index = 0; index < tables.entriesPerTable; index++) {
      expect(tables.isEmpty(root * tables.entriesPerTable + index)).toBe(true);
    }
  });

  test('tell how much a missing table would map', () => {
    const { tables } = room;
    expect(tables.lookup(root, 0)).toBe(-1);
    expect(tables.missingSpan).toBe(2 ** (tables.levelShift[0] as number));
    tables.ensure(root, 0);
    expect(tables.lookup(root, tables.tableSpan)).toBe(-1);
    expect(tables.missingSpan).toBe(tables.tableSpan);
  });

  test('a table serves its whole span, and a further one the next', () => {
    const { tables, pageSize } = room;
    const first = tables.ensure(root, 0);
    expect(tables.tableFrames).toBe(tables.levels);
    expect(tables.ensure(root, tables.tableSpan - pageSize)).toBe(first + tables.entriesPerTable - 1);
    expect(tables.tableFrames).toBe(tables.levels);
    tables.ensure(root, tables.tableSpan);
    expect(tables.tableFrames).toBe(tables.levels + 1);
    expect(tables.lookup(root, tables.tableSpan - 1)).toBe(first + tables.entriesPerTable - 1);
  });

  test('entries are visited upwards, with their addresses', () => {
    const { tables, pageSize } = room;
    const addresses = [tables.tableSpan + 3 * pageSize, 0, pageSize, tables.tableSpan - pageSize];
    for (const va of addresses) tables.set(tables.ensure(root, va), 1, FLAGS);
    const seen: [number, number][] = [];
    forEachEntry(tables, root, (va, slot) => seen.push([va, slot]));
    expect(seen.map(([va]) => va)).toEqual([...addresses].sort((a, b) => a - b));
    for (const [va, slot] of seen) expect(tables.lookup(root, va)).toBe(slot);
  });

  test('are freed only between the neighbours', () => {
    const { tables } = room;
    const { tableSpan } = tables;
    tables.ensure(root, 0);
    tables.ensure(root, tableSpan);
    const before = tables.tableFrames;
    expect(
      freeTables(tables, root, tableSpan, 2 * tableSpan, tableSpan + room.pageSize, Number.POSITIVE_INFINITY),
    ).toBe(0);
    expect(freeTables(tables, root, tableSpan, 2 * tableSpan, 0, 2 * tableSpan - room.pageSize)).toBe(0);
    expect(freeTables(tables, root, tableSpan, 2 * tableSpan, tableSpan, 2 * tableSpan)).toBe(1);
    expect(tables.tableFrames).toBe(before - 1);
    expect(tables.lookup(root, 0)).toBeGreaterThan(0);
    expect(tables.lookup(root, tableSpan)).toBe(-1);
  });

  test('give every frame back', () => {
    const { tables, allocator } = room;
    for (const va of [0, tables.tableSpan, 2 * tables.tableSpan]) tables.ensure(root, va);
    freeTables(tables, root, 0, 3 * tables.tableSpan, 0, Number.POSITIVE_INFINITY);
    expect(tables.tableFrames).toBe(1);
    tables.freeRoot(root);
    expect([tables.tableFrames, allocator.freeFrames]).toEqual([0, start]);
  });

  test('report that no frame is left, and lose nothing by it', () => {
    const { tables, allocator } = room;
    allocator.failCountdown = tables.levels - 2;
    expect(tables.ensure(root, 0)).toBe(-1);
    expect(tables.lookup(root, 0)).toBe(-1);
    expect(tables.ensure(root, 0)).toBeGreaterThan(0);
    allocator.failCountdown = 0;
    expect(tables.newTable()).toBe(0);
    expect(tables.tableFrames).toBe(tables.levels);
  });
});

describe('an address of x86-64', () => {
  test('is cut into four indices of nine bits', () => {
    const { tables } = machineRoom(X86_64, 8);
    const va = ((((0x1a5 * 512 + 0x0f3) * 512 + 0x1ff) * 512 + 0x001) * 4096 + 0x123) % 2 ** 48;
    expect([0, 1, 2, 3].map((level) => tables.indexAt(va, level))).toEqual([0x1a5, 0x0f3, 0x1ff, 0x001]);
  });

  test('of the last page of user space uses the last entries', () => {
    const { tables } = machineRoom(X86_64, 8);
    expect([0, 1, 2, 3].map((level) => tables.indexAt(2 ** 47 - 1, level))).toEqual([255, 511, 511, 511]);
  });
});
