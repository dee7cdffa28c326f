/**
 * The machine against every recorded scenario, on both file systems, line for line, with every invariant checked after each call.
 *
 * `X.expected` is what Linux 6.18 printed with its files on tmpfs; `X.ext4.expected` stands only where ext4 gave something else.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { MachineTarget } from '../../src/scenario/machine-target.ts';
import { machineConfigOf, parseScenario, runScenario } from '../../src/scenario/scenario.ts';

const FOLDER = new URL('./scenarios/', import.meta.url);

function read(path: string): string {
  return readFileSync(new URL(path, FOLDER), 'utf8');
}

/** The recording that holds for a file system: its own, or the one that both share. */
function recordingOf(stem: string, fs: 'tmpfs' | 'ext4'): string[] {
  const own = `${stem}.${fs}.expected`;
  const path = existsSync(new URL(own, FOLDER)) ? own : `${stem}.expected`;
  return read(path).replace(/\n$/, '').split('\n');
}

/** The kernel prints none: `% machine` says which machine answers as the one did that was asked. */
function isDirective(line: string): boolean {
  return /^\d+ % /.test(line);
}

/** Processes and threads run on different ones, so that what one unmaps has to leave the TLBs of others. */
const CPUS = 3;

function run(stem: string, fs: 'tmpfs' | 'ext4'): string[] {
  const path = `${stem}.scn`;
  const scenario = parseScenario(read(path), path);
  const target = new MachineTarget({ fs, ram: '16M', ...machineConfigOf(scenario), invariants: 2, cpus: CPUS });
  return [...runScenario(scenario, target)].filter((line) => !isDirective(line));
}

/**
 * Folder of recordings, and how many scenarios there are at least. Those of asked settle what no source says plainly; those of
 * huge-pages were asked with vm.nr_hugepages as `% machine` says; those of residency show what of a file is in memory, which the
 * specification does not say.
 */
const FOLDERS = [
  ['cases', 70],
  ['random', 140],
  ['asked', 6],
  ['huge-pages', 4],
  ['residency', 1],
] as const;

describe.each(FOLDERS)('the scenarios in %s', (folder, least) => {
  const stems = readdirSync(new URL(folder, FOLDER))
    .filter((name) => name.endsWith('.scn'))
    .map((name) => `${folder}/${name.slice(0, -'.scn'.length)}`);

  test('are there', () => {
    expect(stems.length).toBeGreaterThan(least);
  });

  describe.each(['tmpfs', 'ext4'] as const)('on %s', (fs) => {
    test.each(stems)('%s', (stem) => {
      expect(run(stem, fs)).toEqual(recordingOf(stem, fs));
    });
  });
});

test('ext4 has recordings of its own where it differs', () => {
  const own = readdirSync(new URL('cases', FOLDER)).filter((name) => name.endsWith('.ext4.expected'));
  expect(own.length).toBeGreaterThan(3);
  for (const name of own) expect(read(`cases/${name}`)).not.toBe(read(`cases/${name.replace('.ext4', '')}`));
});
