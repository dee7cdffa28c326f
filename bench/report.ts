/**
 * Results as a table for people, as JSON for programs, and as a part of the file RESULTS.md.
 */
import type { MachineFacts } from './host.ts';
import { type BenchRow, isPending, type Row } from './rows/table.ts';
import { type Comparison, verdict } from './statistics.ts';
import { alignedTable, markdownTable } from './tables.ts';

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

export function ratioText(ratio: number): string {
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

/** For the terminal. */
export function textReport(outcomes: readonly Outcome[]): string {
  return alignedTable(HEADINGS, outcomes.map(cells), 2);
}

/** The part of RESULTS.md: a table for each section. */
export function rowsMarkdown(outcomes: readonly Outcome[]): string {
  const headings = ['what', ...HEADINGS.slice(0, -1), 'verdict'];
  const sections = ([1, 2, 3] as const).map((section) => {
    const own = outcomes.filter(({ row }) => row.section === section);
    const lines = own.map((outcome) => [outcome.row.what, ...cells(outcome)]);
    return `## ${SECTIONS[section]}\n\n${markdownTable(headings, lines)}\n`;
  });
  return sections.join('\n');
}
