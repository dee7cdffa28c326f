/** Formatting, lint and types of the whole checkout. What the tool prints is the message of the failure. */
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../helpers/repository.ts';

/** Runs the script `bin` of a package that is installed here; its exit code and output. */
function tool(packageName: string, bin: string, args: string[]): { status: number | null; output: string } {
  const folder = dirname(createRequire(import.meta.url).resolve(`${packageName}/package.json`));
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(folder, bin), ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return { status, output: stdout + stderr };
}

test('format, import order and lint (npm run format mends most of it)', () => {
  const { status, output } = tool('@biomejs/biome', 'bin/biome', ['ci', '--colors=off', '--error-on-warnings', '.']);
  expect(status, output).toBe(0);
});

test.each(['tsconfig.json', 'tsconfig.machine.json'])('types by %s', (config) => {
  const { status, output } = tool('typescript', 'bin/tsc', ['-p', config, '--pretty', 'false']);
  expect(status, output).toBe(0);
});
