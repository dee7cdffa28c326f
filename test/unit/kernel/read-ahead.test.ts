/**
 * How many pages read(2) brings into the cache, as Linux 6.18 did from an ext4 on a disk with read_ahead_kb = 128.
 *
 * Differs: what a stream reads when it comes to the second half of its window is not modelled; no case here gets that far.
 */
import { expect, test } from 'vitest';
import * as F from '../../../src/flags.ts';
import { Machine, type Process } from '../../../src/index.ts';

const PAGE = 4096;
const PAGES = 128;

/** Byte offset and length, in pages or parts of them. */
type Read = readonly [offset: number, length: number];

const cases: readonly (readonly [string, readonly Read[], number, number?])[] = [
  // From the start of the file: a window of up to four times the request.
  ['1 page at the start', [[0, 1]], 4],
  ['2 pages at the start', [[0, 2]], 4],
  ['3 pages at the start', [[0, 3]], 8],
  ['8 pages at the start', [[0, 8]], 16],
  ['9 pages at the start', [[0, 9]], 32],
  ['32 pages at the start', [[0, 32]], 32],
  ['a byte more than 2 pages', [[0, 2 + 1 / PAGE]], 8],
  ['the end of one page and the start of the next', [[1 - 1 / PAGE, 2 / PAGE]], 4],
  ['3 pages from the second byte on', [[1 / PAGE, 3]], 8],
  // Elsewhere: what is asked for, however much.
  ['1 page elsewhere', [[50, 1]], 1],
  ['2 pages elsewhere', [[50, 2]], 2],
  ['9 pages elsewhere', [[50, 9]], 9],
  ['32 pages elsewhere', [[50, 32]], 32],
  ['33 pages elsewhere', [[50, 33]], 33],
  ['40 pages elsewhere', [[50, 40]], 40],
  ['1 page in two', [[50 + 10 / PAGE, 1]], 2],
  // A stream goes on where the last read ended, or on the next page.
  [
    'the page read last',
    [
      [50, 1],
      [50, 1],
    ],
    1,
  ],
  [
    'the next page',
    [
      [50, 1],
      [51, 1],
    ],
    5,
  ],
  [
    'the page after the next',
    [
      [50, 1],
      [52, 1],
    ],
    5,
  ],
  [
    'two pages after the next',
    [
      [50, 1],
      [53, 1],
    ],
    2,
  ],
  [
    'the page before',
    [
      [50, 1],
      [49, 1],
    ],
    2,
  ],
  [
    'the page in which the last read ended',
    [
      [50, 1 + 1 / PAGE],
      [51, 1],
    ],
    2,
  ],
  [
    'the page after that',
    [
      [50, 1 + 1 / PAGE],
      [52, 1],
    ],
    6,
  ],
  [
    'two pages after that',
    [
      [50, 1 + 1 / PAGE],
      [53, 1],
    ],
    3,
  ],
  // Advice about the file.
  ['1 page in sequence', [[0, 1]], 4, F.POSIX_FADV_SEQUENTIAL],
  ['2 pages in sequence', [[0, 2]], 8, F.POSIX_FADV_SEQUENTIAL],
  ['16 pages in sequence', [[0, 16]], 32, F.POSIX_FADV_SEQUENTIAL],
  ['17 pages in sequence', [[0, 17]], 64, F.POSIX_FADV_SEQUENTIAL],
  ['40 pages in sequence', [[0, 40]], 64, F.POSIX_FADV_SEQUENTIAL],
  ['40 pages in sequence, elsewhere', [[50, 40]], 40, F.POSIX_FADV_SEQUENTIAL],
  ['1 page at random', [[0, 1]], 1, F.POSIX_FADV_RANDOM],
  ['9 pages at random', [[0, 9]], 9, F.POSIX_FADV_RANDOM],
  ['33 pages at random', [[0, 33]], 33, F.POSIX_FADV_RANDOM],
  [
    'the next page at random',
    [
      [50, 1],
      [51, 1],
    ],
    2,
    F.POSIX_FADV_RANDOM,
  ],
];

/** A file on the disk of which nothing is cached. */
function start(advice: number): { machine: Machine; process: Process; fd: number } {
  const machine = new Machine({ ram: '4M', fs: 'ext4', invariants: 2 });
  const process = machine.spawn();
  const fd = process.open('file', F.O_RDWR | F.O_CREAT);
  process.pwrite(fd, new Uint8Array(PAGES * PAGE), 0);
  process.fsync(fd);
  process.posixFadvise(fd, 0, 0, advice);
  process.posixFadvise(fd, 0, 0, F.POSIX_FADV_DONTNEED);
  expect(machine.vmstat()['nr_file_pages']).toBe(0);
  return { machine, process, fd };
}

for (const [what, reads, pages, advice = F.POSIX_FADV_NORMAL] of cases) {
  test(what, () => {
    const { machine, process, fd } = start(advice);
    for (const [offset, length] of reads) process.pread(fd, length * PAGE, offset * PAGE);
    expect(machine.vmstat()['nr_file_pages']).toBe(pages);
  });
}

test('what was read and dropped is elsewhere when it is read again', () => {
  const { machine, process, fd } = start(F.POSIX_FADV_NORMAL);
  process.pread(fd, PAGE, 50 * PAGE);
  process.posixFadvise(fd, 0, 0, F.POSIX_FADV_DONTNEED);
  process.pread(fd, 2 * PAGE, 50 * PAGE);
  expect(machine.vmstat()['nr_file_pages']).toBe(2);
});
