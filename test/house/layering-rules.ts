/**
 * Who may import whom under src: the table that layering.ts enforces. To give a room a new right, change it here and say why in the
 * commit; to add a room, give it a row in each table it needs.
 */

/** Where a file belongs: the folder under src it lies in; `words` are the leaf files directly in src, `index` is src/index.ts. */
export type Room =
  | 'words'
  | 'mmu'
  | 'disk'
  | 'pagecache'
  | 'kernel'
  | 'index'
  | 'scenario'
  | 'spec'
  | 'replay'
  | 'view'
  | 'testing'
  | 'node'
  | 'cli';

const MACHINE = ['words', 'mmu', 'disk', 'pagecache', 'kernel'] as const;

/** Room -> the rooms its files may import from. Types count as much as values. */
export const MAY_IMPORT: Readonly<Record<Room, readonly Room[]>> = {
  // The machine, from the bottom up.
  words: ['words'],
  mmu: ['words', 'mmu'],
  disk: ['words', 'disk'],
  pagecache: ['words', 'disk', 'mmu', 'pagecache'], // of mmu only what ONLY_PARTS lists
  kernel: MACHINE,
  index: MACHINE,
  // Beside the machine: its public face, the words, and neighbours to the left. The specification knows the words only.
  scenario: ['words', 'index', 'scenario'],
  spec: ['words', 'spec'],
  replay: ['words', 'index', 'scenario', 'spec', 'replay'],
  view: ['words', 'index', 'scenario', 'spec', 'replay', 'view'],
  testing: ['words', 'index', 'scenario', 'spec', 'replay', 'view', 'testing'],
  // Hosts.
  node: [...MACHINE, 'index', 'scenario', 'spec', 'replay', 'view', 'testing', 'node', 'cli'],
  cli: [...MACHINE, 'index', 'scenario', 'spec', 'replay', 'view', 'testing', 'node', 'cli'],
};

/** Importing room -> imported room -> the only files of it that it may know. */
export const ONLY_PARTS: Readonly<Partial<Record<Room, Partial<Record<Room, readonly string[]>>>>> = {
  pagecache: { mmu: ['src/mmu/frames.ts', 'src/mmu/ram.ts'] },
};

/** Package -> the rooms or the single files that may import it. A package that is not here may be imported nowhere under src. */
export const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'cli-progress': ['cli'],
  commander: ['cli'],
  'fast-check': ['testing'],
  immer: ['spec', 'view'],
  seedrandom: ['src/rng.ts'],
};

/** The rooms that run under Node alone: they may import `node:` modules, wait, and ask for the wall time. */
export const HOST_ROOMS: readonly Room[] = ['node', 'cli'];

/**
 * Files that show the outside what others hold: they may export by name what they import. They are the entries of the package. No
 * other file may, and `export *` may nobody.
 */
export const ENTRIES: readonly string[] = [
  'src/index.ts',
  'src/scenario/scenario.ts',
  'src/spec/spec.ts',
  'src/replay/replay.ts',
  'src/view/view.ts',
  'src/testing/testing.ts',
];

/** Outside the host rooms: a name that must not be used -> what to do instead. A run must depend on its seed and input alone. */
export const FORBIDDEN_NAMES: Readonly<Record<string, string>> = {
  Date: 'time comes from src/clock.ts',
  performance: 'time comes from src/clock.ts',
  'Math.random': 'chance comes from src/rng.ts',
  crypto: 'chance comes from src/rng.ts',
  setTimeout: 'what happens later is an alarm of src/clock.ts',
  setInterval: 'what happens later is an alarm of src/clock.ts',
  setImmediate: 'what happens later is an alarm of src/clock.ts',
  queueMicrotask: 'what happens later is an alarm of src/clock.ts',
  Promise: 'nothing below the command line waits',
  async: 'nothing below the command line waits',
  await: 'nothing below the command line waits',
};

/** Lines a file under src may have; beyond, it is split. */
export const LINES_MAX = 350;
