/** Which records the trace gets, and that every declared kind comes from somewhere. */
import { describe, expect, test } from 'vitest';
import * as F from '../../../src/flags.ts';
import {
  entriesRead,
  Machine,
  type MachineConfig,
  type Process,
  TRACE_EVENT,
  TRACE_STATE,
  TraceCollector,
} from '../../../src/index.ts';
import type { Kernel } from '../../../src/kernel/kernel.ts';
import { ACCESS_READ, ACCESS_WRITE } from '../../../src/mmu/access-codes.ts';
import { WALK_DONE, WALK_NOT_ALLOWED, WALK_NOT_PRESENT } from '../../../src/mmu/walk.ts';
import { SYS_MMAP, SYS_PREAD64, SYS_READ } from '../../../src/syscall-numbers.ts';
import { RECORD_STRIDE, RECORDS, type TraceRecord } from '../../../src/trace.ts';

const RW = F.PROT_READ | F.PROT_WRITE;
const ANON = F.MAP_PRIVATE | F.MAP_ANONYMOUS;
const PAGE = 4096;

interface Traced {
  readonly machine: Machine;
  readonly process: Process;
  /** What came since the last call. */
  take(): TraceRecord[];
}

function traced(config: MachineConfig = {}): Traced {
  const machine = new Machine({ ram: '4M', ...config });
  const process = machine.spawn();
  for (const signal of [F.SIGSEGV, F.SIGBUS]) process.sigaction(signal, () => 'abandon');
  const collector = new TraceCollector(TRACE_EVENT | TRACE_STATE);
  machine.attach(collector);
  const take = (): TraceRecord[] => {
    machine.drainTrace();
    return collector.take();
  };
  return { machine, process, take };
}

function fieldsOf(records: readonly TraceRecord[], kind: string): Readonly<Record<string, number>>[] {
  return records.filter((record) => record.kind === kind).map((record) => record.fields);
}

describe('the walk', () => {
  test('records the miss, each entry as it was read, and how it ended', () => {
    const { machine, process, take } = traced();
    const p = process.mmap(0, PAGE, RW, ANON);
    take();
    process.load8(p);
    const records = take();
    expect(fieldsOf(records, 'tlb_miss')).toEqual([
      { va: p, access: ACCESS_READ, level: 2 },
      { va: p, access: ACCESS_READ, level: 2 },
    ]);
    expect(fieldsOf(records, 'walk')).toEqual([
      { va: p, references: 1, result: WALK_NOT_PRESENT },
      { va: p, references: 4, result: WALK_DONE },
    ]);
    const walks = fieldsOf(records, 'walk');
    const entries = fieldsOf(records, 'walk_entries').map((fields, place) =>
      entriesRead(fields, walks[place], machine.config.scheme),
    );
    expect(entries.map((read) => read.map(({ level }) => level))).toEqual([[0], [0, 1, 2, 3]]);
    expect(entries[0][0]).toMatchObject({ low: 0, high: 0 });
    expect(entries[1][3]).toMatchObject({ high: 0x8000_0000 });
  });

  test('records a right that the first level lacks as level 0, and a refused store', () => {
    const { process, take } = traced();
    const p = process.mmap(0, PAGE, F.PROT_READ, ANON);
    process.load8(p);
    take();
    expect(() => process.store8(p, 1)).toThrow('signal 11');
    const records = take();
    expect(fieldsOf(records, 'tlb_miss')).toEqual([{ va: p, access: ACCESS_WRITE, level: 0 }]);
    expect(fieldsOf(records, 'walk')).toEqual([{ va: p, references: 4, result: WALK_NOT_ALLOWED }]);
  });

  test('is recorded behind its miss, and not where the second level has the page', () => {
    const { machine, process, take } = traced();
    const p = process.mmap(0, 128 * PAGE, RW, ANON);
    for (let page = 0; page < 128; page++) process.store8(p + page * PAGE, 1);
    take();
    process.load8(p);
    expect(take().map(({ kind, fields }) => [kind, fields['level']])).toEqual([['tlb_miss', 1]]);
    expect(machine.tlbCounts().l2Hits).toBe(1);
    process.munmap(p, PAGE);
    take();
    expect(() => process.load8(p)).toThrow('signal 11');
    expect(take().map(({ kind }) => kind)).toEqual([
      'tlb_miss',
      'walk_entries',
      'walk',
      'page_fault_user',
      'fault_done',
      'signal_generate',
    ]);
  });

  test('does not run on a hit, nor does anything else', () => {
    const { process, take } = traced();
    const p = process.mmap(0, PAGE, RW, ANON);
    process.store64(p, 1n);
    take();
    for (let i = 0; i < 100; i++) process.store8(p + i, process.load8(p + i));
    expect(take()).toEqual([]);
  });
});

test('a call is recorded with its number', () => {
  const { process, take } = traced();
  const fd = process.open('data', F.O_RDWR | F.O_CREAT);
  take();
  process.mmap(0, PAGE, RW, ANON);
  process.read(fd, 1);
  process.pread(fd, 1, 0);
  expect(fieldsOf(take(), 'sys_enter')).toEqual([{ call: SYS_MMAP }, { call: SYS_READ }, { call: SYS_PREAD64 }]);
});

