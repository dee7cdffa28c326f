/**
 * Results as a table for people, as JSON for programs, and as the file RESULTS.md.
 */
import type { MachineFacts } from './host.ts';
import { type BenchRow, isPending, type Row } from './rows/table.ts';
import { type Comparison, verdict } from './statistics.ts';

/** What came of a row: numbers, or why there are none. */
export interface Outcome {
  readonly row: Row;
  readonly comparison?: Comparison;
  /** 'not yet', 'needs ...' or 'failed: ...'. */
  readonly note: string;
}

/** One benchmark in the JSON. */
export interface JsonBenchmark {
  readonly name: string;
  readonly ratio: number;
  readonly spread: number;
  readonly floor: number;
  readonly goal: number;
  readonly ours: number;
  readonly theirs: number;
  readonly unit: string;
  /** The ratio of each pair. */
  readonly ratios: readonly number[];
}

export interface JsonReport {
  readonly benchmarks: readonly JsonBenchmark[];
  /** Rows without numbers, and why. */
  readonly skipped: readonly { readonly name: string; readonly why: string }[];
  readonly machine: MachineFacts;
}

export function jsonReport(outcomes: readonly Outcome[], machine: MachineFacts): JsonReport {
  const benchmarks: JsonBenchmark[] = [];
  const skipped: { name: string; why: string }[] = [];
  for (const { row, comparison, note } of outcomes) {
    if (isPending(row) || comparison === undefined) {
      skipped.push({ name: row.name, why: note });
      continue;
    }
    const { name, floor, goal, unit } = row;
    const { ratio, spread, ours, theirs, ratios } = comparison;
    benchmarks.push({ name, ratio, spread, floor, goal, ours, theirs, unit, ratios });
  }
  return { benchmarks, skipped, machine };
}

const SECTIONS = { 1: 'The real kernel', 2: "The language's own limit", 3: 'Traces' };
const VERDICTS = { goal: 'goal reached', floor: 'above floor', below: 'BELOW FLOOR' };
const HEADINGS = ['row', 'ratio', 'spread', 'floor', 'goal', 'ours', 'theirs', 'unit', ''];

function ratioText(ratio: number): string {
  return ratio >= 10 ? ratio.toFixed(1) : ratio.toFixed(2);
}

/** A rate with three digits: 1.23 M, 45.6 k. */
export function rateText(perSecond: number): string {
  const [scale, letter] = perSecond >= 1e6 ? [1e6, ' M'] : perSecond >= 1e3 ? [1e3, ' k'] : [1, ''];
  return `${(perSecond / scale).toPrecision(3)}${letter}`;
}

function cells({ row, comparison, note }: Outcome): string[] {
  if (isPending(row)) return [row.name, '-', '-', '-', '-', '-', '-', '-', note];
  const { floor, goal } = row as BenchRow;
  const bounds = [String(floor), String(goal)];
  if (comparison === undefined) return [row.name, '-', '-', ...bounds, '-', '-', row.unit, note];
  const { ratio, spread, ours, theirs } = comparison;
  const numbers = [ratioText(ratio), `±${ratioText(spread / 2)}`, ...bounds, rateText(ours), rateText(theirs)];
  return [row.name, ...numbers, row.unit, VERDICTS[verdict(ratio, floor, goal)]];
}

/** Rows of cells with columns in line; the first, the unit and the verdict stand left. */
function aligned(lines: readonly (readonly string[])[]): string[] {
  const widths = HEADINGS.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const left = new Set([0, HEADINGS.length - 2, HEADINGS.length - 1]);
  const pad = (cell: string, column: number): string =>
    left.has(column) ? cell.padEnd(widths[column]) : cell.padStart(widths[column]);
  return lines.map((line) => line.map(pad).join('  ').trimEnd());
}

/** For the terminal. */
export function textReport(outcomes: readonly Outcome[]): string {
  return `${aligned([HEADINGS, ...outcomes.map(cells)]).join('\n')}\n`;
}

function markdownTable(outcomes: readonly Outcome[]): string {
  const headings = ['what', ...HEADINGS.slice(0, -1), 'verdict'];
  const lines = outcomes.map((outcome) => [outcome.row.what, ...cells(outcome)]);
  return [headings, headings.map(() => '---'), ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n');
}

function machineText(machine: MachineFacts): string {
  const { cpu, cpus, memoryGiB, os, virtualised, node, v8, compiler, valgrind, diskFileSystem, pinned } = machine;
  return [
    `- ${cpus} CPUs (${cpu})${virtualised ? ', virtualised' : ''}, ${memoryGiB} GiB of memory; ${os}`,
    `- Node ${node} (V8 ${v8})`,
    `- ${compiler === '' ? 'no C compiler' : `${compiler}, -O2`}; ${valgrind === '' ? 'no Valgrind' : valgrind}`,
    `- native msync on ${diskFileSystem === '' ? 'no disk file system found' : diskFileSystem}`,
    `- ${pinned ? 'both sides on one and the same CPU' : 'not bound to a CPU'}`,
    `- load average ${machine.loadBefore} before and ${machine.loadAfter} after; 1 of it is the benchmarks themselves`,
  ].join('\n');
}

/** The file RESULTS.md. */
export function resultsFile(outcomes: readonly Outcome[], machine: MachineFacts): string {
  const sections = ([1, 2, 3] as const).map((section) => {
    const own = outcomes.filter(({ row }) => row.section === section);
    return `## ${SECTIONS[section]}\n\n${markdownTable(own)}\n`;
  });
  return `# Results

Written by \`npm run bench\`; what each row measures and how to read it stands in [README.md](README.md). Ratio = ours / theirs in
operations per second, the median over alternating pairs; spread = half the distance of its quartiles. Production setting:
\`invariants: 0\`.

## Machine

${machineText(machine)}

${sections.join('\n')}`;
}
