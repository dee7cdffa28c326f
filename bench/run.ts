/**
 * The command behind `npm run bench`: which rows, each in a process of its own, then the report.
 *
 * Results go to stdout, progress to stderr. Exit code 0 when every row that could run did, whatever its ratio; 1 when one failed;
 * 2 for wrong usage.
 */
import { execFile, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { CC, diskKind, type Host, load, lookAround, machineFacts, missing } from './host.ts';
import { jsonReport, type Outcome, resultsFile, textReport } from './report.ts';
import { type BenchRow, isPending, ROWS, type Row } from './rows/table.ts';
import { compare } from './statistics.ts';

interface Choices {
  readonly json: boolean;
  readonly rows: readonly Row[];
  readonly directory: string | undefined;
}

/** Wrong usage: one sentence, exit code 2. */
class UsageError extends Error {}

const OPTIONS = {
  json: { type: 'boolean', default: false },
  only: { type: 'string', multiple: true, default: [] as string[] },
  dir: { type: 'string' },
} as const;

/** What the user asks for. Throws `UsageError`. */
function readChoices(): Choices {
  const { json, only, dir: directory } = readWords().values;
  for (const name of only) {
    if (!ROWS.some((row) => row.name === name))
      throw new UsageError(`no row is named '${name}'; choose from ${ROWS.map((row) => row.name).join(', ')}`);
  }
  if (directory !== undefined) checkDirectory(directory);
  return { json, rows: only.length === 0 ? ROWS : ROWS.filter(({ name }) => only.includes(name)), directory };
}

function readWords() {
  try {
    return parseArgs({ options: OPTIONS });
  } catch (error) {
    const { message } = error as Error;
    throw new UsageError(`${message}. The options are --json, --only NAME (as often as you like) and --dir DIRECTORY`);
  }
}

function checkDirectory(directory: string): void {
  let kind = '';
  try {
    kind = diskKind(directory);
  } catch {
    throw new UsageError(`--dir ${directory}: there is no such directory`);
  }
  if (kind === '')
    throw new UsageError(`--dir ${directory} is on no disk file system; give a directory on ext4, xfs, btrfs or f2fs`);
}

/** Compiles a program of native/ into `scratch`. */
function compileNative(program: string, scratch: string): void {
  const source = join(import.meta.dirname, '..', 'bench', 'native', `${program}.c`);
  const { status, stderr } = spawnSync(CC, ['-O2', '-o', join(scratch, program), source], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`'${CC}' did not compile bench/native/${program}.c:\n${stderr}`);
}

const execute = promisify(execFile);

/** The row's times in one process. */
async function measureOnce(row: BenchRow, host: Host, scratch: string): Promise<{ ours: number[]; theirs: number[] }> {
  const script = join(import.meta.dirname, 'row-process.js');
  const [command, ...args] = [...host.pinning, process.execPath, script, row.name, scratch, host.disk];
  const { stdout } = await execute(command, args, { maxBuffer: 2 ** 20 });
  return JSON.parse(stdout) as { ours: number[]; theirs: number[] };
}

async function outcomeOf(row: Row, host: Host, scratch: string): Promise<Outcome> {
  if (isPending(row)) return { row, note: row.status };
  const lack = missing(row.needs, host);
  if (lack !== '') return { row, note: `needs ${lack}` };
  const ours: number[] = [];
  const theirs: number[] = [];
  try {
    if (row.program !== '') compileNative(row.program, scratch);
    for (let round = 0; round < row.processes; round++) {
      const times = await measureOnce(row, host, scratch);
      ours.push(...times.ours);
      theirs.push(...times.theirs);
    }
  } catch (error) {
    process.exitCode = 1;
    process.stderr.write(`${row.name}: ${(error as Error).message}\n`);
    return { row, note: 'FAILED' };
  }
  return { row, comparison: compare(ours, theirs), note: '' };
}

async function measureRows({ rows, json, directory }: Choices, scratch: string): Promise<void> {
  const loadBefore = load();
  const host = lookAround(directory);
  const outcomes: Outcome[] = [];
  for (const row of rows) {
    const start = performance.now();
    outcomes.push(await outcomeOf(row, host, scratch));
    process.stderr.write(`${row.name}: ${((performance.now() - start) / 1000).toFixed(1)} s\n`);
  }
  const machine = machineFacts(host, loadBefore);
  process.stdout.write(json ? `${JSON.stringify(jsonReport(outcomes, machine), null, 2)}\n` : textReport(outcomes));
  if (rows.length === ROWS.length)
    writeFileSync(join(import.meta.dirname, '..', 'bench', 'RESULTS.md'), resultsFile(outcomes, machine));
}

async function main(): Promise<void> {
  const choices = readChoices();
  const scratch = mkdtempSync(join(tmpdir(), 'faultline-bench-'));
  try {
    await measureRows(choices, scratch);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`bench: ${error.message}\n`);
  process.exitCode = 2;
}
