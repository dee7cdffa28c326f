/** The directives of the simulated machine: what they print, and that the README lists them. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { UserError } from '../../../src/assert.ts';
import type { MachineConfig } from '../../../src/index.ts';
import { signatureOf } from '../../../src/scenario/directive-check.ts';
import {
  MachineTarget,
  machineConfigOf,
  parseScenario,
  runScenario,
  runSteps,
} from '../../../src/scenario/scenario.ts';

const MAP = 'p = mmap(NULL, 2*4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)';

/** What comes behind the arrows, further lines as they are. */
function run(lines: readonly string[], config: MachineConfig = {}): string[] {
  const target = new MachineTarget({ ram: '2M', ...config });
  return [...runScenario(parseScenario(lines.join('\n'), 'a.scn'), target)].map((line) => line.replace(/^.*? -> /, ''));
}

describe('% explain', () => {
  test('prints the walk of an address as a process sees it', () => {
    const got = run([MAP, 'store8(p+5, 1)', 'c = fork()', '% explain p+5 c']).slice(3);
    expect(got[0]).toBe('= p+0x5 = 0x7ffff7bfe005 in c (CPU 0, address space 2)');
    expect(got[1]).toBe('  VMA: 0x7ffff7bfe000-0x7ffff7c00000 rw-p, private anonymous memory');
    expect(got).toContain('  store: page fault (minor): copy-on-write, a copy of the frame is mapped');
    expect(got.filter((line) => / P(GD|UD|MD|TE)\[/.test(line))).toHaveLength(4);
  });

  test('takes main where no process is named, and any address', () => {
    expect(run(['% explain NULL'])[0]).toBe('= NULL = 0x0 in main (CPU 0, address space 1)');
    expect(run(['% explain 0x5000'])[0]).toBe('= 0x5000 in main (CPU 0, address space 1)');
    expect(run(['% explain -1'])).toContain('  VMA: none: this is no address that can be mapped');
  });

  test('says when the process has ended', () => {
    expect(run(['c = fork()', 'c: exit(0)', '% explain 0 c', 'exit(1)', '% explain 0']).slice(2)).toEqual([
      '= dead',
      '= ?',
      '= dead',
    ]);
  });

  test('changes no counter', () => {
    const counters = [MAP, 'store8(p, 1)', '% tlb', '% vmstat', '% explain p', '% explain p+4096', '% tlb', '% vmstat'];
    const got = run(counters);
    const half = got.indexOf(got[2], 3);
    expect(got.slice(half)).toEqual(got.slice(2, 2 + got.length - half));
  });
});

describe('% cpu', () => {
  test('moves a process, whose new CPU knows none of its translations', () => {
    const got = run(
      [MAP, 'load8(p)', '% cpu main 1', '% explain p', 'munmap(p, 4096)', '% vmstat nr_tlb_remote_flush'],
      {
        cpus: 2,
      },
    );
    expect(got[2]).toBe('= main runs on CPU 1');
    expect(got).toContain('  TLB level 1: no entry');
    expect(got.at(-1)).toBe('= 1');
  });

  test('complains of a CPU that only running can show to be missing', () => {
    expect(() => run(['x = dup(1)', '% cpu main x'])).toThrow(
      'a.scn:2: there is no CPU 3; this machine has only CPU 0',
    );
    expect(() => run(['x = dup(1)', '% cpu main x'], { cpus: 2 })).toThrow('has CPUs 0 to 1');
    expect(() => run(['x = dup(1)', '% cpu main x'])).toThrow(UserError);
  });
});

test('% time goes on', () => {
  const [before, , after] = run(['% time', MAP, '% time']).map((line) => Number(/^= (\d+) ns$/.exec(line)?.[1]));
  expect(after).toBeGreaterThan(before);
});

test('% vmstat prints one counter, or all', () => {
  const got = run([MAP, 'store8(p, 1)', '% vmstat zero_filled', '% vmstat']);
  expect(got[2]).toBe('= 1');
  expect(got[3]).toBe(`= ${got.length - 4} counters`);
  expect(got).toContain('  pgfault 1');
});

test('% tlb counts accesses', () => {
  const lines = [MAP, 'store8(p, 1)', 'store8(p, 2)', '% tlb'];
  expect(run(lines).at(-1)).toBe(
    '= 3 accesses; hits in level 1: 1, in level 2: 0; misses: 2; entries read by walks: 5',
  );
});

test('% check passes on a machine that is right', () => {
  expect(run([MAP, 'store8(p, 1)', 'c = fork()', '% check']).at(-1)).toBe('= every invariant holds');
});

describe('% machine', () => {
  function asked(text: string): MachineConfig {
    return machineConfigOf(parseScenario(text, 'a.scn'));
  }

  test('is read before there is a machine', () => {
    expect(asked('# x\n% time\n% machine ram=1M cpus=4 fs=ext4 seed=7 tlb=direct\ndup(1)')).toEqual({
      ram: '1M',
      cpus: 4,
      fs: 'ext4',
      seed: '7',
      tlb: 'direct',
    });
    expect(asked('dup(1)')).toEqual({});
  });

  test('prints the machine there is, whatever it asked for', () => {
    expect(run(['% machine fs=ext4 cpus=7'])).toEqual(['= x86-64, 2 MiB of RAM, 1 CPU, files on tmpfs']);
    expect(run(['% machine'], { ram: 100 * 1024 })).toEqual(['= x86-64, 100 KiB of RAM, 1 CPU, files on tmpfs']);
  });

  test.each([
    ['% machine\n% machine', 'a.scn:2: % machine stands once, before the first call'],
    ['% machine cpus=many', "a.scn:1: cpus is 'many'; it must be a whole number, such as 2"],
    ['% machine fs=', "a.scn:1: 'fs=' is no setting of a machine; write name=value without blanks"],
    ['% machine toString=1', "a.scn:1: 'toString=1' is no setting of a machine; write name=value"],
    ['% machine tlb=wide', "a.scn:1: tlb is 'wide'"],
  ])('%j is a mistake', (text, sentence) => {
    expect(() => asked(text)).toThrow(sentence);
    expect(() => asked(text)).toThrow(UserError);
  });
});

test('the README has a row for each directive, written as it is', () => {
  const readme = readFileSync(new URL('../../../src/scenario/README.md', import.meta.url), 'utf8');
  const rows = [...readme.matchAll(/^\| `(% [^`]+)` \|/gm)].map((match) => match[1]);
  const { directives } = new MachineTarget({ ram: '1M' });
  const written = [...directives].map(([name, { parameters }]) =>
    parameters === undefined ? `% ${name} name=value ...` : signatureOf(name, parameters),
  );
  expect(rows).toEqual(written);
});

test('steps tell what was asked of the target and what came of it', () => {
  const scenario = parseScenario(`${MAP}\nc: dup(1)\nc = fork()\nload8(p+1)\n% time`, 'a.scn');
  const [map, dead, , load, time] = [...runSteps(scenario, new MachineTarget({ ram: '1M' }))];
  expect(map).toMatchObject({ process: 0, call: { name: 'mmap' }, answer: { kind: 'value' }, notRun: undefined });
  expect(dead).toMatchObject({ process: undefined, call: undefined, answer: undefined, notRun: 'dead' });
  expect(load).toMatchObject({ call: { name: 'load8', args: [0x7ffff7bfe001n] }, answer: { value: 0n } });
  expect(load.address(0x7ffff7bfe001n)).toBe('p+0x1');
  expect(time).toMatchObject({
    statement: { kind: 'directive' },
    answer: undefined,
    lines: [expect.stringContaining(' ns')],
  });
});
