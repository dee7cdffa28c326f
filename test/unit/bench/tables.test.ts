import { expect, test } from 'vitest';
import { curvesMarkdown, curvesText, jsonCurves } from '../../../bench/growth/curve-report.ts';
import { AMOUNTS, CURVES, type Curve } from '../../../bench/growth/curves.ts';
import { plot } from '../../../bench/growth/plots.ts';
import { guardText } from '../../../bench/guard-report.ts';
import { jsonMemory, memoryText } from '../../../bench/memory/memory-report.ts';
import { MEMORY_ROWS } from '../../../bench/memory/table.ts';
import { type BenchRow, ROWS } from '../../../bench/rows/table.ts';
import { changeOf, compare } from '../../../bench/statistics.ts';

function curve(name: string): Curve {
  return CURVES.find((one) => one.name === name) as Curve;
}

const CURVE_OUTCOMES = [
  { curve: curve('sharers-fault'), sizes: [1, 4, 16, 64], ns: [90, 91, 92, 93.4] },
  { curve: curve('sharers-truncate'), sizes: [1, 4, 16, 64], ns: [10, 40, 160, 640] },
  { curve: curve('cpus-load'), sizes: [1, 2, 4, 8], ns: [] },
];

test('curves, the amounts that grow apart', () => {
  expect(curvesText(CURVE_OUTCOMES)).toBe(
    [
      'Processes that share a file',
      'curve              1   4   16   64     x  power  ns per',
      'sharers-fault     90  91   92   93   1.0   0.01  page              flat or logarithmic',
      'sharers-truncate  10  40  160  640  64.0   1.00  page and process  GROWS',
      '',
      'CPUs that run a process',
      'curve      1  2  4  8  x  power  ns per',
      'cpus-load  -  -  -  -  -      -  load    FAILED',
      '',
    ].join('\n'),
  );
  expect(curvesMarkdown(CURVE_OUTCOMES, 'plots')).toContain('![CPUs that run a process](plots/cpus.svg)');
  expect(jsonCurves(CURVE_OUTCOMES).map(({ name, grows }) => [name, grows])).toEqual([
    ['sharers-fault', false],
    ['sharers-truncate', true],
  ]);
});

test('a plot is a picture with a line for each curve', () => {
  const svg = plot(AMOUNTS.sharers, CURVE_OUTCOMES.slice(0, 2));
  expect(svg).toMatch(/^<svg /);
  for (const text of ['Processes that share a file', 'sharers-fault', 'sharers-truncate']) expect(svg).toContain(text);
});

test('figures beside their limits', () => {
  const [frames, loads, faults] = ['frames-fresh', 'alloc-load', 'alloc-anon-fault'].map((name) => {
    const row = MEMORY_ROWS.find((one) => one.name === name) as (typeof MEMORY_ROWS)[number];
    return row;
  });
  const outcomes = [
    { row: frames, figure: { value: 38.25, collections: 0 } },
    { row: loads, figure: { value: 16, collections: 40 } },
    { row: faults, figure: null },
  ];
  expect(memoryText(outcomes)).toBe(
    [
      'row               figure  limit  unit         collections',
      'frames-fresh        38.3     64  bytes/frame  0            within the limit',
      'alloc-load          16.0    0.1  bytes/load   40           ABOVE THE LIMIT',
      'alloc-anon-fault       -    0.1  bytes/fault  -            FAILED',
      '',
    ].join('\n'),
  );
  expect(jsonMemory(outcomes)[1]).toEqual({
    name: 'alloc-load',
    value: 16,
    limit: 0.1,
    unit: 'bytes/load',
    collections: 40,
  });
});

test('two checkouts beside each other, and what fell', () => {
  const [first, second, third] = ROWS as unknown as BenchRow[];
  const before = compare([1, 1], [2, 2]);
  const after = compare([2, 2], [2, 2]);
  const sides = [
    { name: 'v1', folder: 'a' },
    { name: 'this checkout', folder: 'b' },
  ];
  const all = [
    { row: first, note: '', before, after, change: changeOf(before, after) },
    { row: second, note: '', before, after: before, change: changeOf(before, before) },
    { row: third, note: 'FAILED in v1' },
  ];
  expect(guardText(all, sides)).toBe(
    [
      'row                        v1  spread  this checkout  spread  change',
      'anon-write-fault         2.00   ±0.00           1.00   ±0.00    -50%  FELL',
      'anon-write-fault-tables  2.00   ±0.00           2.00   ±0.00      0%',
      'file-read                   -       -              -       -       -  FAILED in v1',
      '',
      'fell: anon-write-fault',
      '',
    ].join('\n'),
  );
  expect(guardText(all.slice(1), sides)).toContain('no ratio fell by more than 10% and the spread');
});
