import { expect, test } from 'vitest';
import { jsonReport, type Outcome, rateText, rowsMarkdown, textReport } from '../../../bench/report.ts';
import { ROWS, type Row } from '../../../bench/rows/table.ts';
import { compare } from '../../../bench/statistics.ts';
import { MACHINE } from './machine-facts.ts';

function row(name: string): Row {
  return ROWS.find((one) => one.name === name) as Row;
}

const OUTCOMES: readonly Outcome[] = [
  { row: row('anon-write-fault'), comparison: compare([1000, 1000], [1250, 1250]), note: '' },
  { row: row('msync'), note: 'needs a directory' },
  { row: row('reclaim'), note: 'not yet' },
  { row: row('load8-default'), comparison: compare([100], [2]), note: '' },
];

test('the JSON has the numbers of what was measured and the reasons of the rest', () => {
  const { benchmarks, skipped, machine } = jsonReport(OUTCOMES, MACHINE);
  expect(benchmarks[0]).toEqual({
    name: 'anon-write-fault',
    ratio: 1.25,
    spread: 0,
    floor: 1,
    goal: 1.5,
    ours: 1e6,
    theirs: 8e5,
    unit: 'faults/s',
    ratios: [1.25, 1.25],
  });
  expect(benchmarks.map(({ name }) => name)).toEqual(['anon-write-fault', 'load8-default']);
  expect(skipped).toEqual([
    { name: 'msync', why: 'needs a directory' },
    { name: 'reclaim', why: 'not yet' },
  ]);
  expect(machine).toBe(MACHINE);
});

test('the table says where each ratio stands', () => {
  expect(textReport(OUTCOMES)).toBe(
    [
      'row               ratio  spread  floor  goal    ours  theirs  unit',
      'anon-write-fault   1.25   ±0.00      1   1.5  1.00 M   800 k  faults/s  above floor',
      'msync                 -       -      1     2       -       -  pages/s   needs a directory',
      'reclaim               -       -      -     -       -       -  -         not yet',
      'load8-default      0.02   ±0.00   0.05   0.1  10.0 M   500 M  loads/s   BELOW FLOOR',
      '',
    ].join('\n'),
  );
});

test('the report has a section for each part, and a row stands in its own', () => {
  const sections = rowsMarkdown(OUTCOMES).split(/^## /m);
  expect(sections.map((text) => text.split('\n')[0])).toEqual([
    '',
    'The real kernel',
    "The language's own limit",
    'Traces',
  ]);
  expect(sections[1]).toContain('| anon-write-fault | 1.25 |');
  expect(sections[2]).toContain('| load8-default | 0.02 |');
});

test.each([
  [1_234_567, '1.23 M'],
  [45_600, '45.6 k'],
  [212, '212'],
  [9.87, '9.87'],
  [346_500_000, '347 M'],
])('%d a second is written %s', (rate, text) => {
  expect(rateText(rate)).toBe(text);
});
