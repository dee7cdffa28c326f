/**
 * A disk that is full, as Linux 6.18 answered on an ext4 of 4096 blocks: what has a block or was promised one is written, nothing else.
 *
 * Differs: Linux reserves for a large write folio by folio, so that it may leave a few blocks at the end of the disk; pages come singly here.
 */
import { beforeEach, describe, expect, test } from 'vitest';
import * as F from '../../../src/flags.ts';
import { Machine, type Process, SignalError } from '../../../src/index.ts';

const PAGE = 4096;
const RW = F.PROT_READ | F.PROT_WRITE;
/** Block 0 is never used. */
const BLOCKS = 21;

let machine: Machine;
let process: Process;

beforeEach(() => {
  machine = new Machine({ ram: '4M', fs: 'ext4', invariants: 2, disk: { blocks: BLOCKS } });
  process = machine.spawn();
  for (const signal of [F.SIGSEGV, F.SIGBUS]) process.sigaction(signal, () => 'abandon');
});

function open(name: string): number {
  return process.open(name, F.O_RDWR | F.O_CREAT);
}

function writePage(fd: number, page: number): number {
  return Number(process.sys.write(fd, { bytes: new Uint8Array(PAGE).fill(page + 1) }, page * PAGE));
}

/** Writes page after page until it is refused; how many came, and the refusal. */
function fill(fd: number, most = 2 * BLOCKS): [number, number] {
  for (let page = 0; page < most; page++) {
    const written = writePage(fd, page);
    if (written !== PAGE) return [page, written];
  }
  return [most, 0];
}

/** What a store led to: `nothing`, or the signal and its code. */
function store(va: number): string {
  try {
    process.store8(va, 1);
    return 'nothing';
  } catch (error) {
    if (!(error instanceof SignalError)) throw error;
    return `${error.signal}/${error.code}`;
  }
}

const ENOSPC = -28;
const BUS_ADRERR = `${F.SIGBUS}/${F.BUS_ADRERR}`;

describe('reservations', () => {
  test('of one file are not there for another, though nothing is on the disk yet', () => {
    const [b, c] = [open('b'), open('c')];
    expect(fill(b, 14)).toEqual([14, 0]);
    expect(fill(c)).toEqual([6, ENOSPC]);
    expect([process.sys.fsync(b), process.sys.fsync(c)]).toEqual([0, 0]);
    expect(machine.vmstat()['nr_written']).toBe(20);
    expect(writePage(b, 14)).toBe(ENOSPC);
  });

  test('are given back with the pages they were for', () => {
    const [b, c] = [open('b'), open('c')];
    fill(b);
    process.ftruncate(b, 18 * PAGE);
    expect(fill(c)).toEqual([2, ENOSPC]);
    process.fallocate(b, F.FALLOC_FL_PUNCH_HOLE | F.FALLOC_FL_KEEP_SIZE, 0, 3 * PAGE);
    expect(fill(c)).toEqual([5, ENOSPC]);
    process.fsync(c);
    process.unlink('c');
    process.close(c);
    expect(fill(b)).toEqual([20, ENOSPC]);
  });

  test('are what fallocate takes first', () => {
    const [b, c] = [open('b'), open('c')];
    fill(b, 14);
    expect(process.sys.fallocate(b, 0, 0, 14 * PAGE)).toBe(0);
    expect(process.sys.fallocate(c, 0, 0, 7 * PAGE)).toBe(ENOSPC);
    expect(process.sys.fstat(c)).toBe(0);
    expect(process.sys.fallocate(c, 0, 0, 5 * PAGE + 1)).toBe(0);
    expect(process.sys.fallocate(c, 0, 0, 6 * PAGE)).toBe(0);
    expect([process.sys.fsync(b), process.sys.fsync(c)]).toEqual([0, 0]);
  });

  test('move with their pages', () => {
    const b = open('b');
    fill(b, 14);
    expect(process.sys.fallocate(b, F.FALLOC_FL_INSERT_RANGE, 0, 2 * PAGE)).toBe(0);
    expect(fill(b, 16)).toEqual([16, 0]);
    expect(fill(b)).toEqual([20, ENOSPC]);
    expect(process.sys.fsync(b)).toBe(0);
  });
});

describe('when the disk is full', () => {
  let fd: number;
  let p: number;

  beforeEach(() => {
    fd = open('b');
    process.ftruncate(fd, 8 * PAGE);
    p = process.mmap(0, 8 * PAGE, RW, F.MAP_SHARED, fd);
    process.store8(p, 1);
    process.pwrite(fd, new Uint8Array(1), 7 * PAGE);
    expect(fill(open('a'))).toEqual([18, ENOSPC]);
  });

  test('a store to a hole is SIGBUS, be it the first or after a load', () => {
    expect(store(p + PAGE)).toBe(BUS_ADRERR);
    expect(process.load8(p + 2 * PAGE)).toBe(0);
    expect(store(p + 2 * PAGE)).toBe(BUS_ADRERR);
    expect([process.load8(p + PAGE), process.load8(p + 2 * PAGE)]).toEqual([0, 0]);
  });

  test('a store to what has room is none', () => {
    expect([store(p + 100), store(p + 7 * PAGE)]).toEqual(['nothing', 'nothing']);
    expect(process.sys.msync(p, 8 * PAGE, F.MS_SYNC)).toBe(0);
    expect([store(p), store(p + PAGE)]).toEqual(['nothing', BUS_ADRERR]);
    expect(process.sys.fsync(fd)).toBe(0);
  });

  test('a write to a hole is ENOSPC and leaves the size, one that reaches a hole is short', () => {
    expect(writePage(fd, 3)).toBe(ENOSPC);
    expect(writePage(fd, 8)).toBe(ENOSPC);
    expect(process.sys.fstat(fd)).toBe(8 * PAGE);
    expect(process.sys.write(fd, { bytes: new Uint8Array(PAGE) }, PAGE / 2)).toBe(PAGE / 2);
    expect(process.sys.write(fd, { bytes: new Uint8Array(2 * PAGE) }, 7 * PAGE)).toBe(PAGE);
  });

  test('fallocate is ENOSPC where there is a hole', () => {
    expect(process.sys.fallocate(fd, 0, PAGE, PAGE)).toBe(ENOSPC);
    expect(process.sys.fallocate(fd, 0, 0, PAGE)).toBe(0);
    expect(process.sys.fallocate(fd, 0, 8 * PAGE, PAGE)).toBe(ENOSPC);
    expect(process.sys.fstat(fd)).toBe(8 * PAGE);
  });
});
