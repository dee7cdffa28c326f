import { expect, test } from 'vitest';
import { type Part, resultsFile } from '../../../bench/results-file.ts';
import { MACHINE } from './machine-facts.ts';

const RATIOS = new Map<Part, string>([['ratios', '## The real kernel\n\nold ratios\n']]);
const GROWTH = new Map<Part, string>([['growth', '## Growth\n\ncurves\n']]);

test('a part that was never measured says how', () => {
  const file = resultsFile('', RATIOS, MACHINE);
  expect(file).toContain('old ratios');
  expect(file).toContain('Not measured yet: `npm run bench -- --growth`.');
});

test('a run leaves the other part as it was, with its machine', () => {
  const first = resultsFile('', RATIOS, MACHINE);
  const both = resultsFile(first, GROWTH, { ...MACHINE, cpu: 'Other 2000' });
  expect(both).toContain('old ratios');
  expect(both).toContain('curves');
  expect(both.match(/Invented 1000|Other 2000/g)).toEqual(['Invented 1000', 'Other 2000']);
  const again = resultsFile(both, new Map<Part, string>([['ratios', 'new ratios']]), MACHINE);
  expect(again).not.toContain('old ratios');
  expect(again).toContain('curves');
  expect(resultsFile(again, new Map(), MACHINE)).toBe(again);
});
