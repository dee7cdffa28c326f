/**
 * Measures one curve in a process of its own: `node curve-process.js NAME` prints `[ns]`, one for each size.
 *
 * The sizes are measured in turn, so that a busy host is busy for each of them; where one size alone takes gigabytes, one after the other.
 * The least of several runs counts: what disturbs only ever adds.
 */
import { inJavaScript, type Timed } from '../measure.ts';
import { cacheAppend, cacheFault, cacheFsync, cacheLookup, cachePunch, cacheRead, cacheTruncate } from './cache.ts';
import { cpusFault, cpusLoad, cpusMunmap } from './cpus.ts';
import { AMOUNTS, CURVES, type CurveName, type Grow, type Grown } from './curves.ts';
import { sharersCow, sharersFault, sharersTruncate, sharersWriteback } from './sharers.ts';
import {
  tablesFault,
  tablesLoad,
  tablesMunmap,
  touchedFault,
  touchedFork,
  touchedLoad,
  touchedMunmap,
} from './touched.ts';
import { vmasFault, vmasMapPair, vmasMprotect, vmasMsync } from './vmas.ts';

const GROW: Readonly<Record<CurveName, Grow>> = {
  'vmas-map-pair': vmasMapPair,
  'vmas-mprotect': vmasMprotect,
  'vmas-fault': vmasFault,
  'vmas-msync': vmasMsync,
  'touched-load': touchedLoad,
  'touched-fault': touchedFault,
  'touched-munmap': touchedMunmap,
  'touched-fork': touchedFork,
  'tables-load': tablesLoad,
  'tables-fault': tablesFault,
  'tables-munmap': tablesMunmap,
  'sharers-fault': sharersFault,
  'sharers-cow': sharersCow,
  'sharers-writeback': sharersWriteback,
  'sharers-truncate': sharersTruncate,
  'cpus-load': cpusLoad,
  'cpus-fault': cpusFault,
  'cpus-munmap': cpusMunmap,
  'cache-lookup': cacheLookup,
  'cache-read': cacheRead,
  'cache-fault': cacheFault,
  'cache-fsync': cacheFsync,
  'cache-append': cacheAppend,
  'cache-truncate': cacheTruncate,
  'cache-punch': cachePunch,
};

/** Many short runs find a quiet moment on a busy host; few long ones do not. */
const ROUNDS = 40;
const WARM_UP_MS = 400;
/** No more of a size is measured once it took so long, set-up included. */
const PATIENCE_MS = 1500;

interface Subject {
  readonly timed: Timed;
  readonly finish: () => void;
  best: number;
  spentMs: number;
}

function subjectOf({ operations, run, before, finish }: Grown): Subject {
  const timed = inJavaScript({ operations, run, samples: 1, ...(before === undefined ? {} : { before }) });
  return { timed, finish, best: Number.POSITIVE_INFINITY, spentMs: 0 };
}

async function measureOnce(subject: Subject): Promise<void> {
  const start = performance.now();
  subject.best = Math.min(subject.best, await subject.timed());
  subject.spentMs += performance.now() - start;
}

/** Runs until V8 has optimised what is measured. */
async function warmUp({ timed }: Subject): Promise<void> {
  const start = performance.now();
  do await timed();
  while (performance.now() - start < WARM_UP_MS);
}

async function measureAll(subjects: readonly Subject[]): Promise<void> {
  for (let round = 0; round < ROUNDS; round++)
    for (const subject of subjects) if (subject.spentMs < PATIENCE_MS) await measureOnce(subject);
  for (const subject of subjects) subject.finish();
}

async function inTurn(grow: Grow, sizes: readonly number[]): Promise<number[]> {
  const subjects = sizes.map((size) => subjectOf(grow(size)));
  for (const subject of subjects) await warmUp(subject);
  await measureAll(subjects);
  return subjects.map(({ best }) => best);
}

async function oneByOne(grow: Grow, sizes: readonly number[]): Promise<number[]> {
  const ns: number[] = [];
  for (const size of sizes) {
    ns.push(...(await inTurn(grow, [size])));
    globalThis.gc?.();
  }
  return ns;
}

async function measureCurve(name: CurveName): Promise<number[]> {
  const { amount } = CURVES.find((curve) => curve.name === name) ?? CURVES[0];
  const isLarge = amount === 'touched' || amount === 'tables';
  return (isLarge ? oneByOne : inTurn)(GROW[name], AMOUNTS[amount].sizes);
}

process.stdout.write(JSON.stringify(await measureCurve(process.argv[2] as CurveName)));
