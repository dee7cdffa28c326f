/** `Process.kernelTouch`: what a replayed call touches on the process's behalf. */
import { beforeEach, expect, test } from 'vitest';
import * as F from '../../../src/flags.ts';
import { Machine, type Process } from '../../../src/index.ts';
import { ACCESS_WRITE } from '../../../src/mmu/access-codes.ts';

const PAGE = 4096;
const RW = F.PROT_READ | F.PROT_WRITE;

let machine: Machine;
let process: Process;
let start: number;

beforeEach(() => {
  machine = new Machine({ ram: '2M' });
  process = machine.spawn();
  start = process.mmap(0, 4 * PAGE, RW, F.MAP_PRIVATE | F.MAP_ANONYMOUS);
});

/** A letter for each page: P for one that is there. */
function pages(): string {
  const addresses = [0, 1, 2, 3].map((page) => start + page * PAGE);
  return addresses.map((va) => (machine.explain(process, va).frame === null ? '.' : 'P')).join('');
}

test('every page that the bytes lie in is touched, whichever byte they begin at', () => {
  process.kernelTouch(start + 100, 0, ACCESS_WRITE);
  expect(pages()).toBe('....');
  process.kernelTouch(start + 2 * PAGE - 1, 2, ACCESS_WRITE);
  expect(pages()).toBe('.PP.');
});

test('a page that is refused ends it, and is no signal', () => {
  process.mprotect(start + PAGE, PAGE, F.PROT_READ);
  process.kernelTouch(start, 4 * PAGE, ACCESS_WRITE);
  expect(pages()).toBe('P...');
});
