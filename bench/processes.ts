/**
 * Runs what is measured, each in a process of its own, on one CPU where that can be.
 *
 * Place: between the commands (run.ts, guard.ts) and the scripts that measure. A process that fails, or does not come to an end, is
 * reported on stderr, and the exit code of the command becomes 1.
 */
import { execFile, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { CC, type Host, missing } from './host.ts';
import type { Outcome } from './report.ts';
import { type BenchRow, isPending, type Row } from './rows/table.ts';
import { compare } from './statistics.ts';

/** No process of a healthy run comes near. */
const PATIENCE_MS = 240_000;

const execute = promisify(execFile);

/** Runs a compiled script of the benchmarks; what it printed, as JSON. */
async function measureIn<T>(host: Host, script: string, args: readonly string[]): Promise<T> {
  const [command, ...rest] = [...host.pinning, process.execPath, '--expose-gc', script, ...args];
  const { stdout } = await execute(command, rest, { maxBuffer: 2 ** 20, timeout: PATIENCE_MS });
  return JSON.parse(stdout) as T;
}

/** As above, for something with a name; null if it failed. Says on stderr how long it took. */
export async function measureOrNull<T>(
  host: Host,
  folder: string,
  script: string,
  name: string,
  ...args: readonly string[]
): Promise<T | null> {
  const start = performance.now();
  try {
    return await measureIn<T>(host, join(folder, script), [name, ...args]);
  } catch (error) {
    process.exitCode = 1;
    process.stderr.write(`${name}: ${(error as Error).message}\n`);
    return null;
  } finally {
    process.stderr.write(`${name}: ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
  }
}

/** Compiles a program of native/ into `scratch`; false, and the compiler's words on stderr, if that fails. */
function compileNative(program: string, scratch: string): boolean {
  const source = join(import.meta.dirname, '..', 'bench', 'native', `${program}.c`);
  const { status, stderr } = spawnSync(CC, ['-O2', '-o', join(scratch, program), source], { encoding: 'utf8' });
  if (status === 0) return true;
  process.exitCode = 1;
  process.stderr.write(`'${CC}' did not compile bench/native/${program}.c:\n${stderr}`);
  return false;
}

export interface Times {
  readonly ours: number[];
  readonly theirs: number[];
}

/** Why a row cannot be measured here, '' if it can; its program is compiled then. */
export function obstacle(row: BenchRow, host: Host, scratch: string): string {
  const lack = missing(row.needs, host);
  if (lack !== '') return `needs ${lack}`;
  return row.program === '' || compileNative(row.program, scratch) ? '' : 'FAILED';
}

/** The times of one process of a row, by the compiled benchmarks in `folder`; null if it failed. */
export function timesOf(row: BenchRow, host: Host, folder: string, scratch: string): Promise<Times | null> {
  return measureOrNull<Times>(host, folder, 'row-process.js', row.name, scratch, host.disk);
}

/** What comes of a row. */
export async function outcomeOf(row: Row, host: Host, folder: string, scratch: string): Promise<Outcome> {
  if (isPending(row)) return { row, note: row.status };
  const note = obstacle(row, host, scratch);
  if (note !== '') return { row, note };
  const all: Times = { ours: [], theirs: [] };
  for (let round = 0; round < row.processes; round++) {
    const times = await timesOf(row, host, folder, scratch);
    if (times === null) return { row, note: 'FAILED' };
    all.ours.push(...times.ours);
    all.theirs.push(...times.theirs);
  }
  return { row, comparison: compare(all.ours, all.theirs), note: '' };
}
