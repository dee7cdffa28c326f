/** Runs recorded under Valgrind: its layout, its own library, and what it hides from a program. */
import { describe, expect, test } from 'vitest';
import type { ReplayResult } from '../../../src/replay/replay.ts';
import { faults, replayRun } from '../../helpers/replay-run.ts';

/** A position-independent program and its loader as they stand natively. */
const MAPS = `555555554000-555555556000 r-xp 00000000 fe:00 1    /bin/program
555555556000-555555557000 rw-p 00002000 fe:00 1    /bin/program
555555557000-555555558000 rw-p 00000000 00:00 0
7ffff7fc2000-7ffff7fc6000 r--p 00000000 00:00 0    [vvar]
7ffff7fc8000-7ffff7fca000 r-xp 00000000 00:00 0    [vdso]
7ffff7fca000-7ffff7fff000 r-xp 00000000 fe:00 2    /lib/ld.so
7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0    [stack]
`;
const BANNER = '==1== Lackey, an example Valgrind tool\n';
/** The loader's first instruction and the first push: one fault, and one for the vdso's header, which Valgrind hides. */
const START = `${BANNER}I  04000010,3\n S 1fff000cc8,8\n`;
const FIRST = 2;

function replay(log: string, more: Record<string, string> = {}): ReplayResult {
  return replayRun({ 'lackey-sys.txt': `${START}${log}`, 'truth/p0.maps-exec': MAPS, ...more }).result;
}

describe("Valgrind's layout", () => {
  test.each([
    ['the program at 108000', 'I  00108040,4\n', 1],
    ['its cleared page', ' S 0010aff0,8\n', 0],
    ['its .bss', ' S 0010b000,8\n', 1],
    ['the loader at 4000000', ' L 04034000,8\n', 1],
    ['the stack below 1fff001000', ' S 1ffeffe000,8\n', 1],
    [
      'the heap where brk says',
      'SYSCALL[1,1](12) sys_brk ( 0x0 ) --> [pre-success] Success(0x4035000) \nSYSCALL[1,1](12) sys_brk ( 0x4037000 ) --> [pre-success] Success(0x4037000) \n S 04036000,8\n',
      1,
    ],
    [
      'mappings where mmap says',
      'SYSCALL[1,1](9) sys_mmap ( 0x0, 8192, 3, 34, 4294967295, 0 ) --> [pre-success] Success(0x4835000) \n S 04836000,8\n',
      1,
    ],
    ["Valgrind's own text, where handlers return", 'I  58001000,4\n', 1],
  ])('%s', (_, log, expected) => {
    expect(replay(log)).toMatchObject({ lostAccesses: 0 });
    expect(faults(replay(log))).toEqual([FIRST + expected, 0]);
  });

  test('a program with fixed addresses stays', () => {
    const maps = MAPS.replace('555555554000-555555556000', '400000-402000')
      .replace('555555556000-555555557000', '402000-403000')
      .replace('555555557000-555555558000', '403000-404000');
    expect(faults(replay('I  00400040,4\n', { 'truth/p0.maps-exec': maps }))).toEqual([FIRST + 1, 0]);
  });
});

test('a clock call is natively one of the vdso: its code and data, no system call', () => {
  const call = 'SYSCALL[1,1](228) sys_clock_gettime( 1, 0x1fff000cd0 )[sync] --> Success(0x0) \n';
  expect(faults(replay(call + call))).toEqual([FIRST + 1, 0]);
});

test('what the preloaded library costs is left out', () => {
  const log = `SYSCALL[1,1](257) sys_openat ( 4294967196, 0x4001000(/x/vgpreload_core-amd64-linux.so), 524288 ) --> [async] ...${' '}
SYSCALL[1,1](257) ... [async] --> Success(0x4)${' '}
SYSCALL[1,1](9) sys_mmap ( 0x0, 16400, 1, 2050, 4, 0 ) --> [pre-success] Success(0x4837000)${' '}
 L 04838000,8
I  0483b000,4
`;
  const result = replay(log);
  expect(result).toMatchObject({ accesses: 2, lostAccesses: 0 });
  // The path of its openat is read by the kernel: a page of the loader that is mapped already.
  expect(faults(result)).toEqual([FIRST, 0]);
});

describe('children', () => {
  const clone =
    'SYSCALL[1,1](56) sys_clone ( 1200011, 0x0, 0x0, 0x10b010, 0x0 )   clone(fork): process 1 created child 2\n --> [pre-success] Success(0x2) \n';
  const vfork = 'SYSCALL[1,1](58) sys_fork ( )   fork: process 1 created child 2\n --> [pre-success] Success(0x2) \n';

  test('a forked child goes on in the copy', () => {
    const child = `${BANNER} --> [pre-success] Success(0x0) \n S 0010b010,8\n`;
    const result = replay(` S 0010b000,8\n${clone} S 0010b000,8\n`, { 'lackey-sys.p1.txt': child });
    expect([faults(result, 0), faults(result, 1)]).toEqual([
      [FIRST + 2, 0],
      [1, 0], // the kernel's store of the thread id
    ]);
  });

  test('a child that has called execve begins anew', () => {
    const child = `${BANNER}I  04000010,3\n S 1fff000cc8,8\n S 0010b000,8\n`;
    const result = replay(` S 0010b000,8\n${vfork} S 0010b000,8\n`, {
      'lackey-sys.p1.txt': child,
      'truth/p1.maps-exec': MAPS,
    });
    expect([faults(result, 0), faults(result, 1)]).toEqual([
      [FIRST + 1, 0],
      [FIRST + 1, 0],
    ]);
  });
});

test('a strace of the native run gives sizes, and its other addresses do not matter', () => {
  const strace = `9  openat(AT_FDCWD, "/data", O_RDONLY) = 3
9  newfstatat(3, "", {st_mode=S_IFREG|0644, st_size=4096, ...}, AT_EMPTY_PATH) = 0
9  mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, 3, 0) = 0x7ffff7d00000
`;
  const log = `SYSCALL[1,1](257) sys_openat ( 4294967196, 0x4001000(/data), 0 ) --> [async] ...${' '}
SYSCALL[1,1](257) ... [async] --> Success(0x4)${' '}
SYSCALL[1,1](9) sys_mmap ( 0x0, 8192, 1, 2, 4, 0 ) --> [pre-success] Success(0x4835000)${' '}
 L 04836000,8
`;
  expect(replay(log)).toMatchObject({ lostAccesses: 0 });
  expect(replay(log, { 'strace.txt': strace })).toMatchObject({ lostAccesses: 1 });
});
