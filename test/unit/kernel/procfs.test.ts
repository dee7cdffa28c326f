/** What /proc says of a process and no recording can hold: page tables, other page sizes, whole records. */
import { expect, test } from 'vitest';
import { MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, PROT_EXEC, PROT_READ, PROT_WRITE } from '../../../src/flags.ts';
import { Machine, type Process } from '../../../src/index.ts';

const RW = PROT_READ | PROT_WRITE;

function spawn(scheme: 'x86-64' | 'sv32' | 'tiny'): Process {
  return new Machine({ scheme, invariants: 2, layout: { stackPages: 0 } }).spawn();
}

function map(process: Process, address: number, length: number, prot = RW): number {
  return process.mmap(address, length, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED);
}

test('VmPTE counts the tables below the root', () => {
  const x86 = spawn('x86-64');
  expect(x86.status().VmPTE).toBe(0);
  map(x86, 0x40000000, 0x400000);
  expect(x86.status().VmPTE).toBe(0);
  x86.store8(0x40000000, 1);
  expect(x86.status().VmPTE).toBe(12);
  x86.store8(0x40200000, 1);
  expect(x86.status().VmPTE).toBe(16);
  const sv32 = spawn('sv32');
  map(sv32, 0x40000000, 4096);
  sv32.store8(0x40000000, 1);
  expect(sv32.status().VmPTE).toBe(4);
  x86.munmap(0x40000000, 0x400000);
  expect(x86.status().VmPTE).toBe(0);
});

test('sums are in KiB whatever the page size', () => {
  const process = spawn('tiny');
  map(process, 2048, 32 * 64);
  map(process, 8192, 32 * 32, PROT_READ | PROT_EXEC);
  process.store8(2048, 1);
  process.store8(2080, 1);
  expect(process.status()).toMatchObject({ VmSize: 3, VmData: 2, VmLib: 1, VmRSS: 1 / 16, RssAnon: 1 / 16, VmStk: 0 });
});

test('pagemap tells a shared frame from an own one, and nothing behind user space', () => {
  const process = spawn('x86-64');
  map(process, 0x40000000, 8192);
  process.store8(0x40000000, 1);
  process.load8(0x40001000);
  const page = { present: true, swapped: false, file: false, guard: false };
  expect(process.pagemap(0x40000000, 8192)).toEqual([
    { ...page, exclusive: true },
    { ...page, exclusive: false },
  ]);
  process.fork();
  expect(process.pagemap(0x40000fffn, 2n)[0]).toEqual({ ...page, exclusive: false });
  expect(process.pagemap(0x7fffffffe000, 1 << 20)).toHaveLength(1);
  expect(process.pagemap(2n ** 63n, 4096)).toEqual([]);
});

test('vmFlags of what is not mapped are null', () => {
  const process = spawn('x86-64');
  expect(process.vmFlags(0x40000000)).toBeNull();
  map(process, 0x40000000, 4096, PROT_READ);
  expect(process.vmFlags(0x40000000)).toEqual(['rd', 'mr', 'mw', 'me']);
});
