import { describe, expect, test } from 'vitest';
import { LackeyEvents } from '../../../src/replay/lackey-events.ts';
import type { LogEvent } from '../../../src/replay/log-event.ts';

const NOTHING = { start: 0, end: 0 };

function reader(): LackeyEvents {
  return new LackeyEvents('dir/lackey-sys.txt', NOTHING);
}

/** The events of several lines. */
function readAll(lines: readonly string[], events = reader()): LogEvent[] {
  return lines.flatMap((text, place) => events.read(text, place + 1));
}

function call(nr: number, args: number[], result: number, texts: (string | undefined)[] = []) {
  const all = [...args, 0, 0, 0, 0, 0, 0].slice(0, 6);
  return { kind: 'call', call: { nr, args: all, result, texts: args.map((_, place) => texts[place]) } };
}

describe('a system call', () => {
  test('that succeeded at once', () => {
    const text =
      'SYSCALL[2018,1](9) sys_mmap ( 0x0, 8192, 3, 34, 4294967295, 0 ) --> [pre-success] Success(0x4835000) ';
    expect(readAll([text])).toEqual([call(9, [0, 8192, 3, 34, 4294967295, 0], 0x4835000)]);
  });

  test('that failed, with a path', () => {
    const text = 'SYSCALL[2018,1](21) sys_access ( 0x402a2a0(/etc/ld.so.preload), 4 )[sync] --> Failure(0x2) ';
    expect(readAll([text])).toEqual([call(21, [0x402a2a0, 4], -2, ['/etc/ld.so.preload'])]);
  });

  test('that failed before it was made', () => {
    const text =
      'SYSCALL[1,1](89) sys_readlink ( 0x1ffeffec90(/usr), 0x1ffefff4b0, 1023 ) --> [pre-fail] Failure(0x16) ';
    expect(readAll([text])).toEqual([call(89, [0x1ffeffec90, 0x1ffefff4b0, 1023], -22, ['/usr'])]);
  });

  test('in two lines', () => {
    const lines = [
      'SYSCALL[1,1](0) sys_read ( 4, 0x1ffefffef8, 832 ) --> [async] ... ',
      'SYSCALL[1,1](0) ... [async] --> Success(0x340) ',
    ];
    expect(readAll(lines)).toEqual([call(0, [4, 0x1ffefffef8, 832], 0x340)]);
  });

  test('in two lines, with that of another thread between', () => {
    const lines = [
      'SYSCALL[1,1](202) sys_futex ( 0x4a1b3e0, 128, 2, 0x0, 0xffffffff ) --> [async] ... ',
      'SYSCALL[1,2](3) sys_close ( 4 )[sync] --> Success(0x0) ',
      'SYSCALL[1,1](202) ... [async] --> Failure(0xb) ',
    ];
    expect(readAll(lines)).toMatchObject([{ call: { nr: 3 } }, { call: { nr: 202, result: -11 } }]);
  });

  test('without arguments, without a sys_ name, with a note behind the name', () => {
    expect(
      readAll([
        'SYSCALL[1,1](39) sys_getpid ()[sync] --> Success(0x29bf) ',
        'SYSCALL[1,1](158) arch_prctl ( 4098, 4a28740 ) --> [pre-success] Success(0x0) ',
        'SYSCALL[1,1](228) sys_clock_gettime( 1, 0x1ffefffb80 )[sync] --> Success(0x0) ',
        "SYSCALL[1,1](72) sys_fcntl[ARG3=='arg'] ( 5, 2, 1 )[sync] --> Success(0x0) ",
      ]),
    ).toEqual([
      call(39, [], 0x29bf),
      call(158, [4098, 0x4a28740], 0),
      call(228, [1, 0x1ffefffb80], 0),
      call(72, [5, 2, 1], 0),
    ]);
  });

  test('with an empty path, and with brackets and commas in a path', () => {
    expect(
      readAll([
        'SYSCALL[1,1](262) sys_newfstatat ( 4, 0x4029c99(), 0x1ffefffd90 )[sync] --> Success(0x0) ',
        'SYSCALL[1,1](87) sys_unlink ( 0x10b03c(/tmp/a (1), b) ) --> [async] ... ',
        'SYSCALL[1,1](87) ... [async] --> Success(0x0) ',
      ]),
    ).toMatchObject([{ call: { texts: [undefined, '', undefined] } }, { call: { texts: ['/tmp/a (1), b'] } }]);
  });

  test('that has no result means nothing', () => {
    const lines = [
      'SYSCALL[1,1](15) sys_rt_sigreturn ( ) --> [pre-success] NoWriteResult ',
      'SYSCALL[1,1](15) ... [async] --> Success(0x0) ',
    ];
    expect(readAll(lines)).toEqual([]);
  });

  test('that Valgrind does not know means nothing', () => {
    const lines = [
      'SYSCALL[1,1](999) unimplemented (by the kernel) syscall: 999! (ni_syscall)',
      ' --> [pre-fail] Failure(0x26) ',
    ];
    expect(readAll(lines)).toEqual([]);
  });

  test('rseq, which Valgrind refuses, counts as a native kernel would have it', () => {
    const lines = [
      'SYSCALL[1,1](273) sys_set_robust_list ( 0x4a28a20, 24 )[sync] --> Success(0x0) ',
      'SYSCALL[1,1](334) unimplemented (by the kernel) syscall: 334! (ni_syscall)',
      ' --> [pre-fail] Failure(0x26) ',
    ];
    expect(readAll(lines)[1]).toMatchObject({
      kind: 'call',
      call: { nr: 334, args: [0x4a29060, 32, 0, 0, 0, 0], result: 0 },
    });
  });
});

