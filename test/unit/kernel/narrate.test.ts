/** Trace records told in sentences, each kind by a call that leaves it. */
import { beforeEach, describe, expect, test } from 'vitest';
import * as F from '../../../src/flags.ts';
import { Machine, type MachineConfig, type Process, TRACE_EVENT, TraceCollector } from '../../../src/index.ts';
import type { TraceRecord } from '../../../src/trace.ts';

const RW = F.PROT_READ | F.PROT_WRITE;
const ANON = F.MAP_PRIVATE | F.MAP_ANONYMOUS;
const PAGE = 4096;

let machine: Machine;
let process: Process;
let collector: TraceCollector;

function start(config: MachineConfig = {}): void {
  machine = new Machine({ ram: '4M', ...config });
  process = machine.spawn();
  for (const signal of [F.SIGSEGV, F.SIGBUS]) process.sigaction(signal, () => 'abandon');
  collector = new TraceCollector(TRACE_EVENT);
  machine.attach(collector);
}

beforeEach(() => start());

function recordsOf(action: () => unknown): TraceRecord[] {
  machine.drainTrace();
  collector.take();
  try {
    action();
  } catch {
    // A signal: its record is what matters.
  }
  machine.drainTrace();
  return collector.take();
}

/** The lines about an action, addresses relative to `base`, walks left out. */
function told(action: () => unknown, base = 0): string[] {
  const lines = machine.narrate(recordsOf(action));
  return lines
    .filter((line) => !/^ *(walk:|P[GUMT][DE]\[)/.test(line))
    .map((line) => line.trim().replace(/0x7fff[0-9a-f]{8}/g, (text) => relative(Number(text), base)));
}

function relative(address: number, base: number): string {
  return base === 0 ? 'ADDRESS' : `p${address < base ? '-' : '+'}${Math.abs(address - base) / PAGE}`;
}

function anonymous(pages: number): number {
  return process.mmap(0, pages * PAGE, RW, ANON);
}

function file(pages: number, name = 'data'): number {
  const fd = process.open(name, F.O_RDWR | F.O_CREAT);
  for (let page = 0; page < pages; page++) process.pwrite(fd, new Uint8Array(PAGE).fill(65), page * PAGE);
  return fd;
}

describe('an access', () => {
  test('tells the walk by its entries, and again by what changed', () => {
    const p = anonymous(1);
    expect(
      machine.narrate(
        recordsOf(() => process.store8(p, 1)),
        () => 'p',
      ),
    ).toEqual([
      'store at 0x7ffff7bff000 (p)',
      '  TLB miss in both levels',
      '  walk: PGD[255] at 0x27f8 holds 0x0: empty',
      '  page fault, error code 0x6: page not present, store, user mode',
      '  VMA 0x7ffff7bff000-0x7ffff7c00000 rw-p holds the address',
      '  3 page tables made',
      '  demand zero: frame 0x6 taken and filled with zeros',
      '  fault resolved (minor), the store is tried again',
      '  TLB miss in both levels',
      '  walk: PGD[255] at 0x27f8 holds 0x3067: table in frame 0x3',
      '        PUD[511] at 0x3ff8 holds 0x4067: table in frame 0x4',
      '        PMD[445] at 0x4de8 holds 0x5067: table in frame 0x5',
      '        PTE[511] at 0x5ff8 holds 0x8000000000006067: frame 0x6, present writable user accessed dirty no-execute',
      '  TLB filled, physical address 0x6000',
    ]);
    process.mprotect(p, PAGE, F.PROT_READ);
    expect(machine.narrate(recordsOf(() => process.store8(p, 1))).slice(6)).toEqual([
      '  page fault, error code 0x7: page present, right missing, store, user mode',
      '  VMA 0x7ffff7bff000-0x7ffff7c00000 r--p holds the address',
      '  the VMA does not allow a store',
      'SIGSEGV (SEGV_ACCERR) for 0x7ffff7bff000',
    ]);
  });

  test('whose walk is the last one over again tells its last entry all the same', () => {
    start({ cpus: 3 });
    const p = anonymous(1);
    process.store8(p, 1);
    const records = recordsOf(() => {
      for (const cpu of [1, 2]) {
        machine.moveToCpu(process, cpu);
        process.load8(p);
      }
    });
    const walk = machine.narrate(records).filter((line) => /^ *(walk:|P[GUMT][DE]\[)/.test(line));
    expect(walk.slice(4)).toEqual(['  walk: 3 entries as before', expect.stringMatching(/^ {8}PTE\[511\] at 0x5ff8/)]);
  });

  test('that hits leaves nothing to tell', () => {
    const p = anonymous(1);
    process.store8(p, 1);
    expect(recordsOf(() => process.store8(p + 8, 2))).toEqual([]);
  });

  test('that sets the dirty bit says so', () => {
    const p = process.mmap(0, PAGE, RW, F.MAP_SHARED | F.MAP_ANONYMOUS);
    process.load8(p);
    expect(told(() => process.store8(p, 1))).toEqual([
      'store at ADDRESS',
      'TLB entry found, but it does not grant a store',
      'the walk sets dirty in the entry',
      expect.stringMatching(/^TLB filled, physical address 0x[0-9a-f]+$/),
    ]);
  });

  test('can hit the second level of the TLB', () => {
    start({
      tlb: [
        { sets: 1, ways: 1, replacement: 'lru' },
        { sets: 4, ways: 4, replacement: 'lru' },
      ],
    });
    const p = anonymous(2);
    process.load8(p);
    process.load8(p + PAGE);
    expect(told(() => process.load8(p))).toEqual(['load at ADDRESS', 'TLB miss in level 1, hit in level 2']);
  });

  test('misses the one level of a TLB that has one', () => {
    start({ tlb: 'direct' });
    const p = anonymous(1);
    expect(told(() => process.load8(p))[1]).toBe('TLB miss');
  });

  test.each([
    ['no mapping', () => process.load8(PAGE), 'no VMA holds the address', 'SIGSEGV (SEGV_MAPERR) for 0x1000'],
    ['no address', () => process.load8(2 ** 47), 'general protection fault: the address is not canonical', 'SIGSEGV'],
  ])('with %s ends in a signal', (_what, access, why, signal) => {
    const lines = told(access);
    expect(lines.slice(-2)).toEqual([why, signal]);
    expect(lines.some((line) => line.startsWith('page fault'))).toBe(why.startsWith('no VMA'));
  });

  test('beyond the end of a file, and on a guard marker, ends in a signal', () => {
    const q = process.mmap(0, 2 * PAGE, RW, F.MAP_SHARED, file(1));
    expect(told(() => process.load8(q + PAGE), q).slice(-2)).toEqual([
      'the file has no such page',
      'SIGBUS (BUS_ADRERR) for p+1',
    ]);
    const p = anonymous(1);
    process.madvise(p, PAGE, F.MADV_GUARD_INSTALL);
    expect(told(() => process.load8(p), p).slice(-2)).toEqual([
      'a guard marker stands there',
      'SIGSEGV (SEGV_MAPERR) for p+0',
    ]);
  });

  test('by the kernel is told as such', () => {
    const p = anonymous(1);
    const fd = file(1);
    expect(told(() => process.readTo(fd, p, 10, 0))).toContain(
      'page fault, error code 0x2: page not present, store, kernel mode',
    );
  });

  test('beyond the first few of one operation is only counted', () => {
    const p = anonymous(20);
    const lines = told(() => process.copyOut(p, new Uint8Array(20 * PAGE)));
    expect(lines.filter((line) => line.startsWith('store at'))).toHaveLength(3);
    expect(lines.at(-1)).toBe('and 17 more TLB misses, 17 page faults, told no further');
  });
});

describe('a fault', () => {
  test('grows a stack', () => {
    const stack = process.maps().find(({ path }) => path === '[stack]')?.start ?? 0;
    expect(told(() => process.store8(stack - 8, 1), stack)).toContain('the VMA above grows down to p-1');
  });

  test('copies, or takes over what nobody else uses', () => {
    const p = anonymous(1);
    process.store8(p, 1);
    const child = process.fork();
    expect(told(() => child.store8(p, 2), p)).toEqual(
      expect.arrayContaining([
        'CPU 0 switches from process 1 to process 2',
        expect.stringMatching(/^copy: frame 0x[0-9a-f]+ taken, page copied from frame 0x[0-9a-f]+$/),
        'TLB flush: 1 page from p+0 (the entry now names another frame)',
      ]),
    );
    expect(told(() => process.store8(p, 3))).toContainEqual(
      expect.stringMatching(/^frame 0x[0-9a-f]+ has no other user: made writable without a copy$/),
    );
  });

  test('maps what is cached around it', () => {
    const q = process.mmap(0, 8 * PAGE, RW, F.MAP_PRIVATE, file(5));
    expect(told(() => process.load8(q + PAGE))).toContain(
      'fault-around: cached pages 0-4 of the file mapped read-only',
    );
  });

  test('notes the first store to a page that goes to the disk, and again after it went there', () => {
    start({ fs: 'ext4' });
    const q = process.mmap(0, PAGE, RW, F.MAP_SHARED, file(1));
    process.load8(q);
    const noted = 'page 0 of the file is noted as dirty before the store';
    expect(told(() => process.store8(q, 1))).toContain(noted);
    expect(told(() => process.store8(q, 2))).toEqual([]);
    expect(told(() => process.msync(q, PAGE, F.MS_SYNC))).toEqual([
      'write-back: page 0 of data made read-only and clean, 1 write sent to the disk',
      'disk: 1 request finished',
    ]);
    expect(told(() => process.store8(q, 3))).toContain(noted);
  });

  test('reads a file from the disk, and what lies around the page', () => {
    start({ fs: 'ext4' });
    const fd = file(11);
    // Collapsing sends everything to the disk and out of the cache.
    process.fallocate(fd, F.FALLOC_FL_COLLAPSE_RANGE, 0, PAGE);
    const q = process.mmap(0, 10 * PAGE, RW, F.MAP_SHARED, fd);
    expect(told(() => process.load8(q), q)).toEqual(
      expect.arrayContaining([
        'fault-around: nothing more to map near by',
        'disk: pages 0-9 of data not cached, 10 reads sent',
        'disk: 10 requests finished',
        'fault-around: cached pages 0-9 of the file mapped read-only',
        'fault resolved (major), the load is tried again',
      ]),
    );
  });
});

describe('a call', () => {
  test('makes, splits, changes, merges and removes mappings', () => {
    const p = process.mmap(0x10_0000, 4 * PAGE, RW, ANON | F.MAP_FIXED);
    const lines = (action: () => unknown): string[] => machine.narrate(recordsOf(action));
    process.store8(p + PAGE, 1);
    expect(lines(() => process.mprotect(p + PAGE, PAGE, F.PROT_READ))).toEqual([
      'VMA 0x100000-0x104000 is split at 0x101000',
      'VMA 0x101000-0x104000 is split at 0x102000',
      'VMA 0x101000-0x102000 changes from rw-p to r--p',
      '1 page-table entry rewritten in 0x101000-0x102000',
      'TLB flush: 1 page from 0x101000 (rights changed)',
    ]);
    expect(lines(() => process.mprotect(p + PAGE, PAGE, RW))).toContain(
      'merged with its neighbour: VMA 0x100000-0x104000',
    );
    expect(lines(() => process.madvise(p, 4 * PAGE, F.MADV_DONTFORK))).toEqual([
      'VMA 0x100000-0x104000 changes its flags: +dontcopy',
    ]);
    expect(lines(() => process.munmap(p, 4 * PAGE))).toEqual([
      '1 page-table entry emptied in 0x100000-0x104000, 1 frame freed',
      'TLB flush: 4 pages from 0x100000 (unmapped)',
      'VMA 0x100000-0x104000 rw-p removed',
      expect.stringMatching(/^\d page tables? freed$/),
    ]);
    expect(lines(() => process.mmap(p, PAGE, RW, ANON | F.MAP_FIXED))).toEqual([
      'new VMA 0x100000-0x101000 rw-p; its pages come when they are touched',
    ]);
  });

  test('moves entries', () => {
    anonymous(1);
    const p = anonymous(2);
    process.copyOut(p, new Uint8Array(2 * PAGE));
    const lines = told(() => process.mremap(p, 2 * PAGE, 9 * PAGE, F.MREMAP_MAYMOVE), p);
    expect(lines).toContainEqual(expect.stringMatching(/^2 page-table entries moved from p\+0 to p-\d+$/));
  });

  test('fills many pages at once', () => {
    const lines = told(() => process.mmap(0, 100 * PAGE, RW, ANON | F.MAP_POPULATE));
    expect(lines).toContain(
      'demand zero: 100 frames taken and filled with zeros for ADDRESS-ADDRESS, 3 page tables made',
    );
    expect(told(() => process.mmap(0, 100 * PAGE, RW, ANON | F.MAP_POPULATE))).toContain(
      'demand zero: 100 frames taken and filled with zeros for ADDRESS-ADDRESS',
    );
  });

  test('speaks of the disk only where something was sent there', () => {
    const fields = { owner: 0, index: 3, pfn: 9 };
    expect(machine.narrate([{ kind: 'writeback_page', timeNs: 0, task: 1, fields }])).toEqual([
      expect.stringMatching(/^write-back: page 3 of .* made read-only and clean$/),
    ]);
  });

  test('flushes a whole address space rather than many pages', () => {
    const p = process.mmap(0, 100 * PAGE, RW, ANON | F.MAP_POPULATE);
    expect(told(() => process.munmap(p, 100 * PAGE))).toContain('TLB flush: everything of address space 1 (unmapped)');
  });

  test('interrupts the other CPU', () => {
    start({ cpus: 2 });
    const p = anonymous(1);
    process.store8(p, 1);
    machine.moveToCpu(process, 1);
    process.load8(p);
    expect(told(() => process.munmap(p, PAGE))).toContain('shootdown: CPU 0 is interrupted to flush as well');
  });

  test('forks', () => {
    const p = anonymous(1);
    process.store8(p, 1);
    expect(told(() => process.fork())).toEqual([
      "the child gets 2 VMAs and 4 page tables; 1 entry names a frame of its parent's",
      'TLB flush: everything of address space 1 (private pages become read-only)',
    ]);
  });

  test('fills and empties the page cache', () => {
    expect(told(() => file(3))).toEqual([
      expect.stringMatching(/^page cache: page 0 of data added, frame 0x[0-9a-f]+ taken$/),
      expect.stringMatching(/^page cache: page 1 of data added, frame 0x[0-9a-f]+ taken$/),
      expect.stringMatching(/^page cache: page 2 of data added, frame 0x[0-9a-f]+ taken$/),
    ]);
    const fd = process.open('data', F.O_RDWR);
    expect(told(() => process.ftruncate(fd, 0))).toEqual(['page cache: pages 0-2 of data removed, their frames freed']);
  });

  test('writes a large piece in folios on ext4', () => {
    start({ fs: 'ext4' });
    const fd = process.open('data', F.O_RDWR | F.O_CREAT);
    expect(told(() => process.write(fd, new Uint8Array(5 * PAGE)))).toEqual([
      expect.stringMatching(/^page cache: pages 0-3 of data added as one folio, frames 0x[0-9a-f]+-0x[0-9a-f]+ taken$/),
      expect.stringMatching(/^page cache: page 4 of data added, frame 0x[0-9a-f]+ taken$/),
    ]);
  });
});

describe('the name of a file', () => {
  /** What write-back says of the page of `name`, mapped at `q` and stored to. */
  function written(q: number): string | undefined {
    process.store8(q, 1);
    return told(() => process.msync(q, PAGE, F.MS_SYNC)).find((line) => line.startsWith('write-back: '));
  }

  test('is known as long as it is mapped, though nobody has it open', () => {
    start({ fs: 'ext4' });
    anonymous(1);
    const maps = ['first', 'second'].map((name) => {
      const fd = file(1, name);
      const q = process.mmap(0, PAGE, RW, F.MAP_SHARED, fd);
      process.close(fd);
      return q;
    });
    expect(maps.map(written)).toEqual([
      expect.stringContaining('page 0 of first made'),
      expect.stringContaining('page 0 of second made'),
    ]);
  });

  test('may be forgotten', () => {
    start({ fs: 'ext4' });
    const other = machine.spawn();
    const fd = file(1, 'gone');
    const lines = told(() => {
      process.fsync(fd);
      process.exit();
    });
    expect(other.id).toBe(2);
    expect(lines.find((line) => line.startsWith('write-back: '))).toContain('page 0 of the file made');
  });
});

test('records that nobody has words for are shown with their fields', () => {
  const odd = { kind: 'kswapd_wake', timeNs: 0, task: 1, fields: { nid: 0, va: 0x5000 } } as unknown as TraceRecord;
  expect(machine.narrate([odd])).toEqual(['kswapd_wake: nid 0, va 0x5000']);
});
