/** Entries that pointed to a lower table had R, W and X set, which in Sv32 makes them leaves: every access went to the table itself. */
import { expect, test } from 'vitest';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../src/flags.ts';
import { Machine } from '../../src/index.ts';
import { SV32 } from '../../src/scheme.ts';
import { machineRoom } from '../helpers/machine-room.ts';

test('in Sv32 an entry that points to a table has V alone', () => {
  const { tables } = machineRoom(SV32, 16);
  const root = tables.newTable();
  tables.ensure(root, 5 * 2 ** 22);
  expect(tables.rawLow(root * 1024 + 5) & 0x3ff).toBe(1);
});

test('pages of Sv32 hold what is stored in them', () => {
  const process = new Machine({ scheme: 'sv32', ram: '1M', invariants: 2 }).spawn();
  const start = process.mmap(0, 2 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
  process.store32(start, 1);
  process.store32(start + 4096, 2);
  expect([process.load32(start), process.load32(start + 4096)]).toEqual([1, 2]);
});
