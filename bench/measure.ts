/**
 * One side of a pair, measured: JavaScript through mitata's `measure`, native programs by what they print.
 *
 * Place: rows/*.ts describe their two sides with these, row-process.ts alternates them. Every side does its own set-up outside the
 * measured time.
 */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { measure } from 'mitata';

/** Measures one side once: nanoseconds per operation. */
export type Timed = () => Promise<number>;

export interface Pair {
  readonly ours: Timed;
  readonly theirs: Timed;
  /** After the last pair: proves that the measured work was real. */
  readonly finish?: () => void;
}

/** What a row is told. */
export interface Surroundings {
  /** Folder of the compiled native programs, and for files of the row's own. */
  readonly scratch: string;
  /** Directory on a disk file system; '' if there is none. */
  readonly disk: string;
}

/** One side in JavaScript. */
export interface Work {
  /** Operations of one `run`, which must last half a millisecond or more. */
  readonly operations: number;
  readonly run: () => unknown;
  /** Set-up of each run, not measured. */
  readonly before?: () => void;
  /** Measured runs, of which the median counts; one more goes before them. Default 3. */
  readonly samples?: number;
}

/** Options of mitata's `measure` used here; its own types leave out `params`, functions run before each sample. */
interface MeasureOptions {
  min_samples: number;
  max_samples: number;
  min_cpu_time: number;
  batch_threshold: number;
  gc: boolean;
  params: Record<number, () => void>;
}

export function inJavaScript({ operations, run, before, samples = 3 }: Work): Timed {
  const options = (): MeasureOptions => ({
    min_samples: samples,
    max_samples: samples,
    min_cpu_time: 0,
    // A run is a loop already: never many runs in one sample, which would do all their set-up at once.
    batch_threshold: -1,
    gc: false,
    params: before === undefined ? {} : { 0: before },
  });
  return async () => (await measure(run, options())).p50 / operations;
}

const execute = promisify(execFile);

/** A program of native/, which prints nanoseconds per operation. */
export function native({ scratch }: Surroundings, program: string, ...args: readonly string[]): Timed {
  return async () => {
    const { stdout } = await execute(join(scratch, program), args);
    const ns = Number(stdout);
    if (!(ns > 0)) throw new Error(`${program} printed '${stdout.trim()}', which is no number of nanoseconds`);
    return ns;
  };
}

/** Fails the row: what a benchmark measured was not what it says. */
export function expectEqual(what: string, found: number, expected: number): void {
  if (found !== expected) throw new Error(`${what}: ${found} instead of ${expected}`);
}
