/** On x86-64 every present entry decoded as executable, whatever its NX bit said: a fetch from a page without PROT_EXEC went through. */
import { expect, test } from 'vitest';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_EXEC, PROT_READ, PROT_WRITE, SEGV_ACCERR, SIGSEGV } from '../../src/flags.ts';
import { Machine, SignalError } from '../../src/index.ts';

test('a fetch from a page without PROT_EXEC is a fault, before and after a load', () => {
  const process = new Machine({ ram: '16M', invariants: 2 }).spawn();
  const page = process.mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS);
  process.sigaction(SIGSEGV, () => 'abandon');
  for (const touch of [() => 0, () => process.load8(page), () => process.store8(page, 1)]) {
    touch();
    expect(() => process.fetch8(page)).toThrow(new SignalError(SIGSEGV, SEGV_ACCERR, page, false));
  }
  process.mprotect(page, 4096, PROT_READ | PROT_EXEC);
  expect(process.fetch8(page)).toBe(1);
});
