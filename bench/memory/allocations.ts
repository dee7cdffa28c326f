/**
 * Bytes that an access or a fault allocates, counted and not sampled.
 *
 * V8's heap is read before and after each few thousand operations: as long as nothing is collected in between it has grown by exactly
 * what they allocated. A stretch in which V8 collected is left out and counted. What it costs to read the heap
 * is measured before each stretch and taken off.
 */
import { getHeapStatistics } from 'node:v8';
import { MADV_DONTNEED, MAP_PRIVATE, MAP_SHARED, O_RDWR, type Process } from 'faultline';
import { expectEqual } from '../measure.ts';
import { machineFor, mapPrivate, PAGE, READ_WRITE, storeEachPage } from '../rows/machines.ts';
import { READ } from '../rows/matrix-trace.ts';
import type { MemoryFigure } from './table.ts';

const OPERATIONS = 10_000_000;
/** A page table is made once in 512 faults, and V8 optimises what makes it after some thousand: these many operations come first. */
const WARM_UP = 5_000_000;
const PAGES = 2048;
const BYTES = PAGES * PAGE;
/** As many pages as the first level of the TLB holds in any order, less a few. */
const HIT_BYTES = 32 * PAGE;
const RAM = 4 * BYTES;

/** A stretch of operations. */
interface Stretch {
  readonly operations: number;
  /** Set-up of each, not counted. */
  readonly before: () => void;
  readonly run: () => void;
}

function heapBytes(): number {
  return getHeapStatistics().used_heap_size;
}

/** Bytes for each of 10 million operations, after as many as V8 needs to optimise them. */
function bytesPerOperation({ operations, before, run }: Stretch): MemoryFigure {
  for (let done = 0; done < WARM_UP; done += operations) {
    before();
    run();
  }
  let collections = 0;
  let bytes = 0;
  let counted = 0;
  for (let done = 0; done < OPERATIONS; done += operations) {
    before();
    const first = heapBytes();
    const start = heapBytes();
    run();
    const end = heapBytes();
    if (start < first || end < start) collections++;
    else {
      bytes += end - start - (start - first);
      counted += operations;
    }
  }
  // The two reads that are taken off may have cost a few bytes more than those that are not.
  return { value: Math.max(0, bytes / counted), collections };
}

/** As above, and that each operation was a fault. */
function bytesPerFault(process: Process, stretch: Stretch): MemoryFigure {
  const figure = bytesPerOperation(stretch);
  stretch.before();
  process.resetFaults();
  stretch.run();
  expectEqual('faults', process.minorFaults, stretch.operations);
  return figure;
}

const NOTHING = (): void => {};

/**
 * Addresses `step` apart, as V8 keeps numbers among objects: made once. In an array of numbers each would be made anew for a call that
 * V8 does not inline, and count as if the machine had made it.
 */
function addresses(va: number, step: number, bytes = BYTES): readonly number[] {
  const made: unknown[] = [{}];
  for (let at = va; at < va + bytes; at += step) made.push(at);
  made.shift();
  return made as number[];
}

function loads(process: Process, va: number, step: number, bytes = BYTES): () => void {
  const all = addresses(va, step, bytes);
  return () => {
    for (let i = 0; i < all.length; i++) process.load8(all[i]);
  };
}

function stores(process: Process, va: number): () => void {
  const all = addresses(va, PAGE);
  return () => {
    for (let i = 0; i < all.length; i++) process.store8(all[i], 1);
  };
}

export function allocLoad(): MemoryFigure {
  const process = machineFor(RAM).spawn();
  const va = mapPrivate(process, BYTES);
  storeEachPage(process, va, BYTES);
  return bytesPerOperation({ operations: HIT_BYTES / 16, before: NOTHING, run: loads(process, va, 16, HIT_BYTES) });
}

export function allocWalk(): MemoryFigure {
  const process = machineFor(RAM, { tlb: 'direct' }).spawn();
  const va = mapPrivate(process, BYTES);
  storeEachPage(process, va, BYTES);
  // Twice as many pages as entries, in order: each has been replaced before it comes again.
  return bytesPerOperation({ operations: PAGES, before: NOTHING, run: loads(process, va, PAGE) });
}

export function allocTouch(): MemoryFigure {
  const process = machineFor(RAM).spawn();
  const va = mapPrivate(process, BYTES);
  storeEachPage(process, va, BYTES);
  const all = addresses(va, 16, HIT_BYTES);
  const run = (): void => {
    for (let i = 0; i < all.length; i++) process.touch(all[i], 8, READ);
  };
  return bytesPerOperation({ operations: HIT_BYTES / 16, before: NOTHING, run });
}

export function allocZeroFault(): MemoryFigure {
  const process = machineFor(RAM).spawn();
  const va = mapPrivate(process, BYTES);
  const before = (): void => process.madvise(va, BYTES, MADV_DONTNEED);
  return bytesPerFault(process, { operations: PAGES, before, run: loads(process, va, PAGE) });
}

export function allocAnonFault(): MemoryFigure {
  const process = machineFor(RAM).spawn();
  const va = mapPrivate(process, BYTES);
  const before = (): void => process.madvise(va, BYTES, MADV_DONTNEED);
  return bytesPerFault(process, { operations: PAGES, before, run: stores(process, va) });
}

export function allocCowFault(): MemoryFigure {
  const machine = machineFor(RAM);
  const parent = machine.spawn();
  const va = mapPrivate(parent, BYTES);
  storeEachPage(parent, va, BYTES);
  // The parent stores: a child would be another object each time, and copies what another child left alone.
  let child = parent.fork();
  const before = (): void => {
    child.exit();
    parent.wait(child);
    child = parent.fork();
  };
  return bytesPerFault(parent, { operations: PAGES, before, run: stores(parent, va) });
}

/** A process that maps a cached file. */
function mapping(kind: number): { process: Process; va: number; before: () => void } {
  const machine = machineFor(RAM, { fs: 'ext4' });
  machine.createFile('/data', BYTES, { cached: true });
  const process = machine.spawn();
  const va = process.mmap(0, BYTES, READ_WRITE, kind, process.open('/data', O_RDWR));
  return { process, va, before: () => process.madvise(va, BYTES, MADV_DONTNEED) };
}

export function allocFileFault(): MemoryFigure {
  const { process, va, before } = mapping(MAP_PRIVATE);
  const step = 16 * PAGE;
  return bytesPerFault(process, { operations: BYTES / step, before, run: loads(process, va, step) });
}

export function allocPrivateFault(): MemoryFigure {
  const { process, va, before } = mapping(MAP_PRIVATE);
  return bytesPerFault(process, { operations: PAGES, before, run: stores(process, va) });
}

export function allocSharedFault(): MemoryFigure {
  const { process, va, before } = mapping(MAP_SHARED);
  return bytesPerFault(process, { operations: PAGES, before, run: stores(process, va) });
}
