/**
 * How much of what other suites check has a case in test/syscall, and the table of it in the README there.
 *
 * `listed/SOURCE.txt` holds the names, and for those that no scenario can say the reason. Covered is what a case names; the rest is missing.
 */
import { readFileSync } from 'node:fs';
import { callsWithCases, casesOf } from './case-file.ts';

export const SOURCES = ['gvisor', 'ltp', 'selftests'] as const;
export type Source = (typeof SOURCES)[number];

const FOLDER = new URL('../syscall/', import.meta.url);
export const README = new URL('README.md', FOLDER);

export interface Coverage {
  readonly source: Source;
  /** Name -> why no scenario can say it, '' if one can. */
  readonly listed: ReadonlyMap<string, string>;
  readonly covered: readonly string[];
  /** Names with a reason and without a case. */
  readonly inexpressible: readonly string[];
  readonly missing: readonly string[];
  /** Names that cases claim and the list does not have. */
  readonly unknown: readonly string[];
}

/** The names of a list with their reasons. */
export function readList(text: string): ReadonlyMap<string, string> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const [name, ...reason] = line.split(' | ');
      return [name, reason.join(' | ')];
    }),
  );
}

/** The ids that cases name, without their source; a name has as many cases as it stands there. */
export function namesWithCases(source: Source | 'own'): ReadonlySet<string> {
  const ids = callsWithCases().flatMap((call) => casesOf(call).flatMap((one) => one.ids));
  const prefix = `${source}:`;
  return new Set(ids.filter((id) => id.startsWith(prefix)).map((id) => id.slice(prefix.length)));
}

export function coverageOf(source: Source): Coverage {
  const listed = readList(readFileSync(new URL(`listed/${source}.txt`, FOLDER), 'utf8'));
  const cases = namesWithCases(source);
  const names = [...listed.keys()];
  const open = names.filter((name) => !cases.has(name));
  return {
    source,
    listed,
    covered: names.filter((name) => cases.has(name)),
    inexpressible: open.filter((name) => listed.get(name) !== ''),
    missing: open.filter((name) => listed.get(name) === ''),
    unknown: [...cases].filter((name) => !listed.has(name)),
  };
}

const BEGIN = '<!-- coverage -->';
const END = '<!-- /coverage -->';

/** The README with the table of now. */
export function withCoverageTable(readme: string): string {
  const [before, after] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (before < 0 || after < before) throw new Error(`test/syscall/README.md has no ${BEGIN} ... ${END}`);
  return `${readme.slice(0, before + BEGIN.length)}\n${table(SOURCES.map(coverageOf))}\n${readme.slice(after)}`;
}

function table(all: readonly Coverage[]): string {
  const rows = all.map(
    ({ source, listed, covered, inexpressible, missing }) =>
      `| \`listed/${source}.txt\` | ${listed.size} | ${covered.length} | ${inexpressible.length} | ${missing.length} |`,
  );
  return [
    '| source | listed | covered by name | not expressible | missing |',
    '|---|---:|---:|---:|---:|',
    ...rows,
  ].join('\n');
}
