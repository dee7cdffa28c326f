/**
 * Law: the page-table scheme is nobody's business. The same calls, counted in pages, give the same bytes, errnos and signals with
 * pages of 32 bytes and one-byte entries as with x86-64's. Small on purpose: the tiny scheme has 64 frames in all.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as F from '../../src/flags.ts';
import { Machine, type Process, SignalError, SyscallError } from '../../src/index.ts';
import type { PageTableScheme } from '../../src/scheme.ts';
import { runs } from '../helpers/fuzz.ts';
import { SCHEMES } from '../helpers/machine-room.ts';
import { FILE_SYSTEMS } from '../helpers/program-run.ts';

/** Where the pages of the test begin: page numbers that cross the border between two tables of the tiny scheme. */
const FIRST_PAGE = 155;
const PAGES = 9;
const FILE_PAGES = 4;

const page = fc.nat(PAGES - 1);
const pages = fc.integer({ min: 1, max: 4 });
const byte = fc.nat(15);
const value = fc.integer({ min: 1, max: 255 });
const prot = fc.constantFrom(F.PROT_READ | F.PROT_WRITE, F.PROT_READ | F.PROT_WRITE, F.PROT_READ, F.PROT_NONE);

/** One call of one process (0 is the first): what it does on a machine, told in pages. */
interface Step {
  readonly who: number;
  readonly text: string;
  readonly run: (world: World, process: Process) => unknown;
  readonly [fc.toStringMethod]: () => string;
}

class World {
  readonly machine: Machine;
  readonly processes: Process[];
  readonly size: number;
  readonly fd: number;

  constructor(scheme: PageTableScheme, fs: 'tmpfs' | 'ext4') {
    this.size = 2 ** scheme.pageShift;
    this.machine = new Machine({ scheme, fs, ram: 64 * this.size, invariants: 2, layout: { stackPages: 0 } });
    const first = this.machine.spawn();
    for (const signal of [F.SIGSEGV, F.SIGBUS]) first.sigaction(signal, () => 'abandon');
    this.processes = [first];
    this.fd = first.open('file', F.O_RDWR | F.O_CREAT);
    for (let index = 0; index < FILE_PAGES; index++) first.pwrite(this.fd, this.full(index + 1), index * this.size);
  }

  /** A page of one byte. */
  full(of: number): Uint8Array {
    return new Uint8Array(this.size).fill(of);
  }

  at(number: number, inPage = 0): number {
    return (FIRST_PAGE + number) * this.size + inPage;
  }

  /** An address as bytes before or behind a page border, whichever is nearer. */
  private place(address: number): string {
    const border = Math.round(address / this.size);
    return `${border - FIRST_PAGE} and ${address - border * this.size}`;
  }

  /** What came of a step, without any trace of the page size. */
  run({ who, run }: Step): string {
    const process = this.processes[who % this.processes.length] as Process;
    try {
      return JSON.stringify(run(this, process) ?? null);
    } catch (error) {
      if (error instanceof SyscallError) return error.code;
      if (!(error instanceof SignalError)) throw error;
      return `signal ${error.signal}/${error.code} at ${this.place(Number(error.address))}`;
    }
  }
}

function step(text: string, who: number, run: Step['run']): Step {
  return { text, who, run, [fc.toStringMethod]: () => `${who}: ${text}` };
}

