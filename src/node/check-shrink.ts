/**
 * Makes a scenario that shows a difference as small as it gets.
 *
 * Place: behind the search of `faultline check`. fast-check shrinks the drawn calls, then statements and arguments are taken out of the
 * text; each variant is put to the targets. Bounded by time, since a target may hang: what was found by then is reported.
 */
import { performance } from 'node:perf_hooks';
import { type Difference, isAlike } from '../testing/compare.ts';
import { plainMachine } from '../testing/machine-draw.ts';
import { writeScenario } from '../testing/scenario-writer.ts';
import { CallsSimplification, type Simplification, TextSimplification } from '../testing/simplify.ts';
import { callsOf } from '../testing/transcript.ts';
import type { Checker, Found, Trial } from './checker.ts';

export interface ShrinkOptions {
  readonly limitMs: number;
  /** Told after each try. */
  readonly onTry: (tries: number, statements: number) => void;
}

/** A scenario and what it shows. */
export interface Shown {
  /** Without the calls that were taken out to make it comparable. */
  readonly text: string;
  readonly machines: readonly string[];
  readonly trial: Trial;
  readonly difference: Difference;
}

export interface Shrunk {
  readonly shown: Shown;
  readonly tries: number;
  readonly outOfTime: boolean;
  /** How often the result was tried once more, and how often it differed again. */
  readonly repeated: { readonly tries: number; readonly differed: number };
}

const REPETITIONS = 5;

/** Shrinks what was found. Undefined if it does not differ when it is tried again, not in any of some tries. */
export async function shrink(checker: Checker, found: Found, options: ShrinkOptions): Promise<Shrunk | undefined> {
  const work = new Shrinking(checker, options);
  const first = await work.again({ text: found.text, machines: found.machines });
  if (first === undefined) return undefined;
  const writer = checker.writerOf(found.run);
  const byCalls = await work.reduce(first, new CallsSimplification(found.calls), (calls) =>
    writeScenario(calls, writer),
  );
  return work.finish(byCalls);
}

/** The same for a text that was not drawn. */
export async function shrinkText(
  checker: Checker,
  text: string,
  machines: readonly string[],
  options: ShrinkOptions,
): Promise<Shrunk | undefined> {
  const work = new Shrinking(checker, options);
  const first = await work.again({ text, machines });
  return first === undefined ? undefined : work.finish(first);
}

type Variant = Pick<Shown, 'text' | 'machines'>;

class Shrinking {
  private readonly checker: Checker;
  private readonly options: ShrinkOptions;
  private readonly deadline: number;
  private tries: number;
  private best: number;

  constructor(checker: Checker, options: ShrinkOptions) {
    this.checker = checker;
    this.options = options;
    this.deadline = performance.now() + options.limitMs;
    this.tries = 0;
    this.best = 0;
  }

  private get outOfTime(): boolean {
    return performance.now() > this.deadline;
  }

  private async attempt({ text, machines }: Variant): Promise<Shown | undefined> {
    const trial = await this.checker.try(text, machines);
    this.options.onTry(++this.tries, this.best);
    const { difference } = trial;
    return difference === undefined ? undefined : { text: trial.text, machines, trial, difference };
  }

  /** Tries a variant that is known to have differed. */
  async again(variant: Variant): Promise<Shown | undefined> {
    for (let time = 0; time < REPETITIONS; time++) {
      const shown = await this.attempt(variant);
      if (shown !== undefined) return this.keep(shown);
    }
    return undefined;
  }

  private keep(shown: Shown): Shown {
    this.best = callsOf(shown.trial.scenario).length;
    return shown;
  }

  async reduce<T>(first: Shown, simplification: Simplification<T>, write: (value: T) => string): Promise<Shown> {
    let best = first;
    for (let value = simplification.next(); value !== undefined && !this.outOfTime; value = simplification.next()) {
      const text = write(value);
      if (text === best.text) continue;
      const shown = await this.attempt({ text, machines: best.machines });
      if (shown === undefined || !isAlike(shown.difference, first.difference)) continue;
      best = this.keep(shown);
      simplification.keep();
    }
    return best;
  }

  /** Goes on with the text, then with the machine. */
  async finish(first: Shown): Promise<Shrunk> {
    const cut = (await this.attempt({ ...first, text: cutBehind(first) })) ?? first;
    const reduced = await this.reduce(cut, new TextSimplification(cut.text), (text) => text);
    const outOfTime = this.outOfTime;
    const machines = reduced.machines.map(plainMachine);
    const shown = (await this.attempt({ ...reduced, machines })) ?? reduced;
    return { shown, tries: this.tries, outOfTime, repeated: await this.repeat(shown, outOfTime ? 1 : REPETITIONS) };
  }

  private async repeat(shown: Shown, tries: number): Promise<Shrunk['repeated']> {
    let differed = 0;
    for (let time = 0; time < tries; time++) if ((await this.attempt(shown)) !== undefined) differed++;
    return { tries, differed };
  }
}

/** The text up to the line that differs. */
function cutBehind({ text, difference }: Shown): string {
  if (difference.statement === undefined) return text;
  const lines = text.split('\n').slice(0, difference.statement.line);
  return lines.map((line) => `${line}\n`).join('');
}
