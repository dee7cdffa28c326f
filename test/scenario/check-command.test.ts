/** `faultline check`: what it makes of programs that are right, wrong, slow or broken, its options, and its words about mistakes. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { callNames } from '../../src/scenario/calls.ts';
import { CALLS_OF } from '../../src/testing/scenario-choices.ts';
import { faultline, type Outcome } from '../helpers/command-line.ts';
import { ROOT } from '../helpers/repository.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-check-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A command that answers `= 0` to everything, but for what the words say. */
function program(...words: string[]): string {
  return `'${process.execPath}' '${join(ROOT, 'test/helpers/answering-program.mjs')}' ${words.join(' ')}`;
}

/** What `= 0` is the right answer to. */
const EASY = ['--calls', 'munlockall', '--ops', '2', '--seed', '1'] as const;

function out(name: string): string {
  return join(folder, name);
}

/** Runs a check that finds a difference; the scenario goes to a file. */
async function difference(...words: string[]): Promise<{ readonly stdout: string; readonly scenario: string }> {
  const file = out('difference.scn');
  rmSync(file, { force: true });
  const { stdout, stderr, code } = await check(...words, '--out', file);
  expect({ stderr, code }).toEqual({ stderr: '', code: 1 });
  return { stdout: stdout.replaceAll(file, 'FILE'), scenario: readFileSync(file, 'utf8') };
}

/** Runs a check; the exit code that it leaves in the process is its own. */
async function check(...words: string[]): Promise<Outcome> {
  process.exitCode = 0;
  const outcome = await faultline('check', ...words);
  const code = outcome.code === 0 ? Number(process.exitCode) : outcome.code;
  process.exitCode = 0;
  return { ...outcome, code };
}

describe('targets that agree', () => {
  test('are said to, with the seed and what was reached', async () => {
    const { stdout, stderr, code } = await check('sim', 'spec', '--runs', '6', '--seed', 'a b');
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    expect(stdout).toMatch(
      /^sim and spec agree \(seed a b\)\n6 scenarios, \S+ a second; \d+ calls, \d+ % of them succeeded; \d+ triples of call, flag and outcome\n$/,
    );
  });

  test.each([[], ['batch']])('may be a command, asked anew or in batches: %s', async (...words) => {
    const batch = words.length > 0 ? ['--batch'] : [];
    const { stdout, code } = await check('spec', program(...words), 'sim', '--runs', '4', ...batch, ...EASY);
    expect(stdout).toMatch(/^spec, .* and sim agree/);
    expect(code).toBe(0);
  });

  test('may lack calls, which are taken out and counted', async () => {
    const calls = ['--calls', 'munlockall,mlockall', '--ops', '30', '--runs', '3', '--seed', '2'];
    const { stdout, code } = await check('sim', program('missing:mlockall'), ...calls);
    expect(code).toBe(0);
    expect(stdout).toMatch(/\n\d+ calls could not be compared and were taken out of their scenarios\n$/);
  });

  test('with --coverage each triple is listed', async () => {
    const { stdout } = await check('sim', 'spec', '--runs', '2', ...EASY, '--coverage');
    expect(stdout).toMatch(/\nmunlockall - ok \d+\n$/);
  });
});

