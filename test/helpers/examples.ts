/** Runs what lies in examples/ the way its readers do. */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { ROOT } from './repository.ts';

export const EXAMPLES = join(ROOT, 'examples');

function named(extension: string): string[] {
  return readdirSync(EXAMPLES)
    .filter((name) => name.endsWith(extension))
    .sort();
}

/** The file names, in order. */
export function examplePrograms(): string[] {
  return named('.ts');
}

export function exampleScenarios(): string[] {
  return named('.scn');
}

/** What an example is to print. */
export function outputOf(example: string): string {
  return readFileSync(join(EXAMPLES, example.replace(/\.\w+$/, '.out')), 'utf8');
}

export interface ExampleRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program with tsx. 'faultline' is what `tsconfig` makes of it: the source, or without `paths` the package's export in dist/. */
export function runExample(program: string, tsconfig: string): Promise<ExampleRun> {
  return runTsx([join('examples', program)], tsconfig);
}

/** Runs `args` (a file, then its arguments) with tsx, in the checkout. */
export function runTsx(args: readonly string[], tsconfig: string): Promise<ExampleRun> {
  return runNode(['--import', 'tsx', ...args], { TSX_TSCONFIG_PATH: tsconfig });
}

/** The example of a property test: a folder with tests for vitest and what these print. */
export const PROPERTY_TEST = join(EXAMPLES, 'property-test');

/** What they print of what they find, as toy-vm.out does; which mistake it is depends on the generators. */
export const FOUND =
  /Counterexample: yours does not answer as Linux does; the smallest scenario that shows it \(from run \d+ of seed \d+\):\n\n(?: {2}\d.*\n {6}.*\n){1,5}> \d.*\n {6}Linux +\| yours\n>.*\|.*\n/;

/** Runs the tests in the folder with the vitest configuration at a path; its own if absent. */
export function runPropertyTest(config?: string): Promise<ExampleRun> {
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');
  const words = config === undefined ? [] : ['--config', config];
  return runNode([vitest, 'run', '--root', PROPERTY_TEST, ...words], { NO_COLOR: '1' });
}

function runNode(args: readonly string[], env: NodeJS.ProcessEnv): Promise<ExampleRun> {
  const child = spawn(process.execPath, args, { cwd: ROOT, env: { ...process.env, ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, stdout, stderr }));
  });
}
