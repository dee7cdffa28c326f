import { describe, expect, test } from 'vitest';
import { FETCH, MODIFY, READ, WRITE } from '../../../src/replay/access-batch.ts';
import {
  LINE_CONTINUE,
  LINE_MAX,
  LINE_PAUSE,
  LogScanner,
  SCAN_ENDED,
  SCAN_NEEDS_DATA,
  SCAN_PAUSED,
} from '../../../src/replay/log-scanner.ts';

const encoder = new TextEncoder();

/** Everything a scanner reports, in order: accesses as [kind, address, size], other lines as texts with their number. */
type Seen = [kind: number, va: number, size: number] | [text: string, line: number];

function collect(seen: Seen[], pauseAt?: string): LogScanner {
  return new LogScanner('a.txt', {
    accesses: ({ va, size, kind, count }) => {
      for (let i = 0; i < count; i++) seen.push([kind[i], va[i], size[i]]);
    },
    line: (text, line) => {
      seen.push([text, line]);
      return text === pauseAt ? LINE_PAUSE : LINE_CONTINUE;
    },
  });
}

/** Scans `text` cut at the offsets of `cuts`. */
function scan(text: string, cuts: readonly number[] = []): Seen[] {
  const seen: Seen[] = [];
  const scanner = collect(seen);
  const bytes = encoder.encode(text);
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    scanner.push(bytes.subarray(from, cut));
    expect(scanner.run()).toBe(SCAN_NEEDS_DATA);
    from = cut;
  }
  scanner.end();
  expect(scanner.run()).toBe(SCAN_ENDED);
  return seen;
}

describe('an access', () => {
  test.each([
    ['I  7ffff7fe4b70,3', [FETCH, 0x7ffff7fe4b70, 3]],
    [' L 7ffff7fe4b78,8', [READ, 0x7ffff7fe4b78, 8]],
    [' S 7fffffffedd8,8', [WRITE, 0x7fffffffedd8, 8]],
    [' M 04031bd0,4', [MODIFY, 0x04031bd0, 4]],
    [' L 1fff000c08,16', [READ, 0x1fff000c08, 16]],
    [' L 8,1', [READ, 8, 1]],
    [' S ffffffffffff,64', [WRITE, 0xffffffffffff, 64]],
    [' L 0000000000400000,576', [READ, 0x400000, 576]],
    ['I  12345678901234,15', [FETCH, 0x12345678901234, 15]],
  ])('%s', (line, access) => {
    expect(scan(`${line}\n`)).toEqual([access]);
  });

  test('in the upper half (the vsyscall page) stays outside user space', () => {
    const [[kind, va]] = scan('I  ffffffffff600400,3\n') as [number, number, number][];
    expect(kind).toBe(FETCH);
    expect(va).toBeGreaterThanOrEqual(2 ** 63);
  });

  test('short lines in a row are told apart, wherever the commas stand', () => {
    for (let digits = 1; digits <= 12; digits++) {
      const address = '4'.repeat(digits);
      const value = Number.parseInt(address, 16);
      expect(scan(`I  1000,3\nI  ${address},2\n L ${address},1\n`)).toEqual([
        [FETCH, 0x1000, 3],
        [FETCH, value, 2],
        [READ, value, 1],
      ]);
    }
  });
});

const LOG = `#EXEC pid=1
I  7ffff7fe4b70,3
 S 7fffffffedd8,8
==12== a banner
SYSCALL[1,1](12) sys_brk ( 0x0 ) --> [pre-success] Success(0x4035000)${' '}
 --> [pre-success] Success(0x0)${' '}
 M 04033e06,1
I  04033e06,11
#EXIT code=0`;

const LOG_SEEN: Seen[] = [
  ['#EXEC pid=1', 1],
  [FETCH, 0x7ffff7fe4b70, 3],
  [WRITE, 0x7fffffffedd8, 8],
  ['==12== a banner', 4],
  ['SYSCALL[1,1](12) sys_brk ( 0x0 ) --> [pre-success] Success(0x4035000) ', 5],
  [' --> [pre-success] Success(0x0) ', 6],
  [MODIFY, 0x04033e06, 1],
  [FETCH, 0x04033e06, 11],
  ['#EXIT code=0', 9],
];

