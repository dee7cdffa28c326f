import { beforeEach, describe, expect, test } from 'vitest';
import { AddressBook } from '../../../src/scenario/addresses.ts';

const A = 0x1000_0000_0000n;
const BRK = 0x5555_5557_a000n;
const TOP = 0x7fff_f7c0_0000n;
const GIB = 1n << 30n;
const PAGE = 4096n;

let book: AddressBook;

beforeEach(() => {
  book = new AddressBook(0, { arena: A, arenaSize: GIB, brk: BRK });
});

describe('without regions', () => {
  test.each([
    [0n, 'NULL'],
    [1n, '0x1'],
    [0xffffn, '0xffff'],
    [A, 'A+0x0'],
    [A + 0x1234n, 'A+0x1234'],
    [A + GIB, 'A+0x40000000'],
    [A + GIB + PAGE, 'A+0x40001000'],
    [A - 1n, 'A-0x1'],
    [A - PAGE, 'A-0x1000'],
    [A - GIB, 'A-0x40000000'],
    [A - GIB - 1n, '0xfffbfffffff'],
    [BRK, 'BRK+0x0'],
    [BRK + PAGE, 'BRK+0x1000'],
    [BRK - PAGE, 'BRK-0x1000'],
    [BRK + GIB, 'BRK+0x40000000'],
    [BRK + GIB + 1n, '0x55559557a001'],
    [TOP, '0x7ffff7c00000'],
    [0x7fff_ffff_f000n, '0x7ffffffff000'],
    [2n ** 64n - 1n, '0xffffffffffffffff'],
  ])('%d is %s', (address, text) => {
    expect(book.format(0, address)).toBe(text);
  });
});

describe('regions', () => {
  test('an address inside is relative to the start, which stands bare', () => {
    book.noteRegion(0, 'p', TOP - 3n * PAGE, 3n * PAGE);
    expect(book.format(0, TOP - 3n * PAGE)).toBe('p');
    expect(book.format(0, TOP - PAGE - 1n)).toBe('p+0x1fff');
  });

  test('outside all of them the nearest counts, above and below', () => {
    book.noteRegion(0, 'p', TOP - PAGE, PAGE);
    book.noteRegion(0, 'q', TOP - 10n * PAGE, PAGE);
    expect(book.format(0, TOP)).toBe('p+0x1000');
    expect(book.format(0, TOP - PAGE - 0x10n)).toBe('p-0x10');
    expect(book.format(0, TOP - 9n * PAGE)).toBe('q+0x1000');
    expect(book.format(0, TOP - 11n * PAGE)).toBe('q-0x1000');
  });

  test('a region reaches 1 GiB beyond its ends and no farther', () => {
    const start = 0x2000_0000_0000n;
    book.noteRegion(0, 'p', start, PAGE);
    expect(book.format(0, start - GIB)).toBe('p-0x40000000');
    expect(book.format(0, start - GIB - 1n)).toBe('0x1fffbfffffff');
    expect(book.format(0, start + PAGE + GIB - 1n)).toBe('p+0x40000fff');
    expect(book.format(0, start + PAGE + GIB)).toBe('0x200040001000');
  });

  test('where they overlap the latest wins', () => {
    book.noteRegion(0, 'p', TOP - 3n * PAGE, 3n * PAGE);
    book.noteRegion(0, 'q', TOP - 2n * PAGE, PAGE);
    expect(book.format(0, TOP - 3n * PAGE)).toBe('p');
    expect(book.format(0, TOP - 2n * PAGE)).toBe('q');
    expect(book.format(0, TOP - PAGE)).toBe('p+0x2000');
  });

  test('a length counts in whole pages', () => {
    book.noteRegion(0, 'p', TOP - 2n * PAGE, 100n);
    book.noteRegion(0, 'q', TOP - PAGE, PAGE);
    expect(book.format(0, TOP - PAGE - 1n)).toBe('p+0xfff');
  });

  test('the arena and the heap come before a region that overlaps them', () => {
    book.noteRegion(0, 'p', A - PAGE, 2n * PAGE);
    book.noteRegion(0, 'q', BRK - PAGE, 4n * PAGE);
    book.noteBreak(0, BRK + PAGE);
    expect(book.format(0, A - PAGE)).toBe('p');
    expect(book.format(0, A)).toBe('A+0x0');
    expect(book.format(0, BRK)).toBe('BRK+0x0');
    expect(book.format(0, BRK + PAGE)).toBe('BRK+0x1000');
    expect(book.format(0, BRK + PAGE + 1n)).toBe('q+0x2001');
  });

  test('the heap keeps the highest break it had', () => {
    book.noteRegion(0, 'q', BRK, 4n * PAGE);
    book.noteBreak(0, BRK + 2n * PAGE);
    book.noteBreak(0, BRK);
    expect(book.format(0, BRK + PAGE)).toBe('BRK+0x1000');
    expect(book.format(0, BRK + 3n * PAGE)).toBe('q+0x3000');
  });

  test('inside the arena there are none', () => {
    book.noteRegion(0, 'p', A + PAGE, PAGE);
    expect(book.format(0, A + PAGE)).toBe('A+0x1000');
  });

  test('plain addresses stay plain next to one', () => {
    book.noteRegion(0, 'low', 0x10000n, PAGE);
    expect(book.format(0, 0x10000n)).toBe('low');
    expect(book.format(0, 0xf000n)).toBe('0xf000');
    book.noteRegion(0, 'high', 0x7fff_ffff_e000n, PAGE);
    expect(book.format(0, 0x7fff_ffff_f000n)).toBe('0x7ffffffff000');
  });
});

