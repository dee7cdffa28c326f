/**
 * `npm run bench:guard -- BEFORE [AFTER] [--only NAME]`: builds two checkouts and compares them.
 *
 * Each is a directory or a revision, of which a worktree is made for as long as it takes. AFTER is this checkout if it is left out.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { node, ROOT, withBenchmarks } from './emit.mjs';

const USAGE =
  'npm run bench:guard -- BEFORE [AFTER] [--only NAME], where BEFORE and AFTER are revisions or directories';

/** Says what is wrong in one sentence, and ends with exit code 2. */
function refuse(sentence) {
  process.stderr.write(`bench:guard: ${sentence}\n`);
  process.exit(2);
}

function run(command, args, cwd) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  return { fine: status === 0, text: stdout.trim(), errors: stderr.trim() };
}

function readWords() {
  try {
    const options = { only: { type: 'string', multiple: true, default: [] } };
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    if (positionals.length === 1 || positionals.length === 2) return { names: values.only, places: positionals };
  } catch (error) {
    refuse(`${error.message}. Usage: ${USAGE}`);
  }
  return refuse(`one or two checkouts are compared. Usage: ${USAGE}`);
}

/** Worktrees to be taken away in the end. */
const worktrees = [];

/** The directory of a checkout: the one that is named, or a worktree of the revision that is. */
function checkoutOf(place) {
  if (existsSync(place) && statSync(place).isDirectory()) {
    const directory = resolve(place);
    if (!existsSync(join(directory, 'scripts', 'build.mjs')))
      refuse(`${place} is a directory, but no checkout of this package`);
    if (!existsSync(join(directory, 'node_modules'))) refuse(`${place} has no node_modules; run 'npm ci' there`);
    return directory;
  }
  const commit = run('git', ['rev-parse', '--verify', '--quiet', `${place}^{commit}`], ROOT);
  if (!commit.fine) refuse(`'${place}' is neither a directory nor a revision`);
  const directory = join(mkdtempSync(join(tmpdir(), 'faultline-guard-')), 'checkout');
  const added = run('git', ['worktree', 'add', '--detach', directory, commit.text], ROOT);
  if (!added.fine) refuse(`git made no worktree of '${place}': ${added.errors.split('\n').at(-1)}`);
  worktrees.push(directory);
  installPackages(directory, place);
  return directory;
}

/** The packages of this checkout, where the lock file is the same; else its own. */
function installPackages(directory, place) {
  const lock = (checkout) => readFileSync(join(checkout, 'package-lock.json'), 'utf8');
  if (lock(directory) === lock(ROOT)) symlinkSync(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  else if (!run('npm', ['ci', '--ignore-scripts'], directory).fine)
    refuse(`'npm ci' failed in a worktree of '${place}'`);
}

const { names, places } = readWords();
process.on('exit', () => {
  for (const directory of worktrees) {
    run('git', ['worktree', 'remove', '--force', directory], ROOT);
    rmSync(dirname(directory), { recursive: true, force: true });
  }
});
const checkouts = [...places.map(checkoutOf), ROOT].slice(0, 2);
const titles = [...places, 'this checkout'];
process.exitCode = withBenchmarks(checkouts, ([before, after]) =>
  node([join(before, 'guard.js'), titles[0], before, titles[1], after, ...names], 1),
);
