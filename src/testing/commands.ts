/**
 * Calls as commands for fast-check's model runner, with the specification as the model.
 *
 * Place: beside `checkImplementation`, for those who want to mix in commands of their own (evict a page, take a snapshot) or to draw
 * commands in another way. A command is a kind of statement and some numbers; what it calls is written when its turn comes, from
 * what is mapped by then, so that any list of commands makes sense, whatever fast-check took out of it.
 */
import fc from 'fast-check';
import type { Target } from '../scenario/scenario.ts';
import { writerOptions } from './arbitraries.ts';
import { DRAW_LIMIT } from './draws.ts';
import type { StatementKind } from './scenario-choices.ts';
import { kindsOf, NUMBERS_PER_CALL } from './scenario-writer.ts';
import { type ModelOptions, RunningTarget, SpecModel } from './spec-model.ts';

/** One call. Its text is that of the call which it made last. */
export class CallCommand implements fc.Command<SpecModel, RunningTarget> {
  private readonly kind: StatementKind;
  private readonly numbers: readonly number[];
  private text: string | undefined;

  constructor(kind: StatementKind, numbers: readonly number[]) {
    this.kind = kind;
    this.numbers = numbers;
    this.text = undefined;
  }

  /** Writes the call: a command whose check succeeds must be run. */
  check(model: SpecModel): boolean {
    this.text = model.write(this.kind, this.numbers) ?? undefined;
    return this.text !== undefined;
  }

  run(model: SpecModel, real: RunningTarget): void {
    if (this.text !== undefined) model.call(this.text, real);
  }

  toString(): string {
    return this.text ?? `${this.kind} (not made)`;
  }

  /** Each list of commands that fast-check tries has commands with texts of their own. */
  [fc.cloneMethod](): CallCommand {
    return new CallCommand(this.kind, this.numbers);
  }
}

/** Commands of the kinds that the options allow, as often as the profile draws them. Goes into `fc.commands`. */
export function callCommands(options: ModelOptions = {}): fc.Arbitrary<CallCommand> {
  const kinds = kindsOf(writerOptions(options));
  const number = fc.noBias(fc.integer({ min: 0, max: DRAW_LIMIT - 1 }));
  const numbers = fc.array(number, { minLength: NUMBERS_PER_CALL - 1, maxLength: NUMBERS_PER_CALL - 1 });
  return fc.tuple(fc.constantFrom(...kinds), fc.noShrink(numbers)).map(([kind, drawn]) => new CallCommand(kind, drawn));
}

/** The first argument of `fc.modelRun`. `make` makes the target of one run, with nothing mapped. */
export function modelAndReal(
  make: () => Target,
  options: ModelOptions = {},
): () => { readonly model: SpecModel; readonly real: RunningTarget } {
  return () => ({ model: new SpecModel(options), real: new RunningTarget(make()) });
}
