/** With more live address spaces than the scheme has tags, two shared one, and a TLB hit could give a page of the other. */
import { expect, test } from 'vitest';
import { MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../src/flags.ts';
import { Machine } from '../../src/index.ts';

const PAGE = 32;
const TAGS = 16;

test('live processes beyond the number of tags keep their memories apart', () => {
  const machine = new Machine({ scheme: 'tiny', invariants: 2, layout: { stackPages: 0 } });
  const processes = Array.from({ length: 40 }, () => machine.spawn());
  const users = [0, 1, TAGS, TAGS + 1, 2 * TAGS, 2 * TAGS + 1].map(
    (place) => processes[place] as (typeof processes)[0],
  );
  for (const [place, process] of users.entries()) {
    process.mmap(1024, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED);
    process.store8(1024, place + 1);
    process.store8(1024 + PAGE, place + 101);
  }
  for (let round = 0; round < 3; round++) {
    for (const [place, process] of users.entries()) {
      expect([process.load8(1024 + PAGE), process.load8(1024)]).toEqual([place + 101, place + 1]);
    }
  }
});

test('a tag that passes to another address space brings no translations along', () => {
  const machine = new Machine({ scheme: 'tiny', cpus: 2, invariants: 2, layout: { stackPages: 0 } });
  const processes = Array.from({ length: 18 }, () => machine.spawn());
  for (const [place, process] of processes.entries()) {
    process.mmap(1024, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED);
    process.store8(1024, place);
  }
  for (let round = 0; round < 3; round++) {
    for (const [place, process] of processes.entries()) expect(process.load8(1024)).toBe(place);
  }
});

test('every CPU needs a tag of its own, and one more', () => {
  expect(() => new Machine({ scheme: 'tiny', cpus: 15 })).toThrow('cpus is 15; it must be a whole number from 1 to 14');
  const machine = new Machine({ scheme: 'tiny', cpus: 14, invariants: 2, layout: { stackPages: 0 } });
  const processes = Array.from({ length: 30 }, () => machine.spawn());
  for (const process of processes) process.brk(process.brk(0) + PAGE);
  for (const process of processes) expect(process.load8(machine.config.layout.brkStart)).toBe(0);
});
