/** The last line and the exit code of `npm test`, which whoever runs the tests elsewhere relies on: scripts/test.mjs on invented tests. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../helpers/repository.ts';

const GOOD = `test('good', () => {});`;
const BAD = `test('bad', () => { throw new Error('bad'); });`;

/** Runs scripts/test.mjs on files of tests (name -> text), in a folder of the checkout so that they find vitest. */
function closing(
  files: Record<string, string>,
  args: string[] = [],
): { line: string | undefined; status: number | null } {
  const folder = mkdtempSync(join(ROOT, '.build-closing-line-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(folder, `${name}.test.mjs`), `import { afterAll, test } from 'vitest';\n${text}`);
    }
    writeFileSync(
      join(folder, 'vitest.config.mjs'),
      `export default { test: { include: ['*.test.mjs'], exclude: [] } };`,
    );
    const { stdout, status } = spawnSync(process.execPath, ['scripts/test.mjs', '--root', folder, ...args], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    return { line: stdout.trimEnd().split('\n').pop(), status };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test.each([
  ['all is well', { a: GOOD, b: GOOD }, '2 passed, 0 failed', 0],
  [
    'some were left out',
    { a: `${GOOD} test.skip('s', () => {}); test.todo('t');` },
    '1 passed, 0 failed, 2 skipped',
    0,
  ],
  ['a test fails', { a: `${GOOD} ${BAD}` }, '1 passed, 1 failed', 1],
  ['a file does not load', { a: GOOD, b: `import './gone.mjs';` }, '1 passed, 1 failed', 1],
  ['a hook fails', { a: `${GOOD} afterAll(() => { throw new Error('hook'); });` }, '1 passed, 1 failed', 1],
  ['an error belongs to no test', { a: `${GOOD} Promise.reject(new Error('stray'));` }, '1 passed, 1 failed', 1],
  ['the worker dies', { a: GOOD, b: `test('dies', () => process.kill(process.pid, 'SIGKILL'));` }, undefined, 1],
  ['everything was left out', { a: `test.skip('s', () => {});` }, '0 passed, 0 failed, 1 skipped', 1],
  ['there is no test', {}, '0 passed, 0 failed', 1],
] as const)('when %s', (_when, files, line, status) => {
  const end = closing(files);
  expect(end.status).toBe(status);
  expect(end.line).toMatch(line === undefined ? /^\d+ passed, [1-9]\d* failed$/ : new RegExp(`^${line}$`));
});

test('when vitest refuses its arguments', () => {
  expect(closing({ a: GOOD }, ['--no-such-option'])).toEqual({ line: '0 passed, 0 failed', status: 1 });
});
