/**
 * A vitest reporter that prints nothing: it counts, and leaves the counts as JSON in the file named by FAULTLINE_COUNTS, where
 * test.mjs finds them. A file that failed without a failing test in it (it does not load, or a hook threw) counts as one failure,
 * and so does every error outside of all tests.
 */
import { writeFileSync } from 'node:fs';

export default class CountReporter {
  onTestRunEnd(modules, unhandledErrors) {
    const counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    for (const module of modules) countModule(module, counts);
    if (process.env.FAULTLINE_COUNTS) writeFileSync(process.env.FAULTLINE_COUNTS, JSON.stringify(counts));
  }
}

/** Adds the tests of one file to `counts`. A test that was to run and never did (the worker died) counts as failed. */
function countModule(module, counts) {
  const failedBefore = counts.failed;
  for (const test of module.children.allTests()) {
    const { state } = test.result();
    counts[state === 'pending' ? 'failed' : state]++;
  }
  if (module.state() === 'failed' && counts.failed === failedBefore) counts.failed++;
}
