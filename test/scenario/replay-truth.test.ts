/**
 * Recorded programs replayed, and the kernel's own account of the same runs: counts, the pages that faulted in their order, and
 * what was resident at the end.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodeRecord, TRACE_EVENT } from '../../src/index.ts';
import { replayFolder } from '../../src/node/trace-folder.ts';
import { formatReport, Replay, type ReplayResult, recordedRun, StraceLog } from '../../src/replay/replay.ts';
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

/** How many faults of process 0 had been counted since its execve at each access that ended in a signal. */
function countedBeforeAttempts(name: string): number[] {
  const lines = readFileSync(join(TRACES, name, 'truth/truth.jsonl'), 'utf8')
    .trimEnd()
    .split('\n');
  const records = lines.map(
    (line) => JSON.parse(line) as { ev: string; si_addr?: string; minflt: number; majflt: number },
  );
  const start = records.find(({ ev }) => ev === 'exec');
  const attempts = records.filter(({ ev, si_addr }) => ev === 'signal' && si_addr !== undefined);
  return attempts.map(({ minflt, majflt }) => minflt + majflt - (start?.minflt ?? 0));
}

/** The pages of the kernel's list by process in the order of their making, without those that execve itself touched. */
function kernelPages(name: string): string[][] {
  const text = gunzipSync(readFileSync(join(TRACES, name, 'truth/faults.txt.gz'))).toString();
  const byPid = new Map<string, string[]>();
  for (const [, pid = '', address = '', ip] of text.matchAll(FAULT)) {
    if (ip !== 'elf_load') byPid.set(pid, [...(byPid.get(pid) ?? []), address.slice(0, -3)]);
  }
  const pages = [...byPid.values()];
  // Attempts are in the list, but are no faults that count.
  for (const counted of countedBeforeAttempts(name)) pages[0]?.splice(counted, 1);
  return pages;
}

/** A tracepoint line: pid, address, what touched it. */
const FAULT = / (\d+)\/\d+ .*page_fault_(?:user|kernel): address=0x([0-9a-f]+) ip=(\S+)/g;

/** The pages whose faults the machine resolved, by task in the order of their making. */
function predictedPages(name: string): string[][] {
  const folder = join(TRACES, name);
  const files = readdirSync(folder, { recursive: true }).map((file) => `${file}`.replaceAll('\\', '/'));
  const run = recordedRun(folder, files);
  const read = (file: string): Buffer => {
    const bytes = readFileSync(join(folder, file));
    return file.endsWith('.gz') ? gunzipSync(bytes) : bytes;
  };
  const strace = new StraceLog('strace.txt');
  strace.push(read('strace.txt'));
  strace.end();
  const maps = new Map([...run.maps].map(([process, file]) => [process, read(file).toString()]));
  const replay = new Replay(run, { folder, ram: '1G', maps, strace });
  const byTask = new Map<number, string[]>();
  const drain = (records: Float64Array, count: number): void => {
    for (let place = 0; place < count; place++) {
      const { kind, task, fields } = decodeRecord(records, place);
      if (kind !== 'fault_done' || fields['result'] !== 0) continue;
      byTask.set(task, [...(byTask.get(task) ?? []), Math.floor((fields['va'] as number) / 4096).toString(16)]);
    }
  };
  replay.machine.attach({ mask: TRACE_EVENT, drain });
  const supplied = new Set<string>();
  for (let file = replay.advance(); file !== undefined; file = replay.advance()) {
    replay.supply(file, supplied.has(file) ? undefined : read(file));
    supplied.add(file);
  }
  replay.result(new Map());
  return [...byTask.values()];
}

describe('the pages that fault, in their order', () => {
  test.each(NAMES)('%s', (name) => {
    const predicted = predictedPages(name);
    // What the machine touched on behalf of execve stands before the first instruction: data, stack.
    const executed =
      predicted[0]?.findIndex((page, place, pages) => page === FIRST_PAGE && pages[place + 1] === SECOND_PAGE) ?? 0;
    predicted[0] = (predicted[0] ?? []).slice(executed);
    expect(predicted).toEqual(kernelPages(name));
  });
});

/** Pages of the loader's first instruction and of its first store to its data. */
const FIRST_PAGE = '7ffff7fe4';
const SECOND_PAGE = '7ffff7ffd';

test('the report names the counts of both', () => {
  const report = formatReport('examples/traces/seed', resultOf('seed'));
  expect(report).toMatch(/^p0 +255 +1 +255 +1 +equal /m);
  expect(report).toMatch(/^p3 +26 +0 +26 +0 +equal /m);
  expect(report).toContain('accesses  245,477: 167,150 fetches, 28,978 loads, 47,688 stores, 1,661 modifies');
});