describe('a difference', () => {
  test('is cut down, shown side by side, and kept in a file', async () => {
    const { stdout, scenario } = await difference('sim', program('wrong:munlockall'), '--runs', '4', ...EASY);
    const name = /sim and (.*) differ/.exec(stdout)?.[1] as string;
    expect(stdout).toMatch(/^sim and .*\.\.\. differ: run 0 of seed 1, cut down to 1 statement in \d+ tries\n\n/);
    expect(stdout).toContain(`\n> 1 munlockall()\n      sim | ${name}\n>     = 0 | = -1 EPERM\n\n`);
    expect(stdout).toContain('\nthe scenario is in FILE\n  again:    faultline check sim ');
    expect(stdout).toContain('\n  explain:  faultline run FILE --explain\n');
    expect(scenario).toMatch(
      /^munlockall\(\)\n# faultline check sim .*answering-program.* --seed 1 --ops 2 .*, run 0\n/,
    );
    expect(scenario).toMatch(/\n# line 1 differs:\n# {3}sim: = 0\n# {3}.*: = -1 EPERM\n$/);
  });

  test('shows the answers on the way to it, and only the calls that it takes', async () => {
    const calls = ['--calls', 'mlockall,munlockall', '--ops', '12', '--runs', '5', '--seed', '1'];
    const { stdout, scenario } = await difference('spec', program('later:munlockall'), ...calls);
    expect(stdout).toMatch(
      /^ {2}1 mlockall\(.*\)\n {6}= 0\n> 2 munlockall\(\)\n {6}spec \| .*\n> {5}= 0 {2}\| = -1 EPERM$/m,
    );
    expect(scenario).toMatch(/^mlockall\(.*\)\nmunlockall\(\)\n# /);
  });

  test('is shown again by --replay, with the options that the file names', async () => {
    const file = out('replayed.scn');
    const words = ['sim', program('wrong:munlockall'), '--arena', '0x10000000:1M', '--fs', 'ext4'];
    await check(...words, '--runs', '2', ...EASY, '--out', file);
    expect(readFileSync(file, 'utf8')).toContain('# fs ext4\n# arena 0x10000000:0x100000\n');
    const again = await check('sim', program('wrong:munlockall'), '--replay', file);
    expect(again.code).toBe(1);
    expect(again.stdout).toMatch(/^sim and .* differ on .*replayed\.scn\n\n> 1 munlockall\(\)\n/);
    const mended = await check('sim', program(), '--replay', file);
    expect(mended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^sim and .* agree on .*replayed\.scn\n$/) });
  });

  test('of a scenario of yours is cut down by --replay --shrink', async () => {
    const file = out('mine.scn');
    writeFileSync(file, '# mine\nmlockall(MCL_FUTURE)\nmunlockall()\nmunlockall()\n% vmstat pgfault\nmunlockall()\n');
    const { code, stdout } = await check('spec', program('wrong:munlockall'), '--replay', file, '--shrink');
    expect(code).toBe(1);
    expect(stdout).toContain('cut down to 1 statement');
    expect(readFileSync(out('mine-small.scn'), 'utf8')).toMatch(
      /^munlockall\(\)\n(% vmstat pgfault\n)?# from .*mine\.scn\n/,
    );
  });

  test('that does not come back is said to be unsteady', async () => {
    const flag = out('once');
    const command = `if [ -e ${flag} ]; then ${program()}; else touch ${flag}; ${program('wrong:munlockall')}; fi`;
    const { stdout, scenario } = await difference('sim', command, '--runs', '3', ...EASY);
    expect(stdout).toMatch(
      /^run 0 of seed 1 differed once, and not when it was tried again; the scenario is in FILE\n/,
    );
    expect(scenario).toContain('munlockall()\n');
  });
});

