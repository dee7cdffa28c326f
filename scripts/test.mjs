/**
 * Runs vitest with the given arguments and closes with one line: `N passed, N failed`, and `, N skipped` where there were some.
 *
 * The line is the last of the output whatever happens, vitest's own collapse included; that is why no reporter prints it. The exit
 * code is 0 only if at least one test ran and nothing failed. `--fuzz` multiplies the runs of model and property tests by
 * FAULTLINE_FUZZ, or by 50 if that is not set.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const USUAL_FUZZ_FACTOR = '50';
const scripts = dirname(fileURLToPath(import.meta.url));

/** Runs vitest to its end. Returns its exit code and the counts of count-reporter.mjs; all 0 if it never came to count. */
function runVitest(args, env) {
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const scratch = mkdtempSync(join(tmpdir(), 'faultline-test-'));
  const countsFile = join(scratch, 'counts.json');
  const reporters = ['--reporter=default', `--reporter=${join(scripts, 'count-reporter.mjs')}`];
  try {
    const { status } = spawnSync(process.execPath, [vitest, 'run', ...reporters, ...args], {
      cwd: dirname(scripts),
      env: { ...env, FAULTLINE_COUNTS: countsFile },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    return { status: status ?? 1, counts: readCounts(countsFile) };
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function readCounts(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return { passed: 0, failed: 0, skipped: 0 };
  }
}

const fuzz = process.argv.includes('--fuzz');
const args = process.argv.slice(2).filter((arg) => arg !== '--fuzz');
const env = fuzz ? { ...process.env, FAULTLINE_FUZZ: process.env.FAULTLINE_FUZZ || USUAL_FUZZ_FACTOR } : process.env;
const { status, counts } = runVitest(args, env);
if (counts.passed + counts.failed === 0) {
  console.log('No test ran.');
} else if (status !== 0 && counts.failed === 0) {
  console.log(`Vitest ended with exit code ${status} though no test failed.`);
  counts.failed = 1;
}
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
process.exitCode = status === 0 && counts.passed > 0 && counts.failed === 0 ? 0 : 1;
