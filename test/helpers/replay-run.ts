/** Replays a recorded run whose files are texts in memory, so that a test can write the log that it is about. */
import { type RecordedRun, Replay, type ReplayResult, recordedRun, StraceLog } from '../../src/replay/replay.ts';

const encoder = new TextEncoder();

/** The first mappings that the logs of tests begin with: a program of two text pages and two data pages, .bss, a stack. */
export const MAPS = `400000-402000 r-xp 00000000 fe:00 1    /bin/program
402000-404000 rw-p 00002000 fe:00 1    /bin/program
404000-406000 rw-p 00000000 00:00 0
7ffff7fc8000-7ffff7fca000 r-xp 00000000 00:00 0    [vdso]
7ffffffde000-7ffffffff000 rw-p 00000000 00:00 0    [stack]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0    [vsyscall]
`;

/** What a log begins with: execve, the first instruction, its first store (below the initial stack pointer 7ffffffff000). */
export const START = '#EXEC pid=1\nI  400000,3\n S 7fffffffeff8,8\n';

/** Replays files (name in the folder -> text); the folder of sentences is `run`. */
export function replayRun(files: Readonly<Record<string, string>>): { result: ReplayResult; replay: Replay } {
  const run = recordedRun('run', Object.keys(files));
  const replay = new Replay(run, { folder: 'run', ram: '64M', maps: mapsOf(run, files), strace: straceOf(run, files) });
  const supplied = new Set<string>();
  for (let file = replay.advance(); file !== undefined; file = replay.advance()) {
    replay.supply(file, supplied.has(file) ? undefined : encoder.encode(files[file]));
    supplied.add(file);
  }
  return { result: replay.result(new Map()), replay };
}

function mapsOf(run: RecordedRun, files: Readonly<Record<string, string>>): Map<string, string> {
  return new Map([...run.maps].map(([name, file]) => [name, files[file]]));
}

function straceOf(run: RecordedRun, files: Readonly<Record<string, string>>): StraceLog | undefined {
  if (run.strace === undefined) return undefined;
  const strace = new StraceLog(`run/${run.strace}`);
  strace.push(encoder.encode(files[run.strace]));
  strace.end();
  return strace;
}

/** A run of one native log behind START. */
export function replayLog(log: string, more: Readonly<Record<string, string>> = {}): ReplayResult {
  return replayRun({ 'nstep.p0.txt': `${START}${log}`, 'truth/p0.maps-exec': MAPS, ...more }).result;
}

/** Predicted faults of process `place` of a result as [minor, major]. */
export function faults(result: ReplayResult, place = 0): [number, number] {
  const { minorFaults, majorFaults } = result.processes[place];
  return [minorFaults, majorFaults];
}
