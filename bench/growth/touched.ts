/** Curves over the memory that a process has touched, with and without contents. Sizes are in MiB. */
import type { MachineConfig, Process } from 'faultline';
import { expectEqual } from '../measure.ts';
import { MIB, machineFor, mapPrivate, PAGE, storeEachPage } from '../rows/machines.ts';
import { type Grown, mebibytes } from './curves.ts';
import { scattered, storeAgain, unmapAgain } from './places.ts';

const LOADS = 50_000;
const FAULTED_PAGES = 16;
const UNMAPPED_PAGES = 256;
/** Pages given up or unmapped in a run. */
const CHANGED = 4096;

/** A process that has touched `mib` MiB. */
function touching(mib: number, config: MachineConfig) {
  const bytes = mebibytes(mib);
  const machine = machineFor(bytes + bytes / 256 + MIB, config);
  const process = machine.spawn();
  const base = mapPrivate(process, bytes);
  storeEachPage(process, base, bytes);
  const finish = (): void => {
    expectEqual('pages that are not resident', process.status().RssAnon * 1024 >= bytes - CHANGED * PAGE ? 0 : 1, 0);
  };
  return { machine, process, base, bytes, finish };
}

/** Addresses of pieces of so many pages, a fixed number of pages in all. */
function pieces(base: number, bytes: number, pages: number): number[] {
  const all = bytes / (pages * PAGE);
  const chosen = Math.min(CHANGED / pages, all);
  return scattered(chosen, all).map((place) => base + place * pages * PAGE);
}

function loads(mib: number, config: MachineConfig): Grown {
  const { process, base, bytes, finish } = touching(mib, config);
  const places = Float64Array.from(scattered(LOADS, bytes / PAGE), (page) => base + page * PAGE);
  const run = (): number => {
    let sum = 0;
    for (let i = 0; i < LOADS; i++) sum += process.load8(places[i]);
    return sum;
  };
  return { operations: LOADS, run, finish };
}

function faults(mib: number, config: MachineConfig): Grown {
  const { process, base, bytes, finish } = touching(mib, config);
  return { ...storeAgain(process, pieces(base, bytes, FAULTED_PAGES), FAULTED_PAGES), finish };
}

function unmapped(mib: number, config: MachineConfig): Grown {
  const { process, base, bytes, finish } = touching(mib, config);
  return { ...unmapAgain(process, pieces(base, bytes, UNMAPPED_PAGES), UNMAPPED_PAGES), finish };
}

export function touchedLoad(mib: number): Grown {
  return loads(mib, {});
}

export function touchedFault(mib: number): Grown {
  return faults(mib, {});
}

export function touchedMunmap(mib: number): Grown {
  return unmapped(mib, {});
}

export function touchedFork(mib: number): Grown {
  const { process, bytes, finish } = touching(mib, {});
  const forks = Math.max(1, Math.round(256 / mib));
  const run = (): void => forkOften(process, forks);
  return { operations: (forks * bytes) / PAGE, run, finish };
}

function forkOften(parent: Process, forks: number): void {
  for (let i = 0; i < forks; i++) {
    const child = parent.fork();
    child.exit();
    parent.wait(child);
  }
}

/** Frames without contents. RAM exceeds what is touched by more, since page tables have a share of their own. */
function tablesOnly(mib: number): MachineConfig {
  return { contents: 'tables', ram: mebibytes(mib) * 1.25 };
}

export function tablesLoad(mib: number): Grown {
  return loads(mib, tablesOnly(mib));
}

export function tablesFault(mib: number): Grown {
  return faults(mib, tablesOnly(mib));
}

export function tablesMunmap(mib: number): Grown {
  return unmapped(mib, tablesOnly(mib));
}
