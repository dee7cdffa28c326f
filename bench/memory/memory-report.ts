/** The rows about the host's memory as a table for people, as JSON and as a part of RESULTS.md. */
import { alignedTable, markdownTable } from '../tables.ts';
import type { MemoryFigure, MemoryRow } from './table.ts';

/** What came of a row; null if its process failed. */
export interface MemoryOutcome {
  readonly row: MemoryRow;
  readonly figure: MemoryFigure | null;
}

/** One row in the JSON. */
export interface JsonMemory extends MemoryFigure {
  readonly name: string;
  readonly limit: number;
  readonly unit: string;
}

export function jsonMemory(outcomes: readonly MemoryOutcome[]): JsonMemory[] {
  return outcomes.flatMap(({ row: { name, limit, unit }, figure }) =>
    figure === null ? [] : [{ name, value: figure.value, limit, unit, collections: figure.collections }],
  );
}

const HEADINGS = ['row', 'figure', 'limit', 'unit', 'collections', ''];

function cells({ row: { name, limit, unit }, figure }: MemoryOutcome): string[] {
  if (figure === null) return [name, '-', String(limit), unit, '-', 'FAILED'];
  const { value, collections } = figure;
  const verdict = value <= limit ? 'within the limit' : 'ABOVE THE LIMIT';
  return [name, value < 1 ? value.toFixed(4) : value.toFixed(1), String(limit), unit, String(collections), verdict];
}

/** For the terminal. */
export function memoryText(outcomes: readonly MemoryOutcome[]): string {
  return alignedTable(HEADINGS, outcomes.map(cells), 3);
}

/** The part of RESULTS.md. */
export function memoryMarkdown(outcomes: readonly MemoryOutcome[]): string {
  const lines = outcomes.map((outcome) => [outcome.row.what, ...cells(outcome)]);
  return `## Memory of the host\n\n${markdownTable(['what', ...HEADINGS.slice(0, -1), 'verdict'], lines)}\n`;
}
