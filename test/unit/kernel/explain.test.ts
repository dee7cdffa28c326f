/** `Machine.explain`: what it finds, how it says it, and that asking changes nothing. */
import { beforeEach, describe, expect, test } from 'vitest';
import { UserError } from '../../../src/assert.ts';
import * as F from '../../../src/flags.ts';
import { Machine, type MachineConfig, type Process, type Snapshot } from '../../../src/index.ts';

const RW = F.PROT_READ | F.PROT_WRITE;
const ANON = F.MAP_PRIVATE | F.MAP_ANONYMOUS;
const PAGE = 4096;

let machine: Machine;
let process: Process;

function start(config: MachineConfig = {}): void {
  machine = new Machine({ ram: '2M', ...config });
  process = machine.spawn();
  for (const signal of [F.SIGSEGV, F.SIGBUS]) process.sigaction(signal, () => 'abandon');
}

beforeEach(() => start());

function anonymous(pages: number): number {
  return process.mmap(0, pages * PAGE, RW, ANON);
}

/** A shared mapping of a file of `bytes` bytes. */
function fileMapping(bytes: number, pages: number, prot = RW): number {
  const fd = process.open('data', F.O_RDWR | F.O_CREAT);
  process.write(fd, new Uint8Array(bytes).fill(65));
  return process.mmap(0, pages * PAGE, prot, F.MAP_SHARED, fd);
}

/** The line that begins with `head:`, without it. */
function said(address: number | bigint, head: string, of = process): string {
  const line = machine.explain(of, address).lines.find((candidate) => candidate.startsWith(`${head}: `));
  return line?.slice(head.length + 2) ?? '';
}

function accesses(address: number | bigint, of = process): string[] {
  return ['load', 'store', 'fetch'].map((access) => said(address, access, of));
}

describe('a page nobody has touched', () => {
  test('has a VMA, an empty entry at the root and no frame', () => {
    const p = anonymous(2);
    expect(machine.explain(process, p + 5)).toMatchObject({
      va: BigInt(p + 5),
      process: 1,
      cpu: 0,
      vma: { start: p, end: p + 2 * PAGE, perms: 'rw-p', path: '', fs: null, fileBytes: null, grows: false },
      walk: [{ name: 'PGD', index: 255, raw: '0x0', kind: 'empty', frame: null, bits: [] }],
      tlb: [
        { level: 1, entry: null },
        { level: 2, entry: null },
      ],
      frame: null,
      cache: null,
    });
  });

  test('would be filled by the first access', () => {
    expect(accesses(anonymous(1))).toEqual([
      'page fault (minor): the shared page of zeros is mapped, read-only',
      'page fault (minor): demand zero, a frame of zeros is mapped',
      'SIGSEGV (SEGV_ACCERR): the mapping does not allow it',
    ]);
  });
});

