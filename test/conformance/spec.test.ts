/**
 * The executable specification against every recorded scenario, on both file systems, line for line.
 *
 * A line is passed over only where the specification itself says that it does not say: what of a mapping is in
 * memory, and of an ext4 file is cached, is not its business. Which calls those may be is held down here.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { resolveConfig } from '../../src/config.ts';
import { withoutDirectives } from '../../src/node/check-targets.ts';
import { machineConfigOf, parseScenario, runScenario } from '../../src/scenario/scenario.ts';
import type { FileSystemName } from '../../src/spec/spec.ts';
import { specLayout } from '../../src/testing/spec-layout.ts';
import { SpecTarget } from '../../src/testing/spec-target.ts';

const FOLDER = new URL('./', import.meta.url);

/**
 * Folder of recordings -> how many scenarios there are at least. Those of asked settle what no source says
 * plainly.
 */
const FOLDERS = [
  ['scenarios/cases', 70],
  ['scenarios/random', 140],
  ['scenarios/asked', 5],
  ['scenarios/huge-pages', 4],
] as const;

/** Calls that may come to nothing that the specification says, by file system. */
const SILENT: Readonly<Record<FileSystemName, readonly string[]>> = {
  tmpfs: ['smaps', 'getrusage', 'pagemap', 'status', 'times'],
  ext4: ['smaps', 'getrusage', 'pagemap', 'status', 'times', 'mincore'],
};

/** Lines of other calls of which it says so, each in one recording: a write from behind the end of its own file (ext4). */
const UNTOLD: readonly string[] = ['6 main pwrite(fd1, A, 4096, 4*4096)'];

/** Stands for a line that the specification does not say, in what it prints and in the recording. */
const PASSED_OVER = '(not specified)';

function read(path: string): string {
  return readFileSync(new URL(path, FOLDER), 'utf8');
}

/** The recording that holds for a file system: its own, or the one that both share. */
function recordingOf(stem: string, fs: FileSystemName): string[] {
  const own = `${stem}.${fs}.expected`;
  const path = existsSync(new URL(own, FOLDER)) ? own : `${stem}.expected`;
  return read(path).replace(/\n$/, '').split('\n');
}

interface Run {
  readonly lines: readonly string[];
  /** The lines that were passed over, as they were printed. */
  readonly passedOver: ReadonlyMap<number, string>;
}

function run(stem: string, fs: FileSystemName): Run {
  const text = read(`${stem}.scn`);
  const machine = machineConfigOf(parseScenario(text, `${stem}.scn`));
  const target = new SpecTarget(specLayout(resolveConfig({ ...machine, fs })));
  const lines: string[] = [];
  const passedOver = new Map<number, string>();
  for (const line of runScenario(parseScenario(withoutDirectives(text), `${stem}.scn`), target)) {
    if (!target.isSpecified) passedOver.set(lines.length, line);
    lines.push(target.isSpecified ? line : PASSED_OVER);
  }
  return { lines, passedOver };
}

/** A line of output without what came of the statement. */
function statementIn(line: string): string {
  return line.slice(0, line.indexOf(' -> '));
}

/** The name of the call in a line of output. */
function callIn(line: string): string {
  return /^\d+ \w+ (?:\w+ *= *)?(\w+)\(/.exec(line)?.[1] ?? line;
}

const stemsOf = (folder: string): string[] =>
  readdirSync(new URL(folder, FOLDER))
    .filter((name) => name.endsWith('.scn'))
    .map((name) => `${folder}/${name.slice(0, -'.scn'.length)}`);

describe.each(FOLDERS)('the scenarios in %s', (folder, least) => {
  const stems = stemsOf(folder);

  test('are there', () => {
    expect(stems.length).toBeGreaterThan(least);
  });

  describe.each(['tmpfs', 'ext4'] as const)('on %s', (fs) => {
    test.each(stems)('%s', (stem) => {
      const { lines, passedOver } = run(stem, fs);
      const recorded = recordingOf(stem, fs).map((line, index) => (passedOver.has(index) ? PASSED_OVER : line));
      expect(lines).toEqual(recorded);
      for (const line of passedOver.values())
        if (!UNTOLD.includes(statementIn(line))) expect(SILENT[fs]).toContain(callIn(line));
    });
  });
});

test('few lines are passed over', () => {
  const runs = stemsOf('scenarios/cases').map((stem) => run(stem, 'ext4'));
  const all = runs.reduce((sum, { lines }) => sum + lines.length, 0);
  const silent = runs.reduce((sum, { passedOver }) => sum + passedOver.size, 0);
  expect(silent).toBeGreaterThan(0);
  expect(silent / all).toBeLessThan(0.05);
});

test('a write from behind the end of its own file is passed over', () => {
  const { passedOver } = run('scenarios/asked/writes-growing', 'ext4');
  expect([...passedOver.values()].map(statementIn)).toEqual(UNTOLD);
});