const who = fc.nat(2);
const mmap = fc.tuple(
  who,
  page,
  pages,
  prot,
  fc.constantFrom('anonymous', 'private', 'shared', 'shared memory'),
  fc.nat(2),
);
const steps: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: mmap.map(([by, at, count, rights, kind, index]) => mapping(by, at, count, rights, kind, index)),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(who, page, byte)
      .map(([by, at, i]) => step(`load8(${at}+${i})`, by, (w, p) => p.load8(w.at(at, i)))),
  },
  {
    weight: 8,
    arbitrary: fc
      .tuple(who, page, byte, value)
      .map(([by, at, i, v]) => step(`store8(${at}+${i}, ${v})`, by, (w, p) => p.store8(w.at(at, i), v))),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(who, page, value)
      .map(([by, at, v]) => step(`store32(${at} - 2, ${v})`, by, (w, p) => p.store32(w.at(at) - 2, v))),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(who, page, pages)
      .map(([by, at, n]) => step(`munmap(${at}, ${n})`, by, (w, p) => p.munmap(w.at(at), n * w.size))),
  },
  {
    weight: 3,
    arbitrary: fc
      .tuple(who, page, pages, prot)
      .map(([by, at, n, r]) => step(`mprotect(${at}, ${n}, ${r})`, by, (w, p) => p.mprotect(w.at(at), n * w.size, r))),
  },
  { weight: 2, arbitrary: fc.tuple(who, page, pages, page).map(([by, at, n, to]) => moving(by, at, n, to)) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        who,
        page,
        pages,
        fc.constantFrom(F.MADV_DONTNEED, F.MADV_GUARD_INSTALL, F.MADV_GUARD_REMOVE, F.MADV_POPULATE_WRITE),
      )
      .map(([by, at, n, a]) => step(`madvise(${at}, ${n}, ${a})`, by, (w, p) => p.madvise(w.at(at), n * w.size, a))),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(who, page, pages)
      .map(([by, at, n]) => step(`msync(${at}, ${n})`, by, (w, p) => p.msync(w.at(at), n * w.size, F.MS_SYNC))),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(who, page, pages)
      .map(([by, at, n]) => step(`mlock(${at}, ${n})`, by, (w, p) => p.mlock(w.at(at), n * w.size))),
  },
  {
    weight: 1,
    arbitrary: fc
      .tuple(fc.nat(FILE_PAGES), byte)
      .map(([n, i]) => step(`ftruncate(${n}+${i})`, 0, (w, p) => p.ftruncate(w.fd, n * w.size + i))),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.nat(FILE_PAGES - 1), byte, value)
      .map(([n, i, v]) =>
        step(`pwrite(${v}, ${n}+${i})`, 0, (w, p) => p.pwrite(w.fd, Uint8Array.of(v), n * w.size + i)),
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .tuple(fc.nat(FILE_PAGES), byte)
      .map(([n, i]) => step(`pread(${n}+${i})`, 0, (w, p) => [...p.pread(w.fd, 3, n * w.size + i)])),
  },
  { weight: 1, arbitrary: who.map((by) => step('fork()', by, (w, p) => forking(w, p))) },
  { weight: 1, arbitrary: fc.constant(step('exit()', 0, (w) => ending(w))) },
);

function mapping(by: number, at: number, count: number, rights: number, kind: string, index: number): Step {
  return step(`mmap(${at}, ${count}, ${rights}, ${kind}, ${index})`, by, (world, process) => {
    const shares = kind.startsWith('shared') ? F.MAP_SHARED : F.MAP_PRIVATE;
    const flags = F.MAP_FIXED | shares | (kind === 'anonymous' || kind === 'shared memory' ? F.MAP_ANONYMOUS : 0);
    const length = Math.min(count, PAGES - at) * world.size;
    process.mmap(world.at(at), length, rights, flags, world.fd, index * world.size);
  });
}

function moving(by: number, at: number, count: number, to: number): Step {
  return step(`mremap(${at}, ${count}, ${to})`, by, (world, process) => {
    const length = Math.min(count, PAGES - at, PAGES - to) * world.size;
    process.mremap(world.at(at), length, length, F.MREMAP_MAYMOVE | F.MREMAP_FIXED, world.at(to));
  });
}

/** At most three processes: more would not fit. */
function forking(world: World, process: Process): unknown {
  if (world.processes.length < 3) world.processes.push(process.fork());
  return world.processes.length;
}

function ending(world: World): unknown {
  if (world.processes.length > 1) world.processes.pop()?.exit();
  return world.processes.length;
}

test('every scheme shows the same', () => {
  fc.assert(
    fc.property(FILE_SYSTEMS, fc.array(steps, { maxLength: 60, size: 'max' }), (fs, sequence) => {
      const worlds = SCHEMES.map((scheme) => new World(scheme, fs));
      for (const [place, one] of sequence.entries()) {
        const [first, ...others] = worlds.map((world) => world.run(one));
        expect([`${place} ${one.text}`, ...others]).toEqual([`${place} ${one.text}`, ...others.map(() => first)]);
      }
    }),
    { numRuns: runs(200) },
  );
});
