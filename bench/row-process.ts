/**
 * Measures one row in a process of its own: `node row-process.js NAME SCRATCH DISK` prints `{"ours": [ns], "theirs": [ns]}`.
 *
 * A process of its own, because what V8 has learnt from one row would slow down or favour the next. Both sides are warmed up, then
 * measured in turn, A B A B.
 */
import type { Pair, Surroundings, Timed } from './measure.ts';
import { load8Default, load8Direct, load8Direct64mib, replayDecoded } from './rows/accesses.ts';
import {
  anonFaultFill,
  anonWriteFault,
  anonWriteFaultTables,
  cowBreak,
  cowCopyWithin,
  fileRead,
  oneObserver,
  traceRing,
} from './rows/faults.ts';
import {
  forkExitWait,
  mapPairFew,
  mapPairMany,
  mprotectTouched,
  mprotectUntouched,
  msync,
  munmapTouched,
} from './rows/mappings.ts';
import { replayLackey, replayText } from './rows/replay.ts';
import { type BenchName, type BenchRow, isPending, ROWS } from './rows/table.ts';

const PAIRS: Readonly<Record<BenchName, (around: Surroundings) => Pair | Promise<Pair>>> = {
  'anon-write-fault': anonWriteFault,
  'anon-write-fault-tables': anonWriteFaultTables,
  'file-read': fileRead,
  'cow-break': cowBreak,
  'fork-exit-wait': forkExitWait,
  'map-pair-few': mapPairFew,
  'map-pair-many': mapPairMany,
  'mprotect-untouched': mprotectUntouched,
  'mprotect-touched': mprotectTouched,
  'munmap-touched': munmapTouched,
  msync,
  'load8-direct': load8Direct,
  'load8-direct-64mib': load8Direct64mib,
  'load8-default': load8Default,
  'replay-decoded': replayDecoded,
  'anon-fault-fill': anonFaultFill,
  'cow-copywithin': cowCopyWithin,
  'trace-ring': traceRing,
  'one-observer': oneObserver,
  'replay-text': replayText,
  'replay-lackey': replayLackey,
};

/** V8 reaches full speed after about 0.6 million accesses; every row is far beyond that by then. */
const WARM_UP_MS = 400;
const WARM_UP_ROUNDS = 2;

/** Runs our side until V8 has optimised it. */
async function warmUp(ours: Timed): Promise<void> {
  const start = performance.now();
  for (let round = 0; round < WARM_UP_ROUNDS || performance.now() - start < WARM_UP_MS; round++) await ours();
}

async function measureRow(
  { name, pairs }: BenchRow<BenchName>,
  around: Surroundings,
): Promise<{ ours: number[]; theirs: number[] }> {
  const { ours, theirs, finish } = await PAIRS[name](around);
  await warmUp(ours);
  await theirs();
  const times = { ours: [] as number[], theirs: [] as number[] };
  for (let pair = 0; pair < pairs; pair++) {
    times.ours.push(await ours());
    times.theirs.push(await theirs());
  }
  finish?.();
  return times;
}

const [name, scratch, disk] = process.argv.slice(2);
const row = ROWS.find((one) => one.name === name);
if (row === undefined || isPending(row)) throw new Error(`no benchmark is named '${name}'`);
process.stdout.write(JSON.stringify(await measureRow(row, { scratch, disk })));
