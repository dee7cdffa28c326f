/**
 * What the real kernel answered in the recorded scenarios, by call: which scenarios show it, and which show an errno of it.
 *
 * Recordings that were drawn at random prove as much, but explain nothing: they are only counted among what must be documented.
 */
import { readdirSync, readFileSync } from 'node:fs';

export interface Recording {
  /** `cases/mincore-file`, without an ending. */
  readonly stem: string;
  /** Calls it makes. */
  readonly calls: ReadonlyMap<string, number>;
  /** `mmap EINVAL` for each failure. */
  readonly failures: ReadonlySet<string>;
}

export const SCENARIOS = 'test/conformance/scenarios/';
const FOLDERS = ['cases', 'asked', 'random'];

/** A line of output: the call and its errno, if it failed. */
const LINE = /^\d+ \w+ (?:\w+ *= *)?(\w+)\(.*\) -> (?:= -1 (E\w+))?/;

/** All recordings: cases, then asked, then random, each in the order of their names. */
export function readRecordings(root: URL): Recording[] {
  return FOLDERS.flatMap((folder) => {
    const names = readdirSync(new URL(`${SCENARIOS}${folder}/`, root)).sort();
    const stems = names.filter((name) => name.endsWith('.scn')).map((name) => `${folder}/${name.slice(0, -4)}`);
    return stems.map((stem) => read(root, stem, names));
  });
}

function read(root: URL, stem: string, names: readonly string[]): Recording {
  const calls = new Map<string, number>();
  const failures = new Set<string>();
  for (const ending of ['.expected', '.ext4.expected']) {
    if (!names.includes(`${stem.slice(stem.indexOf('/') + 1)}${ending}`)) continue;
    for (const line of readFileSync(new URL(`${SCENARIOS}${stem}${ending}`, root), 'utf8').split('\n')) {
      const [, call, errno] = LINE.exec(line) ?? [];
      if (call === undefined) continue;
      calls.set(call, (calls.get(call) ?? 0) + 1);
      if (errno !== undefined) failures.add(`${call} ${errno}`);
    }
  }
  return { stem, calls, failures };
}

/** Enough to look at. */
const SHOWN_MAX = 8;

/** The scenarios to show for some calls: those named after one, and if these are few, the cases that make them most often. */
export function bestScenarios(recordings: readonly Recording[], names: readonly string[]): string[] {
  const candidates = recordings.filter(({ stem }) => !stem.startsWith('random/'));
  const count = ({ calls }: Recording): number => names.reduce((sum, name) => sum + (calls.get(name) ?? 0), 0);
  const named = candidates.filter((one) => isNamedAfter(one.stem, names) && count(one) > 0);
  const others = candidates
    .filter((one) => one.stem.startsWith('cases/') && !named.includes(one) && count(one) > 0)
    .sort((a, b) => count(b) - count(a) || (a.stem < b.stem ? -1 : 1));
  return [...named, ...others.slice(0, Math.max(0, 4 - named.length))].slice(0, SHOWN_MAX).map(({ stem }) => stem);
}

function isNamedAfter(stem: string, names: readonly string[]): boolean {
  const words = stem.slice(stem.indexOf('/') + 1).split('-');
  return names.some((name) => words.includes(name));
}

/** The scenario that shows best that one of the calls fails with an errno; undefined if none does. */
export function shownFailure(
  recordings: readonly Recording[],
  names: readonly string[],
  errno: string,
): string | undefined {
  const showing = recordings.filter(({ failures }) => names.some((name) => failures.has(`${name} ${errno}`)));
  return (showing.find(({ stem }) => isNamedAfter(stem, names)) ?? showing[0])?.stem;
}

const CASES = 'test/syscall/cases/';

/** A statement of a file of cases that failed. */
const CASE_LINE = /^(?:\w+: *)?(?:\w+ *= *)?(\w+)\(.*\) -> = -1 (E\w+)/gm;

/** Call -> the errno values that the kernel was seen to give: in scenarios and in the cases of test/syscall. */
export function recordedErrors(root: URL): Map<string, Set<string>> {
  const failures = readRecordings(root).flatMap((recording) => [...recording.failures]);
  for (const name of readdirSync(new URL(CASES, root)).filter((file) => file.endsWith('.cases'))) {
    const text = readFileSync(new URL(`${CASES}${name}`, root), 'utf8');
    for (const [, call, errno] of text.matchAll(CASE_LINE)) failures.push(`${call} ${errno}`);
  }
  const errors = new Map<string, Set<string>>();
  for (const [call, errno] of failures.map((failure) => failure.split(' '))) {
    errors.set(call, (errors.get(call) ?? new Set()).add(errno));
  }
  return errors;
}
