/** ru_maxrss: what was resident at most, whatever is left of it. */
import { expect, test } from 'vitest';
import { MAP_ANONYMOUS, MAP_PRIVATE, Machine, PROT_READ, PROT_WRITE, type Process } from '../../../src/index.ts';

const PAGE = 4096;

function memory(process: Process, pages: number): number {
  const start = process.mmap(0, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
  for (let page = 0; page < pages; page++) process.store8(start + page * PAGE, 1);
  return start;
}

function peakPages(process: Process): number {
  return (process.getrusage().maxRssKib * 1024) / PAGE;
}

test('it grows with what is touched, and stays when that is gone', () => {
  const process = new Machine({ ram: '16M', invariants: 2 }).spawn();
  const before = peakPages(process);
  const start = memory(process, 8);
  expect(peakPages(process)).toBe(before + 8);
  process.munmap(start + 4 * PAGE, 4 * PAGE);
  expect(peakPages(process)).toBe(before + 8);
  memory(process, 3);
  expect(peakPages(process)).toBe(before + 8);
  memory(process, 3);
  expect(peakPages(process)).toBe(before + 10);
});

test('a child begins with what it has, and not with what its parent once had', () => {
  const parent = new Machine({ ram: '16M', invariants: 2 }).spawn();
  const before = peakPages(parent);
  const start = memory(parent, 8);
  parent.munmap(start, 6 * PAGE);
  const child = parent.fork();
  expect(peakPages(child)).toBe(before + 2);
  memory(child, 1);
  expect(peakPages(child)).toBe(before + 3);
  expect(peakPages(parent)).toBe(before + 8);
});

test('the page of zeros is not resident, nor are huge pages of the pool', () => {
  const process = new Machine({ ram: '32M', hugePages: 1, invariants: 1 }).spawn();
  const before = peakPages(process);
  const start = process.mmap(0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS);
  process.load8(start);
  const MAP_HUGETLB = 0x40000;
  const huge = process.mmap(0, 2 ** 21, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB);
  process.store8(huge, 1);
  expect(peakPages(process)).toBe(before);
});