describe('a fork', () => {
  test('is announced, then returns', () => {
    const lines = [
      'SYSCALL[2475,1](56) sys_clone ( 1200011, 0x0, 0x0, 0x4a28a10, 0x0 )   clone(fork): process 2475 created child 2476',
      ' --> [pre-success] Success(0x9ac) ',
    ];
    expect(readAll(lines)).toEqual([
      { kind: 'fork', how: 'fork', child: 2476, log: undefined },
      call(56, [0x1200011, 0, 0, 0x4a28a10, 0], 0x9ac),
    ]);
  });

  test('by vfork, which Valgrind makes a fork, is a vfork', () => {
    const lines = [
      'SYSCALL[1,1](58) sys_fork ( )   fork: process 1 created child 373',
      ' --> [pre-success] Success(0x175) ',
    ];
    expect(readAll(lines)).toMatchObject([{ how: 'vfork', child: 373 }, { call: { nr: 58, result: 373 } }]);
  });
});

test('a new thread logs behind the clone that made it', () => {
  const clone =
    'SYSCALL[1,1](56) sys_clone ( 3d0f00, 0x55c6f70, 0x55c7990, 0x55c7990, 0x55c76c0 ) --> [pre-success] Success(0x2524)';
  expect(readAll([`${clone} I  0494db42,3`, ''])).toEqual([
    call(56, [0x3d0f00, 0x55c6f70, 0x55c7990, 0x55c7990, 0x55c76c0], 0x2524),
    { kind: 'access', what: 2, va: 0x494db42, size: 3 },
  ]);
  expect(readAll([`${clone}  S 055c6f70,8`])[1]).toEqual({ kind: 'access', what: 1, va: 0x55c6f70, size: 8 });
  expect(readAll([`${clone} SYSCALL[1,2](39) sys_getpid ()[sync] --> Success(0x1) `])).toMatchObject([
    {},
    { call: { nr: 39 } },
  ]);
});

test('banners and messages mean nothing; a fatal signal is one', () => {
  expect(
    readAll([
      '==6459== Lackey, an example Valgrind tool',
      '==6459== ',
      '--6459-- warning',
      '**6459** client message',
      '==6459== Process terminating with default action of signal 11 (SIGSEGV)',
    ]),
  ).toEqual([{ kind: 'signal', signal: 11, attempt: false }]);
});

describe('how a log begins', () => {
  test("with an image, once, unless it is a forked child's", () => {
    const image = reader();
    readAll(['==1== Lackey'], image);
    expect(image.startsImage()).toBe(true);
    expect(image.startsImage()).toBe(false);
    const child = reader();
    readAll(['==1== Lackey', ' --> [pre-success] Success(0x0) '], child);
    expect(child.startsImage()).toBe(false);
  });
});

describe('the library that Valgrind makes a program load', () => {
  const LINES = [
    'SYSCALL[1,1](257) sys_openat ( 4294967196, 0x4034bb0(/usr/libexec/valgrind/vgpreload_core-amd64-linux.so), 524288 ) --> [async] ... ',
    'SYSCALL[1,1](257) ... [async] --> Success(0x4) ',
    'SYSCALL[1,1](9) sys_mmap ( 0x0, 16400, 1, 2050, 4, 0 ) --> [pre-success] Success(0x4837000) ',
    'SYSCALL[1,1](9) sys_mmap ( 0x4838000, 4096, 5, 2066, 4, 4096 ) --> [pre-success] Success(0x4838000) ',
    'SYSCALL[1,1](3) sys_close ( 4 )[sync] --> Success(0x0) ',
    'SYSCALL[1,1](9) sys_mmap ( 0x0, 4096, 1, 2, 4, 0 ) --> [pre-success] Success(0x4840000) ',
  ];

  test('is hidden, a later file with its descriptor is not', () => {
    const events = reader();
    const maps = readAll(LINES, events).filter((event) => event.kind === 'call' && event.call.nr === 9);
    expect(maps).toMatchObject([{ call: { result: 0x4840000 } }]);
    expect(events.hidden).toEqual({ start: 0x4837000, end: 0x483c000 });
  });

  test('stays hidden in a forked child, not in a new image', () => {
    const inherited = { start: 0x4837000, end: 0x483c000 };
    expect(new LackeyEvents('p1', inherited).hidden).toEqual(inherited);
    const image = new LackeyEvents('p1', inherited);
    image.startsImage();
    expect(image.hidden).toEqual(NOTHING);
  });
});

test.each([
  '#SYS nr=9 0 0 0 0 0 0 ret=0',
  'SYSCALL[1](9) sys_mmap',
  'SYSCALL[1,1](9) sys_mmap ( 0x0',
  'SYSCALL[1,1](9) sys_mmap',
])('malformed: %j', (text) => {
  expect(() => reader().read(text, 7)).toThrow(
    `dir/lackey-sys.txt:7: '${text}' is no line of a lackey log: right would be an access such as ' L 04031bd0,4', or a line beginning with SYSCALL[ or ==`,
  );
});
