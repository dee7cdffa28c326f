/**
 * From the times of alternating pairs to a ratio and its spread.
 *
 * The ratio is taken within each pair, where both sides had the same neighbours on the host, and only then the median: the ratio
 * of two medians would let one side's bad second count against the other's good one.
 */

/** What pairs of measurements came to. */
export interface Comparison {
  /** Median over the pairs of ours / theirs in operations per second. */
  readonly ratio: number;
  /** Distance of the quartiles of the ratio. */
  readonly spread: number;
  /** Median operations per second of each side. */
  readonly ours: number;
  readonly theirs: number;
  /** The ratio of each pair, in the order of measuring. */
  readonly ratios: readonly number[];
}

/** The value below which the share `p` (0 to 1) of the values lies, linear between neighbours. Throws for none. */
export function quantile(values: readonly number[], p: number): number {
  if (values.length === 0) throw new Error('no values, so no quantile');
  const sorted = [...values].sort((a, b) => a - b);
  const place = (sorted.length - 1) * p;
  const below = Math.floor(place);
  const above = Math.ceil(place);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Compares nanoseconds per operation; `ours[i]` and `theirs[i]` were measured one after the other. */
export function compare(ours: readonly number[], theirs: readonly number[]): Comparison {
  if (ours.length !== theirs.length)
    throw new Error(`${ours.length} times of ours, ${theirs.length} of theirs: no pairs`);
  const ratios = ours.map((ns, pair) => theirs[pair] / ns);
  return {
    ratio: median(ratios),
    spread: quantile(ratios, 0.75) - quantile(ratios, 0.25),
    ours: 1e9 / median(ours),
    theirs: 1e9 / median(theirs),
    ratios,
  };
}

/** Where a ratio stands. */
export function verdict(ratio: number, floor: number, goal: number): 'goal' | 'floor' | 'below' {
  if (ratio >= goal) return 'goal';
  return ratio >= floor ? 'floor' : 'below';
}

/** How the cost of an operation changes over growing sizes. */
export interface Growth {
  /** Cost at the largest size / cost at the smallest. */
  readonly factor: number;
  /** Power of the size that the cost follows over the last step: 0 = flat, 1 = proportional. */
  readonly exponent: number;
  readonly grows: boolean;
}

/**
 * Beyond this power of the size a cost counts as growing. A logarithm stays far below; what a host adds when its caches no longer
 * hold what is measured (two or three times the cost over a step of ten) stays just below.
 */
const GROWS_BEYOND = 0.5;

/** Judges nanoseconds per operation at ascending sizes, two at least, by the last step, where what is proportional shows. */
export function growthOf(sizes: readonly number[], ns: readonly number[]): Growth {
  if (sizes.length !== ns.length || ns.length < 2)
    throw new Error(`${sizes.length} sizes and ${ns.length} costs: no curve`);
  const last = ns.length - 1;
  const exponent = Math.log(ns[last] / ns[last - 1]) / Math.log(sizes[last] / sizes[last - 1]);
  return { factor: ns[last] / ns[0], exponent, grows: exponent > GROWS_BEYOND };
}

/** A row in two checkouts. */
export interface Change {
  /** Ratio after / ratio before. */
  readonly change: number;
  /** The ratio fell by more than a tenth, and by more than both spreads explain. */
  readonly fell: boolean;
}

/** A fall that is reported. */
const FALL = 0.1;

/** Compares a row of two checkouts that were measured in turn. Half of each spread lies on either side of its ratio. */
export function changeOf(before: Comparison, after: Comparison): Change {
  const noise = (before.spread + after.spread) / 2;
  return { change: after.ratio / before.ratio, fell: after.ratio < before.ratio * (1 - FALL) - noise };
}
