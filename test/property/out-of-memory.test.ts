/**
 * Every allocation of a program fails once: the program may see ENOMEM and what follows from it, its process may be killed, but the
 * machine stays whole and nothing leaks.
 */
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Machine, type MachineConfig } from '../../src/index.ts';
import { MachineTarget } from '../../src/scenario/machine-target.ts';
import { parseScenario, runScenario, type Scenario } from '../../src/scenario/scenario.ts';
import { runs } from '../helpers/fuzz.ts';
import { kernelOf } from '../helpers/meddling.ts';
import { FILE_SYSTEMS, programs, showing } from '../helpers/program-run.ts';

const CASES = new URL('../conformance/scenarios/cases/', import.meta.url);
const RAM = '4M';

/** Scenarios that allocate in every way there is. */
const NAMES = [
  'brk-fork',
  'cross-page-access',
  'efault-and-partial-transfers',
  'file-holes-and-sizes',
  'fork-private-file',
  'fork-tree-cow',
  'growsdown',
  'guard-file-and-shared',
  'madvise-free',
  'madvise-populate',
  'populate-write-makes-copies',
  'mremap-dontunmap',
];

interface Outcome {
  readonly lines: readonly string[];
  /** Frame allocations asked for. */
  readonly requests: number;
}

/** Runs a scenario whose allocation number `failing` fails, ends everything, and checks that nothing is left. */
function run(scenario: Scenario, config: MachineConfig, failing: number): Outcome {
  const target = new MachineTarget({ ...config, ram: RAM });
  const { parts } = kernelOf(target);
  const before = parts.allocator.requests;
  target.machine.failAllocation(failing);
  const lines = [...runScenario(scenario, target)];
  target.machine.failAllocation(-1);
  const requests = parts.allocator.requests - before;
  expectNothingLeft(target, config);
  return { lines, requests };
}

function expectNothingLeft(target: MachineTarget, config: MachineConfig): void {
  const { machine } = target;
  const last = machine.spawn();
  for (const path of kernelOf(target).parts.namespace.root.children?.keys() ?? []) last.unlink(path);
  for (const process of machine.processes()) process.exit();
  machine.check();
  const { nr_free_pages, nr_file_pages, nr_page_table_pages, nr_dirty } = machine.vmstat();
  const fresh = new Machine({ ...config, ram: RAM }).vmstat();
  expect({ nr_free_pages, nr_file_pages, nr_page_table_pages, nr_dirty }).toEqual({
    nr_free_pages: fresh['nr_free_pages'],
    nr_file_pages: 0,
    nr_page_table_pages: 0,
    nr_dirty: 0,
  });
}

/** Lines from the first that differs on, without those that only tell what is mapped or cached. */
function firstDifference(lines: readonly string[], usual: readonly string[]): [string, string] | null {
  const telling = (all: readonly string[]): string[] => all.filter((line) => !/^\d+ \w+ (smaps|mincore)\(/.test(line));
  const [a, b] = [telling(lines), telling(usual)];
  const place = a.findIndex((line, index) => line !== b[index]);
  return place < 0 ? null : [a[place] as string, b[place] as string];
}

/** What a call may come to when a frame is missing: an errno, death, a fault, a short transfer. */
function isExcusable([line, usual]: readonly [string, string]): boolean {
  if (/-> = -1 (ENOMEM|EAGAIN|EFAULT)$/.test(line) || /\+\+\+ killed by SIGKILL \+\+\+$/.test(line)) return true;
  const [count, most] = [line, usual].map((text) => Number(/-> = (\d+)/.exec(text)?.[1] ?? Number.NaN));
  return (count as number) < (most as number);
}

function failEach(scenario: Scenario, config: MachineConfig): number {
  const usual = run(scenario, { ...config, invariants: 0 }, -1);
  let seen = 0;
  for (let failing = 0; failing < usual.requests; failing++) {
    try {
      const { lines } = run(scenario, config, failing);
      const difference = firstDifference(lines, usual.lines);
      if (difference === null) continue;
      seen++;
      expect([isExcusable(difference), ...difference]).toEqual([true, ...difference]);
    } catch (error) {
      if (error instanceof Error) error.message += `\nwhen allocation ${failing} of ${usual.requests} failed`;
      throw error;
    }
  }
  return seen;
}

describe.each(['tmpfs', 'ext4'] as const)('each allocation fails once on %s', (fs) => {
  test('the scenarios are there', () => {
    expect(readdirSync(CASES)).toEqual(expect.arrayContaining(NAMES.map((name) => `${name}.scn`)));
  });

  test.each(NAMES)('%s', (name) => {
    const scenario = parseScenario(readFileSync(new URL(`${name}.scn`, CASES), 'utf8'), name);
    expect(failEach(scenario, { fs, invariants: 2 })).toBeGreaterThan(0);
  });
});

/** What populates on the side does so silently: a missing copy would only show much later. */
const reporting = programs(25).map((text) => text.replaceAll(/\|MAP_(POPULATE|LOCKED)/g, ''));

test('each allocation of a random program fails once', () => {
  fc.assert(
    fc.property(reporting, FILE_SYSTEMS, (text, fs) => {
      showing(text, () => failEach(parseScenario(text, 'program.scn'), { fs, invariants: 2 }));
    }),
    { numRuns: runs(20) },
  );
});
