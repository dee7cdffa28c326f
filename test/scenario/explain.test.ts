/**
 * What `faultline run --explain` says of a scenario, word for word: `explain/X.out` beside `explain/X.scn`.
 *
 * `FAULTLINE_WRITE_EXPLANATIONS=1 npm test -- test/scenario/explain.test.ts` writes the files anew, to be read before they are committed.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { faultline } from '../helpers/command-line.ts';
import { ROOT } from '../helpers/repository.ts';

const FOLDER = join(ROOT, 'test/scenario/explain');
const names = readdirSync(FOLDER).filter((name) => name.endsWith('.scn'));

test('there are some', () => {
  expect(names.length).toBeGreaterThanOrEqual(2);
});

test.each(names)('%s', async (name) => {
  const { stdout, stderr } = await faultline('run', join(FOLDER, name), '--explain');
  const path = join(FOLDER, name.replace('.scn', '.out'));
  if (process.env['FAULTLINE_WRITE_EXPLANATIONS']) writeFileSync(path, stdout);
  expect(stderr).toBe('');
  expect(stdout).toBe(readFileSync(path, 'utf8'));
});
