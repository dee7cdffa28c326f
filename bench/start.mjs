/**
 * `npm run bench`: builds the package and the benchmarks, then runs them.
 *
 * Both become plain JavaScript first: a loader that translates while it loads changes how module constants are reached, and that
 * costs more than what is measured. The package is copied and becomes the 'faultline' of the benchmarks, so that a run measures one
 * build, whatever is built meanwhile.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const bench = dirname(fileURLToPath(import.meta.url));
const root = dirname(bench);
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

/** Runs a script with Node; its exit code. What it prints goes to stderr: stdout belongs to the results. */
function node(args, stdout) {
  return spawnSync(process.execPath, args, { cwd: root, stdio: ['inherit', stdout, 'inherit'] }).status ?? 1;
}

/** Puts the built package where programs in `folder` find it by its name. */
function installCopy(folder) {
  const copy = join(folder, 'node_modules', 'faultline');
  for (const part of ['package.json', 'dist']) cpSync(join(root, part), join(copy, part), { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'bench', type: 'module' }));
  return 0;
}

const emitted = mkdtempSync(join(root, '.build-bench-'));
process.on('SIGINT', () => {}); // run.ts ends; what follows here still cleans up
try {
  process.exitCode =
    node([join(root, 'scripts', 'build.mjs')], 2) ||
    installCopy(emitted) ||
    node([tsc, '-p', join(bench, 'tsconfig.json'), '--outDir', emitted], 2) ||
    node([join(emitted, 'run.js'), ...process.argv.slice(2)], 1);
} finally {
  rmSync(emitted, { recursive: true, force: true });
}
