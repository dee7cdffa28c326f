/** A frame without contents (contents: 'tables') loads as zeros, but as the source of a copy it left the target as it was. */
import { expect, test } from 'vitest';
import { Ram } from '../../src/mmu/ram.ts';

test('a copy from a frame without contents gives zeros', () => {
  const ram = new Ram(64, 32);
  ram.u8.fill(7);
  ram.copyFrame(1, 9);
  expect([...ram.u8]).toEqual([...new Array<number>(32).fill(7), ...new Array<number>(32).fill(0)]);
});
