/**
 * Rows about page faults: first stores, copy-on-write breaks, file pages.
 */
import { MAP_PRIVATE, type Machine, O_RDONLY, PROT_READ, TRACE_EVENT, type TraceSink } from 'faultline';
import { expectEqual, inJavaScript, native, type Pair, type Surroundings, type Work } from '../measure.ts';
import { MIB, machineFor, mapPrivate, PAGE, storeEachPage } from './machines.ts';

const ANON_BYTES = 256 * MIB;
const COW_BYTES = 64 * MIB;
const FILE_BYTES = 128 * MIB;
const OBSERVED_BYTES = 64 * MIB;
/** Numbers in one trace record. */
const RECORD_STRIDE = 8;

/** First stores to `bytes` of private anonymous memory, again and again on the same frames. */
function writeFaults(machine: Machine, bytes: number): Work {
  const process = machine.spawn();
  let va = mapPrivate(process, bytes);
  return {
    operations: bytes / PAGE,
    before: () => {
      process.munmap(va, bytes);
      va = mapPrivate(process, bytes);
      process.resetFaults();
    },
    run: () => storeEachPage(process, va, bytes),
  };
}

/** That the last run did fault on each page, and that the machine is whole. */
function checkFaults(machine: Machine, pages: number): void {
  const [process] = machine.processes();
  expectEqual('minor faults of the last run', process.minorFaults, pages);
  machine.check();
}

function anonPair(machine: Machine, around: Surroundings): Pair {
  return {
    ours: inJavaScript(writeFaults(machine, ANON_BYTES)),
    theirs: native(around, 'anon-write-fault'),
    finish: () => checkFaults(machine, ANON_BYTES / PAGE),
  };
}

export function anonWriteFault(around: Surroundings): Pair {
  return anonPair(machineFor(ANON_BYTES), around);
}

export function anonWriteFaultTables(around: Surroundings): Pair {
  // Its page tables come out of a share of RAM of their own, so there is more of it.
  return anonPair(machineFor(2 * ANON_BYTES, { contents: 'tables' }), around);
}

export function anonFaultFill(): Pair {
  const machine = machineFor(ANON_BYTES);
  const buffer = new Uint8Array(ANON_BYTES).fill(1);
  const fill = (): void => {
    for (let at = 0; at < ANON_BYTES; at += PAGE) buffer.fill(0, at, at + PAGE);
  };
  return {
    ours: inJavaScript(writeFaults(machine, ANON_BYTES)),
    theirs: inJavaScript({ operations: ANON_BYTES / PAGE, run: fill }),
    finish: () => checkFaults(machine, ANON_BYTES / PAGE),
  };
}

/** A child that stores to every page of its parent, with the copies counted. */
function cowBreaks(machine: Machine): Work {
  const parent = machine.spawn();
  const va = mapPrivate(parent, COW_BYTES);
  storeEachPage(parent, va, COW_BYTES);
  let child = parent.fork();
  return {
    operations: COW_BYTES / PAGE,
    before: () => {
      child.exit();
      parent.wait(child);
      child = parent.fork();
    },
    run: () => storeEachPage(child, va, COW_BYTES),
  };
}

/** That each run copied each page. */
function checkCopies(machine: Machine): void {
  const { cow_copied: copied } = machine.vmstat();
  expectEqual('copies beyond whole runs', copied % (COW_BYTES / PAGE), 0);
  expectEqual('runs without copies', copied === 0 ? 1 : 0, 0);
  machine.check();
}

export function cowBreak(around: Surroundings): Pair {
  const machine = machineFor(2 * COW_BYTES);
  return {
    ours: inJavaScript(cowBreaks(machine)),
    theirs: native(around, 'cow-break'),
    finish: () => checkCopies(machine),
  };
}

export function cowCopyWithin(): Pair {
  const machine = machineFor(2 * COW_BYTES);
  const buffer = new Uint8Array(2 * COW_BYTES).fill(1);
  const copy = (): void => {
    for (let at = 0; at < COW_BYTES; at += PAGE) buffer.copyWithin(COW_BYTES + at, at, at + PAGE);
  };
  return {
    ours: inJavaScript(cowBreaks(machine)),
    theirs: inJavaScript({ operations: COW_BYTES / PAGE, run: copy }),
    finish: () => checkCopies(machine),
  };
}

export function fileRead(around: Surroundings): Pair {
  const machine = machineFor(FILE_BYTES);
  machine.createFile('/data', FILE_BYTES, { cached: true });
  const process = machine.spawn();
  const fd = process.open('/data', O_RDONLY);
  const map = (): number => process.mmap(0, FILE_BYTES, PROT_READ, MAP_PRIVATE, fd);
  let va = map();
  const ours = inJavaScript({
    operations: FILE_BYTES / PAGE,
    before: () => {
      process.munmap(va, FILE_BYTES);
      va = map();
      process.resetFaults();
    },
    run: () => {
      let sum = 0;
      for (let at = va; at < va + FILE_BYTES; at += PAGE) sum += process.load8(at);
      return sum;
    },
  });
  const finish = (): void => {
    expectEqual('faults of the last run', process.minorFaults, FILE_BYTES / PAGE / machine.config.faultAroundPages);
    machine.check();
  };
  return { ours, theirs: native(around, 'file-read'), finish };
}

/** The same faults on two machines, one of them watched. */
function watchedPair(watch: (machine: Machine) => void, finish: () => void): Pair {
  const plain = machineFor(OBSERVED_BYTES);
  const watched = machineFor(OBSERVED_BYTES);
  watch(watched);
  return {
    ours: inJavaScript({ ...writeFaults(watched, OBSERVED_BYTES), samples: 5 }),
    theirs: inJavaScript({ ...writeFaults(plain, OBSERVED_BYTES), samples: 5 }),
    finish: () => {
      for (const machine of [plain, watched]) checkFaults(machine, OBSERVED_BYTES / PAGE);
      finish();
    },
  };
}

export function traceRing(): Pair {
  return watchedPair(
    (machine) => machine.traceRing(),
    () => {},
  );
}

/** An observer that adds up a field of each record. */
export function oneObserver(): Pair {
  let seen = 0;
  let sum = 0;
  const sink: TraceSink = {
    mask: TRACE_EVENT,
    drain: (records, count) => {
      // In a local variable: V8 makes a number on the heap for each addition to one that closures share.
      let part = 0;
      for (let at = 0; at < count; at++) part += records[RECORD_STRIDE * at];
      seen += count;
      sum += part;
    },
  };
  return watchedPair(
    (machine) => machine.attach(sink),
    () => expectEqual('an observer that saw nothing', seen > 0 && sum > 0 ? 0 : 1, 0),
  );
}
