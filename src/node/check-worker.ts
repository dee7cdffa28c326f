/**
 * One thread of a check that runs in several: makes its share of the runs and says what came of them.
 *
 * Started by check-search.ts alone; nothing imports it.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { UserError } from '../assert.ts';
import { makeRuns, type WorkerMessage, type WorkerTask } from './check-search.ts';
import { Checker } from './checker.ts';

async function work({ plan, share, end }: WorkerTask): Promise<void> {
  const checker = new Checker(plan);
  const endNow = new Int32Array(end);
  try {
    const { found, made } = await makeRuns(checker, share, (count) => {
      say({ kind: 'progress', made: count, coverage: checker.coverage.save() });
      return Atomics.load(endNow, 0);
    });
    say({ kind: 'done', made, coverage: checker.coverage.save(), found });
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
