/**
 * A folder with a recorded run, and its replay: what reads, for src/replay, which does not.
 *
 * The files are listed once; the strace is read whole into its summary, the logs chunk by chunk as the replay
 * asks for them.
 */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { UserError } from '../assert.ts';
import {
  type FaultCounts,
  parseTruth,
  type RecordedRun,
  Replay,
  type ReplayResult,
  recordedRun,
  StraceLog,
} from '../replay/replay.ts';
import { readBytes, readText } from './read-bytes.ts';

export interface FolderReplayOptions {
  readonly ram: number | string;
  /** Told how many bytes of all logs have been read, and how many there are. */
  readonly onProgress: (done: number, total: number) => void;
}

/** Replays the run in `folder`. Throws `UserError` for what is wrong with it. */
export async function replayFolder(folder: string, options: FolderReplayOptions): Promise<ReplayResult> {
  const run = recordedRun(folder, await listFiles(folder));
  const maps = new Map<string, string>();
  for (const [name, file] of run.maps) maps.set(name, await readText(join(folder, file)));
  const strace = run.strace === undefined ? undefined : await readStrace(join(folder, run.strace));
  const replay = new Replay(run, { folder, ram: options.ram, maps, strace });
  await feed(folder, run, replay, options);
  return replay.result(await readTruth(folder, run));
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw new UserError(`${folder} does not exist; give a folder with a recorded run`);
    if (error.code === 'ENOTDIR')
      throw new UserError(`${folder} is a file; give the folder that holds the recorded run`);
    throw error;
  });
  const files = entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name);
  const truth = entries.some((entry) => entry.name === 'truth') ? await readdir(join(folder, 'truth')) : [];
  return [...files, ...truth.map((name) => `truth/${name}`)];
}

async function readStrace(path: string): Promise<StraceLog> {
  const strace = new StraceLog(path);
  for await (const chunk of readBytes(path)) strace.push(chunk);
  strace.end();
  return strace;
}

async function readTruth(folder: string, run: RecordedRun): Promise<ReadonlyMap<number, FaultCounts>> {
  if (run.truth === undefined) return new Map();
  const path = join(folder, run.truth);
  return parseTruth(path, await readText(path));
}

async function feed(
  folder: string,
  run: RecordedRun,
  replay: Replay,
  { onProgress }: FolderReplayOptions,
): Promise<void> {
  const sizes = await Promise.all([...run.logs.values()].map(async (file) => (await stat(join(folder, file))).size));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const done = new Map<string, number>();
  const sources = new Map<string, AsyncGenerator<Uint8Array>>();
  for (let file = replay.advance(); file !== undefined; file = replay.advance()) {
    const name = file;
    let source = sources.get(name);
    if (source === undefined) {
      source = readBytes(join(folder, name), (bytes) => done.set(name, bytes));
      sources.set(name, source);
    }
    const next = await source.next();
    replay.supply(name, next.done ? undefined : next.value);
    onProgress(
      [...done.values()].reduce((sum, bytes) => sum + bytes, 0),
      total,
    );
  }
}
