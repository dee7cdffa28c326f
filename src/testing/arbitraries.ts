/**
 * Random scenarios and machines for fast-check.
 *
 * Place: where fast-check meets the writer. What fast-check draws and shrinks are lists of small numbers; they become text as late as
 * possible, so that each list that shrinking makes is a scenario again.
 */
import fc from 'fast-check';
import { UserError } from '../assert.ts';
import type { MachineConfig } from '../index.ts';
import { RngStream } from '../rng.ts';
import type { Arena } from '../scenario/arena.ts';
import { callNames } from '../scenario/calls.ts';
import { PAGE } from './aim.ts';
import { DRAW_LIMIT, Draws } from './draws.ts';
import { drawMachine, machineOfWords } from './machine-draw.ts';
import { POSIX_CALLS } from './posix-dialect.ts';
import { CALLS_OF, PROFILES, type Profile } from './scenario-choices.ts';
import { type DrawnCall, NUMBERS_PER_CALL, type WriterOptions, writeScenario } from './scenario-writer.ts';

export interface ScenarioOptions {
  /** What it is about; 'mixed' if absent. */
  readonly profile?: Profile;
  /** The calls it may make, by name; `load` and `store` stand for all widths. All if absent. */
  readonly calls?: readonly string[];
  /** File system of its files; 'tmpfs' if absent. */
  readonly fs?: 'tmpfs' | 'ext4';
  /** 'shown': no transfers between a file and the program's memory, which `Implementation` has no method for. */
  readonly transfers?: 'shown';
  /** 'posix': only flags that POSIX has, and if `calls` is absent only such calls. */
  readonly dialect?: 'posix';
  /** How many statements at most, without those that show what is left in the end; 40 if absent. */
  readonly ops?: number;
  /** Bytes of a page of the machine; 4096 if absent. */
  readonly pageSize?: number;
  /** How many pages of the arena it may use, at least 1; 24 if absent. */
  readonly arenaPages?: number;
  /** It may ask for huge pages, if `calls` is absent. */
  readonly hugePages?: 'asked';
}

const OPS = 40;
const HUGE_PAGES_MAX = 4;
const ARENA_PAGES = 24;
/** How far behind the pages it uses a scenario may reach. */
const REACH_PAGES = 32;

/** How many pages of an arena scenarios use. */
export function pagesOf({ size }: Arena): number {
  return Math.min(ARENA_PAGES, Number(size / 4096n) - REACH_PAGES);
}

const number = fc.integer({ min: 0, max: DRAW_LIMIT - 1 });
const drawnCall = fc.tuple(...Array<typeof number>(NUMBERS_PER_CALL).fill(number));

/** Lists of drawn calls that shrink to shorter lists of the same calls: what each of them says is for later. */
export function keptCalls(max: number): fc.Arbitrary<DrawnCall[]> {
  return fc.array(fc.noShrink(drawnCall), { minLength: 0, maxLength: max, size: 'max' });
}

/** Lists of drawn calls. */
export function drawnCalls({ min, max }: { readonly min: number; readonly max: number }): fc.Arbitrary<DrawnCall[]> {
  return fc.noBias(fc.array(drawnCall, { minLength: min, maxLength: max, size: 'max' }));
}

/** Texts of scenarios. Throws `UserError` for a call that no scenario has. */
export function scenarios(options: ScenarioOptions = {}): fc.Arbitrary<string> {
  const writer = writerOptions(options);
  return drawnCalls({ min: 1, max: options.ops ?? OPS }).map((calls) => writeScenario(calls, writer));
}

export function writerOptions({
  profile = 'mixed',
  calls,
  fs = 'tmpfs',
  arenaPages = ARENA_PAGES,
  pageSize = PAGE,
  transfers,
  dialect,
  hugePages,
}: ScenarioOptions): WriterOptions {
  const named = { ...(transfers && { transfers }), ...(dialect && { dialect }), ...(hugePages && { hugePages }) };
  const writer = { profile, fs, arenaPages, pageSize, ...named };
  if (calls === undefined) return dialect === 'posix' ? { ...writer, calls: new Set(POSIX_CALLS) } : writer;
  const allowed = new Set(calls.flatMap(callsByWord));
  if (!hasStatements(profile, allowed))
    throw new UserError(
      `no statement of the profile ${profile} is made of ${calls.join(', ')} alone; add a call to the list`,
    );
  return { ...writer, calls: allowed };
}

/** The profiles of which some statement is made of these calls alone; all if absent. Throws `UserError` for a call that no scenario has. */
export function profilesWith(calls?: readonly string[]): readonly Profile[] {
  const all = Object.keys(PROFILES) as Profile[];
  if (calls === undefined) return all;
  const allowed = new Set(calls.flatMap(callsByWord));
  return all.filter((profile) => hasStatements(profile, allowed));
}

function hasStatements(profile: Profile, allowed: ReadonlySet<string>): boolean {
  return Object.keys(PROFILES[profile].weights).some((kind) => canWrite(kind, allowed));
}

function canWrite(kind: string, allowed: ReadonlySet<string>): boolean {
  return CALLS_OF[kind as keyof typeof CALLS_OF].some((call) => allowed.has(call));
}

function callsByWord(word: string): readonly string[] {
  const names = [...callNames()];
  const found = names.filter(
    (name) => name === word || (/^(load|store)$/.test(word) && name.replace(/\d+$/, '') === word),
  );
  if (found.length === 0) throw new UserError(`there is no call '${word}'; the calls are ${names.join(', ')}`);
  return found;
}

/** Configurations of simulated machines that must not differ in what a program sees. */
export function machines(): fc.Arbitrary<MachineConfig> {
  return fc
    .noBias(fc.array(number, { minLength: 8, maxLength: 8 }))
    .map((numbers) => machineOfWords(drawMachine(new Draws(numbers))));
}

/** What the run with a number draws: the same for a seed in whatever order, and by whatever process, runs are made. */
export interface DrawnRun {
  readonly calls: readonly DrawnCall[];
  /** For as many simulated machines as are asked for. */
  readonly machine: (index: number) => string;
  /** Huge pages of all of them: what a program sees depends on it. */
  readonly hugePages: number;
}

export function drawRun(seed: string, run: number, ops: number): DrawnRun {
  const stream = new RngStream(`${seed}/${run}`);
  const [calls] = fc.sample(drawnCalls({ min: ops, max: ops }), { seed: stream.below(2 ** 31), numRuns: 1 });
  const machine = (index: number): string => {
    const own = new RngStream(`${seed}/${run}/machine ${index}`);
    return drawMachine(new Draws(Array.from({ length: 8 }, () => own.below(DRAW_LIMIT))));
  };
  const hugePages = new RngStream(`${seed}/${run}/pool`).below(HUGE_PAGES_MAX + 1);
  return { calls, machine, hugePages };
}
