/** Two checkouts beside each other, as a table. */
import { ratioText } from './report.ts';
import type { BenchRow } from './rows/table.ts';
import type { Change, Comparison } from './statistics.ts';
import { alignedTable } from './tables.ts';

/** A checkout: how the user names it, and where it and the benchmarks stand as plain JavaScript. */
export interface Side {
  readonly name: string;
  readonly folder: string;
}

/** A row on both sides, or why there is nothing to compare. */
export interface Guarded {
  readonly row: BenchRow;
  readonly note: string;
  readonly before?: Comparison;
  readonly after?: Comparison;
  readonly change?: Change;
}

function cells({ row, note, before, after, change }: Guarded): string[] {
  if (before === undefined || after === undefined || change === undefined)
    return [row.name, '-', '-', '-', '-', '-', note];
  const ratios = [before, after].flatMap(({ ratio, spread }) => [ratioText(ratio), `±${ratioText(spread / 2)}`]);
  const percent = Math.round((change.change - 1) * 100);
  return [row.name, ...ratios, `${percent > 0 ? '+' : ''}${percent}%`, change.fell ? 'FELL' : ''];
}

/** The table, and one line that sums it up. */
export function guardText(all: readonly Guarded[], [before, after]: readonly Side[]): string {
  const fell = all.filter(({ change }) => change?.fell).map(({ row }) => row.name);
  const table = alignedTable(['row', before.name, 'spread', after.name, 'spread', 'change', ''], all.map(cells), 1);
  const verdict = fell.length === 0 ? 'no ratio fell by more than 10% and the spread' : `fell: ${fell.join(', ')}`;
  return `${table}\n${verdict}\n`;
}
