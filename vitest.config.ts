/**
 * One vitest project for each folder of tests, so that `--project unit` runs one kind and each kind has the time it needs.
 *
 * FAULTLINE_FUZZ multiplies the number of runs of model and property tests (test/helpers/fuzz.ts), and so their time limits here.
 */
import { configDefaults, defineConfig } from 'vitest/config';
import { fuzzFactor } from './test/helpers/fuzz-factor.ts';

const SECOND = 1000;

interface ProjectOptions {
  timeoutMs: number;
  setupFiles?: string[];
  globalSetup?: string[];
}

/** The tests in test/`name`. They share a worker (`isolate: false`): nothing under src keeps state in a module. */
function project(name: string, options: ProjectOptions) {
  return {
    test: {
      name,
      include: [`test/${name}/**/*.test.ts`],
      isolate: false,
      testTimeout: options.timeoutMs,
      hookTimeout: options.timeoutMs,
      setupFiles: options.setupFiles ?? [],
      globalSetup: options.globalSetup ?? [],
    },
  };
}

const fuzzed = { timeoutMs: 120 * SECOND * fuzzFactor(), setupFiles: ['./test/helpers/fuzz-setup.ts'] };
const builds = { timeoutMs: 300 * SECOND, globalSetup: ['./test/helpers/build-setup.ts'] };

export default defineConfig({
  test: {
    pool: 'forks',
    passWithNoTests: false,
    exclude: [...configDefaults.exclude, 'dist/**', '.build-*/**', '.stryker-tmp/**'],
    projects: [
      project('house', { timeoutMs: 120 * SECOND }),
      project('unit', { timeoutMs: 20 * SECOND }),
      project('syscall', { timeoutMs: 20 * SECOND }),
      project('conformance', { timeoutMs: 120 * SECOND }),
      project('model', fuzzed),
      project('property', fuzzed),
      project('scenario', { timeoutMs: 60 * SECOND }),
      project('regress', { timeoutMs: 60 * SECOND }),
      project('package', builds),
    ],
  },
});
