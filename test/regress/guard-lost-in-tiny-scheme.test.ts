/** The tiny scheme has no bit for guard markers, so that installing one left the entry empty and the page could be touched. */
import { expect, test } from 'vitest';
import {
  MADV_GUARD_INSTALL,
  MADV_GUARD_REMOVE,
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  PROT_READ,
  PROT_WRITE,
} from '../../src/flags.ts';
import { Machine } from '../../src/index.ts';

test('a guard page of the tiny scheme cannot be touched until it is removed', () => {
  const process = new Machine({ scheme: 'tiny', invariants: 2 }).spawn();
  process.sigaction(11, () => 'abandon');
  const start = process.mmap(0, 64, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
  process.madvise(start, 32, MADV_GUARD_INSTALL);
  expect(() => process.load8(start)).toThrow('signal 11');
  process.store8(start + 32, 5);
  process.madvise(start, 32, MADV_GUARD_REMOVE);
  expect([process.load8(start), process.load8(start + 32)]).toEqual([0, 5]);
});
