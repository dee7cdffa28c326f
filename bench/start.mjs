/** `npm run bench`: builds the package and the benchmarks, then runs them. */
import { join } from 'node:path';
import { node, ROOT, withBenchmarks } from './emit.mjs';

process.exitCode = withBenchmarks([ROOT], ([folder]) => node([join(folder, 'run.js'), ...process.argv.slice(2)], 1));
