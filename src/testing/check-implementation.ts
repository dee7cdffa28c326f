/**
 * Checks somebody's own implementation of memory against Linux: random scenarios, compared with the specification, the first difference
 * cut down to its smallest scenario.
 *
 * Place: the front of the property-test kit, for use inside a test runner. It waits for nothing and touches nothing but the
 * implementation: the same seed makes the same calls. An implementation that never returns from a call cannot be stopped from here;
 * a test runner's time limit, or `faultline check` with a command, can.
 */
import { UserError } from '../assert.ts';
import { type Arena, checkedArena, DEFAULT_ARENA } from '../scenario/scenario.ts';
import { drawRun, pagesOf, profilesWith, type ScenarioOptions, writerOptions } from './arbitraries.ts';
import { ANY_PROCESSOR_RULES, type Compared, Comparison, type Difference, isAlike, type Rules } from './compare.ts';
import { Counterexample } from './counterexample.ts';
import { Coverage } from './coverage.ts';
import type { Implementation } from './implementation.ts';
import { callsOf, ImplementationTarget } from './implementation-target.ts';
import { POSIX_CALLS } from './posix-dialect.ts';
import { posixRules } from './posix-rules.ts';
import type { Profile } from './scenario-choices.ts';
import { type DrawnCall, type WriterOptions, writeScenario } from './scenario-writer.ts';
import { showDifference } from './show-difference.ts';
import { CallsSimplification, type Simplification, TextSimplification } from './simplify.ts';
import { SpecTarget } from './spec-target.ts';
import { type CheckableTarget, recordTranscript, type Transcript } from './transcript.ts';

export interface CheckOptions extends Omit<ScenarioOptions, 'profile' | 'transfers' | 'dialect'> {
  /** How many scenarios; 200 if absent. */
  readonly runs?: number;
  /** Draws the same scenarios again; 0 if absent. */
  readonly seed?: number | string;
  /** What scenarios are about, in turns; all profiles of which some statement can be made if absent. */
  readonly profiles?: readonly Profile[];
  /**
   * 'linux': each answer is that of Linux (as if absent). 'posix': what POSIX leaves to the implementation may differ, and scenarios
   * are made of what POSIX has.
   */
  readonly rules?: 'linux' | 'posix';
  /** The addresses that scenarios use; 1 GiB at 0x100000000000 if absent. */
  readonly arena?: Arena;
  /** The implementation's program break at the start; 0x555555560000 if absent. */
  readonly brk?: bigint;
}

/** What a check without a difference has reached. */
export interface CheckReport {
  readonly runs: number;
  /** Calls compared, over all scenarios. */
  readonly calls: number;
  /** Calls taken out of their scenarios because the implementation answers ENOSYS, and what needs them. */
  readonly takenOut: number;
  /** `call flag outcome times`, by name: what was reached, so that a test can demand it. */
  readonly coverage: readonly string[];
}

const RUNS = 200;
const OPS = 40;
/** Enough to end by itself; a bound in case it does not. */
const TRIES_MAX = 5000;
const NAMES = ['Linux', 'yours'] as const;

/**
 * Checks implementations that `make` makes, one for each scenario, each with nothing mapped. Throws `Counterexample` for the first
 * difference, `UserError` for options of which no scenario can be made.
 */
export function checkImplementation(make: () => Implementation, options: CheckOptions = {}): CheckReport {
  const check = new ImplementationCheck(make, options);
  const { runs = RUNS } = options;
  for (let run = 0; run < runs; run++) check.run(run);
  const { coverage } = check;
  return { runs, calls: coverage.callCount, takenOut: coverage.takenOutCount, coverage: coverage.lines() };
}

/** One scenario on both sides. */
interface Trial extends Compared {
  readonly transcripts: readonly Transcript[];
}

/** A trial that shows a difference. */
type Shown = Trial & { readonly difference: Difference };

class ImplementationCheck {
  readonly coverage: Coverage;
  private readonly make: () => Implementation;
  private readonly options: CheckOptions;
  private readonly rules: Rules;
  private readonly writers: readonly WriterOptions[];
  private tries: number;

