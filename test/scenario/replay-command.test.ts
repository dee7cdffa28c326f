/** `faultline replay` as a user meets it: output, exit code, and one sentence for whatever is wrong with the input. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAPS, START } from '../helpers/replay-run.ts';
import { ROOT } from '../helpers/repository.ts';

const SEED = join(ROOT, 'examples/traces/seed');

let scratch = '';
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'faultline-'));
});
afterAll(() => rmSync(scratch, { recursive: true }));

function faultline(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, ['--import', 'tsx', join(ROOT, 'src/cli/main.ts'), 'replay', ...words], {
    cwd: ROOT,
    encoding: 'utf8',
  });
}

/** A copy of the seed trace, to be spoilt. */
function copyOfSeed(name: string): string {
  const folder = join(scratch, name);
  cpSync(SEED, folder, { recursive: true });
  return folder;
}

/** A folder with these files. */
function folderOf(name: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = join(scratch, name);
  mkdirSync(join(folder, 'truth'), { recursive: true });
  for (const [file, content] of Object.entries(files)) writeFileSync(join(folder, file), content);
  return folder;
}

/** The one line on stderr of a command that refuses its input. */
function refusal(...words: string[]): string {
  const { status, stdout, stderr } = faultline(...words);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatch(/^faultline: [^\n]*\n$/);
  return stderr.slice('faultline: '.length, -1);
}

describe('a replay', () => {
  test('prints a report, and nothing else to what is no terminal', () => {
    const { status, stdout, stderr } = faultline(SEED);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/^p0 +255 +1 +255 +1 +equal /m);
  });

  test('prints one JSON object with --json', () => {
    const { status, stdout } = faultline(SEED, '--json', '--ram', '256M');
    expect(status).toBe(0);
    expect(stdout.trimEnd()).not.toContain('\n');
    expect(JSON.parse(stdout)).toMatchObject({
      accesses: 245477,
      tlb: { l1Hits: expect.any(Number), l2Misses: expect.any(Number) },
      processes: [
        { process: 'p0', minorFaults: 255, majorFaults: 1, truth: { minorFaults: 255, majorFaults: 1 } },
        { process: 'p1' },
        { process: 'p2' },
        { process: 'p3' },
      ],
    });
  });
});

describe('one sentence and exit code 2', () => {
  test('for no folder, a wrong folder, a file', () => {
    expect(refusal()).toBe("missing required argument 'dir'. See faultline --help.");
    expect(refusal(join(scratch, 'none'))).toBe(
      `${join(scratch, 'none')} does not exist; give a folder with a recorded run`,
    );
    const file = join(SEED, 'strace.txt');
    expect(refusal(file)).toBe(`${file} is a file; give the folder that holds the recorded run`);
    expect(refusal(folderOf('empty', {}))).toContain('holds no log of accesses');
  });

  test('for an unknown flag, an odd size, too little RAM', () => {
    expect(refusal(SEED, '--fast')).toBe("unknown option '--fast'. See faultline --help.");
    expect(refusal(SEED, '--ram', 'lots')).toContain("'lots'");
    expect(refusal(SEED, '--ram', '1M')).toContain('--ram');
  });

  test('for a log cut off inside gzip, with its name', () => {
    const folder = copyOfSeed('cut');
    const log = join(folder, 'nstep.p0.txt.gz');
    writeFileSync(log, readFileSync(log).subarray(0, 100_000));
    expect(refusal(folder)).toBe(`${log}: the gzip data end too early; the file was cut off, copy or record it again`);
  });

  test('for a malformed line, with its number', () => {
    const folder = copyOfSeed('malformed');
    const lines = gunzipSync(readFileSync(join(folder, 'nstep.p0.txt.gz')))
      .toString()
      .split('\n');
    lines[49_999] = ' L 7ffff7fe4b7x,8';
    rmSync(join(folder, 'nstep.p0.txt.gz'));
    writeFileSync(join(folder, 'nstep.p0.txt'), lines.join('\n'));
    expect(refusal(folder)).toContain("nstep.p0.txt:50000: ' L 7ffff7fe4b7x,8' is no access: right would be");
  });

  test.each(['nstep.p2.txt.gz', 'truth/p0.maps-exec'])('for %s missing', (file) => {
    const folder = copyOfSeed(`without-${file.replace('/', '-')}`);
    rmSync(join(folder, file));
    expect(refusal(folder)).toMatch(/holds no log of process p2|has no truth\/p0\.maps-exec/);
  });

  test('for a strace of another layout', () => {
    const folder = copyOfSeed('layout');
    const strace = readFileSync(join(folder, 'strace.txt'), 'utf8').replaceAll('0x7ffff7', '0x7f1234');
    writeFileSync(join(folder, 'strace.txt'), strace);
    expect(refusal(folder)).toContain('the addresses of the two logs disagree');
  });

  test('for first mappings of another layout', () => {
    const folder = copyOfSeed('maps');
    const maps = readFileSync(join(folder, 'truth/p0.maps-exec'), 'utf8').replaceAll('7ffff7', '7f1234');
    writeFileSync(join(folder, 'truth/p0.maps-exec'), maps);
    expect(refusal(folder)).toContain('lies in none of its first mappings');
  });

  test("for Valgrind's log without its calls", () => {
    const folder = folderOf('lackey', { 'lackey.txt': 'I  04000010,3\n', 'truth/p0.maps-exec': MAPS });
    expect(refusal(folder)).toContain('record with --trace-syscalls=yes');
  });

  test('for malformed strace, mappings and counts', () => {
    const files = { 'nstep.p0.txt': START, 'truth/p0.maps-exec': MAPS };
    expect(refusal(folderOf('bad-strace', { ...files, 'strace.txt': '1  close(3) = 0\noops\n' }))).toContain(
      "strace.txt:2: 'oops' is no line of strace",
    );
    expect(refusal(folderOf('bad-maps', { ...files, 'truth/p0.maps-exec': 'oops\n' }))).toContain(
      "truth/p0.maps-exec:1: 'oops' is no line of /proc/PID/maps",
    );
    expect(refusal(folderOf('bad-truth', { ...files, 'truth/truth.jsonl': 'oops\n' }))).toContain(
      "truth/truth.jsonl:1: 'oops' is no record",
    );
  });
});
