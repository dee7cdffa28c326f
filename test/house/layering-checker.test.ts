import { describe, expect, test } from 'vitest';
import { breaches } from './layering.ts';

/** The breaches in a small invented tree. */
function check(files: Record<string, string>): string[] {
  return breaches(new Map(Object.entries(files)));
}

/** The breaches when `importer` imports `imported`, in a tree of these two files. */
function importing(importer: string, imported: string, form = (to: string) => `import { x } from '${to}';`): string[] {
  const up = '../'.repeat(importer.split('/').length - 2) || './';
  return check({ [importer]: form(up + imported.slice('src/'.length)), [imported]: 'export const x = 1;' });
}

describe('direction', () => {
  test.each([
    ['src/errno.ts', 'src/units.ts'],
    ['src/mmu/tlb.ts', 'src/units.ts'],
    ['src/pagecache/page-cache.ts', 'src/mmu/frames.ts'],
    ['src/pagecache/page-cache.ts', 'src/disk/disk.ts'],
    ['src/kernel/fault.ts', 'src/mmu/mmu.ts'],
    ['src/index.ts', 'src/kernel/kernel.ts'],
    ['src/scenario/run.ts', 'src/index.ts'],
    ['src/replay/lackey.ts', 'src/scenario/scenario.ts'],
    ['src/testing/commands.ts', 'src/view/view.ts'],
    ['src/node/files.ts', 'src/kernel/kernel.ts'],
    ['src/cli/commands/run.ts', 'src/node/files.ts'],
  ])('%s may import %s', (importer, imported) => {
    expect(importing(importer, imported)).toEqual([]);
  });

  test.each([
    ['src/errno.ts', 'src/mmu/mmu.ts', 'words may not import mmu'],
    ['src/errno.ts', 'src/index.ts', 'words may not import index'],
    ['src/mmu/mmu.ts', 'src/disk/disk.ts', 'mmu may not import disk'],
    ['src/mmu/mmu.ts', 'src/kernel/vma.ts', 'mmu may not import kernel'],
    ['src/disk/disk.ts', 'src/mmu/ram.ts', 'disk may not import mmu'],
    ['src/pagecache/lru.ts', 'src/mmu/mmu.ts', 'pagecache may import of mmu only src/mmu/frames.ts and src/mmu/ram.ts'],
    ['src/pagecache/lru.ts', 'src/kernel/rmap.ts', 'pagecache may not import kernel'],
    ['src/kernel/mm.ts', 'src/index.ts', 'kernel may not import index'],
    ['src/kernel/mm.ts', 'src/scenario/scenario.ts', 'kernel may not import scenario'],
    ['src/index.ts', 'src/scenario/scenario.ts', 'index may not import scenario'],
    ['src/scenario/run.ts', 'src/kernel/kernel.ts', 'scenario may not import kernel'],
    ['src/scenario/run.ts', 'src/replay/replay.ts', 'scenario may not import replay'],
    ['src/spec/spec.ts', 'src/index.ts', 'spec may not import index'],
    ['src/spec/spec.ts', 'src/scenario/scenario.ts', 'spec may not import scenario'],
    ['src/view/view.ts', 'src/testing/testing.ts', 'view may not import testing'],
    ['src/testing/testing.ts', 'src/node/files.ts', 'testing may not import node'],
  ])('%s may not import %s', (importer, imported, what) => {
    expect(importing(importer, imported)).toEqual([expect.stringContaining(`${importer}:1: ${what}`)]);
  });

  test.each([
    ['a type', (to: string) => `import type { x } from '${to}';`],
    ['an inline type', (to: string) => `import { type x } from '${to}';`],
    ['nothing', (to: string) => `import '${to}';`],
    ['at run time', (to: string) => `export const load = () => import('${to}');`],
    ['at run time, in backquotes', (to: string) => `export const load = () => import(\`${to}\`);`],
    ['a type by expression', (to: string) => `export type X = import('${to}').X;`],
    ['the type of a module', (to: string) => `export type X = typeof import('${to}');`],
    ['by require', (to: string) => `import x = require('${to}');`],
    ['over lines', (to: string) => `import {\n  x,\n} /* from './units.ts' */ from\n  '${to}';`],
  ])('holds for an import of %s', (_name, form) => {
    expect(importing('src/mmu/mmu.ts', 'src/kernel/vma.ts', form)).toEqual([
      expect.stringContaining('mmu may not import kernel (src/kernel/vma.ts)'),
    ]);
  });

  test('imports in comments and strings are none', () => {
    const text = `// import { x } from '../kernel/vma.ts';\nexport const text = "import { x } from '../kernel/vma.ts'";\n`;
    expect(check({ 'src/mmu/mmu.ts': text })).toEqual([]);
  });

  test('an import that cannot be read is a breach', () => {
    expect(check({ 'src/mmu/mmu.ts': 'export const load = (name: string) => import(name);' })).toEqual([
      'src/mmu/mmu.ts:1: imports a module whose name is computed, which no rule can check',
    ]);
  });

  test.each(['./units', './units.js', './gone.ts', './'])("'%s' names no source file", (specifier) => {
    const files = { 'src/errno.ts': `\nimport { x } from '${specifier}';`, 'src/units.ts': 'export const x = 1;' };
    expect(check(files)).toEqual([
      `src/errno.ts:2: imports '${specifier}', which is no file under src (write the .ts extension)`,
    ]);
  });

  test('leaving src is a breach', () => {
    expect(check({ 'src/errno.ts': `import { x } from '../test/helpers/machine.ts';` })).toHaveLength(1);
  });

  test.each(['src/utils/x.ts', 'src/words/x.ts', 'src/index/x.ts'])('%s is in no room', (path) => {
    expect(check({ [path]: '' })).toEqual([`${path}:1: is in a folder that the table of rooms does not know`]);
  });

  test('a file deeper in a room belongs to it', () => {
    expect(importing('src/kernel/calls/mmap.ts', 'src/index.ts')).toEqual([
      'src/kernel/calls/mmap.ts:1: kernel may not import index (src/index.ts)',
    ]);
  });
});