test('a shootdown says where it came from and what it drops', () => {
  const { machine, process, take } = traced({ cpus: 2 });
  const p = process.mmap(0, 2 * PAGE, RW, ANON);
  process.store8(p, 1);
  machine.moveToCpu(process, 1);
  process.load8(p);
  take();
  process.munmap(p, PAGE);
  const records = take();
  expect(fieldsOf(records, 'tlb_flush')).toMatchObject([{ pages: 1, start: p }]);
  expect(fieldsOf(records, 'tlb_shootdown')).toMatchObject([{ cpu: 0, pages: 1 }]);
});

test('an entry that is emptied is told with its address', () => {
  const { process, take } = traced();
  const p = process.mmap(0, 3 * PAGE, RW, ANON);
  for (const page of [0, 2]) process.store8(p + page * PAGE, 1);
  take();
  process.munmap(p, 3 * PAGE);
  expect(fieldsOf(take(), 'pte_clear').map(({ va }) => va)).toEqual([p, p + 2 * PAGE]);
});

test('an entry that moves is told with its new address', () => {
  const { process, take } = traced();
  const p = process.mmap(0, PAGE, RW, ANON);
  const to = process.mmap(0, PAGE, RW, ANON);
  process.store8(p, 1);
  take();
  process.mremap(p, PAGE, PAGE, F.MREMAP_MAYMOVE | F.MREMAP_FIXED, to);
  expect(fieldsOf(take(), 'pte_set').map(({ va }) => va)).toEqual([to]);
});

test('a process that ends leaves the CPUs of others as they are', () => {
  const { machine, process, take } = traced({ cpus: 2 });
  const p = process.mmap(0, PAGE, RW, ANON);
  const child = process.fork();
  machine.moveToCpu(child, 1);
  child.store8(p, 1);
  process.store8(p, 2);
  child.exit();
  take();
  process.load8(p);
  expect(fieldsOf(take(), 'context_switch')).toEqual([]);
  expect(machine.vmstat()['context_switches']).toBe(2);
  const { parts } = (machine as unknown as { readonly kernel: Kernel }).kernel;
  expect(parts.cpus.map(({ current }) => current)).toEqual([process.task.mm, null]);
});

test('a process moves only to a CPU that is there', () => {
  const { machine, process } = traced({ cpus: 2 });
  expect(() => machine.moveToCpu(process, 2)).toThrow('there is no CPU 2; this machine has CPUs 0 to 1');
});

describe('every declared kind', () => {
  /** A bit of everything that the machine does. */
  function everything({ machine, process }: Traced): void {
    const p = process.mmap(0, 4 * PAGE, RW, ANON);
    process.load8(p);
    process.store8(p, 1);
    process.mprotect(p + PAGE, PAGE, F.PROT_READ);
    process.mprotect(p, PAGE, F.PROT_READ);
    process.mprotect(p, 2 * PAGE, RW);
    const stack = process.maps().find(({ path }) => path === '[stack]')?.start ?? 0;
    process.store8(stack - 1, 1);
    const fd = process.open('data', F.O_RDWR | F.O_CREAT);
    process.write(fd, new Uint8Array(2 * PAGE));
    const q = process.mmap(0, 3 * PAGE, RW, F.MAP_SHARED, fd);
    process.load8(q);
    process.store8(q, 1);
    process.msync(q, PAGE, F.MS_SYNC);
    const child = process.fork();
    child.store8(p, 2);
    process.store8(p, 3);
    expect(() => process.load8(q + 2 * PAGE)).toThrow();
    process.readTo(fd, p + 3 * PAGE, 1, 0);
    machine.moveToCpu(process, 1);
    process.load8(p);
    process.mremap(p, PAGE, 2 * PAGE, F.MREMAP_MAYMOVE);
    process.munmap(q, 3 * PAGE);
    process.ftruncate(fd, 0);
    child.exit();
  }

  test('is emitted', () => {
    const run = traced({ cpus: 2, fs: 'ext4' });
    everything(run);
    const seen = new Set<string>(run.take().map((record) => record.kind));
    expect(RECORDS.map(({ name }) => name as string).filter((name) => !seen.has(name))).toEqual([]);
  });

  test('has as many fields as a record can hold, and names of its own', () => {
    for (const { name, fields } of RECORDS) {
      expect(fields.length, name).toBeLessThanOrEqual(RECORD_STRIDE - 3);
      expect(new Set(fields).size, name).toBe(fields.length);
    }
    expect(new Set(RECORDS.map(({ name }) => name)).size).toBe(RECORDS.length);
  });
});

test('a collector gives each record once', () => {
  const { process, take } = traced();
  process.mmap(0, PAGE, RW, ANON);
  expect(take().length).toBeGreaterThan(0);
  expect(take()).toEqual([]);
});