  constructor(make: () => Implementation, options: CheckOptions) {
    this.coverage = new Coverage();
    this.make = make;
    this.options = options;
    this.rules = rulesOf(options);
    this.writers = writersFor({ calls: ownCalls(make(), options), ...options });
    this.tries = 0;
  }

  /** Makes the run with a number. */
  run(run: number): void {
    const { seed = 0, ops = OPS } = this.options;
    const { calls } = drawRun(String(seed), run, ops);
    const writer = this.writers[run % this.writers.length];
    const trial = this.attempt(writeScenario(calls, writer));
    this.coverage.add(trial.scenario, trial.transcripts[0], trial.takenOut);
    if (isShown(trial)) this.report(run, this.shrink(trial, calls, writer));
  }

  private attempt(text: string): Trial {
    const comparison = new Comparison(text, this.rules);
    let transcripts: readonly Transcript[];
    do transcripts = this.targets().map((target) => recordTranscript(comparison.scenario, target));
    while (!comparison.settle(transcripts));
    this.tries++;
    return { ...comparison.result, transcripts };
  }

  private targets(): readonly CheckableTarget[] {
    const { fs = 'tmpfs', arena = DEFAULT_ARENA, brk } = this.options;
    const bases = { arena: arena.base, arenaSize: arena.size, ...(brk === undefined ? {} : { brk }) };
    return [new SpecTarget({ fs }, arena), new ImplementationTarget(this.make(), bases)];
  }

  private shrink(first: Shown, calls: readonly DrawnCall[], writer: WriterOptions): Shown {
    const byCalls = this.reduce(first, new CallsSimplification(calls), (fewer) => writeScenario(fewer, writer));
    return this.reduce(byCalls, new TextSimplification(byCalls.text), (text) => text);
  }

  private reduce<T>(first: Shown, simplification: Simplification<T>, write: (value: T) => string): Shown {
    let best = first;
    for (let value = simplification.next(); value !== undefined; value = simplification.next()) {
      if (this.tries > TRIES_MAX) break;
      const trial = this.attempt(write(value));
      if (!isShown(trial) || !isAlike(trial.difference, first.difference)) continue;
      best = trial;
      simplification.keep();
    }
    return best;
  }

  private report(run: number, { text, scenario, transcripts, difference }: Shown): never {
    const { seed = 0 } = this.options;
    const message = [
      `yours does not answer as ${this.options.rules === 'posix' ? 'POSIX asks' : 'Linux does'}; the smallest scenario that shows it (from run ${run} of seed ${seed}):`,
      '',
      ...showDifference(scenario, transcripts, difference, NAMES),
      '',
    ].join('\n');
    throw new Counterexample(message, text, difference.answers);
  }
}

function isShown(trial: Trial): trial is Shown {
  return trial.difference !== undefined;
}

function rulesOf({ rules = 'linux', fs = 'tmpfs', arena = DEFAULT_ARENA }: CheckOptions): Rules {
  return rules === 'linux' ? ANY_PROCESSOR_RULES : posixRules({ fs, arena });
}

/** The calls that an implementation has and that scenarios under these rules are made of. */
function ownCalls(implementation: Implementation, { rules }: CheckOptions): string[] {
  const calls = callsOf(implementation);
  return rules === 'posix' ? calls.filter((call) => POSIX_CALLS.includes(call)) : calls;
}

/** How scenarios are written: a way for each profile. */
function writersFor({ profiles, arena = DEFAULT_ARENA, rules, ...rest }: CheckOptions): readonly WriterOptions[] {
  const dialect = rules === 'posix' ? { dialect: rules } : {};
  const options = { ...rest, ...dialect, transfers: 'shown' } as const;
  const fitting = profiles ?? profilesWith(options.calls);
  const arenaPages = options.arenaPages ?? pagesOf(checkedArena(arena));
  const writers = fitting.map((profile) => writerOptions({ ...options, arenaPages, profile }));
  if (writers.length > 0) return writers;
  throw new UserError(`no scenario is made of ${options.calls?.join(', ') ?? 'no profile'} alone; add a call`);
}
