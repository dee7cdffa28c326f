/**
 * Rows about the calls that change mappings, and fork.
 */
import { MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, MS_SYNC, O_RDWR, PROT_EXEC, PROT_READ } from 'faultline';
import { expectEqual, inJavaScript, native, type Pair, type Surroundings } from '../measure.ts';
import { MIB, machineFor, mapPrivate, PAGE, READ_WRITE, storeEachPage } from './machines.ts';

const ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS;
const CALLS = 10_000;

const FORKED_BYTES = 64 * MIB;
const FORKS = 50;

export function forkExitWait(around: Surroundings): Pair {
  const machine = machineFor(FORKED_BYTES);
  const parent = machine.spawn();
  storeEachPage(parent, mapPrivate(parent, FORKED_BYTES), FORKED_BYTES);
  const run = (): void => {
    for (let i = 0; i < FORKS; i++) {
      const child = parent.fork();
      child.exit();
      parent.wait(child);
    }
  };
  const ours = inJavaScript({ operations: FORKS, run });
  return { ours, theirs: native(around, 'fork-exit-wait'), finish: () => machine.check() };
}

export function mapPairFew(around: Surroundings): Pair {
  const machine = machineFor(MIB);
  const process = machine.spawn();
  const run = (): void => {
    for (let i = 0; i < CALLS; i++) process.munmap(process.mmap(0, PAGE, READ_WRITE, ANONYMOUS), PAGE);
  };
  const ours = inJavaScript({ operations: CALLS, run });
  return { ours, theirs: native(around, 'map-pair', 'few'), finish: () => machine.check() };
}

// As in native/map-pair.c: neighbours of other rights, a hole behind each 63.
const VMAS = 60_000;
const GROUP = 64;
const GROUPS = Math.floor(VMAS / (GROUP - 1));

export function mapPairMany(around: Surroundings): Pair {
  const machine = machineFor(MIB);
  const process = machine.spawn();
  const base = process.mmap(0, GROUPS * GROUP * PAGE, PROT_READ, ANONYMOUS);
  for (let page = 0; page < GROUPS * GROUP; page++) {
    if (page % GROUP === GROUP - 1) process.munmap(base + page * PAGE, PAGE);
    else if (page % 2 === 1) process.mprotect(base + page * PAGE, PAGE, READ_WRITE);
  }
  let group = 0;
  const run = (): void => {
    for (let i = 0; i < CALLS; i += 2) {
      process.munmap(process.mmap(0, 2 * PAGE, READ_WRITE, ANONYMOUS), 2 * PAGE);
      group = (group + 389) % GROUPS;
      const hole = base + (group * GROUP + GROUP - 1) * PAGE;
      const got = process.mmap(hole, PAGE, READ_WRITE | PROT_EXEC, ANONYMOUS);
      if (got !== hole) throw new Error('a mapping did not come to stand in its hole');
      process.munmap(got, PAGE);
    }
  };
  const finish = (): void => {
    const ours = process.maps().filter(({ start }) => start >= base && start < base + GROUPS * GROUP * PAGE);
    expectEqual('mappings', ours.length, GROUPS * (GROUP - 1));
    machine.check();
  };
  return { ours: inJavaScript({ operations: CALLS, run }), theirs: native(around, 'map-pair', 'many'), finish };
}

// As in native/mprotect.c.
const PROTECTED_PAGES = 64;
const FIRST_CHANGED = 24;
const CHANGED_PAGES = 16;

function mprotectPair(around: Surroundings, touched: 'touched' | 'untouched'): Pair {
  const machine = machineFor(MIB);
  const process = machine.spawn();
  const va = mapPrivate(process, PROTECTED_PAGES * PAGE) + FIRST_CHANGED * PAGE;
  const bytes = CHANGED_PAGES * PAGE;
  if (touched === 'touched') storeEachPage(process, va, bytes);
  const run = (): void => {
    for (let i = 0; i < CALLS; i += 2) {
      process.mprotect(va, bytes, PROT_READ);
      process.mprotect(va, bytes, READ_WRITE);
    }
  };
  const ours = inJavaScript({ operations: CALLS, run });
  return { ours, theirs: native(around, 'mprotect', touched), finish: () => machine.check() };
}

export function mprotectUntouched(around: Surroundings): Pair {
  return mprotectPair(around, 'untouched');
}

export function mprotectTouched(around: Surroundings): Pair {
  return mprotectPair(around, 'touched');
}

const UNMAPPED_BYTES = 128 * MIB;

export function munmapTouched(around: Surroundings): Pair {
  const machine = machineFor(UNMAPPED_BYTES);
  const process = machine.spawn();
  const freeFrames = (): number => machine.vmstat()['nr_free_pages'];
  let va = 0;
  let freeBefore = 0;
  const ours = inJavaScript({
    operations: UNMAPPED_BYTES / PAGE,
    before: () => {
      va = mapPrivate(process, UNMAPPED_BYTES);
      storeEachPage(process, va, UNMAPPED_BYTES);
      freeBefore = freeFrames();
    },
    run: () => process.munmap(va, UNMAPPED_BYTES),
  });
  const finish = (): void => {
    const freed = freeFrames() - freeBefore;
    expectEqual('pages that munmap left', Math.max(0, UNMAPPED_BYTES / PAGE - freed), 0);
    machine.check();
  };
  return { ours, theirs: native(around, 'munmap-touched'), finish };
}

const SYNCED_BYTES = 64 * MIB;

export function msync(around: Surroundings): Pair {
  const machine = machineFor(SYNCED_BYTES, { fs: 'ext4' });
  machine.createFile('/data', SYNCED_BYTES, { cached: true });
  const process = machine.spawn();
  const va = process.mmap(0, SYNCED_BYTES, READ_WRITE, MAP_SHARED, process.open('/data', O_RDWR));
  const dirty = (): number => machine.vmstat()['nr_dirty'];
  const ours = inJavaScript({
    operations: SYNCED_BYTES / PAGE,
    samples: 1,
    before: () => {
      storeEachPage(process, va, SYNCED_BYTES);
      expectEqual('dirty pages before msync', dirty(), SYNCED_BYTES / PAGE);
    },
    run: () => process.msync(va, SYNCED_BYTES, MS_SYNC),
  });
  const finish = (): void => {
    expectEqual('dirty pages after msync', dirty(), 0);
    machine.check();
  };
  return { ours, theirs: native(around, 'msync', around.disk), finish };
}
