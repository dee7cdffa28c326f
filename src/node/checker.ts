/**
 * Asks all targets of a check the same scenario and compares.
 *
 * Place: under the search (check-search.ts) and the shrinking (check-shrink.ts); one for each worker. A run is drawn from the seed and its
 * number alone, so that it is the same whoever makes it.
 */
import type { SchemeName } from '../index.ts';
import { type Arena, DEFAULT_ARENA } from '../scenario/scenario.ts';
import { drawRun, pagesOf, writerOptions } from '../testing/arbitraries.ts';
import { ANY_PROCESSOR_RULES, type Compared, Comparison, LINUX_RULES, type Rules } from '../testing/compare.ts';
import { Coverage } from '../testing/coverage.ts';
import { ofScheme, pageSizeOf, withHugePages, withInstantDisk } from '../testing/machine-draw.ts';
import { posixRules } from '../testing/posix-rules.ts';
import type { Profile } from '../testing/scenario-choices.ts';
import { type DrawnCall, type WriterOptions, writeScenario } from '../testing/scenario-writer.ts';
import type { Transcript } from '../testing/transcript.ts';
import { type Race, type Settled, settleRace } from './check-races.ts';
import { type CheckTarget, openTarget, type TargetSpec } from './check-targets.ts';
import type { FileSystem } from './scratch-folder.ts';

/** What is to be checked, as plain data. */
export interface CheckPlan {
  readonly targets: readonly TargetSpec[];
  readonly seed: string;
  /** Drawn statements of a scenario. */
  readonly ops: number;
  /** Taken in turns. */
  readonly profiles: readonly Profile[];
  readonly fs: FileSystem;
  /** Where the arena is; the usual place if absent. */
  readonly arena: Arena | undefined;
  /** What the simulated machines read ahead at most: as much as the real kernel among the targets, else the default. */
  readonly readAheadBytes: number | undefined;
  /** What counts as the same. */
  readonly rules: 'linux' | 'posix';
  /** Page-table schemes of the machines, taken in turns: with them the size of pages and of registers. */
  readonly schemes: readonly SchemeName[];
  readonly calls: readonly string[] | undefined;
  /** Huge pages of the pool, where some are asked for: 'drawn' for each run, or as many as the kernel has; undefined if none are. */
  readonly hugePages: 'drawn' | number | undefined;
  readonly timeoutMs: number;
}

/** What one scenario came to. */
export interface Trial extends Compared {
  /** That the targets agree although they differed at first: the real kernel's answers change. */
  readonly race: Race | undefined;
  readonly transcripts: readonly Transcript[];
}

/** A run that is a race of the real kernel. */
export interface RaceRun extends Race {
  readonly run: number;
}

/** A run whose answers differ. */
export interface Found {
  readonly run: number;
  readonly calls: readonly DrawnCall[];
  readonly text: string;
  /** The simulated machine of each target; of a target that is none it says nothing. */
  readonly machines: readonly string[];
}

/** An arena elsewhere is for another processor. */
function rulesOf({ rules, fs, arena }: CheckPlan): Rules {
  if (rules === 'posix') return posixRules({ fs, arena: arena ?? DEFAULT_ARENA });
  return arena === undefined ? LINUX_RULES : ANY_PROCESSOR_RULES;
}

export class Checker {
  readonly plan: CheckPlan;
  readonly coverage: Coverage;
  /** What of the runs turned out to be races. */
  readonly races: RaceRun[];
  private readonly targets: readonly CheckTarget[];
  private readonly rules: Rules;

  /** Throws `UserError` for calls that no scenario can be made of. */
  constructor(plan: CheckPlan) {
    this.plan = plan;
    this.coverage = new Coverage();
    this.races = [];
    this.rules = rulesOf(plan);
    for (const profile of plan.profiles) this.writerFor(profile, plan.schemes[0]);
    this.targets = plan.targets.map((spec) => openTarget(spec, plan));
  }

