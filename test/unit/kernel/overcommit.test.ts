/** vm.overcommit_memory: which demands are refused, and what counts as promised. */
import { describe, expect, test } from 'vitest';
import * as F from '../../../src/flags.ts';
import { Machine, type MachineConfig, type Process } from '../../../src/index.ts';

const PAGE = 4096;
const RW = F.PROT_READ | F.PROT_WRITE;
const MEMORY = F.MAP_PRIVATE | F.MAP_ANONYMOUS;

/** A process without mappings on a machine that may promise `limit` pages, but for what one process leaves to others. */
function spawn(limit: number, overcommit: MachineConfig['overcommit'] = {}): { machine: Machine; process: Process } {
  const machine = new Machine({
    ram: '8M',
    invariants: 2,
    layout: { stackPages: 0 },
    overcommit: { mode: 2, kbytes: (limit * PAGE) / 1024, adminReserve: 0, userReserve: 0, ...overcommit },
  });
  return { machine, process: machine.spawn() };
}

function committed(machine: Machine): number {
  return machine.commitments().committedBytes / PAGE;
}

describe('mode 2', () => {
  test('promises as long as the sum stays below the limit', () => {
    const { machine, process } = spawn(10);
    expect(() => process.mmap(0, 10 * PAGE, RW, MEMORY)).toThrow('ENOMEM');
    const p = process.mmap(0, 9 * PAGE, RW, MEMORY);
    expect(committed(machine)).toBe(9);
    expect(() => process.mmap(0, PAGE, RW, MEMORY)).toThrow('ENOMEM');
    process.munmap(p, 3 * PAGE);
    expect(committed(machine)).toBe(6);
    process.mmap(0, 3 * PAGE, RW, MEMORY);
  });

  test('does not count what is read-only or of a file, until it may be written privately', () => {
    const { machine, process } = spawn(10);
    const fd = process.memfdCreate('m');
    process.ftruncate(fd, 100 * PAGE);
    process.mmap(0, 100 * PAGE, RW, F.MAP_SHARED, fd, 0);
    const p = process.mmap(0, 100 * PAGE, F.PROT_READ, MEMORY);
    expect(committed(machine)).toBe(0);
    expect(() => process.mprotect(p, 10 * PAGE, RW)).toThrow('ENOMEM');
    process.mprotect(p, 5 * PAGE, RW);
    expect(committed(machine)).toBe(5);
    // Given back, since nothing was stored there.
    process.mprotect(p, 5 * PAGE, F.PROT_READ);
    expect(committed(machine)).toBe(0);
  });

  test('does not honour MAP_NORESERVE, which mode 1 does', () => {
    const { machine, process } = spawn(10);
    expect(() => process.mmap(0, 20 * PAGE, RW, MEMORY | F.MAP_NORESERVE)).toThrow('ENOMEM');
    machine.setOvercommit(1, 50);
    process.mmap(0, 20 * PAGE, RW, MEMORY | F.MAP_NORESERVE);
    expect(committed(machine)).toBe(0);
  });

  test('counts shared memory as one object, for as long as there is one', () => {
    const { machine, process } = spawn(10);
    expect(() => process.mmap(0, 10 * PAGE, RW, F.MAP_SHARED | F.MAP_ANONYMOUS)).toThrow('ENOMEM');
    expect(() => process.shmget(F.IPC_PRIVATE, 10 * PAGE, 0o600)).toThrow('ENOMEM');
    expect(committed(machine)).toBe(0);
    const p = process.mmap(0, 4 * PAGE, RW, F.MAP_SHARED | F.MAP_ANONYMOUS);
    const child = process.fork();
    expect(committed(machine)).toBe(4);
    process.munmap(p, 4 * PAGE);
    expect(committed(machine)).toBe(4);
    child.exit();
    expect(committed(machine)).toBe(0);
    const id = process.shmget(F.IPC_PRIVATE, 4 * PAGE, 0o600);
    process.shmctl(id, F.IPC_RMID);
    expect(committed(machine)).toBe(0);
  });

  test('fork needs room for the child, a replaced mapping gives its own', () => {
    const { machine, process } = spawn(10);
    const p = process.mmap(0, 6 * PAGE, RW, MEMORY);
    expect(() => process.fork()).toThrow('ENOMEM');
    expect(committed(machine)).toBe(6);
    process.mmap(p, 9 * PAGE, RW, MEMORY | F.MAP_FIXED);
    expect(committed(machine)).toBe(9);
  });

  test('a replaced mapping gives only what was promised for it', () => {
    const { process } = spawn(10);
    const p = process.mmap(0, 5 * PAGE, F.PROT_READ, MEMORY);
    process.mmap(0, 9 * PAGE, RW, MEMORY);
    expect(() => process.mmap(p, 5 * PAGE, RW, MEMORY | F.MAP_FIXED)).toThrow('ENOMEM');
  });

  test('brk and mremap ask for what is added', () => {
    const { machine, process } = spawn(10);
    const old = process.sbrk(4 * PAGE);
    expect(process.brk(old + 20 * PAGE)).toBe(old + 4 * PAGE);
    const p = process.mmap(0, 3 * PAGE, RW, MEMORY);
    expect(() => process.mremap(p, 3 * PAGE, 6 * PAGE, F.MREMAP_MAYMOVE)).toThrow('ENOMEM');
    process.mremap(p, 3 * PAGE, 5 * PAGE, F.MREMAP_MAYMOVE);
    expect(committed(machine)).toBe(9);
  });

  test('a process leaves a share of its own size to others', () => {
    const { process } = spawn(40, { userReserve: PAGE });
    process.mmap(0, 32 * PAGE, RW, MEMORY);
    expect(() => process.mmap(0, 7 * PAGE, RW, MEMORY)).toThrow('ENOMEM');
    process.mmap(0, 6 * PAGE, RW, MEMORY);
  });

  test('the limit is swap and a share of RAM', () => {
    const { machine } = spawn(0, { kbytes: 0, ratio: 50, swapBytes: 1024 * 1024 });
    expect(machine.commitments()).toEqual({ committedBytes: 0, limitBytes: 5 * 1024 * 1024, mode: 2, ratio: 50 });
    machine.setOvercommit(2, 100);
    expect(machine.commitments().limitBytes).toBe(9 * 1024 * 1024);
    expect(() => machine.setOvercommit(3, 50)).toThrow('there is no overcommit mode 3; choose 0, 1 or 2');
  });
});

test('mode 0 looks at each demand alone', () => {
  const { machine, process } = spawn(0, { mode: 0, heuristicBytes: 10 * PAGE });
  expect(() => process.mmap(0, 11 * PAGE, RW, MEMORY)).toThrow('ENOMEM');
  for (let i = 0; i < 3; i++) process.mmap(0, 10 * PAGE, RW, MEMORY);
  expect(committed(machine)).toBe(30);
});
