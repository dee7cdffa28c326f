/**
 * Random programs on random machines: every invariant after each call, the same bytes and errnos whatever the machine, and the law of
 * snapshots.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MachineTarget } from '../../src/scenario/machine-target.ts';
import { runs } from '../helpers/fuzz.ts';
import {
  FILE_SYSTEMS,
  linesOf,
  MACHINES,
  programs,
  RewindingTarget,
  showing,
  visible,
} from '../helpers/program-run.ts';

const CALLS = 60;
/** What every other machine is compared with: one CPU, no checks. */
const PLAIN = { ram: '16M', invariants: 0 } as const;

test('every invariant holds after each call, and every machine shows the same', () => {
  fc.assert(
    fc.property(programs(CALLS), FILE_SYSTEMS, MACHINES, (text, fs, machine) => {
      showing(text, () => {
        const lines = linesOf(text, new MachineTarget({ ...machine, fs, invariants: 2 }));
        expect(visible(lines)).toEqual(visible(linesOf(text, new MachineTarget({ ...PLAIN, fs }))));
      });
    }),
    { numRuns: runs(500) },
  );
});

test('going back and running on is running on', () => {
  fc.assert(
    fc.property(programs(CALLS), FILE_SYSTEMS, MACHINES, fc.nat(CALLS), (text, fs, machine, at) => {
      showing(text, () => {
        const target = new RewindingTarget({ ...machine, fs, ram: '4M', invariants: 0 }, at);
        const lines = linesOf(text, target);
        expect(lines).toEqual(linesOf(text, new MachineTarget({ ...machine, ram: '4M', invariants: 0, fs })));
        target.rewind();
      });
    }),
    { numRuns: runs(500) },
  );
});

test('the programs are worth running: most calls succeed, many kinds of call fail too', () => {
  const outcomes = new Map<string, number>();
  let calls = 0;
  for (const text of fc.sample(programs(CALLS), { numRuns: 60, seed: 1 })) {
    for (const line of linesOf(text, new MachineTarget(PLAIN))) {
      const [, call, result] = /^\d+ \w+ (?:\w+ = )?(\w+)\(.*\) -> (.*)$/.exec(line) ?? [];
      if (call === undefined) continue;
      calls++;
      const failure = /^(?:= -1 (\w+)|--- (\w+) |= (dead|unbound))/.exec(result as string);
      const outcome = `${call} ${failure ? (failure[1] ?? failure[2] ?? failure[3]) : 'succeeds'}`;
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
  }
  const successes = [...outcomes].reduce(
    (sum, [outcome, count]) => sum + (outcome.endsWith(' succeeds') ? count : 0),
    0,
  );
  expect(successes / calls).toBeGreaterThan(0.88);
  expect(successes / calls).toBeLessThan(0.97);
  const succeeding = [...outcomes.keys()]
    .filter((outcome) => outcome.endsWith(' succeeds'))
    .map((outcome) => outcome.split(' ')[0]);
  expect(succeeding).toEqual(
    expect.arrayContaining([
      'mmap',
      'munmap',
      'mprotect',
      'mremap',
      'msync',
      'madvise',
      'mlock',
      'mlock2',
      'munlock',
      'brk',
      'fork',
      'exit',
    ]),
  );
  expect(succeeding).toEqual(
    expect.arrayContaining([
      'wait',
      'pread',
      'pwrite',
      'ftruncate',
      'fallocate',
      'fsync',
      'load64',
      'store16',
      'copyin',
      'copyout',
    ]),
  );
  expect(outcomes.size - succeeding.length).toBeGreaterThan(20);
});
