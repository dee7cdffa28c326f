/** What the adapter adds to an implementation: processes, handlers, copies, and calls made of others. */
import { describe, expect, test } from 'vitest';
import { EACCES } from '../../../src/errno.ts';
import { parseScenario, runScenario } from '../../../src/scenario/scenario.ts';
import { callsOf, type Implementation, ImplementationTarget } from '../../../src/testing/testing.ts';
import { SmallVm } from '../../helpers/small-vm.ts';

/** What a scenario prints, the results alone. */
function results(text: string, implementation: Implementation): string[] {
  const lines = [...runScenario(parseScenario(text, 'a.scn'), new ImplementationTarget(implementation))];
  return lines.map((line) => line.replace(/^.*? -> /, ''));
}

const MAPPED = 'mmap(A, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)';

test('the calls of an implementation are those it has methods for, and those made of them', () => {
  expect(callsOf({})).toEqual([]);
  expect(callsOf({ brk: () => 0 })).toEqual(['brk', 'sbrk']);
  expect(callsOf({ load: () => 0 })).toEqual(['load8', 'load16', 'load32', 'load64', 'copyin', 'sigaction']);
  expect(callsOf(new SmallVm())).toEqual(expect.arrayContaining(['mmap', 'copyout', 'fork', 'wait', 'exit']));
});

test('a call without a method, or a directive, is told from a failure', () => {
  expect(results('mprotect(A, 4096, PROT_READ)', new SmallVm())).toEqual(['= -1 ENOSYS']);
  expect(() => results('% vmstat', new SmallVm())).toThrow('there is no directive vmstat');
});

describe('processes', () => {
  test('are forked, end, and are waited for once', () => {
    const text = `c = fork()\nwait(c)\nc: exit(259)\nc: load8(A)\nc2 = fork()\nc2: wait(c)\nwait(c)\nwait(c)`;
    expect(results(text, new SmallVm())).toEqual([
      '= c',
      '= running',
      '= ?',
      '= dead',
      '= c2',
      '= -1 ECHILD',
      '= exited 3',
      '= -1 ECHILD',
    ]);
  });

  test('each have a memory of their own', () => {
    const text = `${MAPPED}\nstore16(A+4094, 0x1234)\nc = fork()\nc: store8(A+4094, 0)\nload16(A+4094)\nc: load16(A+4094)`;
    expect(results(text, new SmallVm()).slice(-2)).toEqual(['= 0x1234', '= 0x1200']);
  });

  test('die of a signal that is not caught, and the implementation is told', () => {
    const ends: number[] = [];
    class Ending extends SmallVm {
      exit(code: number): void {
        ends.push(code);
      }
    }
    const fault = '--- SIGSEGV {si_code=SEGV_MAPERR, si_addr=A+0x0} ---';
    const text =
      'load8(A)\nsigaction(SIGSEGV, default)\nc = fork()\nc: load8(A)\nwait(c)\nsigaction(SIGSEGV, catch)\nload8(A)';
    expect(results(text, new Ending())).toEqual([
      fault,
      '= 0',
      '= c',
      `${fault} +++ killed by SIGSEGV +++`,
      '= killed SIGSEGV',
      '= 0',
      fault,
    ]);
    expect(ends).toEqual([139]);
  });
});

describe('copies', () => {
  test('go over pages, and stop where the first byte cannot be copied', () => {
    const text = `${MAPPED}\ncopyout(A+4090, "0123456789")\ncopyin(A+4089, 12)\ncopyout(A+8185, "abcdefghij")\ncopyin(A+8184, 8)`;
    expect(results(text, new SmallVm()).slice(1)).toEqual([
      '= 0',
      '= "\\x000123456789\\x00"',
      '--- SIGSEGV {si_code=SEGV_MAPERR, si_addr=A+0x2000} ---',
      '= "\\x00abcdefg"',
    ]);
  });
});

describe('arguments and results', () => {
  test('flags and descriptors are signed, addresses and lengths are not', () => {
    const seen: unknown[] = [];
    const mmap = (...args: unknown[]): number => {
      seen.push(args);
      return -EACCES;
    };
    expect(results('mmap(A, -1, -1, MAP_PRIVATE|0x100000000, -1, -4096)', { mmap })).toEqual(['= -1 EACCES']);
    expect(seen).toEqual([[0x1000_0000_0000n, 2n ** 64n - 1n, -1, 0x1_0000_0002, -1, 2n ** 64n - 4096n]]);
  });

  test('sbrk is made of brk', () => {
    let at = 0x5555_5556_0000n;
    const brk = (address: bigint): bigint => {
      if (address >= 0x5555_5556_0000n && address < 0x5555_5557_0000n) at = address;
      return at;
    };
    const text = 'sbrk(4096)\nsbrk(0)\nbrk(BRK+100)\nsbrk(0x10000)';
    expect(results(text, { brk })).toEqual(['= BRK+0x0', '= BRK+0x1000', '= BRK+0x64', '= -1 ENOMEM']);
  });

  test('bytes, sizes, residency and mappings', () => {
    const all: Implementation = {
      pread: (_fd, length, offset) => Uint8Array.of(length, Number(offset)),
      read: () => -EACCES,
      fstat: () => 77n,
      mincore: () => Uint8Array.of(1, 0, 3),
      maps: () => [{ start: 0x1000_0000_1000n, end: 0x1000_0000_2000n, perms: 'rw-p', offset: 0n, path: '' }],
    };
    const text = 'pread(3, 65, 66)\nread(3, 1)\nfstat(3)\nmincore(A, 12288)\nmaps()';
    expect(results(text, all)).toEqual([
      '= 2 "AB"',
      '= -1 EACCES',
      '= 0 {st_size=77}',
      '= 0 [101]',
      '= 1',
      '  A+0x1000-A+0x2000 rw-p 00000000',
    ]);
  });
});
