/** Lists of page ranges against plain sets of pages. */
import { expect, test } from 'vitest';
import { hasPage, type PageRange, shifted, touches, withoutRange, withRange } from '../../../src/spec/page-ranges.ts';

const PAGES = 12n;

/** All pages below PAGES that are among the ranges. */
function pagesOf(ranges: readonly PageRange[]): bigint[] {
  return Array.from({ length: Number(PAGES) }, (_, page) => BigInt(page)).filter((page) => hasPage(ranges, page));
}

/** Every [first, end) below PAGES. */
const RANGES: readonly (readonly [bigint, bigint])[] = Array.from({ length: 13 * 13 }, (_, index) => [
  BigInt(Math.floor(index / 13)),
  BigInt(index % 13),
]).filter(([first, end]) => first <= end) as [bigint, bigint][];

const BASE: readonly PageRange[] = [
  { first: 1n, end: 4n },
  { first: 6n, end: 9n },
];

function inside(first: bigint, end: bigint): (page: bigint) => boolean {
  return (page) => page >= first && page < end;
}

test('a range is added', () => {
  const all = Array.from({ length: Number(PAGES) }, (_, page) => BigInt(page));
  for (const [first, end] of RANGES) {
    const expected = all.filter((page) => inside(first, end)(page) || hasPage(BASE, page));
    expect(pagesOf(withRange(BASE, first, end)), `[${first}, ${end})`).toEqual(expected);
  }
});

test('a range is taken out', () => {
  for (const [first, end] of RANGES) {
    const expected = pagesOf(BASE).filter((page) => !inside(first, end)(page));
    expect(pagesOf(withoutRange(BASE, first, end)), `[${first}, ${end})`).toEqual(expected);
  }
});

test('a range touches what has a page in it', () => {
  for (const [first, end] of RANGES) {
    expect(touches(BASE, first, end), `[${first}, ${end})`).toBe(pagesOf(BASE).some(inside(first, end)));
  }
});

test('pages from the middle of a range on move', () => {
  expect(pagesOf(shifted(BASE, 2n, 3n))).toEqual([1n, 5n, 6n, 9n, 10n, 11n]);
  expect(pagesOf(shifted(BASE, 6n, -2n))).toEqual([1n, 2n, 3n, 4n, 5n, 6n]);
  expect(BASE).toHaveLength(2);
});
