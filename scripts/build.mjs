/**
 * Builds dist/ from src/: ES modules and their declarations.
 *
 * Runs as the `prepare` script too, so `npm ci` leaves a working `npx faultline` in a checkout and `npm pack` always packs what the
 * source says. The result is made beside dist/ and moved into place, so that a command running from dist/ meanwhile never finds half
 * of it, and a file whose source has gone does not stay.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const typescript = createRequire(import.meta.url).resolve('typescript/package.json');
const tsc = join(dirname(typescript), 'bin', 'tsc');

/** Emits into `outDir`; the exit code of tsc. */
function compile(outDir) {
  const args = [tsc, '-p', join(root, 'tsconfig.build.json'), '--outDir', outDir];
  return spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' }).status ?? 1;
}

/**
 * Writes the values of exported constants where other modules name them; each module stays a file of its own. V8 reads an imported name
 * from its module each time, and looks whether it is set yet and whether it is an integer: a page fault names about a hundred.
 */
async function inlineConstants(outDir) {
  const modules = readdirSync(outDir, { recursive: true }).filter((name) => name.endsWith('.js'));
  const bundle = await rolldown({
    cwd: outDir,
    input: Object.fromEntries(modules.map((name) => [name.slice(0, -'.js'.length), join(outDir, name)])),
    external: /^[^./]/,
    platform: 'node',
    optimization: { inlineConst: { mode: 'all', pass: 3 } },
  });
  await bundle.write({
    dir: outDir,
    format: 'esm',
    preserveModules: true,
    preserveModulesRoot: outDir,
    entryFileNames: '[name].js',
  });
  await bundle.close();
}

/** Puts `fresh` where dist/ is. Of builds that end at the same moment the last one wins: who finds dist/ moved meanwhile tries again. */
function moveIntoPlace(fresh, scratch) {
  for (let attempt = 0; ; attempt++) {
    try {
      if (existsSync(dist)) renameSync(dist, join(scratch, `old-${attempt}`));
      renameSync(fresh, dist);
      return;
    } catch (error) {
      if (attempt === 9 || !['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(error.code)) throw error;
    }
  }
}

const scratch = mkdtempSync(join(root, '.build-'));
try {
  const fresh = join(scratch, 'new');
  const status = compile(fresh);
  if (status === 0) {
    await inlineConstants(fresh);
    chmodSync(join(fresh, 'cli', 'main.js'), 0o755);
    moveIntoPlace(fresh, scratch);
  }
  process.exitCode = status;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
