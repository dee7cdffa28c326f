/**
 * Curves over the number of pages in the cache of a file.
 *
 * The frames of these machines have no contents: a million pages would take 4 GiB of the host, and what grows with a cache is how it is
 * searched, not how a page is copied.
 */
import {
  FALLOC_FL_KEEP_SIZE,
  FALLOC_FL_PUNCH_HOLE,
  MADV_DONTNEED,
  MAP_SHARED,
  type Machine,
  O_RDWR,
  type Process,
} from 'faultline';
import { expectEqual } from '../measure.ts';
import { MIB, machineFor, mapPrivate, PAGE, READ_WRITE } from '../rows/machines.ts';
import type { Grown } from './curves.ts';
import { scattered } from './places.ts';

const CALLS = 1000;
/** Pages of an append and of a truncation. */
const STRETCH = 64;
const STRETCHES = 12;
const SYNCED = 4;
const SYNCS = 50;

interface Cached {
  readonly machine: Machine;
  readonly process: Process;
  readonly fd: number;
  /** Address of a shared mapping of all of the file. */
  readonly va: number;
  /** That `pages` are cached, and that the machine is whole. */
  readonly finish: () => void;
}

/** A file on the ext4-like file system with all of its `pages` in the cache. */
function cachedFile(pages: number): Cached {
  const machine = machineFor(0, {
    fs: 'ext4',
    contents: 'tables',
    ram: pages * PAGE * 1.25 + 64 * MIB,
    disk: { blocks: 2 * pages + 10_000 },
  });
  machine.createFile('/data', pages * PAGE, { cached: true });
  const process = machine.spawn();
  const fd = process.open('/data', O_RDWR);
  const va = process.mmap(0, pages * PAGE, READ_WRITE, MAP_SHARED, fd);
  const finish = (): void => {
    expectEqual('pages missing from the cache', Math.max(0, pages - machine.vmstat()['nr_file_pages']), 0);
    machine.check();
  };
  return { machine, process, fd, va, finish };
}

export function cacheLookup(pages: number): Grown {
  const { process, va, finish } = cachedFile(pages);
  const places = scattered(CALLS, pages);
  const run = (): number => places.reduce((sum, page) => sum + process.mincore(va + page * PAGE, PAGE)[0], 0);
  return {
    operations: CALLS,
    run,
    finish: () => {
      expectEqual('pages found', run(), CALLS);
      finish();
    },
  };
}

export function cacheRead(pages: number): Grown {
  const { process, fd, finish } = cachedFile(pages);
  const places = scattered(CALLS, pages);
  const target = mapPrivate(process, PAGE);
  const run = (): number => places.reduce((sum, page) => sum + process.readTo(fd, target, PAGE, page * PAGE), 0);
  return {
    operations: CALLS,
    run,
    finish: () => {
      expectEqual('bytes read', run(), CALLS * PAGE);
      finish();
    },
  };
}

export function cacheFault(pages: number): Grown {
  const { machine, process, va, finish } = cachedFile(pages);
  const around = machine.config.faultAroundPages;
  const windows = scattered(Math.min(CALLS, Math.floor(pages / around)), Math.floor(pages / around));
  const before = (): void => {
    for (const window of windows) process.madvise(va + window * around * PAGE, around * PAGE, MADV_DONTNEED);
    process.resetFaults();
  };
  const run = (): number => windows.reduce((sum, window) => sum + process.load8(va + window * around * PAGE), 0);
  return {
    operations: windows.length,
    before,
    run,
    finish: () => {
      expectEqual('faults of the last run', process.minorFaults, windows.length);
      finish();
    },
  };
}

export function cacheFsync(pages: number): Grown {
  const { machine, process, fd, va, finish } = cachedFile(pages);
  const places = scattered(SYNCED * SYNCS, pages);
  const run = (): void => {
    for (let sync = 0; sync < SYNCS; sync++) {
      for (let page = 0; page < SYNCED; page++) process.store8(va + places[sync * SYNCED + page] * PAGE, 1);
      process.fsync(fd);
    }
  };
  return {
    operations: SYNCED * SYNCS,
    run,
    finish: () => {
      expectEqual('dirty pages', machine.vmstat()['nr_dirty'], 0);
      finish();
    },
  };
}

export function cacheAppend(pages: number): Grown {
  const { process, fd, finish } = cachedFile(pages);
  const bytes = new Uint8Array(STRETCH * PAGE);
  const run = (): void => {
    for (let stretch = 0; stretch < STRETCHES; stretch++) process.pwrite(fd, bytes, (pages + stretch * STRETCH) * PAGE);
  };
  return { operations: STRETCHES * STRETCH, before: () => process.ftruncate(fd, pages * PAGE), run, finish };
}

export function cacheTruncate(pages: number): Grown {
  const { machine, process, fd, finish } = cachedFile(pages);
  const bytes = new Uint8Array(STRETCH * PAGE);
  const before = (): void => {
    for (let stretch = 0; stretch < STRETCHES; stretch++) process.pwrite(fd, bytes, (pages + stretch * STRETCH) * PAGE);
    process.fsync(fd);
  };
  const run = (): void => {
    for (let stretch = STRETCHES - 1; stretch >= 0; stretch--)
      process.ftruncate(fd, (pages + stretch * STRETCH) * PAGE);
  };
  return {
    operations: STRETCHES * STRETCH,
    before,
    run,
    finish: () => {
      expectEqual('pages cached', machine.vmstat()['nr_file_pages'], pages);
      finish();
    },
  };
}

export function cachePunch(pages: number): Grown {
  const { machine, process, fd, finish } = cachedFile(pages);
  const places = scattered(Math.min(CALLS, pages / 2), pages);
  const before = (): void => {
    for (const page of places) process.pread(fd, 1, page * PAGE);
  };
  const run = (): void => {
    for (const page of places) process.fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, page * PAGE, PAGE);
  };
  return {
    operations: places.length,
    before,
    run,
    finish: () => {
      expectEqual('pages cached', machine.vmstat()['nr_file_pages'], pages - places.length);
      before();
      finish();
    },
  };
}