describe('packages', () => {
  test.each([
    ['src/cli/main.ts', 'node:fs'],
    ['src/node/disk-image.ts', 'node:fs/promises'],
    ['src/cli/program.ts', 'commander'],
    ['src/rng.ts', 'seedrandom'],
    ['src/rng.ts', 'seedrandom/lib/alea.js'],
    ['src/spec/spec.ts', 'immer'],
    ['src/view/view.ts', 'immer'],
    ['src/testing/testing.ts', 'fast-check'],
  ])('%s may import %s', (path, name) => {
    expect(check({ [path]: `import * as x from '${name}';` })).toEqual([]);
  });

  test.each([
    ['src/kernel/mm.ts', 'node:fs', 'kernel may not import node:fs: it also runs in a browser'],
    ['src/replay/replay.ts', 'node:zlib', 'replay may not import node:zlib: it also runs in a browser'],
    ['src/cli/main.ts', 'fs', 'may not import the package fs: nothing under src may'],
    ['src/kernel/mm.ts', 'immer', 'may not import the package immer: only spec and view may'],
    ['src/testing/kit.ts', 'immer', 'may not import the package immer: only spec and view may'],
    ['src/trace.ts', 'seedrandom', 'may not import the package seedrandom: only src/rng.ts may'],
    ['src/spec/model.ts', 'fast-check', 'may not import the package fast-check: only testing may'],
    ['src/view/tree.ts', '@scope/tree/deep', 'may not import the package @scope/tree: nothing under src may'],
    ['src/mmu/mmu.ts', 'constructor', 'may not import the package constructor: nothing under src may'],
  ])('%s importing %s: %s', (path, name, what) => {
    expect(check({ [path]: `import * as x from '${name}';` })).toEqual(
      what === undefined ? [] : [`${path}:1: ${what}`],
    );
  });
});

describe('cycles', () => {
  test('of two files are shown once, with the way round', () => {
    const files = {
      'src/mmu/a.ts': `import { b } from './b.ts';`,
      'src/mmu/b.ts': `import { a } from './a.ts';`,
    };
    expect(check(files)).toEqual(['src/mmu/a.ts:1: import cycle src/mmu/a.ts -> src/mmu/b.ts -> src/mmu/a.ts']);
  });

  test('of types alone count', () => {
    const files = {
      'src/kernel/a.ts': `import type { B } from './b.ts';`,
      'src/kernel/b.ts': `import type { C } from './c.ts';`,
      'src/kernel/c.ts': `export type C = import('./a.ts').A;`,
    };
    expect(check(files)).toEqual([
      expect.stringContaining('import cycle src/kernel/a.ts -> src/kernel/b.ts -> src/kernel/c.ts ->'),
    ]);
  });

  test('of a file with itself count', () => {
    expect(check({ 'src/units.ts': `import { x } from './units.ts';` })).toEqual([
      'src/units.ts:1: import cycle src/units.ts -> src/units.ts',
    ]);
  });

  test('that a file only leads to are not its own', () => {
    const files = {
      'src/mmu/outside.ts': `import { a } from './a.ts';`,
      'src/mmu/a.ts': `import { b } from './b.ts';`,
      'src/mmu/b.ts': `import { a } from './a.ts';`,
    };
    expect(check(files)).toEqual([expect.stringMatching(/^src\/mmu\/a\.ts:1: import cycle/)]);
  });

  test('are not diamonds', () => {
    const files = {
      'src/mmu/top.ts': `import { l } from './left.ts';\nimport { r } from './right.ts';`,
      'src/mmu/left.ts': `import { x } from '../units.ts';`,
      'src/mmu/right.ts': `import { x } from '../units.ts';`,
      'src/units.ts': 'export const x = 1;',
    };
    expect(check(files)).toEqual([]);
  });
});

