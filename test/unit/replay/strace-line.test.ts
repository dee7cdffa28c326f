import { describe, expect, test } from 'vitest';
import { parseStraceLine, splitArguments, unquote } from '../../../src/replay/strace-line.ts';

const CALL = { kind: 'call', name: 'close', args: '3', result: '0' };

describe('what stands before a call', () => {
  test.each([
    ['close(3) = 0', 0],
    ['2347  close(3)                          = 0', 2347],
    ['2347<seed> close(3) = 0', 2347],
    ['[pid  3881] close(3) = 0', 3881],
    ['2347 18:55:48 close(3) = 0', 2347],
    ['2347 18:55:48.837465 close(3) = 0', 2347],
    ['2347 1795199944.873131 close(3) = 0', 2347],
    ['1795199944.873131 close(3) = 0', 0],
    ['2347      0.000010 close(3) = 0', 2347],
    ['2347 [   3] close(3) = 0', 2347],
    ['2347 [00007ffff7feaca3] close(3) = 0', 2347],
    ['2347 18:55:48.837465 [   3] [00007ffff7feaca3] close(3) = 0', 2347],
  ])('%s', (text, pid) => {
    expect(parseStraceLine(text)).toEqual({ ...CALL, pid });
  });
});

describe('a call', () => {
  test.each([
    [
      '1 mmap(NULL, 8192, PROT_READ, MAP_PRIVATE, 3, 0) = 0x7ffff7fb6000',
      'NULL, 8192, PROT_READ, MAP_PRIVATE, 3, 0',
      '0x7ffff7fb6000',
    ],
    [
      '1 access("/a", R_OK) = -1 ENOENT (No such file or directory)',
      '"/a", R_OK',
      '-1 ENOENT (No such file or directory)',
    ],
    ['1 exit_group(0)                     = ?', '0', '?'],
    ['1 read(3</tmp/f>, ""..., 9) = 0 <0.000005>', '3</tmp/f>, ""..., 9', '0 <0.000005>'],
    ['1 write(1, "a) = 3", 6) = 6', '1, "a) = 3", 6', '6'],
    ['1 write(1, "a\\") = 3", 6) = 6', '1, "a\\") = 3", 6', '6'],
    ['1 fstat(3, {st_mode=S_IFREG|0644, st_size=5, ...}) = 0', '3, {st_mode=S_IFREG|0644, st_size=5, ...}', '0'],
  ])('%s', (text, args, result) => {
    expect(parseStraceLine(text)).toMatchObject({ kind: 'call', args, result });
  });

  test('in two halves', () => {
    expect(parseStraceLine('6238  rseq(0x7ffff758ffe0, 0x20, 0, 0x53053053 <unfinished ...>')).toEqual({
      kind: 'unfinished',
      pid: 6238,
      name: 'rseq',
      args: '0x7ffff758ffe0, 0x20, 0, 0x53053053',
    });
    expect(parseStraceLine('14369 vfork( <unfinished ...>')).toMatchObject({ kind: 'unfinished', args: '' });
    expect(parseStraceLine('6238  <... rseq resumed>)               = 0')).toEqual({
      kind: 'resumed',
      pid: 6238,
      name: 'rseq',
      args: '',
      result: '0',
    });
    expect(parseStraceLine('6236  <... rt_sigprocmask resumed>NULL, 8) = 0')).toMatchObject({ args: 'NULL, 8' });
  });
});

test.each([
  '2347  --- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_ACCERR, si_addr=0x7ffff7dba000} ---',
  '2347  --- stopped by SIGSTOP ---',
  '2347  +++ exited with 0 +++',
  '2347  +++ killed by SIGBUS (core dumped) +++',
  'strace: Process 3881 attached',
])('a note: %s', (text) => {
  expect(parseStraceLine(text)).toMatchObject({ kind: 'note' });
});

test.each(['', 'hello', 'I  7ffff7fe4b70,3', '2347 close(3', '2347 close(3) 0', '2347 <... close resumed> 0'])(
  'no line of strace: %j',
  (text) => {
    expect(parseStraceLine(text)).toBeUndefined();
  },
);

describe('arguments', () => {
  test.each([
    ['', []],
    ['3', ['3']],
    ['3, "a, b", {x=1, y=[2, 3]}, f(4, 5)', ['3', '"a, b"', '{x=1, y=[2, 3]}', 'f(4, 5)']],
    ['"a\\", b", NULL', ['"a\\", b"', 'NULL']],
    ['"/x", ["a", "b"], 0x7f /* 4 vars */', ['"/x"', '["a", "b"]', '0x7f /* 4 vars */']],
  ])('%j', (text, words) => {
    expect(splitArguments(text)).toEqual(words);
  });

  test.each([
    ['"/etc/x"', '/etc/x'],
    ['""', ''],
    ['"a\\n\\t\\\\\\"b"', 'a\n\t\\"b'],
    ['"\\303\\251\\x41\\0"', 'éA\0'],
    ['"cut off"...', undefined],
    ['0x7ffff7fb6000', undefined],
    ['NULL', undefined],
    ['"', undefined],
  ])('the string %j', (text, value) => {
    expect(unquote(text)).toBe(value);
  });
});
