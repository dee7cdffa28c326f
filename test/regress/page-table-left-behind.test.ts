/**
 * An upper page table stayed behind for good when its last mapping went without ever having been touched (the lowest table had gone
 * with a neighbour before it), or when a fault found a frame for the upper table but none for the lower one.
 */
import { expect, test } from 'vitest';
import { MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../src/flags.ts';
import { Machine } from '../../src/index.ts';

const RW = PROT_READ | PROT_WRITE;
const FIXED = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
const TABLE_SPAN = 2 ** 21;

test('unmapping a mapping that was never touched frees the upper tables too', () => {
  const machine = new Machine({ ram: '16M', invariants: 2 });
  const process = machine.spawn();
  const before = machine.vmstat()['nr_free_pages'];
  const [first, second] = [2 ** 40, 2 ** 40 + 2 * TABLE_SPAN];
  process.mmap(first, 4096, RW, FIXED);
  process.mmap(second, 4096, RW, FIXED);
  process.store8(first, 1);
  process.munmap(first, 4096);
  process.munmap(second, 4096);
  expect(machine.vmstat()['nr_free_pages']).toBe(before);
});

test('a fault that runs out of frames half-way leaves nothing for good', () => {
  for (let failing = 0; failing < 5; failing++) {
    const machine = new Machine({ ram: '16M', invariants: 2 });
    const fresh = machine.vmstat()['nr_free_pages'];
    const process = machine.spawn();
    process.mmap(2 ** 40, 4096, RW, FIXED);
    machine.failAllocation(failing);
    try {
      process.store8(2 ** 40, 1);
    } catch {
      expect(process.alive).toBe(false);
    }
    if (process.alive) process.exit();
    expect(machine.vmstat()['nr_free_pages']).toBe(fresh);
    expect(machine.vmstat()['nr_page_table_pages']).toBe(0);
  }
});