describe('a page that was stored to', () => {
  test('is told from the walk to the frame', () => {
    const p = anonymous(1);
    process.store8(p, 65);
    const { lines } = machine.explain(process, p + 0x10);
    expect(lines).toEqual([
      '0x7ffff7bff010 in process 1 (CPU 0, address space 1)',
      'VMA: 0x7ffff7bff000-0x7ffff7c00000 rw-p, private anonymous memory',
      'walk: PGD[255] at 0x27f8 holds 0x3067: table in frame 0x3',
      '      PUD[511] at 0x3ff8 holds 0x4067: table in frame 0x4',
      '      PMD[445] at 0x4de8 holds 0x5067: table in frame 0x5',
      '      PTE[511] at 0x5ff8 holds 0x8000000000006067: frame 0x6, present writable user accessed dirty no-execute',
      'TLB level 1: 0x6000, grants load, store',
      'TLB level 2: 0x6000, grants load, store',
      'frame: 0x6 at 0x6000, anonymous exclusive swap-backed uptodate; 1 reference, 1 mapping; of anonymous object 12',
      'load: TLB hit in level 1, physical address 0x6010',
      'store: TLB hit in level 1, physical address 0x6010',
      'fetch: SIGSEGV (SEGV_ACCERR): the mapping does not allow it',
    ]);
  });

  test('may be found by the second level of the TLB alone', () => {
    start({
      tlb: [
        { sets: 1, ways: 1, replacement: 'lru' },
        { sets: 4, ways: 4, replacement: 'lru' },
      ],
    });
    const p = anonymous(2);
    process.store8(p, 1);
    process.store8(p + PAGE, 1);
    expect(said(p + 1, 'TLB level 1')).toBe('no entry');
    expect(said(p + 1, 'load')).toBe('TLB hit in level 2, physical address 0x6001');
  });

  test('in any entry of that level', () => {
    start({
      tlb: [
        { sets: 1, ways: 1, replacement: 'lru' },
        { sets: 1, ways: 2, replacement: 'lru' },
      ],
    });
    const p = anonymous(2);
    for (const page of [p, p + PAGE]) process.store8(page, 1);
    expect(said(p, 'load')).toMatch(/^TLB hit in level 2/);
    process.load8(p);
    expect(said(p + PAGE, 'load')).toMatch(/^TLB hit in level 2/);
  });

  test('and asks no second level where there is none', () => {
    start({ tlb: 'direct' });
    const p = anonymous(1);
    process.store8(p, 1);
    expect(said(p, 'load')).toMatch(/^TLB hit in level 1/);
    process.mprotect(p, PAGE, F.PROT_READ);
    expect(said(p, 'load')).toBe('TLB miss, walk of 4 entries, no fault');
  });

  test('needs the right for stores of its own TLB entry', () => {
    const p = anonymous(1);
    process.load8(p);
    expect(accesses(p).slice(0, 2)).toEqual([
      'TLB hit in level 1, physical address 0x1000',
      'page fault (minor): demand zero, a frame of zeros is mapped',
    ]);
  });

  test('is found by a walk when the TLB has been flushed', () => {
    const p = anonymous(1);
    process.store8(p, 1);
    process.mprotect(p, PAGE, F.PROT_READ);
    expect(accesses(p).slice(0, 2)).toEqual([
      'TLB miss, walk of 4 entries, no fault',
      'SIGSEGV (SEGV_ACCERR): the mapping does not allow it',
    ]);
  });

  test('after fork would be copied by the first and taken over by the last', () => {
    const p = anonymous(1);
    process.store8(p, 1);
    const child = process.fork();
    expect(said(p, 'store')).toBe('page fault (minor): copy-on-write, a copy of the frame is mapped');
    child.store8(p, 2);
    expect(said(p, 'store')).toBe('page fault (minor): nobody else uses the frame, it is made writable without a copy');
  });
});

