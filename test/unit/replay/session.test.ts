/** Small recorded runs, written here, whose fault counts follow from what the kernel does at each line. */
import { describe, expect, test } from 'vitest';
import { faults, MAPS, replayLog, replayRun, START } from '../../helpers/replay-run.ts';

/** START itself costs one fault: the first instruction's page. */
const FIRST = 1;
const ANON = 'ret=7ffff7d00000';
/** mmap of 16 pages of private anonymous memory at 7ffff7d00000. */
const MMAP_ANON = `#SYS nr=9 0 10000 3 22 ffffffffffffffff 0 ${ANON}\n`;

describe('the image', () => {
  test.each([
    ['the first instruction maps its neighbours', 'I  401000,4\n', 0],
    ['the page where .bss begins is private already', ' S 403ff0,8\n', 0],
    ['other data pages are copied when stored to', ' S 402008,8\n S 402010,8\n', 1],
    ['read first, then stored to: two faults', ' L 402008,8\n S 402008,8\n', 2],
    ['anonymous memory: the page of zeros, then a page', ' L 404000,8\n S 404000,8\n', 2],
    ['a modify is a store', ' M 404000,4\n', 1],
    ['an access that crosses pages takes both', ' S 404ffc,8\n', 2],
    ['pages of the vdso come one by one', ' L 7ffff7fc8020,8\nI  7ffff7fc9000,4\n', 2],
    ['what execve put on the stack is there', ' L 7fffffffeff0,8\n', 0],
    ['the stack grows', ' S 7fffffffd000,8\n S 7ffffff00000,8\n', 2],
    ['the vsyscall page is nobody', '', 0],
  ])('%s', (_, log, expected) => {
    expect(faults(replayLog(log))).toEqual([FIRST + expected, 0]);
  });

  test('arguments that fill several pages are there from the initial stack pointer on', () => {
    const start =
      '#EXEC pid=1\nI  400000,3\n S 7fffffff9ff8,8\n L 7fffffffb000,8\n L 7fffffffe000,8\n S 7fffffff8000,8\n';
    const { result } = replayRun({ 'nstep.p0.txt': start, 'truth/p0.maps-exec': MAPS });
    expect(faults(result)).toEqual([FIRST + 1, 0]);
  });
});

describe('memory calls', () => {
  test.each([
    ['mmap goes where it went', `${MMAP_ANON} S 7ffff7d00000,8\n S 7ffff7d0f000,8\n`, 2],
    ['MAP_POPULATE counts each page', `#SYS nr=9 0 10000 3 8022 ffffffffffffffff 0 ${ANON}\n S 7ffff7d05000,8\n`, 16],
    [
      'the heap grows and shrinks',
      '#SYS nr=12 0 0 0 0 0 0 ret=600000\n#SYS nr=12 603000 0 0 0 0 0 ret=603000\n S 600000,8\n S 602ff8,8\n#SYS nr=12 601000 0 0 0 0 0 ret=601000\n#SYS nr=12 603000 0 0 0 0 0 ret=603000\n S 602ff8,8\n',
      3,
    ],
    [
      'mprotect takes the right away and gives it back',
      `${MMAP_ANON} S 7ffff7d00000,8\n#SYS nr=10 7ffff7d00000 1000 1 0 0 0 ret=0\n#SYS nr=10 7ffff7d00000 1000 3 0 0 0 ret=0\n S 7ffff7d00000,8\n`,
      1,
    ],
    [
      'madvise(MADV_DONTNEED) drops pages',
      `${MMAP_ANON} S 7ffff7d00000,8\n#SYS nr=28 7ffff7d00000 1000 4 0 0 0 ret=0\n S 7ffff7d00000,8\n`,
      2,
    ],
    [
      'mremap moves pages along',
      `${MMAP_ANON} S 7ffff7d00000,8\n#SYS nr=25 7ffff7d00000 10000 20000 1 0 0 ret=7ffff7c00000\n S 7ffff7c00000,8\n S 7ffff7c1f000,8\n`,
      2,
    ],
    [
      'a call that failed changes nothing',
      `${MMAP_ANON} S 7ffff7d00000,8\n#SYS nr=9 7ffff7d00000 1000 3 32 ffffffffffffffff 0 ret=fffffffffffffff4\n S 7ffff7d00000,8\n`,
      1,
    ],
    [
      'shared memory by shmget',
      '#SYS nr=29 0 2000 3b6 0 0 0 ret=5\n#SYS nr=30 5 0 0 0 0 0 ret=7ffff7d00000\n S 7ffff7d01000,8\n',
      1,
    ],
  ])('%s', (_, log, expected) => {
    expect(faults(replayLog(log))).toEqual([FIRST + expected, 0]);
  });

  test('the kernel writes into user memory, which faults for the program', () => {
    const read = '#SYS nr=0 0 7ffff7d00000 4000 0 0 0 ret=3001\n';
    expect(faults(replayLog(`${MMAP_ANON}${read} L 7ffff7d03000,8\n`))).toEqual([FIRST + 4, 0]);
  });
});

