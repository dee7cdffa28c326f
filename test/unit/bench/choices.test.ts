import { expect, test } from 'vitest';
import { readChoices, UsageError } from '../../../bench/choices.ts';
import { CURVES } from '../../../bench/growth/curves.ts';
import { MEMORY_ROWS } from '../../../bench/memory/table.ts';
import { ROWS } from '../../../bench/rows/table.ts';

test('everything but the curves, or the curves', () => {
  expect(readChoices([])).toMatchObject({ rows: ROWS, memory: MEMORY_ROWS, curves: [], isWhole: true, json: false });
  expect(readChoices(['--growth', '--json'])).toMatchObject({ rows: [], memory: [], curves: CURVES, json: true });
});

test('what is named, of any kind', () => {
  const { rows, memory, curves, isWhole } = readChoices([
    '--only',
    'msync',
    '--only',
    'alloc-load',
    '--only',
    'vmas-fault',
  ]);
  expect([...rows, ...memory, ...curves].map(({ name }) => name)).toEqual(['msync', 'alloc-load', 'vmas-fault']);
  expect(isWhole).toBe(false);
});

test.each([
  [['--only', 'nope'], /^no row is named 'nope'; choose from anon-write-fault, .*, frames-fresh, .*, vmas-map-pair, /],
  [['--fast'], /^Unknown option '--fast'.* The options are --json, --growth, --only NAME/],
  [['--dir', '/nowhere/at/all'], /^--dir \/nowhere\/at\/all: there is no such directory$/],
])('%j is refused in one sentence', (args, sentence) => {
  expect(() => readChoices(args)).toThrow(UsageError);
  expect(() => readChoices(args)).toThrow(sentence);
});
