/**
 * Puts deliberate faults into the kernel and the machine room, one at a time, and tells which of them the tests catch.
 *
 * Place: `npm run mutate -- [--count 200] [--seed 1] [--jobs 1] [FILE...]`, over Stryker, whose packages this folder keeps to itself:
 * they are installed by the first run, not by everybody's `npm ci`. Every fault that Stryker can make in the files is listed; `count`
 * of them are drawn by the seed, so that big files get their share; the tests of vitest.config.ts run against each. Strings are left
 * alone: a misspelt explanation is no fault of the kernel. `--again` tries the survivors of the last run on the tests as they are now,
 * with `--slow` on the slow ones too.
 * What became of each fault is kept in reports/mutation (results.mjs).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import seedrandom from 'seedrandom';
import { account, joined, placesOfSurvivors, readResults, resultsOf, writeResults } from './results.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, '../..');
const FOLDERS = ['src/kernel', 'src/mmu'];
const LEFT_ALONE = ['StringLiteral'];
/** The model and property tests make three in ten of the runs of `npm test`, from its seed: what they catch, it catches. */
const ALL_TESTS = { FAULTLINE_MUTATE: 'all', FAULTLINE_FUZZ: '0.3', FAULTLINE_SEED: '20170' };
/** The real kernel and the specification have no faults here. */
const CASES = { FAULTLINE_CASES_ON: 'sim' };
const REPORTS = join(ROOT, 'reports/mutation');
const RESULTS = join(REPORTS, 'results.json');

/** The options, or the sentence that says what is wrong with them. */
function readOptions() {
  const { values, positionals } = parseArgs({
    options: {
      count: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
      jobs: { type: 'string', default: '1' },
      again: { type: 'boolean', default: false },
      slow: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  if (values.slow && !values.again) throw new Error('--slow is for the survivors of a run; give --again too');
  for (const name of ['count', 'jobs']) {
    if (!/^[1-9]\d*$/.test(values[name]))
      throw new Error(`--${name} is ${values[name]}; give a whole number from 1 up`);
  }
  for (const file of positionals) {
    if (!existsSync(join(ROOT, file))) throw new Error(`there is no file ${file}; name one of ${FOLDERS.join(' or ')}`);
  }
  return { ...values, count: Number(values.count), jobs: Number(values.jobs), files: positionals };
}

function run(command, args, cwd, env = {}) {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit', env: { ...process.env, ...CASES, ...env } });
  return status ?? 1;
}

function install() {
  if (existsSync(join(HERE, 'node_modules/@stryker-mutator/core'))) return;
  // Stryker's vitest runner is to take the project's own vitest, not one more.
  if (run('npm', ['ci', '--legacy-peer-deps'], HERE) !== 0)
    throw new Error('the packages of test/mutation cannot be installed');
}

function sourceFiles() {
  return FOLDERS.flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter((name) => name.endsWith('.ts'))
      .sort()
      .map((name) => `${folder}/${name}`),
  );
}

/** Every fault that can be put into the files, whose texts are `contents` by name: where it is. */
async function allFaults(contents) {
  const { Instrumenter } = await import('@stryker-mutator/instrumenter');
  const silent = { debug() {}, info() {}, warn() {}, isDebugEnabled: () => false };
  const sources = Object.entries(contents).map(([name, content]) => ({ name, mutate: true, content }));
  const options = { plugins: null, excludedMutations: LEFT_ALONE, ignorers: [] };
  const { mutants } = await new Instrumenter(silent).instrument(sources, options);
  return mutants.filter(({ status }) => status === undefined);
}

function inside(inner, outer) {
  const from =
    inner.location.start.line - outer.location.start.line || inner.location.start.column - outer.location.start.column;
  const to = inner.location.end.line - outer.location.end.line || inner.location.end.column - outer.location.end.column;
  return inner.fileName === outer.fileName && from >= 0 && to <= 0;
}

/** Places with about `count` faults together: a place drawn has the faults inside it too, so large ones are passed over. */
function draw(faults, count, seed) {
  const random = seedrandom(seed);
  const left = [...faults];
  const places = [];
  const taken = new Set();
  while (taken.size < count && left.length > 0) {
    const [fault] = left.splice(Math.floor(random() * left.length), 1);
    const together = faults.filter((other) => inside(other, fault));
    if (taken.has(fault) || together.length > 4) continue;
    for (const one of together) taken.add(one);
    places.push(fault);
  }
  return { places, faults: taken.size };
}

function range({ fileName, location: { start, end } }) {
  return `${fileName}:${start.line + 1}:${start.column}-${end.line + 1}:${end.column}`;
}

function configuration(places, jobs) {
  return {
    plugins: [join(HERE, 'runner.mjs')],
    testRunner: 'vitest',
    vitest: { configFile: relative(ROOT, join(HERE, 'vitest.config.ts')), related: false },
    coverageAnalysis: 'perTest',
    concurrency: jobs,
    mutate: places.map(range),
    mutator: { excludedMutations: LEFT_ALONE },
    reporters: ['survivors', 'json'],
    timeoutFactor: 2,
    timeoutMS: 30_000,
    dryRunTimeoutMinutes: 30,
    // The rewriting of tsconfig.json needs an interface that TypeScript 7 does not have, and nothing here reads that file.
    tsconfigFile: 'none.json',
    ignorePatterns: ['/bench', '/dist', '/reports'],
  };
}

/** Runs the tests against each fault at `places`; what became of them. */
function tryFaults(places, jobs, env) {
  const config = join(REPORTS, 'stryker.config.json');
  writeFileSync(config, `${JSON.stringify(configuration(places, jobs), null, 2)}\n`);
  const stryker = join(HERE, 'node_modules/@stryker-mutator/core/bin/stryker.js');
  if (run(process.execPath, [stryker, 'run', config], ROOT, env) !== 0)
    throw new Error('the run did not come to its end');
  return resultsOf(JSON.parse(readFileSync(join(REPORTS, 'mutation.json'), 'utf8')));
}

function tryDrawn(faults, { count, seed, jobs }) {
  const drawn = draw(faults, count, seed);
  console.log(`${faults.length} faults can be made; ${drawn.faults} of them are tried (seed ${seed}).`);
  return tryFaults(drawn.places, jobs, {});
}

/** The last run's survivors once more; the account of both runs together. */
function tryAgain(faults, contents, { jobs, slow }) {
  const earlier = readResults(RESULTS);
  if (earlier === null) throw new Error('there is no run to go on from; leave out --again');
  const places = placesOfSurvivors(earlier, faults, contents);
  console.log(`${places.length} faults are tried again${slow ? ', on the slow tests too' : ''}.`);
  return joined(earlier, places.length === 0 ? [] : tryFaults(places, jobs, slow ? ALL_TESTS : {}));
}

try {
  const options = readOptions();
  install();
  mkdirSync(REPORTS, { recursive: true });
  const files = options.files.length > 0 ? options.files : sourceFiles();
  const contents = Object.fromEntries(files.map((name) => [name, readFileSync(join(ROOT, name), 'utf8')]));
  const faults = await allFaults(contents);
  const results = options.again ? tryAgain(faults, contents, options) : tryDrawn(faults, options);
  writeResults(RESULTS, results);
  console.log(account(results));
} catch (error) {
  console.error(`mutate: ${error.message}`);
  process.exitCode = 2;
}