  /** How the calls of a run are written. */
  writerOf(run: number): WriterOptions {
    const { profiles } = this.plan;
    return this.writerFor(profiles[run % profiles.length], this.schemeOf(run));
  }

  /** Each profile comes with one scheme before it comes with the next. */
  schemeOf(run: number): SchemeName {
    const { profiles, schemes } = this.plan;
    return schemes[Math.floor(run / profiles.length) % schemes.length];
  }

  private writerFor(profile: Profile, scheme: SchemeName): WriterOptions {
    const { fs, calls, rules, arena = DEFAULT_ARENA } = this.plan;
    const dialect = rules === 'posix' ? { dialect: rules } : {};
    const hugePages = this.asksForHugePages(scheme) ? ({ hugePages: 'asked' } as const) : {};
    const pageSize = pageSizeOf(scheme);
    const asked = { ...(calls && { calls }), ...dialect, ...hugePages };
    return writerOptions({ fs, profile, pageSize, arenaPages: pagesOf(arena), ...asked });
  }

  /** Pages of other sizes are not aimed at. */
  private asksForHugePages(scheme: SchemeName): boolean {
    return this.plan.hugePages !== undefined && scheme === 'x86-64';
  }

  private poolOf(drawn: number): number {
    const { hugePages } = this.plan;
    return hugePages === 'drawn' ? drawn : (hugePages ?? 0);
  }

  /** Makes the run with a number. Undefined if all targets agree. */
  async run(run: number): Promise<Found | undefined> {
    const { seed, ops } = this.plan;
    const { calls, machine, hugePages } = drawRun(seed, run, ops);
    const text = writeScenario(calls, this.writerOf(run));
    const scheme = this.schemeOf(run);
    const pool = this.asksForHugePages(scheme) ? this.poolOf(hugePages) : 0;
    const machines = this.targets.map((_, index) => withHugePages(ofScheme(machine(index), scheme), pool));
    const { scenario, transcripts, difference, race, takenOut } = await this.try(text, machines);
    this.coverage.add(scenario, transcripts[0], takenOut);
    if (race !== undefined) this.races.push({ run, ...race });
    return difference === undefined ? undefined : { run, calls, text, machines };
  }

  /** Asks all targets. Where they differ the real kernel is asked again: a race of its own is no difference. */
  async try(text: string, machines: readonly string[], file = 'scenario'): Promise<Trial> {
    const comparison = new Comparison(text, this.rules, file);
    let transcripts: readonly Transcript[];
    do transcripts = await this.ask(comparison, machines);
    while (!comparison.settle(transcripts));
    const trial = { ...comparison.result, race: undefined, transcripts };
    if (trial.difference === undefined) return trial;
    const settled = await this.settleRace(comparison, transcripts, machines);
    return settled === undefined ? trial : { ...trial, ...settled, difference: undefined };
  }

  private settleRace(
    comparison: Comparison,
    first: readonly Transcript[],
    machines: readonly string[],
  ): Promise<Settled | undefined> {
    const { scenario, text } = comparison;
    const { targets } = this.plan;
    const ask = (target: number, machine: string): Promise<Transcript> =>
      this.targets[target].ask(scenario, text, machine);
    const askKernel = (target: number): Promise<Transcript> => ask(target, machines[target]);
    const askInstant = (target: number): Promise<Transcript> => ask(target, withInstantDisk(machines[target]));
    return settleRace({ comparison, first, targets, askKernel, askInstant });
  }

  /** Programs are asked first, so that they work while this one does. */
  private ask({ scenario, text }: Comparison, machines: readonly string[]): Promise<Transcript[]> {
    const asked: Promise<Transcript>[] = [];
    for (const programs of [true, false]) {
      for (const [index, target] of this.targets.entries()) {
        if (target.isProgram === programs) asked[index] = target.ask(scenario, text, machines[index]);
      }
    }
    return Promise.all(asked);
  }

  async close(): Promise<void> {
    await Promise.all(this.targets.map((target) => target.close()));
  }
}
