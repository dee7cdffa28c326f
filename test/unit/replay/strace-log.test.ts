import { describe, expect, test } from 'vitest';
import { StraceLog } from '../../../src/replay/strace-log.ts';
import { syscallNumber } from '../../../src/replay/syscall-numbers.ts';

const nr = (name: string): number => syscallNumber(name) as number;

function read(text: string, chunk = 7): StraceLog {
  const log = new StraceLog('dir/strace.txt');
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += chunk) log.push(bytes.subarray(at, at + chunk));
  log.end();
  return log;
}

const TEXT = `10  execve("./a", ["./a"], 0x7ff /* 4 vars */) = 0
10  brk(NULL) = 0x55555555b000
10  openat(AT_FDCWD, "/lib/libc.so.6", O_RDONLY|O_CLOEXEC) = 3
10  newfstatat(3, "", {st_mode=S_IFREG|0755, st_size=1926232, ...}, AT_EMPTY_PATH) = 0
10  clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7ffff7dd1a10) = 11
11  set_robust_list(0x7ffff7dd1a20, 24 <unfinished ...>
10  wait4(11,  <unfinished ...>
11  <... set_robust_list resumed>) = 0
11  exit_group(0) = ?
11  +++ exited with 0 +++
10  <... wait4 resumed>[{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 11
10  stat("/tmp/b", {st_mode=S_IFREG|0644, st_size=5, ...}) = 0
10  stat("/tmp/none", 0x7ff) = -1 ENOENT (No such file or directory)`;

describe('the calls of a process', () => {
  test('are matched in order, with their line, result and detail', () => {
    const calls = read(TEXT).callsOf(10);
    expect(calls?.match(nr('brk'))).toEqual({ line: 2, result: 0x55555555b000, detail: undefined });
    expect(calls?.match(nr('openat'))).toMatchObject({
      line: 3,
      result: 3,
      detail: { texts: [undefined, '/lib/libc.so.6'] },
    });
    expect(calls?.match(nr('newfstatat'))).toMatchObject({
      result: 0,
      detail: { size: 1926232, texts: [undefined, ''] },
    });
    expect(calls?.match(nr('clone'))).toMatchObject({ result: 11 });
    expect(calls?.match(nr('wait4'))).toMatchObject({ line: 11, result: 11 });
  });

  test('skip what the other log does not have, and do not go back', () => {
    const calls = read(TEXT).callsOf(10);
    expect(calls?.match(nr('wait4'))).toMatchObject({ line: 11 });
    expect(calls?.match(nr('brk'))).toBeUndefined();
    expect(calls?.match(nr('stat'))).toMatchObject({ line: 12, detail: { size: 5 } });
  });

  test('of a child are apart, halves joined', () => {
    const calls = read(TEXT).callsOf(11);
    expect(calls?.match(nr('set_robust_list'))).toMatchObject({ line: 8, result: 0 });
    expect(calls?.match(nr('exit_group'))).toMatchObject({ result: undefined });
    expect(read(TEXT).callsOf(12)).toBeUndefined();
  });

  test('far ahead are not taken for the one asked for', () => {
    const calls = read(`${'1  getpid() = 1\n'.repeat(100)}1  close(3) = 0\n`).callsOf(1);
    expect(calls?.match(nr('close'))).toBeUndefined();
  });
});

test('the first process, and sizes by path', () => {
  const log = read(TEXT, 1);
  expect(log.firstPid).toBe(10);
  expect([...log.sizes]).toEqual([
    ['/lib/libc.so.6', 1926232],
    ['/tmp/b', 5],
  ]);
});

test('without pids, and with a call that x86-64 does not have', () => {
  const log = read('brk(NULL) = 0x1000\nnewcall(1) = 0\nclose(3) = 0\n');
  expect(log.firstPid).toBe(0);
  expect(log.callsOf(0)?.match(nr('close'))).toMatchObject({ line: 3 });
});

test('a line that is none of strace is refused with its place', () => {
  expect(() => read('1  close(3) = 0\n\nnot strace\n')).toThrow(
    "dir/strace.txt:3: 'not strace' is no line of strace: right would be '2347  close(3) = 0'",
  );
});