const OPEN = '#SYS nr=257 ffffff9c 7fffffffeff0 0 0 0 0 ret=3\n';
const MMAP_FILE = '#SYS nr=9 0 40000 1 2 3 0 ret=7ffff7d00000\n';
const STRACE = `9  openat(AT_FDCWD, "/data", O_RDONLY) = 3
9  newfstatat(3, "", {st_mode=S_IFREG|0644, st_size=SIZE, ...}, AT_EMPTY_PATH) = 0
9  mmap(NULL, 262144, PROT_READ, MAP_PRIVATE, 3, 0) = 0x7ffff7d00000
`;
const STAT = '#SYS nr=262 3 402000 7fffffffef00 1000 0 0 ret=0\n';

describe('files', () => {
  test('pages that were there before are in the cache: read in windows of 16', () => {
    const all = Array.from({ length: 64 }, (_, page) => ` L ${(0x7ffff7d00000 + page * 4096).toString(16)},8\n`).join(
      '',
    );
    expect(faults(replayLog(`${OPEN}${MMAP_FILE}${all}`))).toEqual([FIRST + 4, 0]);
  });

  test('a size that the strace shows is where the file ends', () => {
    const log = `${OPEN}${STAT}${MMAP_FILE} L 7ffff7d00000,8\n`;
    const at = (size: number) =>
      replayLog(`${log} L 7ffff7d10000,8\n`, { 'strace.txt': STRACE.replace('SIZE', `${size}`) });
    expect(at(0x40000)).toMatchObject({ lostAccesses: 0 });
    expect(at(0x10000)).toMatchObject({ lostAccesses: 1, firstLost: 'run/nstep.p0.txt:8: 0x7ffff7d10000' });
  });

  test('what the program writes is mapped as it is written, and written back as msync says', () => {
    const log = [
      '#SYS nr=257 ffffff9c 7fffffffeff0 242 1a4 0 0 ret=3', // O_RDWR|O_CREAT|O_TRUNC
      '#SYS nr=1 3 404000 1000 0 0 0 ret=1000', // one fault: the kernel reads the page of zeros
      '#SYS nr=9 0 1000 3 1 3 0 ret=7ffff7d00000',
      ' S 7ffff7d00000,8', // one
      ' S 7ffff7d00008,8',
      '#SYS nr=26 7ffff7d00000 1000 4 0 0 0 ret=0', // MS_SYNC
      ' L 7ffff7d00000,8',
      ' S 7ffff7d00000,8', // one: write-protected
      '#SYS nr=77 3 2000 0 0 0 0 ret=0', // ftruncate to two pages
      '#SYS nr=25 7ffff7d00000 1000 2000 0 0 0 ret=7ffff7d00000',
      ' L 7ffff7d01000,8', // major: a hole, in no cache
    ];
    expect(faults(replayLog(`${log.join('\n')}\n`))).toEqual([FIRST + 3, 1]);
  });

  test('a read that comes to the end says how long the file is', () => {
    const log = `${OPEN}#SYS nr=0 3 7fffffffe000 1000 0 0 0 ret=64\n${MMAP_FILE} L 7ffff7d00000,8\n L 7ffff7d01000,8\n`;
    expect(replayLog(log)).toMatchObject({ lostAccesses: 1 });
  });
});

const FORK = (child: string, k: number) =>
  `#FORK kind=fork child=${Number.parseInt(child, 16)} file=p${k}\n#SYS nr=56 1200011 0 0 402100 0 0 ret=${child}\n`;

