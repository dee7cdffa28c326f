/** What the cases cover is what the README says, and every case names something that is listed. */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { coverageOf, README, SOURCES, withCoverageTable } from '../helpers/case-coverage.ts';
import { answersOf, callsWithCases, casesOf } from '../helpers/case-file.ts';

test('the README shows the table (npx tsx scripts/count-cases.ts puts it there)', () => {
  const readme = readFileSync(README, 'utf8');
  expect(readme).toBe(withCoverageTable(readme));
});

describe.each(SOURCES)('what is listed of %s', (source) => {
  const { listed, covered, missing, unknown } = coverageOf(source);

  test('has every name that a case claims', () => {
    expect(unknown).toEqual([]);
  });

  test('says of nothing that has a case that no scenario can say it', () => {
    expect(covered.filter((name) => listed.get(name) !== '')).toEqual([]);
  });

  test('has a case for nine of ten names that a scenario can say', () => {
    expect(covered.length / (covered.length + missing.length)).toBeGreaterThanOrEqual(0.9);
  });
});

test('no answer depends on the number of a line: what an address is told relative to has a name', () => {
  const answers = callsWithCases().flatMap((call) => casesOf(call).flatMap((one) => answersOf(one).flat()));
  expect(answers.length).toBeGreaterThan(1000);
  expect(answers.filter((line) => /(^|[^\w"])@\d+/.test(line))).toEqual([]);
});

test('every file of cases has its test, and the other way round', () => {
  const tests = readdirSync(new URL('./', import.meta.url)).filter((name) => name.endsWith('.test.ts'));
  const named = tests.map((name) => name.slice(0, -'.test.ts'.length));
  expect(named.filter((name) => !NOT_OF_A_CALL.includes(name)).sort()).toEqual(callsWithCases());
});

/** Tests in this folder that are not about a call. */
const NOT_OF_A_CALL: readonly string[] = ['coverage', 'case-file'];
