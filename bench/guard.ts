/**
 * The command behind `npm run bench:guard`: the same rows in two checkouts, process by process in turn.
 *
 * guard.mjs has built both; their folders come first on the command line. The rows are those of this checkout for both sides. Exit
 * code 0, 1 when a ratio fell or a row failed, 2 for wrong usage.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkNames, UsageError, withUsage } from './choices.ts';
import { type Guarded, guardText, type Side } from './guard-report.ts';
import { type Host, lookAround } from './host.ts';
import { obstacle, type Times, timesOf } from './processes.ts';
import { type BenchRow, isPending, ROWS, type Row } from './rows/table.ts';
import { changeOf, compare } from './statistics.ts';

/** Rounds of one process for each side. */
const ROUNDS = 3;

const MEASURED = (ROWS as readonly Row[]).filter((row): row is BenchRow => !isPending(row));

/** The row on both sides, in turn; null where a process failed. */
async function measureSides(
  row: BenchRow,
  sides: readonly Side[],
  host: Host,
  scratch: string,
): Promise<(Times | null)[]> {
  const times: (Times | null)[] = sides.map(() => ({ ours: [], theirs: [] }));
  for (let round = 0; round < ROUNDS; round++) {
    for (const [side, { folder }] of sides.entries()) {
      const all = times[side];
      const found = all === null ? null : await timesOf(row, host, folder, scratch);
      if (found === null) times[side] = null;
      else all?.ours.push(...found.ours);
      if (found !== null) all?.theirs.push(...found.theirs);
    }
  }
  return times;
}

async function guarded(row: BenchRow, sides: readonly Side[], host: Host, scratch: string): Promise<Guarded> {
  const note = obstacle(row, host, scratch);
  if (note !== '') return { row, note };
  const [before, after] = (await measureSides(row, sides, host, scratch)).map((times) =>
    times === null ? null : compare(times.ours, times.theirs),
  );
  if (before === null || after === null)
    return { row, note: `FAILED in ${before === null ? sides[0].name : sides[1].name}` };
  return { row, note: '', before, after, change: changeOf(before, after) };
}

async function main(): Promise<void> {
  const [beforeName, beforeFolder, afterName, afterFolder, ...names] = process.argv.slice(2);
  if (afterFolder === undefined) throw new UsageError('give a revision or a checkout to compare with');
  checkNames(names, MEASURED);
  const sides: Side[] = [
    { name: beforeName, folder: beforeFolder },
    { name: afterName, folder: afterFolder },
  ];
  const scratch = mkdtempSync(join(tmpdir(), 'faultline-guard-'));
  try {
    const host = lookAround(undefined);
    const all: Guarded[] = [];
    for (const row of MEASURED)
      if (names.length === 0 || names.includes(row.name)) all.push(await guarded(row, sides, host, scratch));
    process.stdout.write(guardText(all, sides));
    if (all.some(({ change }) => change?.fell)) process.exitCode = 1;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

await withUsage('bench:guard', main);
