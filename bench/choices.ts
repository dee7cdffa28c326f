/** What the user of `npm run bench` asks for. */
import { parseArgs } from 'node:util';
import { CURVES, type Curve } from './growth/curves.ts';
import { diskKind } from './host.ts';
import { MEMORY_ROWS, type MemoryRow } from './memory/table.ts';
import { ROWS, type Row } from './rows/table.ts';

/** Wrong usage: one sentence, exit code 2. */
export class UsageError extends Error {}

export interface Choices {
  readonly json: boolean;
  readonly rows: readonly Row[];
  readonly memory: readonly MemoryRow[];
  readonly curves: readonly Curve[];
  /** Everything of its kind: RESULTS.md is written. */
  readonly isWhole: boolean;
  /** Where the native msync writes; undefined = wherever it can. */
  readonly directory: string | undefined;
}

const OPTIONS = {
  json: { type: 'boolean', default: false },
  growth: { type: 'boolean', default: false },
  only: { type: 'string', multiple: true, default: [] as string[] },
  dir: { type: 'string' },
} as const;

/** Without names: the rows and those about memory, or the curves. Names may be of any kind. Throws `UsageError`. */
export function readChoices(args: readonly string[]): Choices {
  const { json, growth, only, dir: directory } = readWords(args).values;
  checkNames(only, [...ROWS, ...MEMORY_ROWS, ...CURVES]);
  if (directory !== undefined) checkDirectory(directory);
  const isWhole = only.length === 0;
  const chosen = <T extends { readonly name: string }>(all: readonly T[], usual: boolean): readonly T[] =>
    isWhole ? (usual ? all : []) : all.filter(({ name }) => only.includes(name));
  return {
    json,
    rows: chosen<Row>(ROWS, !growth),
    memory: chosen<MemoryRow>(MEMORY_ROWS, !growth),
    curves: chosen<Curve>(CURVES, growth),
    isWhole,
    directory,
  };
}

function readWords(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS });
  } catch (error) {
    const { message } = error as Error;
    throw new UsageError(
      `${message}. The options are --json, --growth, --only NAME (as often as you like) and --dir DIRECTORY`,
    );
  }
}

/** Throws `UsageError` for a name that nothing has. */
export function checkNames(names: readonly string[], all: readonly { readonly name: string }[]): void {
  const wrong = names.find((name) => !all.some((one) => one.name === name));
  if (wrong !== undefined)
    throw new UsageError(`no row is named '${wrong}'; choose from ${all.map(({ name }) => name).join(', ')}`);
}

/** Throws `UsageError` unless `directory` lies on a disk file system. */
export function checkDirectory(directory: string): void {
  let kind = '';
  try {
    kind = diskKind(directory);
  } catch {
    throw new UsageError(`--dir ${directory}: there is no such directory`);
  }
  if (kind === '')
    throw new UsageError(`--dir ${directory} is on no disk file system; give a directory on ext4, xfs, btrfs or f2fs`);
}

/** Runs a command; of a `UsageError` it prints the sentence and sets exit code 2. */
export async function withUsage(command: string, main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${command}: ${error.message}\n`);
    process.exitCode = 2;
  }
}