describe('a line is an access by its form alone, wherever it stands in a chunk', () => {
  const RIGHT = /^(I {2}| [LSM] )([0-9a-f]+),([0-9]+)$/;
  const KINDS: Readonly<Record<string, number>> = { 'I  ': FETCH, ' L ': READ, ' S ': WRITE, ' M ': MODIFY };

  function expected(line: string): Seen[] | undefined {
    const [, head, address, size] = RIGHT.exec(line) ?? [];
    const bytes = Number(size);
    return bytes >= 1 && bytes <= 65535 ? [[KINDS[head], Number.parseInt(address, 16), bytes]] : undefined;
  }

  function scanned(line: string, behind: string): Seen[] | undefined {
    try {
      return scan(`${line}\n${behind}`).slice(0, 1);
    } catch {
      return undefined;
    }
  }

  test.each([6, 7, 8, 9, 10, 11, 12, 13])('%i digits, any byte of them another', (digits) => {
    const line = ` S ${'7ffb09ace8d26'.slice(0, digits)},4`;
    for (let place = 3; place < line.length; place++) {
      for (const byte of ' /09:@AFGIS`afg,\r\0') {
        const changed = line.slice(0, place) + byte + line.slice(place + 1);
        for (const behind of ['', '#a line that follows in the same chunk\n']) {
          expect(scanned(changed, behind), JSON.stringify(changed)).toEqual(expected(changed));
        }
      }
    }
  });

  test.each(['I ', ' LL', 'L  ', ' X ', ' I ', '  L', 'S 1'])('%s is no head of one', (head) => {
    const line = `${head}7ffff7fe4b70,8`;
    const result = head.startsWith('I') ? undefined : [[line, 1]];
    expect(scanned(line, '#a line that follows in the same chunk\n')).toEqual(result);
  });
});

describe('chunks', () => {
  test('may end at any byte', () => {
    for (let cut = 0; cut <= LOG.length; cut++) expect(scan(LOG, [cut]), `cut at ${cut}`).toEqual(LOG_SEEN);
  });

  test('may be single bytes', () => {
    expect(scan(LOG, [...Array(LOG.length).keys()])).toEqual(LOG_SEEN);
  });

  test('may be empty, and so may a log', () => {
    expect(scan('', [0, 0])).toEqual([]);
  });

  test('a last line counts without its newline', () => {
    expect(scan(' L 8,1')).toEqual([[READ, 8, 1]]);
  });

  test('characters of several bytes may be cut', () => {
    const bytes = encoder.encode('#é\n').length;
    for (let cut = 0; cut <= bytes; cut++) expect(scan('#é\n', [cut])).toEqual([['#é', 1]]);
  });

  test('more accesses than a batch holds stay in order', () => {
    const lines = Array.from({ length: 10_000 }, (_, place) => ` L ${(place + 1).toString(16)},1\n`).join('');
    expect((scan(lines) as [number, number, number][]).map(([, va]) => va)).toEqual(
      Array.from({ length: 10_000 }, (_, place) => place + 1),
    );
  });
});

test('a sink can pause behind a line, and the rest waits', () => {
  const seen: Seen[] = [];
  const scanner = collect(seen, '#pause');
  scanner.push(encoder.encode(' L 8,1\n#pause\n L 9,1\n#pa'));
  expect(scanner.run()).toBe(SCAN_PAUSED);
  expect(seen).toEqual([
    [READ, 8, 1],
    ['#pause', 2],
  ]);
  expect(scanner.run()).toBe(SCAN_NEEDS_DATA);
  scanner.push(encoder.encode('use\n L a,1\n'));
  expect(scanner.run()).toBe(SCAN_PAUSED); // in a line that two chunks share
  expect(scanner.run()).toBe(SCAN_NEEDS_DATA);
  scanner.end();
  expect(scanner.run()).toBe(SCAN_ENDED);
  expect(seen.slice(2)).toEqual([
    [READ, 9, 1],
    ['#pause', 4],
    [READ, 10, 1],
  ]);
});

describe('a malformed line is refused with its place', () => {
  test.each([
    ['I 7ffff7fe4b70,3'],
    ['I  7ffff7fe4b7g,3'],
    ['I  7FFFF7FE4B70,3'],
    ['I  ,3'],
    [' L 7ffff7fe4b70'],
    [' L 7ffff7fe4b70,'],
    [' L 7ffff7fe4b70,0'],
    [' L 7ffff7fe4b70,8 '],
    [' L 7ffff7fe4b70,x'],
    [' S 7ffff7fe4b70,65536'],
    [' S 0x7ffff7fe4b70,8'],
  ])('%s', (line) => {
    const message = `a.txt:3: '${line}' is no access: right would be 'I  ', ' L ', ' S ' or ' M ', a hexadecimal address, a comma and a size in bytes, as in ' L 7ffff7fe4b70,8'`;
    for (const cut of [0, 10, 16, 17, 18, 20]) {
      expect(() => scan(`#EXEC pid=1\n L 8,1\n${line}\n L 8,1\n`, [cut])).toThrow(message);
    }
  });

  test('as is one without an end', () => {
    expect(() => scan(`#${'x'.repeat(LINE_MAX)}`)).toThrow(
      `a.txt:1: the line is longer than ${LINE_MAX} bytes, so this is no access log`,
    );
  });
});
