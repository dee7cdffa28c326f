/**
 * Which files of a trace folder make a run, by their names.
 *
 *   nstep[.condensed].pK.txt            native single-step log of process K
 *   lackey-sys[.condensed][.pK].txt     Valgrind log with its SYSCALL lines; without .pK: process 0
 *   strace.txt, else strace-y.txt       paths and sizes
 *   truth/pK.maps-exec                  first mappings of process K
 *   truth/truth.jsonl                   the kernel's counts, for the report only
 *
 * Each may end in .gz. Place: src/node lists the folder and reads; this decides what to read. The native log is taken
 * where both are there, a full one before a condensed one.
 */

import { UserError } from '../assert.ts';

export type LogKind = 'nstep' | 'lackey';

export interface RecordedRun {
  readonly kind: LogKind;
  /** Only the first touches of each page after each call are in the log: faults are exact, hit ratios are not. */
  readonly condensed: boolean;
  /** File of each process's log, by process name ('p0'). */
  readonly logs: ReadonlyMap<string, string>;
  /** Files with first mappings, by process name. */
  readonly maps: ReadonlyMap<string, string>;
  readonly strace: string | undefined;
  readonly truth: string | undefined;
}

const NSTEP = /^nstep\.(condensed\.)?(p\d+)\.txt(?:\.gz)?$/;
const LACKEY = /^lackey-sys\.(condensed\.)?(?:(p\d+)\.)?txt(?:\.gz)?$/;
const MAPS = /^truth\/(p\d+)\.maps-exec(?:\.gz)?$/;

/**
 * The run in a folder with these files (paths relative to it, with `/`). Throws `UserError` naming what is
 * missing.
 */
export function recordedRun(folder: string, files: readonly string[]): RecordedRun {
  const chosen = chooseLogs(files);
  if (chosen === undefined) throw new UserError(missingLog(folder, files));
  const maps = new Map<string, string>();
  for (const file of files) {
    const match = MAPS.exec(file);
    if (match !== null) maps.set(match[1], file);
  }
  if (!maps.has('p0')) {
    throw new UserError(
      `${folder} has no truth/p0.maps-exec: the program's first mappings (/proc/PID/maps after execve) stand in no log, and a replay begins with them`,
    );
  }
  return {
    ...chosen,
    maps,
    strace: first(files, ['strace.txt', 'strace-y.txt']),
    truth: first(files, ['truth/truth.jsonl']),
  };
}

function chooseLogs(files: readonly string[]): Pick<RecordedRun, 'kind' | 'condensed' | 'logs'> | undefined {
  for (const [kind, pattern] of [
    ['nstep', NSTEP],
    ['lackey', LACKEY],
  ] as const) {
    for (const condensed of [false, true]) {
      const logs = new Map<string, string>();
      for (const file of files) {
        const match = pattern.exec(file);
        if (match !== null && (match[1] !== undefined) === condensed) logs.set(match[2] ?? 'p0', file);
      }
      if (logs.has('p0')) return { kind, condensed, logs };
    }
  }
  return undefined;
}

function first(files: readonly string[], names: readonly string[]): string | undefined {
  return names.flatMap((name) => [name, `${name}.gz`]).find((name) => files.includes(name));
}

function missingLog(folder: string, files: readonly string[]): string {
  const right = 'nstep.p0.txt or lackey-sys.txt (each may be .gz or .condensed)';
  if (files.some((file) => /^lackey\.txt(?:\.gz)?$/.test(file))) {
    return `${folder} has lackey.txt, but its addresses are of Valgrind's layout and it has no SYSCALL lines that say what is mapped there; record with --trace-syscalls=yes as well, which gives lackey-sys.txt`;
  }
  return `${folder} holds no log of accesses: a replay needs ${right}`;
}
