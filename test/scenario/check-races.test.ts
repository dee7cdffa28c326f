/**
 * `faultline check` where an answer is not always the same: the real kernel's is a race, a command's is a defect. The kernel is played
 * by a program in its place.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { checkPlan } from '../../src/cli/check-options.ts';
import { showAgreement, showCoverage, showSame, targetNames } from '../../src/cli/check-report.ts';
import { KERNEL_REPEATS, type Settled, settleRace } from '../../src/node/check-races.ts';
import { type SearchResult, search } from '../../src/node/check-search.ts';
import { type Shrunk, shrink } from '../../src/node/check-shrink.ts';
import { Checker, type CheckPlan, type Trial } from '../../src/node/checker.ts';
import { Comparison, LINUX_RULES } from '../../src/testing/compare.ts';
import { machineOfWords, PLAIN_MACHINE, withInstantDisk } from '../../src/testing/machine-draw.ts';
import type { Transcript } from '../../src/testing/transcript.ts';
import { ROOT } from '../helpers/repository.ts';

/** A command that answers `= 0` to everything, but for what the words say. */
function program(...words: string[]): string {
  return `'${process.execPath}' '${join(ROOT, 'test/helpers/answering-program.mjs')}' batch ${words.join(' ')}`;
}

/** The machine, then the commands, the first of which stands for the real kernel. */
function planWithKernel(...commands: readonly string[]): CheckPlan {
  const plan = planOf(...commands);
  const targets = plan.targets.map((spec, index) => (index === 1 ? { ...spec, name: 'linux', word: 'linux' } : spec));
  return { ...plan, targets };
}

function planOf(...commands: readonly string[]): CheckPlan {
  const flags = { seed: '1', ops: '2', calls: 'munlockall', scheme: 'x86-64', jobs: '1', timeout: '10' };
  return checkPlan(['sim', ...commands], { ...flags, batch: true });
}

function searched(plan: CheckPlan): Promise<SearchResult> {
  return search({ plan, runs: 4, limitMs: Number.POSITIVE_INFINITY, jobs: 1, onProgress: () => {} });
}

async function withChecker<T>(plan: CheckPlan, use: (checker: Checker) => Promise<T>): Promise<T> {
  const checker = new Checker(plan);
  try {
    return await use(checker);
  } finally {
    await checker.close();
  }
}

function tried(plan: CheckPlan): Promise<Trial> {
  return withChecker(plan, (checker) => checker.try('munlockall()\n', [PLAIN_MACHINE, PLAIN_MACHINE]));
}

const ALL = KERNEL_REPEATS + 1;

describe('answers of the real kernel that change from run to run', () => {
  test('and are once those of the others agree, and are counted', async () => {
    const plan = planWithKernel(program('sometimes:munlockall'));
    const result = await searched(plan);
    expect(result).toMatchObject({ found: undefined, runs: 4 });
    expect(result.races.length).toBeGreaterThan(1);
    const report = showAgreement(plan, result);
    expect(report).toMatch(/^sim and linux agree \(seed 1\)\n/);
    expect(report).toMatch(
      /\n\d scenarios had answers that on Linux depend on the run or on how fast the disk is: run \d \(agreed [56] of 17 times\), run/,
    );
  });

  test('one scenario is told as one', async () => {
    const result = await searched(planWithKernel(program()));
    const races = [{ run: 3, asked: 17, agreed: 1, agreedInstant: 1 }];
    expect(showCoverage(result)).not.toContain('on Linux');
    expect(showCoverage({ ...result, races })).toContain(
      '\n1 scenario had answers that on Linux depend on the run or on how fast the disk is: run 3 (agreed 1 of 17 times)\n',
    );
  });

  test('of many, those in which they were rarely the same are named', async () => {
    const result = await searched(planWithKernel(program()));
    const races = [9, 8, 7, 6, 5, 4, 3].map((agreed, run) => ({ run, asked: 17, agreed, agreedInstant: 0 }));
    expect(showCoverage({ ...result, races })).toMatch(
      /: run 6 \(agreed 3 of 17 times\), run 5 .*, run 2 \(.*\) and 2 more\n$/,
    );
  });

  test('are told of a scenario that is replayed', async () => {
    const plan = planWithKernel(program('sometimes:munlockall'));
    const trial = await tried(plan);
    expect(trial).toMatchObject({ difference: undefined, race: { asked: ALL, agreed: 5 } });
    expect(trial.transcripts.map(({ answers }) => answers[0][0])).toEqual(['= 0', '= 0']);
    expect(showSame(plan, trial, 'mine.scn')).toBe(
      'sim and linux agree on mine.scn\nits answers on Linux depend on the run or on how fast the disk is: they agreed 5 of 17 times\n',
    );
  });
});

