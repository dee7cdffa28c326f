/** `faultline run`: its formats, its options, and one sentence for every mistake before anything is printed. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { faultline } from '../../helpers/command-line.ts';
import { ROOT } from '../../helpers/repository.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-run-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** The path of a file with this text. */
function file(text: string | Uint8Array, name = 'a.scn'): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** The lines that a scenario prints. */
async function run(text: string, ...flags: string[]): Promise<string[]> {
  const { stdout, stderr, code } = await faultline('run', file(text), ...flags);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  return stdout.replace(/\n$/, '').split('\n');
}

/** The sentence of a run that is refused, `FILE` for the scenario. */
async function refusal(text: string, ...flags: string[]): Promise<string> {
  const path = file(text);
  const { stdout, stderr, code } = await faultline('run', path, ...flags);
  expect({ stdout, code }).toEqual({ stdout: '', code: 2 });
  expect(stderr).toMatch(/^faultline: [^\n]*\n$/);
  return stderr.slice('faultline: '.length, -1).replaceAll(path, 'FILE');
}

const TWO_PAGES = 'p = mmap(NULL, 2*4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0)';

describe('the output', () => {
  test('is a line a statement, as a real kernel would print it', async () => {
    expect(await run(`# a comment\n${TWO_PAGES}\nstore8(p+4096, 7)   # here\nload8(p+8192)\nmaps()\n`)).toEqual([
      `2 main ${TWO_PAGES} -> = p`,
      '3 main store8(p+4096, 7) -> = 0',
      '4 main load8(p+8192) -> --- SIGSEGV {si_code=SEGV_MAPERR, si_addr=p+0x2000} ---',
      '5 main maps() -> = 1',
      '  p-p+0x2000 rw-p 00000000',
    ]);
  });

  test('has directives in the same style', async () => {
    expect(
      await run(`% machine cpus=2 ram=1M\n${TWO_PAGES}\n% vmstat pgfault\nstore8(p, 1)\n% vmstat pgfault`),
    ).toEqual([
      '1 % machine cpus=2 ram=1M -> = x86-64, 1 MiB of RAM, 2 CPUs, files on tmpfs',
      `2 main ${TWO_PAGES} -> = p`,
      '3 % vmstat pgfault -> = 0',
      '4 main store8(p, 1) -> = 0',
      '5 % vmstat pgfault -> = 1',
    ]);
  });

  test('of an empty scenario is empty', async () => {
    expect(await faultline('run', file('# nothing\n'))).toEqual({ stdout: '', stderr: '', code: 0 });
  });

  test('comes in pieces, whole lines in order, however long it is', async () => {
    const lines = await run(Array.from({ length: 3000 }, () => 'dup(1)').join('\n'));
    expect(lines).toHaveLength(3000);
    expect(lines[2999]).toBe('3000 main dup(1) -> = -1 EMFILE');
  });
});

describe('the options', () => {
  test('choose the machine, over what the scenario says', async () => {
    const [line] = await run('% machine fs=ext4 ram=1M\n', '--fs', 'tmpfs', '--cpus', '3', '--seed', 'x');
    expect(line).toContain('x86-64, 1 MiB of RAM, 3 CPUs, files on tmpfs');
    const [other] = await run('% machine\n', '--ram', '16M', '--fs', 'ext4');
    expect(other).toContain('16 MiB of RAM, 1 CPU, files on ext4');
  });

  test('--explain puts the path of each access below it, and the comments of the scenario between', async () => {
    const lines = await run(`# first\n${TWO_PAGES}\n\n# now\n#  touch it\nload8(p)\n`, '--explain');
    expect(lines.slice(0, 8)).toEqual([
      '# first',
      `2 main ${TWO_PAGES} -> = p`,
      '    new VMA 0x7ffff7bfe000-0x7ffff7c00000 rw-p; its pages come when they are touched',
      '',
      '# now',
      '#  touch it',
      '6 main load8(p) -> = 0x0',
      '    load at 0x7ffff7bfe000 (p)',
    ]);
    expect(lines.at(-1)).toBe('      TLB filled, physical address 0x1000');
  });

  test('--explain tells of a hit what the TLB holds', async () => {
    const lines = await run(`${TWO_PAGES}\nstore32(p, 1)\nload16(p+2)`, '--explain');
    expect(lines.slice(-3)).toEqual([
      '3 main load16(p+2) -> = 0x0',
      '    load at 0x7ffff7bfe002 (p+0x2)',
      '      TLB hit in level 1, physical address 0x6002',
    ]);
  });

  test('the lines of a run with --explain are those of one without', async () => {
    const text = `${TWO_PAGES}\ncopyout(p, "x"*8192)\nc = fork()\nc: store8(p, 1)\nsmaps(p)\nmaps()\nwait(c)\nload8(NULL)`;
    const plain = await run(text);
    expect((await run(text, '--explain')).filter((line) => !line.startsWith('    '))).toEqual(plain);
  });
});

