/** What a machine is made with: its CPUs, its pool of huge pages, its file of /proc, its two file systems. */
import { describe, expect, test } from 'vitest';
import { UserError } from '../../../src/assert.ts';
import * as F from '../../../src/flags.ts';
import { Machine, type Process } from '../../../src/index.ts';

const PAGE = 4096;

describe('CPUs', () => {
  function cpuOf(machine: Machine, process: Process): number {
    return machine.explain(process, 0).cpu;
  }

  test('are taken in turn, from the first on, by processes, children and threads', () => {
    const machine = new Machine({ ram: '4M', cpus: 3 });
    const first = machine.spawn();
    const tasks = [first, machine.spawn(), first.fork(), first.thread(), machine.spawn()];
    expect(tasks.map((task) => cpuOf(machine, task))).toEqual([0, 1, 2, 0, 1]);
  });
});

describe('huge pages', () => {
  test('are set aside when the machine starts', () => {
    const { free, total } = freeFrames(3);
    expect(total - free).toBeGreaterThanOrEqual(3 * 512);
  });

  test('must fit into RAM', () => {
    expect(() => freeFrames(8)).toThrow(UserError);
    expect(() => freeFrames(8)).toThrow(/^configuration: hugePages is 8, but RAM has room for [67]$/);
  });

  function freeFrames(hugePages: number): { free: number; total: number } {
    const machine = new Machine({ ram: '16M', hugePages });
    return { free: machine.vmstat()['nr_free_pages'] as number, total: 4096 };
  }
});

describe('/proc/uptime', () => {
  const TEXT = /^\d+\.\d\d \d+\.\d\d\n$/;

  function read(process: Process, fd: number, length: number): string {
    return Buffer.from(process.read(fd, length)).toString();
  }

  test('comes whole, or in pieces, each from where the last one ended', () => {
    const process = new Machine({ ram: '4M' }).spawn();
    const whole = read(process, process.open('/proc/uptime', F.O_RDONLY), 100);
    expect(whole).toMatch(TEXT);
    const fd = process.open('/proc/uptime', F.O_RDONLY);
    const pieces = Array.from({ length: 5 }, () => read(process, fd, 3));
    expect(pieces.map((piece) => piece.length)).toEqual([3, 3, 3, 1, 0]);
    expect(pieces.join('')).toMatch(TEXT);
  });

  test('may be read from any byte on, and has an end', () => {
    const process = new Machine({ ram: '4M' }).spawn();
    const fd = process.open('/proc/uptime', F.O_RDONLY);
    expect(Buffer.from(process.pread(fd, 100, 5)).toString()).toMatch(/^\d+\.\d\d\n$/);
    expect([...process.pread(fd, 100, 9)]).toEqual([10]);
    expect([...process.pread(fd, 100, 10)]).toEqual([]);
    expect([...process.pread(fd, 100, PAGE)]).toEqual([]);
    expect(read(process, fd, 100)).toMatch(TEXT);
  });
});

describe('syncfs', () => {
  test('writes the files of the file system that the descriptor is on, and no others', () => {
    const machine = new Machine({ ram: '4M', fs: 'ext4' });
    const process = machine.spawn();
    const files = ['a', 'b'].map((name) => process.open(name, F.O_RDWR | F.O_CREAT));
    for (const fd of files) process.write(fd, new Uint8Array(PAGE));
    const memory = process.memfdCreate('memory', 0);
    process.write(memory, new Uint8Array(PAGE));
    process.syncfs(memory);
    expect(machine.vmstat()['nr_written']).toBe(0);
    process.syncfs(files[0] as number);
    expect(machine.vmstat()['nr_written']).toBe(2);
  });
});

describe('open files of the whole system', () => {
  test('are so many, and pairs need room for both', () => {
    const process = new Machine({ ram: '4M', filesMax: 3, invariants: 2 }).spawn();
    process.open('a', F.O_RDWR | F.O_CREAT);
    const fd = process.open('a', F.O_RDWR);
    expect(() => process.pipe()).toThrow('ENFILE');
    expect(() => process.socketpair()).toThrow('ENFILE');
    const memory = process.memfdCreate('m', 0);
    expect(() => process.memfdCreate('n', 0)).toThrow('ENFILE');
    expect(() => process.open('a', F.O_RDWR)).toThrow('ENFILE');
    // Another descriptor is no other open file.
    process.dup(fd);
    process.close(memory);
    process.close(fd);
    expect(() => process.pipe()).toThrow('ENFILE');
  });
});
