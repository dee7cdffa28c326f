/**
 * Recorded programs replayed, and the kernel's own account of the same runs: counts, the pages that faulted in their order, and
 * what was resident at the end.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { replayFolder } from '../../src/node/trace-folder.ts';
import { formatReport, type ReplayResult } from '../../src/replay/replay.ts';
import { ROOT } from '../helpers/repository.ts';

const TRACES = join(ROOT, 'examples/traces');
const OPTIONS = { ram: '1G', onProgress: () => {} };

/** Process, program, minor and major faults as the kernel counted them. */
const KERNEL = {
  ls: [['p0', 102, 0]],
  'matmul-row': [['p0', 239, 0]],
  snapshot: [
    ['p0', 828, 0],
    ['p1', 21, 0],
  ],
  seed: [
    ['p0', 255, 1],
    ['p1', 26, 0],
    ['p2', 26, 0],
    ['p3', 26, 0],
  ],
} as const;
const NAMES = Object.keys(KERNEL) as (keyof typeof KERNEL)[];

let scratch = '';
const results = new Map<string, ReplayResult>();

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'faultline-'));
  for (const name of NAMES) results.set(name, await replayFolder(join(TRACES, name), OPTIONS));
});
afterAll(() => rmSync(scratch, { recursive: true }));

function resultOf(name: string): ReplayResult {
  return results.get(name) as ReplayResult;
}

/** What a replay says when nothing but first mappings lies in truth/. */
async function withoutTruth(name: string): Promise<ReplayResult> {
  const copy = join(scratch, name);
  cpSync(join(TRACES, name), copy, { recursive: true });
  for (const file of readdirSync(join(copy, 'truth')))
    if (!file.endsWith('.maps-exec')) rmSync(join(copy, 'truth', file));
  return replayFolder(copy, OPTIONS);
}

describe.each(NAMES)('%s', (name) => {
  test('faults as the kernel counted them', () => {
    const predicted = resultOf(name).processes.map(({ process, minorFaults, majorFaults }) => [
      process,
      minorFaults,
      majorFaults,
    ]);
    expect(predicted).toEqual(KERNEL[name]);
  });

  test('shows the counts of truth.jsonl beside them', () => {
    for (const { minorFaults, majorFaults, truth } of resultOf(name).processes)
      expect(truth).toEqual({ minorFaults, majorFaults });
  });

  test('predicts the same without them', async () => {
    const result = await withoutTruth(name);
    expect(result.processes.every(({ truth }) => truth === null)).toBe(true);
    const known = {
      ...resultOf(name),
      processes: resultOf(name).processes.map((process) => ({ ...process, truth: null })),
    };
    expect(result).toEqual(known);
  });

  test('every access found its mapping', () => {
    expect(resultOf(name)).toMatchObject({ lostAccesses: 0, firstLost: null });
  });

  test('is the same when replayed again', async () => {
    expect(await replayFolder(join(TRACES, name), OPTIONS)).toEqual(resultOf(name));
  });

  test('faults by kind add up', () => {
    for (const { faultsByKind, minorFaults, majorFaults } of resultOf(name).processes) {
      const counts = Object.values(faultsByKind);
      expect(counts.reduce((sum, { minor }) => sum + minor, 0)).toBe(minorFaults);
      expect(counts.reduce((sum, { major }) => sum + major, 0)).toBe(majorFaults);
    }
  });

  test('ends with the pages that the kernel had resident', () => {
    for (const { process, finalResidentPages } of resultOf(name).processes) {
      expect([process, finalResidentPages]).toEqual([process, residentAtExit(name, process)]);
    }
  });
});

/** Resident pages in truth/pK.res-exit: all letters but `.` (absent) and `z` (the page of zeros, which the kernel does not count). */
function residentAtExit(name: string, process: string): number {
  const text = readFileSync(join(TRACES, name, `truth/${process}.res-exit`), 'utf8');
  const runs = text
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/(\d+)([a-zA-Z.])/g)]);
  return runs.reduce((sum, [, count, letter]) => sum + (letter === '.' || letter === 'z' ? 0 : Number(count)), 0);
}

test('the kernel lists its faults', () => {
  const text = gunzipSync(readFileSync(join(TRACES, 'ls/truth/faults.txt.gz'))).toString();
  expect(text.match(/page_fault_(?:user|kernel)/g)).toHaveLength(104);
});

test('the report names the counts of both', () => {
  const report = formatReport('examples/traces/seed', resultOf('seed'));
  expect(report).toMatch(/^p0 +255 +1 +255 +1 +equal /m);
  expect(report).toMatch(/^p3 +26 +0 +26 +0 +equal /m);
  expect(report).toContain('accesses  245,477: 167,150 fetches, 28,978 loads, 47,688 stores, 1,661 modifies');
});
