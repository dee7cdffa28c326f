/** Curves as a table for people, as JSON and as a part of RESULTS.md. */

import { type Growth, growthOf } from '../statistics.ts';
import { alignedTable, markdownTable } from '../tables.ts';
import { AMOUNTS, type Amount, type Curve } from './curves.ts';

/** What came of a curve; without numbers if its process failed. */
export interface CurveOutcome {
  readonly curve: Curve;
  readonly sizes: readonly number[];
  /** Nanoseconds at each size; none if it failed. */
  readonly ns: readonly number[];
}

/** One curve in the JSON. */
export interface JsonCurve extends Growth {
  readonly name: string;
  readonly amount: string;
  readonly per: string;
  readonly sizes: readonly number[];
  readonly ns: readonly number[];
}

export function jsonCurves(outcomes: readonly CurveOutcome[]): JsonCurve[] {
  return outcomes
    .filter(({ ns }) => ns.length > 0)
    .map(({ curve: { name, amount, per }, sizes, ns }) => ({ name, amount, per, sizes, ns, ...growthOf(sizes, ns) }));
}

const VERDICT_GROWS = 'GROWS';

function nsText(ns: number): string {
  return ns >= 100 ? Math.round(ns).toString() : ns.toPrecision(2);
}

function headings({ sizes }: Amount): string[] {
  return ['curve', ...sizes.map((size) => size.toLocaleString('en')), 'x', 'power', 'ns per', ''];
}

function cells({ curve, sizes, ns }: CurveOutcome): string[] {
  if (ns.length === 0) return [curve.name, ...sizes.map(() => '-'), '-', '-', curve.per, 'FAILED'];
  const { factor, exponent, grows } = growthOf(sizes, ns);
  const numbers = [...ns.map(nsText), factor.toFixed(1), exponent.toFixed(2)];
  return [curve.name, ...numbers, curve.per, grows ? VERDICT_GROWS : 'flat or logarithmic'];
}

function grouped(outcomes: readonly CurveOutcome[]): { amount: Amount; own: CurveOutcome[] }[] {
  return (Object.values(AMOUNTS) as Amount[])
    .map((amount) => ({ amount, own: outcomes.filter(({ curve }) => curve.amount === amount.name) }))
    .filter(({ own }) => own.length > 0);
}

/** For the terminal: a table for each amount. */
export function curvesText(outcomes: readonly CurveOutcome[]): string {
  return grouped(outcomes)
    .map(({ amount, own }) => `${amount.title}\n${alignedTable(headings(amount), own.map(cells), 2)}`)
    .join('\n');
}

/** The part of RESULTS.md; the pictures lie in `plots`. */
export function curvesMarkdown(outcomes: readonly CurveOutcome[], plots: string): string {
  const parts = grouped(outcomes).map(({ amount, own }) => {
    const lines = own.map((outcome) => [outcome.curve.what, ...cells(outcome)]);
    const table = markdownTable(['what', ...headings(amount).slice(0, -1), 'verdict'], lines);
    return `### ${amount.title}\n\n![${amount.title}](${plots}/${amount.name}.svg)\n\n${table}\n`;
  });
  return `## Growth\n\nNanoseconds at each size, the least of several runs. x = the last / the first; power = that of the size over the last step.\n\n${parts.join('\n')}`;
}
