/**
 * The command behind `npm run bench`: what is measured, each in a process of its own, then the report.
 *
 * Results go to stdout, progress to stderr. Exit code 0 when everything that could be measured was, whatever came out; 1 when
 * something failed; 2 for wrong usage.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Choices, readChoices, withUsage } from './choices.ts';
import { type CurveOutcome, curvesMarkdown, curvesText, jsonCurves } from './growth/curve-report.ts';
import { AMOUNTS } from './growth/curves.ts';
import { writePlots } from './growth/plots.ts';
import { type Host, load, lookAround, type MachineFacts, machineFacts } from './host.ts';
import { jsonMemory, type MemoryOutcome, memoryMarkdown, memoryText } from './memory/memory-report.ts';
import type { MemoryFigure } from './memory/table.ts';
import { measureOrNull, outcomeOf } from './processes.ts';
import { jsonReport, type Outcome, rowsMarkdown, textReport } from './report.ts';
import { type Part, resultsFile } from './results-file.ts';

/** Everything that was measured. */
interface Measured {
  readonly rows: readonly Outcome[];
  readonly memory: readonly MemoryOutcome[];
  readonly curves: readonly CurveOutcome[];
}

const PLOTS = 'plots';
const BENCH = join(import.meta.dirname, '..', 'bench');

async function measure({ rows, memory, curves }: Choices, host: Host, scratch: string): Promise<Measured> {
  const folder = import.meta.dirname;
  const measured = { rows: [] as Outcome[], memory: [] as MemoryOutcome[], curves: [] as CurveOutcome[] };
  for (const row of rows) measured.rows.push(await outcomeOf(row, host, folder, scratch));
  for (const row of memory) {
    const figure = await measureOrNull<MemoryFigure>(host, folder, 'memory/memory-process.js', row.name);
    measured.memory.push({ row, figure });
  }
  for (const curve of curves) {
    const ns = await measureOrNull<number[]>(host, folder, 'growth/curve-process.js', curve.name);
    measured.curves.push({ curve, sizes: AMOUNTS[curve.amount].sizes, ns: ns ?? [] });
  }
  return measured;
}

function jsonText({ rows, memory, curves }: Measured, machine: MachineFacts): string {
  const report = { ...jsonReport(rows, machine), memory: jsonMemory(memory), growth: jsonCurves(curves) };
  return `${JSON.stringify(report, null, 2)}\n`;
}

function plainText({ rows, memory, curves }: Measured): string {
  const parts = [rows.length > 0 ? textReport(rows) : '', memory.length > 0 ? memoryText(memory) : ''];
  return [...parts, curvesText(curves)].filter((part) => part !== '').join('\n');
}

/** Puts what was measured into RESULTS.md, whose other parts stay, and draws the plots. */
function writeResults({ rows, memory, curves }: Measured, machine: MachineFacts): void {
  const path = join(BENCH, 'RESULTS.md');
  const parts = new Map<Part, string>();
  if (rows.length > 0) parts.set('ratios', `${rowsMarkdown(rows)}\n${memoryMarkdown(memory)}`);
  if (curves.length > 0) parts.set('growth', curvesMarkdown(curves, PLOTS));
  writeFileSync(path, resultsFile(existsSync(path) ? readFileSync(path, 'utf8') : '', parts, machine));
  if (curves.length > 0) writePlots(join(BENCH, PLOTS), curves);
}

async function main(): Promise<void> {
  const choices = readChoices(process.argv.slice(2));
  const scratch = mkdtempSync(join(tmpdir(), 'faultline-bench-'));
  try {
    const loadBefore = load();
    const host = lookAround(choices.directory);
    const measured = await measure(choices, host, scratch);
    const machine = machineFacts(host, loadBefore);
    process.stdout.write(choices.json ? jsonText(measured, machine) : plainText(measured));
    if (choices.isWhole) writeResults(measured, machine);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

await withUsage('bench', main);
