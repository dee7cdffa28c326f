import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import * as flags from '../../../src/flags.ts';
import { CALLS, callNames, formsOf, isBindable, signatureOf, takes } from '../../../src/scenario/calls.ts';
import { CONSTANTS, isReserved } from '../../../src/scenario/constants.ts';
import { nearestWord } from '../../../src/scenario/suggest.ts';

const README = readFileSync(new URL('../../../src/scenario/README.md', import.meta.url), 'utf8').split('\n');

/** The rows of the table in the README whose header begins with `header`, as cells. */
function table(header: string): string[][] {
  const start = README.findIndex((line) => line.startsWith(header));
  const rows = README.slice(start + 2);
  const length = rows.findIndex((line) => !line.startsWith('|'));
  return rows.slice(0, length).map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim()));
}

describe('the table of calls', () => {
  test('is the one in the README', () => {
    const written = CALLS.map((shape) => [`\`${signatureOf(shape)}\``, shape.result, isBindable(shape) ? 'yes' : 'no']);
    expect(table('| call | result | can be bound |')).toEqual(written);
  });

  test('uses the results that the README explains, and all of them', () => {
    const explained = table('| result | printed after').map(([result]) => result);
    expect([...explained].sort()).toEqual([...new Set(CALLS.map((shape) => shape.result))].sort());
  });

  test('tells the forms of a call apart by the number of arguments', () => {
    for (const name of callNames()) {
      for (let count = 0; count <= 8; count++) {
        expect(formsOf(name).filter((shape) => takes(shape, count)).length, `${name} with ${count}`).toBeLessThan(2);
      }
    }
  });

  test('has optional parameters only at the end, so that leaving some out is unambiguous', () => {
    for (const { name, parameters } of CALLS) {
      const first = parameters.findIndex((parameter) => parameter.fallback !== undefined);
      if (first < 0) continue;
      expect(
        parameters.slice(first).every((parameter) => parameter.fallback !== undefined),
        name,
      ).toBe(true);
    }
  });

  test('says of a call that places memory which parameters are an address and the length', () => {
    const placing = CALLS.filter((shape) => shape.placement).map(({ name, parameters, placement }) => [
      name,
      placement?.asked.map((index) => parameters[index].name),
      parameters.find((_, index) => index === placement?.length)?.name,
    ]);
    expect(placing).toEqual([
      ['mmap', ['addr'], 'len'],
      ['mremap', ['old', 'newaddr'], 'newlen'],
      // How long a segment is, only the answer says.
      ['shmat', ['addr'], undefined],
    ]);
  });
});

describe('constants', () => {
  test.each([
    ['NULL', 0n],
    ['MAP_FAILED', 2n ** 64n - 1n],
    ['RLIM_INFINITY', 2n ** 64n - 1n],
    ['O_CREAT', 0o100n],
    ['MAP_FIXED_NOREPLACE', 0x100000n],
    ['MAP_ANON', BigInt(flags.MAP_ANONYMOUS)],
    ['MLOCK_ONFAULT', 1n],
    ['SIGXFSZ', 25n],
    ['SIG_DFL', 0n],
    ['SIG_IGN', 1n],
    ['MADV_GUARD_INSTALL', 102n],
    ['FALLOC_FL_INSERT_RANGE', 0x20n],
  ])('%s', (name, value) => {
    expect(CONSTANTS.get(name)).toBe(value);
  });

  test('default and ignore are the values of SIG_DFL and SIG_IGN, catch is neither', () => {
    const values = ['default', 'ignore', 'catch'].map((name) => CONSTANTS.get(name));
    expect(values.slice(0, 2)).toEqual([CONSTANTS.get('SIG_DFL'), CONSTANTS.get('SIG_IGN')]);
    expect(new Set(values).size).toBe(3);
  });

  test('all the constants of the memory and file calls are there, and reserved', () => {
    const wanted = /^(O|SEEK|FALLOC_FL|MFD|PROT|MAP|MREMAP|MS|MADV|MCL|RLIMIT)_/;
    const names = Object.keys(flags).filter((name) => wanted.test(name));
    expect(names.length).toBeGreaterThan(90);
    expect(names.filter((name) => !isReserved(name))).toEqual([]);
  });

  test('the names of processes and bindings are free', () => {
    expect(['c', 'p', 'fd', 'mmap', 'a', 'brk', 'Null', 'SI_KERNEL'].filter(isReserved)).toEqual([]);
  });
});

describe('nearestWord', () => {
  test.each([
    ['mmapp', 'mmap'],
    ['nmap', 'mmap'],
    ['MMAP', 'mmap'],
    ['madvsie', 'madvise'],
    ['frobnicate', undefined],
    ['x', undefined],
  ])('%s: %s', (word, near) => {
    expect(nearestWord(word, ['mmap', 'madvise', 'open', 'y'])).toBe(near);
  });
});
