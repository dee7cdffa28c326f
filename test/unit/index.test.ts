import { expect, test } from 'vitest';
import * as flags from '../../src/flags.ts';
import * as index from '../../src/index.ts';

test('the package exports every constant of the calls', () => {
  const wanted = Object.entries(flags);
  expect(wanted.length).toBeGreaterThan(100);
  expect(Object.fromEntries(wanted.map(([name]) => [name, (index as Record<string, unknown>)[name]]))).toEqual(
    Object.fromEntries(wanted),
  );
});
