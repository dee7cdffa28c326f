/**
 * Sets of page numbers as lists of ranges, for what fallocate may take by the million. A list is never changed.
 */

/** The pages [first, end). */
export interface PageRange {
  readonly first: bigint;
  readonly end: bigint;
}

export function hasPage(ranges: readonly PageRange[], page: bigint): boolean {
  return ranges.some(({ first, end }) => page >= first && page < end);
}

/** Whether a page of [first, end) is among them. */
export function touches(ranges: readonly PageRange[], first: bigint, end: bigint): boolean {
  return ranges.some((range) => first < end && range.first < end && range.end > first);
}

export function withRange(ranges: readonly PageRange[], first: bigint, end: bigint): PageRange[] {
  return first < end ? [...withoutRange(ranges, first, end), { first, end }] : [...ranges];
}

export function withoutRange(ranges: readonly PageRange[], first: bigint, end: bigint): PageRange[] {
  return ranges
    .flatMap((range) => [
      { first: range.first, end: range.end < first ? range.end : first },
      { first: range.first > end ? range.first : end, end: range.end },
    ])
    .filter((range) => range.first < range.end);
}

/** Renumbers the pages from `from` on; a range across it is cut. */
export function shifted(ranges: readonly PageRange[], from: bigint, distance: bigint): PageRange[] {
  const moved = withoutRange(ranges, 0n, from).map(({ first, end }) => ({
    first: first + distance,
    end: end + distance,
  }));
  return [...withoutRange(ranges, from, 1n << 64n), ...moved];
}