describe('processes', () => {
  const rseq = '#SYS nr=334 404060 20 0 53053053 0 0 ret=0\n';

  test('fork: both sides fault on what they store, the kernel on thread id and rseq area', () => {
    const parent = ` S 402100,8\n S 404060,8\n${rseq}${FORK('a', 1)}#SYS nr=61 a 0 0 0 0 0 ret=a\n S 402100,8\n`;
    const child = 'I  400010,2\n S 402108,8\n S 404068,8\n';
    const { result } = replayRun({
      'nstep.p0.txt': `${START}${parent}`,
      'nstep.p1.txt': child,
      'truth/p0.maps-exec': MAPS,
    });
    // Parent: two first stores, the rseq area, 402100 again. Child: thread id, rseq area, its text.
    expect([faults(result, 0), faults(result, 1)]).toEqual([
      [FIRST + 4, 0],
      [3, 0],
    ]);
    expect(result.processes.map(({ process, cowBreaks }) => [process, cowBreaks])).toEqual([
      ['p0', 2],
      ['p1', 2],
    ]);
  });

  test('a parent that waits lets its child run to its end first', () => {
    const parent = `${MMAP_ANON} S 7ffff7d00000,8\n${FORK('a', 1)} S 7ffff7d00000,8\n#SYS nr=61 a 0 0 0 0 0 ret=a\n S 7ffff7d00008,8\n`;
    const child = ' S 7ffff7d00000,8\n#EXIT code=0\n';
    const { result } = replayRun({
      'nstep.p0.txt': `${START}${parent}`,
      'nstep.p1.txt': child,
      'truth/p0.maps-exec': MAPS,
    });
    expect(result.processes[1]?.faultsByKind).toMatchObject({ cowReuse: { minor: 1, major: 0 } });
  });

  test('a reader of a pipe waits for its writer', () => {
    // The child reads before its store: the parent has copied the page by then, so the child keeps it without a copy.
    const pipe = '#SYS nr=22 7fffffffef00 0 0 0 0 0 ret=0\n';
    const parent = `${MMAP_ANON}${pipe} S 7ffff7d00000,8\n${FORK('a', 1)}#SYS nr=35 0 0 0 0 0 0 ret=0\n S 7ffff7d00000,8\n#SYS nr=1 4 7ffff7d00000 1 0 0 0 ret=1\n#SYS nr=61 a 0 0 0 0 0 ret=a\n`;
    const child = '#SYS nr=0 3 7fffffffe000 1 0 0 0 ret=1\n S 7ffff7d00000,8\n#EXIT code=0\n';
    const { result } = replayRun({
      'nstep.p0.txt': `${START}${parent}`,
      'nstep.p1.txt': child,
      'truth/p0.maps-exec': MAPS,
    });
    expect(result.processes[0]?.faultsByKind).toMatchObject({ cowCopy: { minor: 1, major: 0 } });
    expect(result.processes[1]?.faultsByKind).toMatchObject({ cowReuse: { minor: 1, major: 0 } });
  });

  test('vfork: the child uses its parent’s memory until its execve, at its own cost', () => {
    const parent = `${MMAP_ANON}#FORK kind=vfork child=10 file=p1\n#SYS nr=58 0 0 0 0 0 0 ret=a\n S 7ffff7d00000,8\n#SYS nr=61 a 0 0 0 0 0 ret=a\n`;
    const child = ` S 7ffff7d00000,8\n S 7ffff7d01000,8\n#EXEC pid=10\nI  400000,3\n S 7fffffffeff8,8\n L 404000,8\n#EXIT code=0\n`;
    const { result } = replayRun({
      'nstep.p0.txt': `${START}${parent}`,
      'nstep.p1.txt': child,
      'truth/p0.maps-exec': MAPS,
      'truth/p1.maps-exec': MAPS.replaceAll('/bin/program', '/bin/other'),
    });
    expect([faults(result, 0), faults(result, 1)]).toEqual([
      [FIRST, 0],
      [FIRST + 1, 0],
    ]);
    expect(result.processes.map(({ program }) => program)).toEqual(['/bin/program', '/bin/other']);
  });

  test('a vfork child that only exits keeps its faults', () => {
    const parent = `${MMAP_ANON}#FORK kind=vfork child=10 file=p1\n#SYS nr=58 0 0 0 0 0 0 ret=a\n`;
    const { result } = replayRun({
      'nstep.p0.txt': `${START}${parent}`,
      'nstep.p1.txt': ' S 7ffff7d00000,8\n#EXIT code=0\n',
      'truth/p0.maps-exec': MAPS,
    });
    expect([faults(result, 0), faults(result, 1)]).toEqual([
      [FIRST, 0],
      [1, 0],
    ]);
  });

  test('threads share memory and count as one process', () => {
    const clone = '#FORK kind=clone child=10 file=p1\n#SYS nr=56 3d0f00 7ffff7d10000 0 0 0 0 ret=a\n';
    const parent = `${MMAP_ANON}${clone} S 7ffff7d00000,8\n#EXIT code=0\n`;
    const { result } = replayRun({
      'nstep.p0.txt': `${START}${parent}`,
      'nstep.p1.txt': ' S 7ffff7d00000,8\n S 7ffff7d01000,8\n#EXIT code=0\n',
      'truth/p0.maps-exec': MAPS,
    });
    expect(result.processes.map(({ process }) => process)).toEqual(['p0']);
    expect(faults(result)).toEqual([FIRST + 2, 0]);
  });
});

