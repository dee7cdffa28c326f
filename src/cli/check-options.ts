/**
 * The options of `faultline check` as the user wrote them, and what they mean.
 *
 * Each is checked here, before anything runs, so that a slip is one sentence about the option.
 */
import type { Command } from 'commander';
import { UserError } from '../assert.ts';
import { SCHEME_NAMES } from '../config.ts';
import type { SchemeName } from '../index.ts';
import { type TargetSettings, targetSpec } from '../node/check-targets.ts';
import type { CheckPlan } from '../node/checker.ts';
import { freeHugePages } from '../node/host-pool.ts';
import { readAheadBytes, scratchFolder } from '../node/scratch-folder.ts';
import { parseArena } from '../scenario/scenario.ts';
import { profilesWith } from '../testing/arbitraries.ts';
import { PROFILES, type Profile } from '../testing/scenario-choices.ts';

export interface CheckFlags {
  readonly seed?: string;
  readonly runs?: string;
  readonly time?: string;
  readonly ops: string;
  readonly profile?: string;
  readonly calls?: string;
  readonly fs?: string;
  readonly arena?: string;
  readonly rules?: string;
  readonly scheme: string;
  readonly jobs: string;
  readonly timeout: string;
  readonly batch?: true;
  readonly replay?: string;
  readonly shrink?: true;
  readonly out?: string;
  readonly coverage?: true;
}

const PROFILE_NAMES = Object.keys(PROFILES) as Profile[];
const OPS_MAX = 2000;
const JOBS_MAX = 64;
const RUNS = 1000;

export function addCheckOptions(command: Command): Command {
  return command
    .option('--seed <seed>', 'repeats a check: the same seed draws the same scenarios (default: a new one)')
    .option('--runs <n>', `how many scenarios (default: ${RUNS}, or as many as --time allows)`)
    .option('--time <time>', 'how long, such as 30s, 10m or 2h')
    .option('--ops <n>', 'statements of a scenario', '60')
    .option('--profile <names>', `what scenarios are about: ${PROFILE_NAMES.join(', ')} (default: all in turns)`)
    .option('--calls <names>', 'the only calls to make, such as mmap,munmap,load,store')
    .option('--fs <fs>', 'file system of the files: tmpfs or ext4 (default: tmpfs)')
    .option('--arena <base:size>', 'addresses to use, for a smaller address space (default: 0x100000000000:1G)')
    .option(
      '--rules <rules>',
      'linux: the answers are the same; posix: they may differ where POSIX lets them (default: linux)',
    )
    .option('--scheme <names>', `page tables of the machines, in turns: ${CHECKED_SCHEMES.join(', ')}`, 'x86-64')
    .option('--jobs <n>', 'threads that share the work', '1')
    .option('--timeout <seconds>', 'how long a command may take for one scenario', '10')
    .option(
      '--batch',
      'give a command one scenario after the other, each ended by a line %%, and read answers so ended',
    )
    .option('--replay <file>', 'run this scenario instead of random ones')
    .option('--shrink', 'with --replay: cut the scenario down if it shows a difference')
    .option('--out <file>', 'where a scenario that shows a difference is written (default: check-SEED-RUN.scn)')
    .option('--coverage', 'list every triple of call, flag and outcome that was reached');
}

/** What the words ask for. Throws `UserError`. */
export function checkPlan(targets: readonly string[], flags: CheckFlags): CheckPlan {
  if (targets.length < 2)
    throw new UserError('one target cannot be compared; name two or more of sim, spec, linux or a command');
  const settings = targetSettings(flags);
  const calls = flags.calls === undefined ? undefined : words(flags.calls);
  return {
    seed: flags.seed ?? String(Math.floor(Math.random() * 1e9)),
    ops: wholeNumber('--ops', flags.ops, OPS_MAX),
    profiles: profiles(flags.profile, calls),
    fs: settings.fs,
    arena: settings.arena,
    readAheadBytes: targets.includes('linux') ? readAheadBytes(scratchFolder(settings.fs)) : undefined,
    rules: rules(flags.rules),
    schemes: schemes(flags.scheme, targets),
    calls,
    hugePages: hugePages(targets, flags),
    timeoutMs: settings.timeoutMs,
    targets: numbered(targets.map((word) => targetSpec(word, settings))),
  };
}

