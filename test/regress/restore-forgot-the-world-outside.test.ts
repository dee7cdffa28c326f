/** A restore rolled back the sinks that users had attached, and left handles of processes made later working on frames of others. */
import { expect, test } from 'vitest';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../src/flags.ts';
import { Machine, TRACE_EVENT } from '../../src/index.ts';

test('what a sink got stays, and sinks attached later go on', () => {
  const machine = new Machine({ ram: '16M' });
  const process = machine.spawn();
  const [first, second] = [1, 2].map(() => ({
    mask: TRACE_EVENT,
    seen: 0,
    drain(_records: Float64Array, count: number): void {
      this.seen += count;
    },
  }));
  machine.attach(first);
  const snapshot = machine.snapshot();
  process.mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS);
  machine.attach(second);
  const { seen } = first;
  expect(seen).toBeGreaterThan(0);
  machine.restore(snapshot);
  expect(first.seen).toBe(seen);
  process.mmap(0, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS);
  expect([first.seen, second.seen]).toEqual([2 * seen, seen]);
});

test('a process made after the snapshot has ended', () => {
  const machine = new Machine({ ram: '16M' });
  const process = machine.spawn();
  const start = process.mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
  process.store8(start, 1);
  const snapshot = machine.snapshot();
  const child = process.fork();
  machine.restore(snapshot);
  expect(child.alive).toBe(false);
  expect(() => child.load8(start)).toThrow('has ended');
  expect(() => child.exit()).toThrow('has ended');
  machine.check();
});