describe('a page of a file', () => {
  test('names its file, its place there and its cache slot', () => {
    const q = fileMapping(5000, 3);
    expect(said(q + PAGE, 'VMA')).toContain('rw-s, data on tmpfs from page 0 on, file of 5000 bytes');
    expect(said(q + PAGE, 'cache')).toMatch(/^page 1 of data is in frame 0x[0-9a-f]+, dirty$/);
    expect(said(q + PAGE, 'load')).toBe('page fault (minor): the page is in the page cache and is mapped');
    expect(said(q + 2 * PAGE, 'cache')).toBe('page 2 of data lies beyond the end of the file');
    expect(said(q + 2 * PAGE, 'load')).toBe('SIGBUS (BUS_ADRERR): the page lies beyond the end of the file');
    process.load8(q);
    expect(said(q, 'frame')).toMatch(/2 references, 1 mapping; page 0 of data$/);
  });

  test('on ext4 is clean, then dirty, then clean again', () => {
    start({ fs: 'ext4' });
    const q = fileMapping(100, 1);
    process.load8(q);
    process.msync(q, PAGE, F.MS_SYNC);
    expect(said(q, 'cache')).toMatch(/, clean$/);
    expect(said(q, 'store')).toBe('page fault (minor): the page is noted as dirty and made writable');
    process.store8(q, 1);
    expect(said(q, 'cache')).toMatch(/, dirty$/);
    expect(said(q, 'store')).toMatch(/^TLB hit/);
    process.syncFileRange(3, 0, PAGE, F.SYNC_FILE_RANGE_WRITE);
    expect(said(q, 'cache')).toMatch(/, clean, under write-back$/);
    process.syncFileRange(3, 0, PAGE, F.SYNC_FILE_RANGE_WAIT_BEFORE);
    expect(said(q, 'cache')).toMatch(/, clean$/);
  });

  test('that is not cached is read from the disk, at a cost', () => {
    start({ fs: 'ext4' });
    machine.createFile('big', 64 * PAGE, { cached: false });
    const q = process.mmap(0, PAGE, RW, F.MAP_PRIVATE, process.open('big', F.O_RDWR));
    expect(accesses(q).slice(0, 2)).toEqual([
      'page fault (major): the page is read from the disk and mapped',
      'page fault (major): a private copy of the page of the file is mapped',
    ]);
    process.load8(q);
    expect(process.majorFaults).toBe(1);
  });
});

describe('an address without a mapping', () => {
  test('says what is near', () => {
    const p = anonymous(3);
    process.munmap(p + PAGE, PAGE);
    expect(said(p + PAGE, 'VMA')).toBe(
      'none: the mapping below ends at 0x7ffff7bfe000, the mapping above starts at 0x7ffff7bff000',
    );
    expect(said(0, 'VMA')).toMatch(/^none: nothing is mapped below, the mapping above starts at /);
    expect(new Set(accesses(p + PAGE))).toEqual(new Set(['SIGSEGV (SEGV_MAPERR): no mapping is here']));
  });

  test.each([
    [0x8000_0000_0000, 'SI_KERNEL'],
    [0xffff_7fff_ffff_ffffn, 'SI_KERNEL'],
    [0xffff_8000_0000_0000n, 'SEGV_MAPERR'],
    [-1, 'SEGV_MAPERR'],
  ])('%i is none at all', (address, code) => {
    const { walk, tlb, lines } = machine.explain(process, address);
    expect([walk, tlb]).toEqual([[], []]);
    expect(lines).toContain('walk: none');
    expect(said(address, 'load')).toBe(`SIGSEGV (${code}): no user address`);
  });

  test('below a stack is where the stack grows', () => {
    const stack = process.maps().find(({ path }) => path === '[stack]');
    expect(said((stack?.start ?? 0) - 5, 'store')).toBe(
      'page fault (minor): the VMA grows, then demand zero, a frame of zeros is mapped',
    );
  });
});

test('a guard marker shows in the entry and ends in SIGSEGV', () => {
  const p = anonymous(1);
  process.madvise(p, PAGE, F.MADV_GUARD_INSTALL);
  expect(machine.explain(process, p).walk.at(-1)).toMatchObject({ kind: 'not present', bits: ['guard marker'] });
  expect(said(p, 'load')).toBe('SIGSEGV (SEGV_MAPERR): a guard marker stands here');
});

test('a mapping without any right keeps its frame out of sight', () => {
  const p = anonymous(1);
  process.store8(p, 1);
  process.mprotect(p, PAGE, F.PROT_NONE);
  const { walk, frame } = machine.explain(process, p);
  expect(walk.at(-1)).toMatchObject({ kind: 'not present', frame: 6, bits: ['dirty', 'no access allowed'] });
  expect(frame).toMatchObject({ pfn: 6, mapcount: 1 });
});

test('flags beyond the rights are named', () => {
  const p = anonymous(1);
  process.madvise(p, PAGE, F.MADV_DONTFORK);
  process.mlock(p, PAGE);
  expect(said(p, 'VMA')).toMatch(/private anonymous memory, locked dontcopy$/);
});

