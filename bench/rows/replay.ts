/**
 * Rows about whole replays: from the bytes of a text trace to the last count.
 */
import { execFile } from 'node:child_process';
import {
  closeSync,
  createReadStream,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { Replay, type ReplayResult, recordedRun } from 'faultline/replay';
import { expectEqual, inJavaScript, type Pair, type Surroundings } from '../measure.ts';
import { type Accesses, matrixMaps, matrixTrace, STACK, traceLines } from './matrix-trace.ts';

const CHUNK_BYTES = 512 * 1024;
const RAM = '256M';
const MAPS = 'truth/p0.maps-exec';

/** Replays the folder's one log, chunk by chunk. */
function replayFolder(folder: string, log: string): ReplayResult {
  const maps = new Map([['p0', readFileSync(join(folder, MAPS), 'utf8')]]);
  const replay = new Replay(recordedRun(folder, [log, MAPS]), { folder, ram: RAM, maps, strace: undefined });
  const file = openSync(join(folder, log), 'r');
  const buffer = new Uint8Array(CHUNK_BYTES);
  for (let wanted = replay.advance(); wanted !== undefined; wanted = replay.advance()) {
    const length = readSync(file, buffer);
    replay.supply(wanted, length === 0 ? undefined : buffer.subarray(0, length));
  }
  closeSync(file);
  return replay.result(new Map());
}

/** That a replay of the log plays all of its accesses but at most `hidden`, each where a mapping allows it. */
function checkReplay(folder: string, log: string, accesses: number, hidden: number): void {
  const result = replayFolder(folder, log);
  expectEqual('accesses left out', Math.max(0, accesses - result.accesses - hidden), 0);
  expectEqual('accesses outside all mappings', result.lostAccesses, 0);
}

const TEXT_LOG = 'nstep.p0.txt';
const ACCESSES = 3_000_000;
const WRITTEN_AT_ONCE = 10_000;
/** A log begins with execve and the first store, which shows where the stack stands. */
const LOG_START = `#EXEC pid=1\n S ${(STACK.end - 8).toString(16)},8\n`;

function writeLog(path: string, trace: Accesses): void {
  mkdirSync(join(dirname(path), 'truth'), { recursive: true });
  writeFileSync(join(dirname(path), MAPS), matrixMaps());
  const file = openSync(path, 'w');
  writeSync(file, LOG_START);
  for (let at = 0; at < trace.count; at += WRITTEN_AT_ONCE)
    writeSync(file, traceLines(trace, at, Math.min(at + WRITTEN_AT_ONCE, trace.count)));
  closeSync(file);
}

/** The least that a program in this language does with such a log, by Node's own means: lines, and their parts. */
function readAndParse(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    let sum = 0;
    const input = createReadStream(path, { highWaterMark: CHUNK_BYTES });
    input.on('error', reject);
    const lines = createInterface({ input });
    lines.on('line', (line) => {
      const comma = line.indexOf(',');
      if (comma < 0) return;
      const va = Number.parseInt(line.slice(3, comma), 16);
      sum += va + Number.parseInt(line.slice(comma + 1), 10) + line.charCodeAt(1);
    });
    lines.on('close', () => resolve(sum));
  });
}

export function replayText({ scratch }: Surroundings): Pair {
  const folder = join(scratch, 'text-trace');
  const path = join(folder, TEXT_LOG);
  mkdirSync(folder, { recursive: true });
  writeLog(path, matrixTrace(ACCESSES));
  return {
    ours: inJavaScript({ operations: ACCESSES, samples: 1, run: () => replayFolder(folder, TEXT_LOG) }),
    theirs: inJavaScript({ operations: ACCESSES, samples: 1, run: () => readAndParse(path) }),
    finish: () => checkReplay(folder, TEXT_LOG, ACCESSES + 1, 0),
  };
}

const LACKEY_LOG = 'lackey-sys.txt';
const LACKEY_WORDS = ['--tool=lackey', '--trace-mem=yes', '--trace-syscalls=yes', '--basic-counts=no'];
/** A replay leaves out what Valgrind makes each program do, far below so many accesses. */
const VALGRINDS_OWN = 5000;

/** Accesses in a lackey log. */
function accessesIn(path: string): number {
  return readFileSync(path, 'latin1').match(/^(?:I {2}| [LSM] )/gm)?.length ?? 0;
}

export async function replayLackey({ scratch }: Surroundings): Promise<Pair> {
  const execute = promisify(execFile);
  const folder = join(scratch, 'lackey-trace');
  const path = join(folder, LACKEY_LOG);
  const program = join(scratch, 'traced');
  mkdirSync(join(folder, 'truth'), { recursive: true });
  writeFileSync(join(folder, MAPS), (await execute(program, ['maps'])).stdout);
  const record = async (): Promise<void> => {
    await execute('valgrind', [...LACKEY_WORDS, `--log-file=${path}`, program]);
  };
  await record();
  const accesses = accessesIn(path);
  return {
    ours: inJavaScript({ operations: accesses, samples: 1, run: () => replayFolder(folder, LACKEY_LOG) }),
    theirs: async () => {
      const start = performance.now();
      await record();
      return ((performance.now() - start) * 1e6) / accesses;
    },
    finish: () => checkReplay(folder, LACKEY_LOG, accessesIn(path), VALGRINDS_OWN),
  };
}
