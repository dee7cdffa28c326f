import { describe, expect, test } from 'vitest';
import { syscallName, syscallNumber } from '../../../src/replay/syscall-numbers.ts';
import { pathArguments, touchesOf } from '../../../src/replay/user-memory.ts';

const nr = (name: string): number => syscallNumber(name) as number;

/** Touches of a call as 'r address bytes' and 'w address bytes'. */
function touches(name: string, args: number[], result: number, texts: (string | undefined)[] = []): string[] {
  const found: string[] = [];
  touchesOf({ nr: nr(name), args: [...args, 0, 0, 0, 0, 0, 0].slice(0, 6), result, texts }, (va, bytes, access) =>
    found.push(`${access === 0 ? 'r' : 'w'} ${va} ${bytes}`),
  );
  return found;
}

describe('the kernel touches', () => {
  test.each([
    ['read', [3, 1000, 4096], 100, ['w 1000 100']],
    ['read', [3, 1000, 4096], -11, []],
    ['write', [1, 1000, 50], 50, ['r 1000 50']],
    ['newfstatat', [3, 500, 1000], 0, ['r 500 1', 'w 1000 144']],
    ['newfstatat', [3, 500, 1000], -2, ['r 500 1']],
    ['stat', [500, 1000], -14, []],
    ['rt_sigaction', [11, 1000, 0, 8], 0, ['r 1000 32']],
    ['rt_sigaction', [11, 1000, 2000, 8], 0, ['r 1000 32', 'w 2000 32']],
    ['getdents64', [3, 1000, 32768], 12048, ['w 1000 12048']],
    ['wait4', [-1, 1000, 1, 2000], 0, []],
    ['wait4', [-1, 1000, 1, 2000], 77, ['w 1000 4', 'w 2000 144']],
    ['ioctl', [1, 0x5401, 1000], -25, []],
    ['ioctl', [1, 0x5401, 1000], 0, ['w 1000 36']],
    ['ioctl', [1, 0x5402, 1000], 0, ['r 1000 36']],
    ['ioctl', [1, 0xc0101234, 1000], 0, ['r 1000 16', 'w 1000 16']],
    ['ioctl', [1, 0x40101234, 1000], 0, ['r 1000 16']],
    ['fcntl', [3, 1, 1], 0, []],
    ['fcntl', [3, 6, 1000], 0, ['r 1000 32']],
    ['fcntl', [3, 5, 1000], 0, ['r 1000 32', 'w 1000 32']],
    ['futex', [1000, 128, 2, 2000], 0, ['r 1000 4', 'r 2000 16']],
    ['futex', [1000, 129, 1], 0, []],
    ['epoll_wait', [3, 1000, 8, -1], 2, ['w 1000 24']],
    ['writev', [1, 1000, 3], 9, ['r 1000 48']],
    ['prlimit64', [0, 3, 0, 1000], 0, ['w 1000 16']],
    ['poll', [1000, 2, 0], 1, ['r 1000 16', 'w 1000 16']],
    ['mincore', [0, 8193, 1000], 0, ['w 1000 3']],
    ['getpid', [], 1, []],
  ])('%s%j = %i', (name, args, result, expected) => {
    expect(touches(name, args, result)).toEqual(expected);
  });

  test('a path to its end, in words of 8 bytes', () => {
    expect(touches('openat', [-100, 1000, 0], -2, [undefined, '/tmp'])).toEqual(['r 1000 8']);
    expect(touches('openat', [-100, 1000, 0], -2, [undefined, '/tmp/abc'])).toEqual(['r 1000 16']);
    expect(touches('openat', [-100, 1000, 0], 3, [undefined, '/é/日本'])).toEqual(['r 1000 16']);
  });

  test('nothing for a count that is garbage', () => {
    expect(touches('connect', [3, 1000, 2 ** 40], -22)).toEqual([]);
  });
});

test('which arguments are paths', () => {
  expect(pathArguments(nr('openat'))).toEqual([1]);
  expect(pathArguments(nr('rename'))).toEqual([0, 1]);
  expect(pathArguments(nr('read'))).toEqual([]);
});

test('call numbers', () => {
  expect([nr('read'), nr('mmap'), nr('exit_group'), nr('rseq'), nr('clone3'), nr('mseal')]).toEqual([
    0, 9, 231, 334, 435, 462,
  ]);
  expect([syscallName(9), syscallName(435), syscallName(400)]).toEqual(['mmap', 'clone3', 'syscall_400']);
  expect(syscallNumber('no_such_call')).toBeUndefined();
});