test('each process has its own answer, and one that has ended none', () => {
  const p = anonymous(1);
  process.store8(p, 1);
  const child = process.fork();
  process.munmap(p, PAGE);
  expect(said(p, 'load')).toMatch(/SEGV_MAPERR/);
  expect(said(p, 'load', child)).toMatch(/^TLB miss/);
  child.exit();
  expect(() => machine.explain(child, p)).toThrow(UserError);
  expect(() => machine.explain(child, p)).toThrow('process 2 has ended and has no addresses any more');
});

test.each([
  ['sv32', ['PGD', 'PTE']],
  ['tiny', ['PGD', 'PTE']],
  ['pages-16k', ['PGD', 'PMD', 'PTE']],
] as const)('a machine with %s names its levels', (scheme, names) => {
  const ram = scheme === 'tiny' ? { ram: 2048 } : {};
  const other = new Machine({ scheme, ...ram });
  const task = other.spawn();
  const p = task.mmap(0, 4096, RW, ANON);
  task.store8(p, 1);
  expect(other.explain(task, p).walk.map(({ name }) => name)).toEqual(names);
  expect(other.explain(task, p).walk.at(-1)).toMatchObject({ kind: 'page' });
});

describe('asking changes nothing', () => {
  /** Whether two snapshots of the same machine say the same: the same objects with the same contents. */
  function differences(before: Snapshot, after: Snapshot): unknown[] {
    if (before.objects.length !== after.objects.length) return ['the number of objects'];
    return before.objects.filter((saved, place) => !sameContents(saved, after.objects[place]));
  }

  function sameContents(before: Snapshot['objects'][number], after: Snapshot['objects'][number]): boolean {
    if (before.kind === 'bytes' && after.kind === 'bytes') {
      return Buffer.from(before.copy).equals(Buffer.from(after.copy));
    }
    if (before.target !== after.target) return false;
    return flat(before).every((value, place) => Object.is(value, flat(after)[place]));
  }

  /** Identities and plain values; the state of an object that saves itself by its text. */
  function flat(saved: Snapshot['objects'][number]): unknown[] {
    if (saved.kind === 'fields' && saved.fields[0]?.[0] === '') return [JSON.stringify(saved.fields)];
    if (saved.kind === 'fields') return saved.fields.flat();
    if (saved.kind === 'map') return saved.entries.flat();
    return saved.kind === 'bytes' ? [] : [...saved.items];
  }

  /** One address of each kind, and processes on two CPUs. */
  function prepared(): { addresses: (number | bigint)[]; processes: Process[] } {
    start({ cpus: 2, fs: 'ext4' });
    const p = anonymous(4);
    process.store8(p, 1);
    process.load8(p + PAGE);
    process.madvise(p + 2 * PAGE, PAGE, F.MADV_GUARD_INSTALL);
    const q = fileMapping(5000, 3);
    process.load8(q);
    const child = process.fork();
    child.store8(p, 2);
    const stack = process.maps().find(({ path }) => path === '[stack]');
    const addresses = [p, p + PAGE, p + 2 * PAGE, p + 3 * PAGE, q, q + PAGE, q + 2 * PAGE, 0, 1n << 63n, -1];
    return { addresses: [...addresses, (stack?.start ?? 0) - 1], processes: [process, child] };
  }

  test('neither contents, nor counts, nor the order of the TLB, nor any memo', () => {
    const { addresses, processes } = prepared();
    const counts = machine.tlbCounts();
    const before = machine.snapshot();
    for (const one of processes) for (const address of addresses) machine.explain(one, address);
    expect(differences(before, machine.snapshot())).toEqual([]);
    expect(machine.tlbCounts()).toEqual(counts);
  });

  test('and the comparison would notice a single load', () => {
    const { addresses } = prepared();
    const before = machine.snapshot();
    process.load8(addresses[0]);
    expect(differences(before, machine.snapshot())).not.toEqual([]);
  });
});
