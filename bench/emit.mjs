/**
 * Turns the benchmarks into plain JavaScript beside a copy of a built package.
 *
 * Plain JavaScript, because a loader that translates while it loads changes how module constants are reached, and that costs more than
 * what is measured. The package is copied and becomes the 'faultline' of the benchmarks, so that a run measures one build, whatever is
 * built meanwhile.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const bench = dirname(fileURLToPath(import.meta.url));
/** This checkout, whose benchmarks are used. */
export const ROOT = dirname(bench);
const tsc = join(dirname(createRequire(import.meta.url).resolve('typescript/package.json')), 'bin', 'tsc');

/** Runs a script with Node; its exit code. `stdout` 2: what it prints goes to stderr, since stdout belongs to the results. */
export function node(args, stdout, cwd = ROOT) {
  return spawnSync(process.execPath, args, { cwd, stdio: ['inherit', stdout, 'inherit'] }).status ?? 1;
}

/** Puts the built package of `checkout` where programs in `folder` find it by its name. */
function installCopy(folder, checkout) {
  const copy = join(folder, 'node_modules', 'faultline');
  for (const part of ['package.json', 'dist']) cpSync(join(checkout, part), join(copy, part), { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'bench', type: 'module' }));
  return 0;
}

/** Builds the package of `checkout` and, beside a copy of it, the benchmarks, in `folder`; an exit code. */
function emit(folder, checkout) {
  return (
    node([join(checkout, 'scripts', 'build.mjs')], 2, checkout) ||
    installCopy(folder, checkout) ||
    node([tsc, '-p', join(bench, 'tsconfig.json'), '--outDir', folder], 2)
  );
}

/** Calls `use` with a folder for each checkout, in which `emit` made the benchmarks; the exit code of `use`, or of what failed. */
export function withBenchmarks(checkouts, use) {
  const folders = checkouts.map(() => mkdtempSync(join(ROOT, '.build-bench-')));
  process.on('SIGINT', () => {}); // the program that measures ends; what follows here still cleans up
  try {
    for (const [place, checkout] of checkouts.entries()) {
      const failed = emit(folders[place], checkout);
      if (failed !== 0) return failed;
    }
    return use(folders);
  } finally {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  }
}
