/**
 * What a user gets: the file that `npm pack` makes, installed into an empty folder, where the command runs and every entry of the
 * package can be imported, at run time and by the type checker.
 *
 * The dependencies come from npm's cache where it has them, else from the registry.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inRepository, packageEntries, ROOT } from '../helpers/repository.ts';

const entries = packageEntries();
const built = entries.filter(({ source }) => inRepository(source));
let folder = '';
let packed: { filename: string; files: { path: string }[] };

/** Runs a command in `cwd` and returns its output; fails the test with all of it when the exit code is not 0. */
function run(cwd: string, command: string, args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', env: plainEnv() });
  expect(status, `${command} ${args.join(' ')}\n${stdout}\n${stderr}\n${error ?? ''}`).toBe(0);
  return stdout;
}

/** The environment without what `npm test` put there about this checkout, which an npm started by hand would not have. */
function plainEnv(): NodeJS.ProcessEnv {
  const ofTheCheckout =
    /^npm_(lifecycle|package|config_local_prefix|config_global_prefix|config_prefix|command|execpath)|^INIT_CWD$|^VITEST|^NODE_ENV$/;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !ofTheCheckout.test(name)));
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-pack-'));
  // dist/ is fresh (globalSetup), and building it again here would pull it from under other tests.
  [packed] = JSON.parse(run(ROOT, 'npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder]));
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'user', private: true, type: 'module' }));
  run(folder, 'npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', `./${packed.filename}`]);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the packed file', () => {
  test('holds the build, the sources of the driver, the licence and the papers, and nothing else', () => {
    const strangers = packed.files
      .map(({ path }) => path)
      .filter((path) => !/^dist\/.*\.(js|d\.ts)$|^native\/[a-z-]+\.[ch]$/.test(path))
      .filter((path) => !/^(package\.json|README\.md|CHANGELOG\.md|LICENSE)$/.test(path));
    expect(strangers).toEqual([]);
    const wanted = ['dist/cli/main.js', 'native/driver.c', 'LICENSE'];
    expect(packed.files.map(({ path }) => path)).toEqual(expect.arrayContaining(wanted));
  });
});

describe('installed', () => {
  test('npx faultline --help says what there is', () => {
    expect(run(folder, 'npx', ['--no-install', 'faultline', '--help'])).toMatch(/^Usage: faultline /);
  });

  test('npx faultline alone says the same', () => {
    const help = run(folder, 'npx', ['--no-install', 'faultline', '--help']);
    expect(run(folder, 'npx', ['--no-install', 'faultline'])).toBe(help);
  });

  test('npx faultline --version is that of package.json', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
    expect(run(folder, 'npx', ['--no-install', 'faultline', '--version'])).toBe(`${version}\n`);
  });

  test('wrong usage is one line and exit code 2', () => {
    const { status, stdout, stderr } = spawnSync('npx', ['--no-install', 'faultline', '--no-such-option'], {
      cwd: folder,
      encoding: 'utf8',
      env: plainEnv(),
    });
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^faultline: unknown option '--no-such-option'\. .*\n$/m);
  });
});

describe('the property-test kit', () => {
  test('takes an implementation and throws a counterexample', () => {
    const script = `
      import { checkImplementation } from 'faultline/testing';
      try {
        checkImplementation(() => ({ load: () => 0, munmap: () => 0 }), { runs: 20, seed: 1 });
      } catch ({ name, scenario }) {
        console.log(name, JSON.stringify(scenario));
      }`;
    writeFileSync(join(folder, 'kit.mjs'), script);
    expect(run(folder, process.execPath, ['kit.mjs'])).toMatch(/^Counterexample "(load|copyin|munmap).*\\n"\n$/);
  });

  test('compares from the command line', () => {
    const words = ['check', 'sim', 'spec', '--runs', '3', '--seed', '1', '--jobs', '2'];
    expect(run(folder, 'npx', ['--no-install', 'faultline', ...words])).toMatch(
      /^sim and spec agree \(seed 1\)\n3 scenarios, /,
    );
  });
});

describe.each(entries)('the entry $subpath', ({ subpath, source }) => {
  const specifier = subpath.replace(/^\./, 'faultline');

  // An entry may be listed before its room is built; from then on it is tested.
  test.skipIf(!inRepository(source))('can be imported and exports something', () => {
    const script = `import * as entry from '${specifier}'; console.log(Object.keys(entry).length);`;
    writeFileSync(join(folder, 'import.mjs'), script);
    expect(Number(run(folder, process.execPath, ['import.mjs']))).toBeGreaterThan(0);
  });
});

describe('a strict TypeScript project without Node types', () => {
  test.skipIf(built.length === 0).each(['nodenext', 'bundler'])(
    'accepts the declarations under %s resolution',
    (resolution) => {
      const lines = built.map(
        ({ subpath }, i) => `import * as e${i} from '${subpath.replace(/^\./, 'faultline')}';\nexport { e${i} };`,
      );
      const toy = readFileSync(join(ROOT, 'examples/property-test/toy-vm.ts'), 'utf8');
      writeFileSync(join(folder, 'user.ts'), `${lines.join('\n')}\n${toy}`);
      const moduleKind = resolution === 'nodenext' ? 'nodenext' : 'esnext';
      const options = [
        '--strict',
        '--noEmit',
        '--lib',
        'es2022,dom',
        '--types',
        '',
        '--module',
        moduleKind,
        '--moduleResolution',
        resolution,
      ];
      run(folder, process.execPath, [
        join(ROOT, 'node_modules/typescript/bin/tsc'),
        '--ignoreConfig',
        ...options,
        'user.ts',
      ]);
    },
  );
});
