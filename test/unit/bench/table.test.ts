import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { AMOUNTS, type Amount, CURVES } from '../../../bench/growth/curves.ts';
import { MEMORY_ROWS } from '../../../bench/memory/table.ts';
import { type BenchRow, isPending, ROWS, type Row } from '../../../bench/rows/table.ts';
import { ROOT } from '../../helpers/repository.ts';

const rows: readonly Row[] = ROWS;
const measured = rows.filter((row): row is BenchRow => !isPending(row));

test.each(rows.map((row) => [row.name, row]))('%s has a floor and a goal, or is not yet', (_name, row) => {
  if (isPending(row)) {
    expect(row.status).toBe('not yet');
    expect(row).not.toHaveProperty('floor');
  } else {
    expect(row.floor).toBeGreaterThan(0);
    expect(row.goal).toBeGreaterThan(row.floor);
    expect(row.unit).toMatch(/^[a-z]+\/s$/);
  }
});

test('names are unique, of whatever kind, and usable in a shell', () => {
  const all = [...rows, ...MEMORY_ROWS, ...CURVES];
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  expect(all.filter(({ name }) => !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))).toEqual([]);
});

test.each(Object.values(AMOUNTS) as Amount[])('$name grows, and has curves', ({ name, sizes }) => {
  expect([...sizes].sort((a, b) => a - b)).toEqual(sizes);
  expect(CURVES.filter(({ amount }) => amount === name).length).toBeGreaterThan(0);
});

test('every row has five pairs or more', () => {
  expect(measured.filter(({ pairs, processes }) => pairs * processes < 5)).toEqual([]);
});

test('the native programs are those that the rows run', () => {
  const sources = readdirSync(join(ROOT, 'bench', 'native')).filter((name) => name.endsWith('.c'));
  const programs = new Set(measured.map(({ program }) => program).filter((program) => program !== ''));
  expect(sources.sort()).toEqual([...programs].map((program) => `${program}.c`).sort());
});

test('only rows that need a compiler run a program', () => {
  expect(measured.filter(({ needs, program }) => (needs === 'node') !== (program === ''))).toEqual([]);
});
