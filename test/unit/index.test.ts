import { expect, test } from 'vitest';
import * as flags from '../../src/flags.ts';
import * as index from '../../src/index.ts';

test('the package exports every constant of the calls; those of file locks, which are not here, stay inside', () => {
  const wanted = Object.entries(flags).filter(([name]) => !/^F_(GET|SET)LK/.test(name));
  expect(wanted.length).toBeGreaterThan(100);
  expect(Object.fromEntries(wanted.map(([name]) => [name, (index as Record<string, unknown>)[name]]))).toEqual(
    Object.fromEntries(wanted),
  );
});