describe('exports', () => {
  const units = { 'src/units.ts': 'export const x = 1;' };

  test.each([
    ['src/index.ts', `export { Kernel } from './kernel/kernel.ts';`],
    ['src/scenario/scenario.ts', `import { run } from './run.ts';\nexport { run };`],
  ])('the entry %s may export what others declare', (path, text) => {
    const others = { 'src/kernel/kernel.ts': 'export class Kernel {}', 'src/scenario/run.ts': 'export const run = 1;' };
    expect(check({ [path]: text, ...others })).toEqual([]);
  });

  test.each([
    ['at once', `export { x } from './units.ts';`, 1],
    ['as a type', `export type { x } from './units.ts';`, 1],
    ['after importing it', `import { x } from './units.ts';\nexport { x };`, 2],
    ['under another name', `import { x as y } from './units.ts';\nexport { y as z };`, 2],
  ])('other files may not: %s', (_name, text, line) => {
    expect(check({ 'src/errno.ts': text, ...units })).toEqual([
      `src/errno.ts:${line}: exports what another module declares: only entries of the package may`,
    ]);
  });

  test.each([`export * from './units.ts';`, `export * as units from './units.ts';`])('nobody may: %s', (text) => {
    expect(check({ 'src/errno.ts': text, ...units })).toEqual([
      'src/errno.ts:1: export * hides what a module offers: export by name',
    ]);
  });

  test.each([
    'export default 1;',
    'export default function name() {}',
    'const x = 1;\nexport { x as default };',
    'export default class {}',
  ])('nobody may export by default: %s', (text) => {
    expect(check({ 'src/errno.ts': text })).toEqual([expect.stringContaining('has a default export: give it a name')]);
  });
});

describe('chance, time and waiting', () => {
  test.each([
    ['const t = Date.now();', 'Date'],
    ['const t = new Date();', 'Date'],
    ['const r = Math.random();', 'Math.random'],
    ['setTimeout(() => {}, 1);', 'setTimeout'],
    ['export async function f() {}', 'async'],
    ['export const f = async () => 1;', 'async'],
    ['export class C { async f() {} }', 'async'],
    ['await f();', 'await'],
    ['const p = Promise.resolve(1);', 'Promise'],
    ['const o = { Promise };', 'Promise'],
  ])('%s is a breach in the machine', (text, name) => {
    expect(check({ 'src/kernel/a.ts': text })).toContainEqual(
      expect.stringContaining(`src/kernel/a.ts:1: uses ${name}: `),
    );
    expect(check({ 'src/view/a.ts': text })).not.toEqual([]);
    expect(check({ 'src/cli/a.ts': text })).toEqual([]);
  });

  test.each([
    'const x = o.Date;',
    'const o = { performance: 1, Date: 2 };',
    'export interface I { crypto: number }',
    '// new Date()',
  ])('%s is none', (text) => {
    expect(check({ 'src/kernel/a.ts': text })).toEqual([]);
  });
});

describe('length', () => {
  const lines = (count: number) => 'export {};\n'.repeat(count);

  test('350 lines may stand', () => {
    expect(check({ 'src/kernel/a.ts': lines(350) })).toEqual([]);
    expect(check({ 'src/kernel/a.ts': `${lines(349)}export {};` })).toEqual([]);
  });

  test('351 may not', () => {
    expect(check({ 'src/kernel/a.ts': lines(351) })).toEqual(['src/kernel/a.ts:351: has 351 lines: split it at 350']);
    expect(check({ 'src/kernel/a.ts': `${lines(350)}export {};` })).toHaveLength(1);
  });
});

test('a file that does not parse is named with its line', () => {
  expect(() => check({ 'src/kernel/a.ts': 'export const a = 1;\nexport const = 2;' })).toThrow(
    /^src\/kernel\/a\.ts:2: /,
  );
});
