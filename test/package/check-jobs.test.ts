/** `faultline check --jobs`: threads share the work and find what one thread finds. With the build, which threads can run. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../helpers/repository.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-jobs-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function check(...words: string[]): { readonly stdout: string; readonly status: number | null } {
  const args = [join(ROOT, 'dist/cli/main.js'), 'check', ...words];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(stderr).toBe('');
  return { stdout, status };
}

test('the same difference is found', () => {
  const program = `'${process.execPath}' '${join(ROOT, 'test/helpers/answering-program.mjs')}' batch wrong:munlockall`;
  const options = ['--calls', 'munlockall,mlockall', '--ops', '1', '--runs', '200', '--seed', '6', '--batch'];
  const found = (jobs: string): string => {
    const file = join(folder, `${jobs}.scn`);
    expect(check('sim', program, ...options, '--jobs', jobs, '--out', file).status).toBe(1);
    return readFileSync(file, 'utf8');
  };
  const alone = found('1');
  expect(Number(/, run (\d+)$/m.exec(alone)?.[1])).toBeGreaterThan(0);
  expect(found('3')).toBe(alone);
});

test('all that was done is counted', () => {
  const counted = (jobs: string): string =>
    check('sim', 'spec', '--runs', '7', '--seed', '3', '--ops', '10', '--jobs', jobs).stdout.replace(
      /\S+ a second/,
      '',
    );
  expect(counted('2')).toBe(counted('1'));
});

test('a mistake of the user is a sentence there too', () => {
  const args = [
    join(ROOT, 'dist/cli/main.js'),
    'check',
    'sim',
    'spec',
    '--calls',
    'fstat',
    '--jobs',
    '2',
    '--runs',
    '4',
  ];
  const { stderr, status } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(stderr).toMatch(/^faultline: nothing was compared: .*\n$/);
  expect(status).toBe(2);
});
