/** Bytes of the host for each frame of a machine. */
import { MAP_SHARED, type Machine, O_RDWR } from 'faultline';
import { MIB, machineFor, mapPrivate, PAGE, READ_WRITE, storeEachPage } from '../rows/machines.ts';
import type { MemoryFigure } from './table.ts';

const GIB = 1024 * MIB;
const RAM = GIB;
/** Frames that are left for page tables and the rest. */
const LEFT = RAM / 64;

/** What V8 keeps for this process, dead objects apart: heap and buffers. */
function hostBytes(): number {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Bytes for each frame of a machine of 1 GiB in the state that `fill` brings it to, contents apart. */
function bytesPerFrame(fill: (machine: Machine) => void): MemoryFigure {
  const before = hostBytes();
  const machine = machineFor(0, { ram: RAM, fs: 'ext4' });
  fill(machine);
  const bytes = hostBytes() - before - RAM;
  machine.check();
  return { value: (bytes * PAGE) / RAM, collections: 0 };
}

export function framesFresh(): MemoryFigure {
  return bytesPerFrame(() => {});
}

export function framesAnonymous(): MemoryFigure {
  return bytesPerFrame((machine) => {
    const process = machine.spawn();
    storeEachPage(process, mapPrivate(process, RAM - LEFT), RAM - LEFT);
  });
}

export function framesCached(): MemoryFigure {
  return bytesPerFrame((machine) => {
    machine.createFile('/data', RAM - LEFT, { cached: true });
    const process = machine.spawn();
    const fd = process.open('/data', O_RDWR);
    storeEachPage(process, process.mmap(0, RAM - LEFT, READ_WRITE, MAP_SHARED, fd), RAM - LEFT);
  });
}

/** Both machines have the same share of RAM with contents, for page tables: it cancels out. */
export function framesTables(): MemoryFigure {
  const [small, large] = [16 * GIB, 64 * GIB].map((ram) => {
    const before = hostBytes();
    const machine = machineFor(0, { ram, contents: 'tables' });
    const bytes = hostBytes() - before;
    machine.check();
    return bytes;
  });
  return { value: ((large - small) * PAGE) / (48 * GIB), collections: 0 };
}