describe('signals', () => {
  const signal = '#SIG 11 code=1 addr=0x8 ip=400004 (next lines: the attempt)\n';

  test('an access that raised one does not count, nor what its instruction would have done next', () => {
    const log = `${signal}I  400004,4\n L 8,8\n S 404000,8\n#SIGEND\n`;
    expect(replayLog(log)).toMatchObject({ lostAccesses: 0, processes: [{ minorFaults: FIRST }] });
  });

  test('the frame of a handler is pushed by the kernel', () => {
    // From the last stack access (7ffffffff000 - 8) down to the handler's first store lies more than a page of frame.
    const log = `#SIG 10 code=0 ip=400004\nI  400010,1\n S 7fffffffd800,8\n L 7fffffffe000,8\n`;
    expect(faults(replayLog(log))).toEqual([FIRST + 1, 0]);
  });
});

test('accesses, kinds, mappings and pages are counted', () => {
  const result = replayLog(' S 404000,8\n M 404000,4\n L 402000,8\n');
  expect(result).toMatchObject({
    log: 'nstep.p0.txt',
    condensed: false,
    accesses: 5,
    fetches: 1,
    loads: 1,
    stores: 2,
    modifies: 1,
    tlb: { l1Misses: expect.any(Number) },
    lostAccesses: 0,
    firstLost: null,
  });
  expect(result.processes[0]).toMatchObject({
    program: '/bin/program',
    faultsByKind: { anonymous: { minor: 1, major: 0 }, fileRead: { minor: 2, major: 0 } },
    truth: null,
  });
  // text (2), data: cleared page and the one loaded, anonymous, stack.
  expect(result.processes[0]).toMatchObject({ peakResidentPages: 6, finalResidentPages: 6 });
  expect(result.mappings.map(({ name, perms, accesses }) => [name, perms, accesses])).toEqual([
    ['[anonymous]', 'rw-p', 2],
    ['/bin/program', 'r-xp', 1],
    ['/bin/program', 'rw-p', 1],
    ['[stack]', 'rw-p', 1],
  ]);
});

test('a condensed log has no hit ratios', () => {
  const { result } = replayRun({ 'nstep.condensed.p0.txt': START, 'truth/p0.maps-exec': MAPS });
  expect(result).toMatchObject({ condensed: true, tlb: null, processes: [{ minorFaults: FIRST }] });
});

describe('refused with a sentence', () => {
  test('addresses of log and strace that disagree', () => {
    const strace = '9  mmap(NULL, 65536, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f1234500000\n';
    expect(() => replayLog(MMAP_ANON, { 'strace.txt': strace })).toThrow(
      'run/nstep.p0.txt:4: mmap gave 0x7ffff7d00000, but run/strace.txt:1 says 0x7f1234500000: the addresses of the two logs disagree',
    );
  });

  test('addresses of log and first mappings that disagree', () => {
    const log = { 'nstep.p0.txt': '#EXEC pid=1\nI  7f0000001000,3\n', 'truth/p0.maps-exec': MAPS };
    expect(() => replayRun(log)).toThrow(
      "run/nstep.p0.txt:2: the program's first access, 0x7f0000001000, lies in none of its first mappings",
    );
  });

  test('many accesses in no mapping', () => {
    expect(() => replayLog(' L 10000000,8\n'.repeat(100))).toThrow(
      /^run\/nstep\.p0\.txt:67: 64 of \d+ accesses so far lie where no mapping allows them \(this one at 0x10000000\)/,
    );
  });

  test('a log that begins in the middle', () => {
    const log = { 'nstep.p0.txt': 'I  400000,3\n', 'truth/p0.maps-exec': MAPS };
    expect(() => replayRun(log)).toThrow('run/nstep.p0.txt:1: accesses before the program has an address space');
  });

  test('a child whose log is missing', () => {
    expect(() => replayLog(FORK('a', 1))).toThrow('run holds no log of process p1, which the log of its parent names');
  });

  test('an execve of a child whose mappings are missing', () => {
    const child = { 'nstep.p1.txt': '#EXEC pid=10\nI  400000,3\n' };
    expect(() => replayLog(FORK('a', 1), child)).toThrow(
      'run has no truth/p1.maps-exec, which says what the execve of p1 mapped',
    );
  });

  test('more memory than the machine has', () => {
    const big = `#SYS nr=9 0 10000000 3 22 ffffffffffffffff 0 ret=7fffe0000000\n`;
    const stores = Array.from(
      { length: 20_000 },
      (_, page) => ` S ${(0x7fffe0000000 + page * 4096).toString(16)},8\n`,
    ).join('');
    expect(() => replayLog(`${big}${stores}`)).toThrow(
      /the simulated machine has no RAM left for what the program touches .*--ram 16G/,
    );
  });
});
