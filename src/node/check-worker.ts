/**
 * One thread of a check that runs in several: makes its share of the runs and says what came of them.
 *
 * Started by check-search.ts alone; nothing imports it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { UserError } from '../assert.ts';
import { makeRuns, type WorkDone, type WorkerMessage, type WorkerTask } from './check-search.ts';
import { Checker } from './checker.ts';

async function work({ plan, share, end }: WorkerTask): Promise<void> {
  const checker = new Checker(plan);
  const endNow = new Int32Array(end);
  const doneBy = (made: number): WorkDone => ({ made, coverage: checker.coverage.save(), races: checker.races });
  try {
    const { found, made } = await makeRuns(checker, share, (count) => {
      say({ kind: 'progress', ...doneBy(count) });
      return Atomics.load(endNow, 0);
    });
    say({ kind: 'done', ...doneBy(made), found });
  } finally {
    await checker.close();
  }
}

function say(message: WorkerMessage): void {
  parentPort?.postMessage(message);
}

work(workerData as WorkerTask).catch((error: unknown) => {
  if (!(error instanceof UserError)) throw error;
  say({ kind: 'mistake', sentence: error.message });
});