function targetSettings({ fs = 'tmpfs', arena, timeout, batch }: CheckFlags): TargetSettings {
  if (fs !== 'tmpfs' && fs !== 'ext4') throw new UserError(`--fs is '${fs}'; choose tmpfs or ext4`);
  return {
    fs,
    arena: arena === undefined ? undefined : parseArena(arena),
    timeoutMs: seconds(timeout) * 1000,
    batch: batch === true,
  };
}

function seconds(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 86400) return value;
  throw new UserError(`--timeout is '${text}'; it must be a number of seconds above 0, at most 86400`);
}

/** `sim sim` become `sim 1` and `sim 2`. */
function numbered<T extends { readonly name: string }>(specs: readonly T[]): T[] {
  return specs.map((spec, index) => {
    const same = specs.filter(({ name }) => name === spec.name).length;
    const place = specs.slice(0, index + 1).filter(({ name }) => name === spec.name).length;
    return same > 1 ? { ...spec, name: `${spec.name} ${place}` } : spec;
  });
}

function words(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}

function rules(text = 'linux'): 'linux' | 'posix' {
  if (text === 'linux' || text === 'posix') return text;
  throw new UserError(`--rules is '${text}'; choose linux or posix`);
}

/** Those that are named, else all of which some statement can be made. */
function profiles(text: string | undefined, calls: readonly string[] | undefined): readonly Profile[] {
  if (text === undefined) {
    const fitting = profilesWith(calls);
    if (fitting.length > 0) return fitting;
    throw new UserError(`no scenario is made of ${calls?.join(', ')} alone; add a call to --calls`);
  }
  const named = words(text);
  const wrong = named.find((name) => !PROFILE_NAMES.includes(name as Profile));
  if (wrong !== undefined || named.length === 0)
    throw new UserError(`--profile is '${wrong ?? text}'; choose of ${PROFILE_NAMES.join(', ')}`);
  return named as Profile[];
}

/** Those in which a scenario has room. */
const CHECKED_SCHEMES: readonly SchemeName[] = SCHEME_NAMES.filter((name) => name !== 'tiny');

function schemes(text: string, targets: readonly string[]): SchemeName[] {
  const named = words(text);
  const wrong = named.find((name) => !CHECKED_SCHEMES.includes(name as SchemeName));
  if (wrong !== undefined || named.length === 0)
    throw new UserError(`--scheme is '${wrong ?? text}'; choose of ${CHECKED_SCHEMES.join(', ')}`);
  if (named.some((name) => name !== 'x86-64') && targets.includes('linux'))
    throw new UserError(`--scheme is '${text}', and the target linux is x86-64; compare sim and spec instead`);
  return named as SchemeName[];
}

/**
 * Huge pages are asked for where all targets have them: the machine and the specification as many as are drawn, the real kernel as
 * many as are free of its pool.
 */
function hugePages(targets: readonly string[], { arena, rules, calls }: CheckFlags): CheckPlan['hugePages'] {
  const known = targets.every((target) => ['sim', 'spec', 'linux'].includes(target));
  if (!known || arena !== undefined || rules === 'posix' || calls !== undefined) return undefined;
  return targets.includes('linux') ? freeHugePages() : 'drawn';
}

/** Runs, time and threads. */
export function checkExtent(flags: CheckFlags): { runs: number; limitMs: number; jobs: number } {
  const limitMs = flags.time === undefined ? Number.POSITIVE_INFINITY : milliseconds(flags.time);
  const usual = flags.time === undefined ? RUNS : MANY;
  const runs = flags.runs === undefined ? usual : wholeNumber('--runs', flags.runs, MANY);
  return { runs, limitMs, jobs: wholeNumber('--jobs', flags.jobs, JOBS_MAX) };
}

/** More runs than anybody waits for. */
const MANY = 1e9;

const UNIT_MS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000 };

function milliseconds(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)([smh]?)$/.exec(text) ?? [];
  if (amount === undefined || Number(amount) === 0)
    throw new UserError(`--time is '${text}'; write seconds, minutes or hours, such as 30s, 10m or 2h`);
  return Number(amount) * UNIT_MS[unit === '' || unit === undefined ? 's' : unit];
}

function wholeNumber(option: string, text: string, most: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= 1 && value <= most) return value;
  throw new UserError(`${option} is '${text}'; it must be a whole number from 1 to ${most}`);
}
