/**
 * Makes runs of a check until one differs, enough were made or time is up; in this thread or in several.
 *
 * Place: between the command line and the checker. Thread k of n makes the runs k, k+n, k+2n ...; of several that differ the one with the
 * lowest number is reported, so that what is found does not depend on how many threads there are or which is quick.
 */
import { performance } from 'node:perf_hooks';
import { Worker } from 'node:worker_threads';
import { UserError } from '../assert.ts';
import { Coverage, type SavedCoverage } from '../testing/coverage.ts';
import { Checker, type CheckPlan, type Found, type RaceRun } from './checker.ts';

export interface SearchOptions {
  readonly plan: CheckPlan;
  /** How many runs; Infinity if only time ends it. */
  readonly runs: number;
  /** Infinity if only the number of runs ends it. */
  readonly limitMs: number;
  readonly jobs: number;
  readonly onProgress: (progress: Progress) => void;
}

export interface Progress {
  readonly runs: number;
  readonly elapsedMs: number;
  readonly coverage: Coverage;
  /** The runs that were races of the real kernel. */
  readonly races: readonly RaceRun[];
}

export interface SearchResult extends Progress {
  readonly found: Found | undefined;
}

/** The share of the work that one thread does. */
export interface Share {
  readonly first: number;
  readonly step: number;
  readonly runs: number;
  readonly limitMs: number;
}

export async function search(options: SearchOptions): Promise<SearchResult> {
  return options.jobs === 1 ? searchHere(options) : new ParallelSearch(options).result();
}

async function searchHere({ plan, runs, limitMs, onProgress }: SearchOptions): Promise<SearchResult> {
  const start = performance.now();
  const checker = new Checker(plan);
  const progress = (made: number): Progress => ({
    runs: made,
    elapsedMs: performance.now() - start,
    coverage: checker.coverage,
    races: checker.races,
  });
  try {
    const share: Share = { first: 0, step: 1, runs, limitMs };
    const { found, made } = await makeRuns(checker, share, (count) => {
      onProgress(progress(count));
      return Number.POSITIVE_INFINITY;
    });
    return { ...progress(made), found };
  } finally {
    await checker.close();
  }
}

/** Between two looks at what the other threads have found. */
const LOOK_EVERY_MS = 200;

/** Makes runs; `look` is told how many were made, now and then, and gives the number from which on none is needed. */
export async function makeRuns(
  checker: Checker,
  { first, step, runs, limitMs }: Share,
  look: (made: number) => number,
): Promise<{ readonly found: Found | undefined; readonly made: number }> {
  const start = performance.now();
  let end = runs;
  let made = 0;
  let looked = start;
  for (let run = first; run < end; run += step) {
    const now = performance.now();
    if (now - start > limitMs) break;
    if (now - looked > LOOK_EVERY_MS) {
      looked = now;
      await new Promise(setImmediate); // lets messages and signals in
      end = Math.min(end, look(made));
    }
    const found = await checker.run(run);
    made++;
    if (found !== undefined) return { found, made };
  }
  return { found: undefined, made };
}

/** What a worker says. */
export type WorkerMessage =
  | ({ readonly kind: 'progress' } & WorkDone)
  | ({ readonly kind: 'done'; readonly found: Found | undefined } & WorkDone)
  | { readonly kind: 'mistake'; readonly sentence: string };

/** What a worker has done by now. */
export interface WorkDone {
  readonly made: number;
  readonly coverage: SavedCoverage;
  readonly races: readonly RaceRun[];
}

export interface WorkerTask {
  readonly plan: CheckPlan;
  readonly share: Share;
  /** One number that all threads see: runs from it on are not needed. */
  readonly end: SharedArrayBuffer;
}

/** Runs that are not needed are numbered from here on, as long as nothing was found. */
const NO_END = 2 ** 31 - 1;

class ParallelSearch {
  private readonly options: SearchOptions;
  private readonly start: number;
  private readonly end: Int32Array<SharedArrayBuffer>;
  /** By thread; nothing of those that have not said anything yet. */
  private readonly done: WorkDone[];
  private readonly found: Found[];

  constructor(options: SearchOptions) {
    this.options = options;
    this.start = performance.now();
    this.end = new Int32Array(new SharedArrayBuffer(4)).fill(NO_END);
    this.done = [];
    this.found = [];
  }

  async result(): Promise<SearchResult> {
    const { jobs } = this.options;
    await Promise.all(Array.from({ length: jobs }, (_, job) => this.work(job)));
    const [found] = this.found.sort((one, other) => one.run - other.run);
    return { ...this.progress(), found };
  }

  private progress(): Progress {
    const coverage = new Coverage();
    const done = this.done.filter((one) => one !== undefined);
    for (const one of done) coverage.merge(one.coverage);
    const runs = done.reduce((sum, { made }) => sum + made, 0);
    return { runs, elapsedMs: performance.now() - this.start, coverage, races: done.flatMap(({ races }) => races) };
  }

  private work(job: number): Promise<void> {
    const { plan, runs, limitMs, jobs } = this.options;
    const end = this.end.buffer;
    const workerData: WorkerTask = { plan, share: { first: job, step: jobs, runs, limitMs }, end };
    const worker = new Worker(WORKER, { workerData });
    return new Promise((resolve, reject) => {
      worker.on('message', (message: WorkerMessage) => {
        if (message.kind === 'mistake') reject(new UserError(message.sentence));
        else this.take(job, message);
      });
      worker.on('error', reject);
      worker.on('exit', () => resolve());
    });
  }

  private take(job: number, message: Exclude<WorkerMessage, { kind: 'mistake' }>): void {
    this.done[job] = message;
    if (message.kind === 'done' && message.found !== undefined) {
      this.found.push(message.found);
      Atomics.store(this.end, 0, Math.min(Atomics.load(this.end, 0), message.found.run));
    }
    this.options.onProgress(this.progress());
  }
}

/** The source when this is the source (which takes a Node that runs TypeScript in its threads), the build when this is the build. */
const WORKER = new URL(import.meta.url.endsWith('.ts') ? './check-worker.ts' : './check-worker.js', import.meta.url);