describe('processes', () => {
  test('a child inherits what its parent had seen, and each goes its own way', () => {
    book.noteRegion(0, 'p', TOP - PAGE, PAGE);
    book.noteBreak(0, BRK + PAGE);
    book.fork(0, 1);
    book.noteRegion(0, 'q', TOP - 2n * PAGE, PAGE);
    book.noteRegion(1, 'r', TOP - 2n * PAGE, PAGE);
    expect(book.format(0, TOP - 2n * PAGE)).toBe('q');
    expect(book.format(1, TOP - 2n * PAGE)).toBe('r');
    expect(book.format(1, TOP - PAGE)).toBe('p');
  });

  test('a child inherits the highest break, and raises it for itself alone', () => {
    book.noteRegion(0, 'q', BRK, 8n * PAGE);
    book.noteBreak(0, BRK + 2n * PAGE);
    book.fork(0, 1);
    expect(book.format(1, BRK + PAGE)).toBe('BRK+0x1000');
    book.noteBreak(1, BRK + 4n * PAGE);
    expect(book.format(1, BRK + 3n * PAGE)).toBe('BRK+0x3000');
    expect(book.format(0, BRK + 3n * PAGE)).toBe('q+0x3000');
  });

  test('one that was never made is a defect', () => {
    expect(() => book.format(5, A)).toThrow('process 5 was never made');
  });
});

describe('ranges', () => {
  test('the end is relative to what the start is relative to', () => {
    book.noteRegion(0, 'p', TOP - PAGE, PAGE);
    book.noteRegion(0, 'q', TOP - 4n * PAGE, 3n * PAGE);
    expect(book.formatRange(0, TOP - 4n * PAGE, TOP)).toBe('q-q+0x4000');
    expect(book.formatRange(0, A - PAGE, A + PAGE)).toBe('A-0x1000-A+0x1000');
    expect(book.formatRange(0, A - PAGE, A)).toBe('A-0x1000-A+0x0');
    expect(book.formatRange(0, TOP - 5n * PAGE, TOP - 4n * PAGE)).toBe('q-0x1000-q');
    expect(book.formatRange(0, 0x8000n, 0x12000n)).toBe('0x8000-0x12000');
  });
});
