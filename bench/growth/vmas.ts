/** Curves over the number of mappings of a process. */
import { MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, MS_SYNC, O_RDWR, PROT_EXEC, PROT_READ, type Process } from 'faultline';
import { expectEqual } from '../measure.ts';
import { MIB, machineFor, PAGE, READ_WRITE } from '../rows/machines.ts';
import type { Grown } from './curves.ts';
import { scattered, storeAgain } from './places.ts';

const ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS;
const CALLS = 1000;
/** A hole of one page lies behind this many mappings. */
const GROUP = 63;

interface Arrangement {
  readonly base: number;
  /** Addresses of the free pages between the mappings. */
  readonly holes: readonly number[];
  /** Addresses of mappings that may be stored to and have neighbours on both sides. */
  readonly inner: readonly number[];
}

/** `count` mappings of `pages` pages each, every other one writable, with a hole behind each 63 and behind the last. */
function arrange(process: Process, count: number, pages: number): Arrangement {
  const holes = Math.ceil(count / GROUP);
  const base = process.mmap(0, (count * pages + holes) * PAGE, PROT_READ, ANONYMOUS);
  const found = { base, holes: [] as number[], inner: [] as number[] };
  let at = base;
  for (let mapping = 0; mapping < count; mapping++) {
    const place = mapping % GROUP;
    if (place % 2 === 1) process.mprotect(at, pages * PAGE, READ_WRITE);
    if (place % 2 === 1 && place < GROUP - 1 && mapping < count - 1) found.inner.push(at);
    at += pages * PAGE;
    if (place !== GROUP - 1 && mapping !== count - 1) continue;
    process.munmap(at, PAGE);
    found.holes.push(at);
    at += PAGE;
  }
  return found;
}

/** That there are as many mappings as the curve says. */
function checkMappings(process: Process, base: number, count: number): void {
  const end = base + 2 ** 40;
  expectEqual(
    'mappings',
    process.maps().filter(({ start }) => start >= base && start < end).length >= count ? 0 : 1,
    0,
  );
}

export function vmasMapPair(count: number): Grown {
  const machine = machineFor(MIB);
  const process = machine.spawn();
  const { base, holes } = arrange(process, count, 1);
  const places = scattered(CALLS / 2, holes.length).map((hole) => holes[hole]);
  const run = (): void => {
    for (const hole of places) {
      process.munmap(process.mmap(0, 2 * PAGE, READ_WRITE, ANONYMOUS), 2 * PAGE);
      process.munmap(process.mmap(hole, PAGE, READ_WRITE | PROT_EXEC, ANONYMOUS), PAGE);
    }
  };
  const finish = (): void => {
    checkMappings(process, base, count);
    machine.check();
  };
  return { operations: CALLS, run, finish };
}

export function vmasMprotect(count: number): Grown {
  const machine = machineFor(MIB);
  const process = machine.spawn();
  const { base, inner } = arrange(process, count, 1);
  const places = scattered(CALLS / 2, inner.length).map((place) => inner[place]);
  const run = (): void => {
    for (const at of places) {
      process.mprotect(at, PAGE, PROT_READ);
      process.mprotect(at, PAGE, READ_WRITE);
    }
  };
  const finish = (): void => {
    checkMappings(process, base, count);
    machine.check();
  };
  return { operations: CALLS, run, finish };
}

export function vmasFault(count: number): Grown {
  const pages = Math.ceil((2.2 * CALLS) / count);
  const machine = machineFor(2 * CALLS * PAGE);
  const process = machine.spawn();
  const { base, inner } = arrange(process, count, pages);
  const addresses = scattered(CALLS, inner.length * pages).map(
    (place) => inner[Math.floor(place / pages)] + (place % pages) * PAGE,
  );
  const finish = (): void => {
    process.resetFaults();
    const { before, run } = storeAgain(process, addresses, 1);
    before();
    run();
    expectEqual('faults', process.minorFaults, new Set(addresses).size);
    checkMappings(process, base, count);
    machine.check();
  };
  return { ...storeAgain(process, addresses, 1), finish };
}

const SYNCED = 500;

export function vmasMsync(count: number): Grown {
  const machine = machineFor((count + SYNCED) * PAGE, { fs: 'ext4', contents: 'tables', ram: 512 * MIB });
  machine.createFile('/data', count * PAGE, { cached: true });
  const process = machine.spawn();
  const base = process.mmap(0, count * PAGE, READ_WRITE, MAP_SHARED, process.open('/data', O_RDWR));
  for (let page = 1; page < count; page += 2) process.mprotect(base + page * PAGE, PAGE, PROT_READ);
  const places = scattered(SYNCED, Math.ceil(count / 2)).map((place) => base + 2 * place * PAGE);
  const run = (): void => {
    for (const at of places) {
      process.store8(at, 1);
      process.msync(at, PAGE, MS_SYNC);
    }
  };
  const finish = (): void => {
    expectEqual('dirty pages', machine.vmstat()['nr_dirty'], 0);
    checkMappings(process, base, count);
    machine.check();
  };
  return { operations: SYNCED, run, finish };
}