describe('answers that depend on how fast the disk is', () => {
  function transcript(answer: string): Transcript {
    return { answers: [[answer]], open: new Set(), rest: [] };
  }

  function settled(kernel: string, instant: string): Promise<Settled | undefined> {
    const { targets } = planWithKernel(program());
    const comparison = new Comparison('munlockall()\n', LINUX_RULES);
    const askKernel = (): Promise<Transcript> => Promise.resolve(transcript(kernel));
    const askInstant = (): Promise<Transcript> => Promise.resolve(transcript(instant));
    const first = [transcript('= slow'), transcript('= quick')];
    return settleRace({ comparison, first, targets, askKernel, askInstant });
  }

  test('agree if they are those of the machine on an instant disk', async () => {
    const race = { asked: ALL, agreed: 0, agreedInstant: ALL };
    expect(await settled('= quick', '= quick')).toMatchObject({ race });
    expect(showCoverage({ ...(await searched(planWithKernel(program()))), races: [{ run: 2, ...race }] })).toMatch(
      /: run 2 \(agreed 0 of 17 times, 17 with an instant disk\)\n$/,
    );
  });

  test('or of the machine as it is, at another time', async () => {
    expect(await settled('= slow', '= other')).toMatchObject({ race: { agreed: KERNEL_REPEATS, agreedInstant: 0 } });
  });

  test('and differ if they are neither', async () => {
    expect(await settled('= quick', '= slow')).toBeUndefined();
  });

  test('the machine on an instant disk', () => {
    expect(machineOfWords(withInstantDisk(PLAIN_MACHINE))).toMatchObject({ disk: { model: 'instant' }, cpus: 1 });
  });
});

describe('what is no race of the kernel is a difference', () => {
  async function shrunken(plan: CheckPlan): Promise<Shrunk | undefined> {
    const { found } = await searched(plan);
    if (found === undefined) return undefined;
    return withChecker(plan, (checker) => shrink(checker, found, { limitMs: 20_000, onTry: () => {} }));
  }

  test('answers of the kernel that always differ', async () => {
    const plan = planWithKernel(program('wrong:munlockall'));
    const shrunk = await shrunken(plan);
    expect(shrunk?.shown.difference.answers).toEqual([['= 0'], ['= -1 EPERM']]);
    expect(shrunk?.repeated).toEqual({ tries: 5, differed: 5 });
    expect(targetNames(plan)).toEqual(['sim', 'linux']);
  });

  test('a command whose answers change', async () => {
    expect(await searched(planOf(program('sometimes:munlockall')))).toMatchObject({ found: { run: 0 }, races: [] });
  });

  test('a command whose answers change, beside the kernel', async () => {
    const plan = planWithKernel(program(), program('sometimes:munlockall'));
    expect(await searched(plan)).toMatchObject({ found: { run: 0 }, races: [] });
  });

  test('a driver of the kernel that ends before it has answered, even if only once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'faultline-races-'));
    try {
      const flag = join(folder, 'once');
      const command = `if [ -e ${flag} ]; then ${program()}; else touch ${flag}; ${program('crash:munlockall')}; fi`;
      const { difference, race } = await tried(planWithKernel(command));
      expect(race).toBeUndefined();
      expect(difference?.answers[1][0]).toMatch(/^\(no answer: /);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

test('a difference is cut down to one that is no race', async () => {
  const plan = planWithKernel(program('sometimes:munlockall', 'wrong:mlockall'));
  const calls = { ...plan, calls: ['munlockall', 'mlockall'], ops: 8 };
  const { found } = await searched(calls);
  if (found === undefined) throw new Error('nothing was found');
  const shrunk = await withChecker(calls, (checker) => shrink(checker, found, { limitMs: 20_000, onTry: () => {} }));
  expect(shrunk?.shown.text).toMatch(/^mlockall\(.*\)\n$/);
  expect(shrunk?.repeated).toEqual({ tries: 5, differed: 5 });
});
