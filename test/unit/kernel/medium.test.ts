/** What a file's pages hold after they have been on the disk: written back, dropped from the cache, moved, read again. */
import { expect, test } from 'vitest';
import {
  FALLOC_FL_COLLAPSE_RANGE,
  FALLOC_FL_INSERT_RANGE,
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  MAP_SHARED,
  Machine,
  MS_SYNC,
  O_CREAT,
  O_RDWR,
  POSIX_FADV_DONTNEED,
  PROT_READ,
  PROT_WRITE,
  type Process,
} from '../../../src/index.ts';

const PAGE = 4096;
const PAGES = 200;

function mapped(): { machine: Machine; process: Process; fd: number; va: number } {
  const machine = new Machine({ ram: '8M', fs: 'ext4', invariants: 2 });
  const process = machine.spawn();
  const fd = process.open('/file', O_CREAT | O_RDWR);
  process.ftruncate(fd, PAGES * PAGE);
  const va = process.mmap(0, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
  return { machine, process, fd, va };
}

/** Pages that are in memory. */
function resident(process: Process, va: number): number {
  return process.mincore(va, PAGES * PAGE).filter((byte) => byte === 1).length;
}

function writeBackAndDrop(process: Process, fd: number, va: number): number {
  process.msync(va, PAGES * PAGE, MS_SYNC);
  process.munmap(va, PAGES * PAGE);
  process.posixFadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  const again = process.mmap(0, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
  expect(resident(process, again)).toBe(0);
  return again;
}

test('pages that were written back and dropped are read as they were', () => {
  const { process, fd, va } = mapped();
  for (let page = 0; page < PAGES; page += 3) process.store16(va + page * PAGE + 100, page + 1);
  const again = writeBackAndDrop(process, fd, va);
  for (let page = 0; page < PAGES; page++) {
    expect(process.load16(again + page * PAGE + 100)).toBe(page % 3 === 0 ? page + 1 : 0);
  }
});

test('the last of several write-backs counts, also of one that only some pages took part in', () => {
  const { process, fd, va } = mapped();
  for (let page = 0; page < PAGES; page++) process.store8(va + page * PAGE, 1);
  process.msync(va, PAGES * PAGE, MS_SYNC);
  for (let page = 0; page < PAGES; page += 2) process.store8(va + page * PAGE, 2);
  const second = writeBackAndDrop(process, fd, va);
  process.store8(second + 4 * PAGE, 3);
  const third = writeBackAndDrop(process, fd, second);
  const bytes = Array.from({ length: 6 }, (_, page) => process.load8(third + page * PAGE));
  expect(bytes).toEqual([2, 1, 2, 1, 3, 1]);
});

test('blocks that move in the file, and holes, bring what belongs there', () => {
  const { process, fd, va } = mapped();
  for (let page = 0; page < PAGES; page++) process.store8(va + page * PAGE, page);
  process.msync(va, PAGES * PAGE, MS_SYNC);
  process.fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4 * PAGE, PAGE);
  process.fallocate(fd, FALLOC_FL_COLLAPSE_RANGE, PAGE, PAGE);
  process.fallocate(fd, FALLOC_FL_INSERT_RANGE, 5 * PAGE, PAGE);
  const again = writeBackAndDrop(process, fd, va);
  const bytes = Array.from({ length: 8 }, (_, page) => process.load8(again + page * PAGE));
  expect(bytes).toEqual([0, 2, 3, 0, 5, 0, 6, 7]);
});

test('a file that takes over freed blocks does not see what was there', () => {
  const { machine, process, fd, va } = mapped();
  for (let page = 0; page < PAGES; page++) process.store8(va + page * PAGE, 9);
  process.msync(va, PAGES * PAGE, MS_SYNC);
  process.munmap(va, PAGES * PAGE);
  process.ftruncate(fd, 0);
  process.ftruncate(fd, PAGES * PAGE);
  const again = process.mmap(0, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
  for (let page = 0; page < PAGES; page++) expect(process.load8(again + page * PAGE)).toBe(0);
  machine.check();
});