describe('--json', () => {
  async function objects(text: string, ...flags: string[]): Promise<Record<string, unknown>[]> {
    const lines = await run(text, '--json', ...flags);
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  test('is an object a line with the answer in parts', async () => {
    const got = await objects(`${TWO_PAGES}\nc: copyin(p, 2)\nc = fork()\ncopyin(p, 2)\nload8(1)\nmaps()\n% time`);
    expect(got[0]).toEqual({
      line: 1,
      who: 'main',
      statement: TWO_PAGES,
      result: '= p',
      answer: { kind: 'value', value: '0x7ffff7bfe000' },
    });
    expect(got[1]).toMatchObject({ who: 'c', result: '= dead', answer: { kind: 'dead' } });
    expect(got[3]).toMatchObject({ result: '= "\\x00\\x00"', answer: { kind: 'bytes', bytes: '0000' } });
    expect(got[4].answer).toEqual({
      kind: 'signal',
      signal: { name: 'SIGSEGV', code: 'SEGV_MAPERR', address: '0x1' },
      outcome: 'caught',
    });
    expect(got[5]).toMatchObject({ result: '= 1', details: ['p-p+0x2000 rw-p 00000000'] });
    expect(got[6]).toEqual({ line: 7, who: '%', statement: 'time', result: expect.stringMatching(/^= \d+ ns$/) });
  });

  test('with --explain has the explanation and the records', async () => {
    const [, load] = await objects(`${TWO_PAGES}\nload8(p)`, '--explain');
    expect(load.explanation).toContain('  TLB filled, physical address 0x1000');
    expect(load.trace).toContainEqual({
      kind: 'page_fault_user',
      timeNs: expect.any(Number),
      task: 1,
      fields: { va: 0x7ffff7bfe000, errorCode: 4 },
    });
  });
});

describe('a mistake is one sentence, and nothing runs', () => {
  test.each([
    ['a line', 'dup(1)\nload8(1', 'FILE:2: a comma or the closing parenthesis of the call should stand here'],
    ['a call', 'dup(1)\nloud8(1)', 'FILE:2: there is no call loud8; did you mean load8?'],
    ['a directive', 'dup(1)\n% explian 1', 'FILE:2: there is no directive explian; did you mean explain?'],
    [
      'no address',
      'dup(1)\n% explain',
      'FILE:2: explain has 0 words behind it; it is written % explain ADDRESS [PROCESS]',
    ],
    ['a name', 'dup(1)\n% explain q', 'FILE:2: q is not bound by any line'],
    ['a process', 'dup(1)\n% cpu you 0', 'FILE:2: there is no process you; there are main'],
    ['a CPU', 'dup(1)\n% cpu main 1', 'FILE:2: cpu is 1; it must be below 1'],
    ['a counter', 'dup(1)\n% vmstat pgfaults', 'FILE:2: there is no counter pgfaults; did you mean pgfault?'],
    ['a setting', '% machine rom=1M', "FILE:1: 'rom=1M' is no setting of a machine; did you mean ram?"],
    ['a bare setting', '% machine 16M', "FILE:1: '16M' is no setting of a machine; write name=value without blanks"],
    ['a wrong setting', '% machine ram=3', 'FILE:1: ram is 3 bytes; it must be a whole number of pages'],
    ['a machine too late', 'dup(1)\n% machine ram=1M', 'FILE:2: % machine stands once, before the first call'],
  ])('%s', async (_what, text, sentence) => {
    expect(await refusal(text)).toContain(sentence);
  });

  test.each([
    [['--ram', '3'], '--ram is 3 bytes; it must be a whole number of pages of 4096 bytes, at least 8'],
    [['--ram', 'much'], "--ram is 'much', which is not a size: write bytes or a number with K, M or G, such as 64M"],
    [['--ram', '5G'], '--ram is 5G; it can be at most 4G'],
    [['--cpus', '0'], '--cpus is 0; it must be a whole number from 1 to 64'],
    [['--cpus', 'two'], "--cpus is 'two'; it must be a whole number, such as 2"],
    [['--fs', 'xfs'], "--fs is 'xfs'; choose tmpfs or ext4"],
    [['--frob'], "unknown option '--frob'. See faultline --help."],
  ])('%j', async (flags, sentence) => {
    expect(await refusal('dup(1)', ...flags)).toBe(sentence);
  });

  test.each([
    ['/nonexistent/a.scn', 'cannot open /nonexistent/a.scn: no such file or directory.'],
    [ROOT, `cannot read ${ROOT}: illegal operation on a directory.`],
  ])('the file %s', async (path, sentence) => {
    expect(await faultline('run', path)).toEqual({ stdout: '', stderr: `faultline: ${sentence}\n`, code: 2 });
  });

  test('a file that is not UTF-8', async () => {
    const path = file(Buffer.from('dup(1)\n# \xff\n', 'latin1'), 'latin.scn');
    const { stdout, stderr } = await faultline('run', path);
    expect({ stdout, stderr }).toEqual({
      stdout: '',
      stderr: `faultline: ${path}:2: a byte here is not UTF-8; save the file as UTF-8\n`,
    });
  });
});

describe('the real command', () => {
  function spawn(input: string, ...words: string[]): ReturnType<typeof spawnSync> {
    return spawnSync(process.execPath, ['--import', 'tsx', join(ROOT, 'src/cli/main.ts'), ...words], {
      cwd: ROOT,
      encoding: 'utf8',
      input,
    });
  }

  test('reads the standard input for -', () => {
    expect(spawn(`${TWO_PAGES}\nload8(p)\n`, 'run', '-')).toMatchObject({
      status: 0,
      stdout: `1 main ${TWO_PAGES} -> = p\n2 main load8(p) -> = 0x0\n`,
      stderr: '',
    });
  });

  test('names it in a mistake, and ends with 2', () => {
    expect(spawn('load8(\n', 'run', '-')).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/^faultline: standard input:1: [^\n]*\n$/),
    });
  });
});
