/** Curves over the number of CPUs that run one process, a thread on each. */
import { MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, type Machine, type Process } from 'faultline';
import { expectEqual } from '../measure.ts';
import { MIB, machineFor, mapPrivate, PAGE, READ_WRITE, storeEachPage } from '../rows/machines.ts';
import type { Grown } from './curves.ts';
import { scattered, storeAgain } from './places.ts';

const LOADS = 64_000;
const LOADS_IN_TURN = 1000;
const PAGES_IN_TURN = 16;
const TURNS = 256;
const BYTES = TURNS * PAGES_IN_TURN * PAGE;

/** A process with one thread on each of `cpus` CPUs. */
function threaded(cpus: number): { machine: Machine; threads: Process[]; base: number } {
  const machine = machineFor(BYTES + MIB, { cpus });
  const process = machine.spawn();
  const threads = [process, ...Array.from({ length: cpus - 1 }, () => process.thread())];
  threads.forEach((thread, cpu) => machine.moveToCpu(thread, cpu));
  return { machine, threads, base: mapPrivate(process, BYTES) };
}

export function cpusLoad(cpus: number): Grown {
  const { machine, threads, base } = threaded(cpus);
  const places = Float64Array.from(scattered(LOADS, TURNS), (page) => base + page * PAGE);
  const run = (): number => {
    let sum = 0;
    for (let i = 0; i < LOADS; i += LOADS_IN_TURN) {
      const thread = threads[(i / LOADS_IN_TURN) % cpus];
      for (let j = i; j < i + LOADS_IN_TURN; j++) sum += thread.load8(places[j]);
    }
    return sum;
  };
  return { operations: LOADS, run, finish: () => machine.check() };
}

export function cpusFault(cpus: number): Grown {
  const { machine, threads, base } = threaded(cpus);
  const { before } = storeAgain(threads[0], [base], BYTES / PAGE);
  const run = (): void => {
    for (let turn = 0; turn < TURNS; turn++) {
      const bytes = PAGES_IN_TURN * PAGE;
      storeEachPage(threads[turn % cpus], base + turn * bytes, bytes);
    }
  };
  return { operations: TURNS * PAGES_IN_TURN, before, run, finish: () => machine.check() };
}

export function cpusMunmap(cpus: number): Grown {
  const { machine, threads, base } = threaded(cpus);
  const bytes = PAGES_IN_TURN * PAGE;
  let calls = 0;
  const before = (): void => {
    threads[0].mmap(base, BYTES, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED);
    for (const thread of threads) storeEachPage(thread, base, BYTES);
  };
  const run = (): void => {
    for (let turn = 0; turn < TURNS; turn++) threads[0].munmap(base + turn * bytes, bytes);
    calls += TURNS;
  };
  const finish = (): void => {
    const shootdowns = machine.vmstat()['nr_tlb_remote_flush'];
    expectEqual('munmaps without a shootdown', Math.max(0, calls * (cpus - 1) - shootdowns), 0);
    machine.check();
  };
  return { operations: TURNS * cpus, before, run, finish };
}
