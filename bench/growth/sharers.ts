/** Curves over the number of processes that share pages. */
import { MADV_DONTNEED, MAP_SHARED, MS_SYNC, O_RDWR, PROT_READ, type Process } from 'faultline';
import { expectEqual } from '../measure.ts';
import { MIB, machineFor, mapPrivate, PAGE, READ_WRITE, storeEachPage } from '../rows/machines.ts';
import type { Grown } from './curves.ts';

const PAGES = 256;
const BYTES = PAGES * PAGE;

/** `count` processes that map one cached file of 1 MiB. */
function sharing(count: number, fs: 'tmpfs' | 'ext4') {
  const machine = machineFor(BYTES + MIB, { fs });
  machine.createFile('/data', BYTES, { cached: true });
  const mapped = Array.from({ length: count }, () => {
    const process = machine.spawn();
    const fd = process.open('/data', O_RDWR);
    return { process, fd, va: process.mmap(0, BYTES, READ_WRITE, MAP_SHARED, fd) };
  });
  return { machine, mapped };
}

function loadEachPage(process: Process, va: number): number {
  let sum = 0;
  for (let at = va; at < va + BYTES; at += PAGE) sum += process.load8(at);
  return sum;
}

export function sharersFault(count: number): Grown {
  const { machine, mapped } = sharing(count, 'tmpfs');
  for (const { process, va } of mapped) loadEachPage(process, va);
  const { process, va } = mapped[0];
  process.mprotect(va, BYTES, PROT_READ);
  const before = (): void => process.madvise(va, BYTES, MADV_DONTNEED);
  const finish = (): void => {
    before();
    process.resetFaults();
    loadEachPage(process, va);
    expectEqual('faults', process.minorFaults, PAGES / machine.config.faultAroundPages);
    machine.check();
  };
  return { operations: PAGES, before, run: () => loadEachPage(process, va), finish };
}

export function sharersCow(count: number): Grown {
  const machine = machineFor(2 * BYTES + MIB);
  const parent = machine.spawn();
  const va = mapPrivate(parent, BYTES);
  storeEachPage(parent, va, BYTES);
  for (let others = 1; others < count; others++) parent.fork();
  let child = parent.fork();
  const before = (): void => {
    child.exit();
    parent.wait(child);
    child = parent.fork();
  };
  const finish = (): void => {
    expectEqual('copies beyond whole runs', machine.vmstat()['cow_copied'] % PAGES, 0);
    machine.check();
  };
  return { operations: PAGES, before, run: () => storeEachPage(child, va, BYTES), finish };
}

export function sharersWriteback(count: number): Grown {
  const { machine, mapped } = sharing(count, 'ext4');
  const { process, va } = mapped[0];
  const finish = (): void => {
    expectEqual('dirty pages', machine.vmstat()['nr_dirty'], 0);
    machine.check();
  };
  return {
    operations: PAGES * count,
    before: () => {
      for (const one of mapped) storeEachPage(one.process, one.va, BYTES);
      expectEqual('dirty pages', machine.vmstat()['nr_dirty'], PAGES);
    },
    run: () => process.msync(va, BYTES, MS_SYNC),
    finish,
  };
}

export function sharersTruncate(count: number): Grown {
  const { machine, mapped } = sharing(count, 'tmpfs');
  const { process, fd } = mapped[0];
  const finish = (): void => {
    expectEqual('pages left', process.status().RssShmem, 0);
    machine.check();
  };
  return {
    operations: PAGES * count,
    before: () => {
      process.ftruncate(fd, BYTES);
      for (const one of mapped) storeEachPage(one.process, one.va, BYTES);
    },
    run: () => process.ftruncate(fd, 0),
    finish,
  };
}
