/**
 * Puts deliberate faults into the kernel and the machine room, one at a time, and tells which of them the tests catch.
 *
 * Place: `npm run mutate -- [--count 200] [--seed 1] [--jobs 1] [FILE...]`, over Stryker, whose packages this folder keeps to itself:
 * they are installed by the first run, not by everybody's `npm ci`. Every fault that Stryker can make in the files is listed; `count`
 * of them are drawn by the seed, so that big files get their share; the tests of vitest.config.ts run against each. Strings are left
 * alone: a misspelt explanation is no fault of the kernel. The report (reports/mutation/mutation.json) has every survivor.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import seedrandom from 'seedrandom';

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = join(HERE, '../..');
const FOLDERS = ['src/kernel', 'src/mmu'];
const LEFT_ALONE = ['StringLiteral'];
const REPORTS = join(ROOT, 'reports/mutation');

/** The options, or the sentence that says what is wrong with them. */
function readOptions() {
  const { values, positionals } = parseArgs({
    options: {
      count: { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
      jobs: { type: 'string', default: '1' },
    },
    allowPositionals: true,
  });
  for (const name of ['count', 'jobs']) {
    if (!/^[1-9]\d*$/.test(values[name]))
      throw new Error(`--${name} is ${values[name]}; give a whole number from 1 up`);
  }
  for (const file of positionals) {
    if (!existsSync(join(ROOT, file))) throw new Error(`there is no file ${file}; name one of ${FOLDERS.join(' or ')}`);
  }
  return { count: Number(values.count), seed: values.seed, jobs: Number(values.jobs), files: positionals };
}

function run(command, args, cwd) {
  const { status } = spawnSync(command, args, { cwd, stdio: 'inherit' });
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

/** Every fault that can be put into the files: where it is. */
async function allFaults(files) {
  const { Instrumenter } = await import('@stryker-mutator/instrumenter');
  const silent = { debug() {}, info() {}, warn() {}, isDebugEnabled: () => false };
  const sources = files.map((name) => ({ name, mutate: true, content: readFileSync(join(ROOT, name), 'utf8') }));
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
    plugins: [join(HERE, 'node_modules/@stryker-mutator/vitest-runner/dist/src/index.js')],
    testRunner: 'vitest',
    vitest: { configFile: relative(ROOT, join(HERE, 'vitest.config.ts')), related: false },
    coverageAnalysis: 'perTest',
    concurrency: jobs,
    mutate: places.map(range),
    mutator: { excludedMutations: LEFT_ALONE },
    reporters: ['progress-append-only', 'clear-text', 'json'],
    clearTextReporter: { logTests: false, reportTests: false, allowColor: false },
    timeoutMS: 120_000,
    dryRunTimeoutMinutes: 30,
    // The rewriting of tsconfig.json needs an interface that TypeScript 7 does not have, and nothing here reads that file.
    tsconfigFile: 'none.json',
    ignorePatterns: ['/examples', '/bench', '/dist', '/reports'],
  };
}

try {
  const { count, seed, jobs, files } = readOptions();
  install();
  const faults = await allFaults(files.length > 0 ? files : sourceFiles());
  const drawn = draw(faults, count, seed);
  console.log(`${faults.length} faults can be made; ${drawn.faults} of them are tried (seed ${seed}).`);
  mkdirSync(REPORTS, { recursive: true });
  const config = join(REPORTS, 'stryker.config.json');
  writeFileSync(config, `${JSON.stringify(configuration(drawn.places, jobs), null, 2)}\n`);
  const stryker = join(HERE, 'node_modules/@stryker-mutator/core/bin/stryker.js');
  process.exitCode = run(process.execPath, [stryker, 'run', config], ROOT);
} catch (error) {
  console.error(`mutate: ${error.message}`);
  process.exitCode = 2;
}
