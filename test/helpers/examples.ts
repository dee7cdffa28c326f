/** Runs the programs in examples/ the way their readers do. */
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './repository.ts';

export const EXAMPLES = join(ROOT, 'examples');

/** The file names, in order. */
export function examplePrograms(): string[] {
  return readdirSync(EXAMPLES)
    .filter((name) => name.endsWith('.ts'))
    .sort();
}

export interface ExampleRun {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program with tsx. 'faultline' is what `tsconfig` makes of it: the source, or without `paths` the package's export in dist/. */
export function runExample(program: string, tsconfig: string): Promise<ExampleRun> {
  const child = spawn(process.execPath, ['--import', 'tsx', join('examples', program)], {
    cwd: ROOT,
    env: { ...process.env, TSX_TSCONFIG_PATH: tsconfig },
  });
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