describe('a command that is broken is an answer', () => {
  test.each([
    ['crashes', 'crash:munlockall', '(no answer: the command was killed by SIGSEGV'],
    ['hangs', 'hang:munlockall', '(no answer: the command gave no end of its answer within 0.6 s and was killed)'],
    ['says nonsense', 'garbage', '\\x07????'],
  ])('one that %s', async (_, word, answer) => {
    const time = word.startsWith('hang') ? ['--timeout', '0.6'] : [];
    const { stdout } = await difference('sim', program(word), '--runs', '1', ...time, ...EASY);
    expect(stdout).toContain(`\n>     = 0 | ${answer}`);
  });

  test('one that answers all and does not end', async () => {
    const command = `awk '{ print NR " main " $0 " -> = 0" }'; sleep 60`;
    const { stdout } = await difference('sim', command, '--runs', '1', '--timeout', '1', ...EASY);
    expect(stdout).toMatch(/\n> behind the last answer\n.*\n>.*\| \(the command gave no end of its answer/);
  });

  test('one that forgets the separator in a batch', async () => {
    const words = ['--batch', '--runs', '1', '--timeout', '0.6', ...EASY];
    const { stdout } = await difference('sim', program('batch', 'forgetful'), ...words);
    expect(stdout).toContain('(the command gave no line %% within 0.6 s and was killed)');
  });

  test('one that says nothing, or ends before it is asked', async () => {
    const { stdout } = await difference('spec', 'exit 3', '--runs', '1', ...EASY);
    expect(stdout).toContain('(no answer: the command ended with exit code 3)');
    const batch = await difference('spec', 'exit 3', '--batch', '--runs', '1', ...EASY);
    expect(batch.stdout).toContain('(no answer: the command ended with exit code 3)');
  });

  test('in a batch one that crashes is started again for the next scenario', async () => {
    const starts = out('starts');
    const command = `echo x >> ${starts}; exec ${program('batch', 'crash:munlockall')}`;
    await difference('sim', command, '--batch', '--runs', '1', ...EASY);
    expect(readFileSync(starts, 'utf8').length / 2).toBeGreaterThan(3);
  });
});

describe('the options', () => {
  test('the same seed finds the same, another something else', async () => {
    const words = ['sim', program('wrong:munlockall'), '--ops', '30', '--calls', 'munlockall,mlockall', '--runs', '1'];
    const { scenario } = await difference(...words, '--seed', '7');
    expect((await difference(...words, '--seed', '7')).scenario).toBe(scenario);
    const drawn = async (seed: string): Promise<string> =>
      (await check('sim', 'spec', '--runs', '3', '--seed', seed, '--coverage')).stdout.replace(/\n.*?a second/, '');
    expect(await drawn('7')).toBe(await drawn('7'));
    expect(await drawn('8')).not.toBe(await drawn('7'));
  });

  test('--time ends it', async () => {
    const before = Date.now();
    const { stdout, code } = await check('sim', 'spec', '--time', '1s', '--ops', '10');
    expect(code).toBe(0);
    expect(Date.now() - before).toBeLessThan(8000);
    expect(Number(/\n([\d,]+) scenario/.exec(stdout)?.[1].replace(',', ''))).toBeGreaterThan(0);
  });

  test('--calls and --profile keep scenarios to what they name', async () => {
    const words = ['sim', 'spec', '--runs', '6', '--seed', '1', '--coverage'];
    const { stdout } = await check(...words, '--calls', 'mmap,load');
    const calls = [...stdout.matchAll(/^(\w+) \S+ \S+ \d+$/gm)].map((match) => match[1]);
    expect([...new Set(calls)].sort()).toEqual(['load16', 'load32', 'load64', 'load8', 'mmap']);
    expect((await check(...words, '--profile', 'anon')).stdout).not.toMatch(/^(fork|open|pread) /m);
    expect((await check(...words, '--profile', 'fork,file')).stdout).toMatch(/^fork /m);
  });

  test('--arena moves the addresses', async () => {
    const seen = out('seen.scn');
    const command = `tee ${seen} | ${process.execPath} --import tsx ${join(ROOT, 'src/cli/main.ts')} run - --arena 0x40000000:4M`;
    const words = ['--calls', 'mmap,load8', '--runs', '2', '--ops', '8', '--seed', '4', '--arena', '0x40000000:4M'];
    const { stdout, code } = await check('sim', 'spec', command, ...words);
    expect({ stdout, code }).toMatchObject({ code: 0 });
    expect(readFileSync(seen, 'utf8')).toContain('mmap(A');
  });

  test('--rules posix lets pass what POSIX leaves open, and keeps the rule with the scenario', async () => {
    const easy = [
      program('wrong:mlockall'),
      '--calls',
      'mlockall,munlockall',
      '--ops',
      '6',
      '--runs',
      '3',
      '--seed',
      '1',
    ];
    expect((await check('spec', ...easy, '--out', out('linux.scn'))).code).toBe(1);
    const { stdout, code } = await check('spec', ...easy, '--rules', 'posix');
    expect({ stdout, code }).toMatchObject({ code: 0, stdout: expect.stringMatching(/calls? could not be compared/) });
    const file = out('posix.scn');
    await check('sim', program('wrong:munlockall'), ...EASY, '--runs', '1', '--rules', 'posix', '--out', file);
    expect(readFileSync(file, 'utf8')).toMatch(/^# faultline check .* --rules posix .*\n(#.*\n)*# rules posix\n/m);
  });

  test('without --out a difference is kept in check-SEED-RUN.scn', async () => {
    const before = process.cwd();
    process.chdir(folder);
    try {
      await check('sim', program('wrong:munlockall'), '--runs', '1', ...EASY);
      expect(readdirSync(folder)).toContain('check-1-0.scn');
    } finally {
      process.chdir(before);
    }
  });
});

describe('a mistake is one sentence, exit code 2, and nothing is written', () => {
  test.each([
    [['sim'], 'one target cannot be compared; name two or more of sim, spec, linux or a command'],
    [
      ['sim', 'no-such-program', ...EASY],
      "the shell finds no command 'no-such-program'; a target is sim, spec, linux or a command line",
    ],
    [['sim', 'spec', '--runs', '0'], "--runs is '0'; it must be a whole number from 1 to 1000000000"],
    [['sim', 'spec', '--ops', 'many'], "--ops is 'many'; it must be a whole number from 1 to 2000"],
    [['sim', 'spec', '--jobs', '65'], "--jobs is '65'; it must be a whole number from 1 to 64"],
    [['sim', 'spec', '--time', '0'], "--time is '0'; write seconds, minutes or hours, such as 30s, 10m or 2h"],
    [['sim', 'spec', '--time', 'soon'], "--time is 'soon'; write seconds, minutes or hours, such as 30s, 10m or 2h"],
    [['sim', 'spec', '--timeout', '-1'], "--timeout is '-1'; it must be a number of seconds above 0, at most 86400"],
    [['sim', 'spec', '--profile', 'anon,flie'], /^--profile is 'flie'; choose of anon, file, fork, .*mixed$/],
    [['sim', 'spec', '--calls', 'mnap'], /^there is no call 'mnap'; the calls are open, dup, /],
    [
      ['sim', 'spec', '--calls', 'exit', '--runs', '2'],
      'nothing was compared: no scenario of exit alone got beyond its beginning; add a call to --calls',
    ],
    [['sim', 'spec', '--fs', 'vfat'], "--fs is 'vfat'; choose tmpfs or ext4"],
    [['sim', 'spec', '--arena', '16M'], "--arena is '16M'; write BASE:SIZE, such as 0x10000000:16M"],
    [
      ['sim', 'spec', '--arena', '0x10000001:16M'],
      'the arena is 0x10000001:0x1000000; its base and size must be multiples of 4096',
    ],
    [['sim', 'spec', '--arena', '0x10000000:4K'], 'the arena is 0x10000000:0x1000; its size must be at least 192K'],
    [
      ['sim', 'spec', '--arena', '0x7fff00000000:1M'],
      'the arena is 0x7fff00000000:0x100000; it must lie between 0x20000 and 0x555500000000, where the program begins',
    ],
    [['sim', 'spec', '--rules', 'bsd'], "--rules is 'bsd'; choose linux or posix"],
    [['sim', 'spec', '--shrink'], '--shrink cuts down a scenario of yours; name it with --replay FILE'],
    [['sim', 'spec', '--replay', '/no/such.scn'], /^cannot open \/no\/such\.scn: no such file or directory/],
    [['sim', 'spec', '--sed', '1'], /^unknown option '--sed'/],
  ])('%s', async (words, sentence) => {
    const { stdout, stderr, code } = await check(...words);
    expect({ stdout, code }).toEqual({ stdout: '', code: 2 });
    expect(stderr).toMatch(/^faultline: [^\n]*\n$/);
    const said = stderr.slice('faultline: '.length, -1);
    if (typeof sentence === 'string') expect(said).toBe(sentence);
    else expect(said).toMatch(sentence);
    expect(existsSync('check-1-0.scn')).toBe(false);
  });

  test('in calls of which no statement is drawn', async () => {
    const drawn = new Set(Object.values(CALLS_OF).flat());
    const [never] = [...callNames()].filter((call) => !drawn.has(call));
    if (never === undefined) return;
    const { stderr, code } = await check('sim', 'spec', '--calls', never);
    expect({ stderr, code }).toEqual({
      stderr: `faultline: no scenario is made of ${never} alone; add a call to --calls\n`,
      code: 2,
    });
  });

  test('in a scenario to be replayed names the file and the line', async () => {
    const file = out('broken.scn');
    writeFileSync(file, 'munlockall()\nload8(A\n');
    const { stderr, code } = await check('sim', 'spec', '--replay', file);
    expect(code).toBe(2);
    expect(stderr).toContain('broken.scn:2: a comma or the closing parenthesis');
  });
});
