/**
 * The specification as a model that is walked call by call, beside an implementation that makes the same calls.
 *
 * Place: under the commands for fast-check's model runner. Where a scenario is run as a whole, this writes the next statement when its
 * turn comes, asks the implementation, then the specification, and throws `Counterexample` at the first difference. A call that
 * the implementation does not have is not made by the specification either.
 */
import { parseLine } from '../scenario/parser.ts';
import { ScenarioRun } from '../scenario/runner.ts';
import { type Arena, type CallStatement, parseScenario, type Target } from '../scenario/scenario.ts';
import { type ScenarioOptions, writerOptions } from './arbitraries.ts';
import { ANY_PROCESSOR_RULES, type AnswerLines, type Judge, NOT_THERE } from './compare.ts';
import { Counterexample } from './counterexample.ts';
import type { StatementKind } from './scenario-choices.ts';
import { ScenarioWriter } from './scenario-writer.ts';
import { showDifference } from './show-difference.ts';
import { SpecTarget } from './spec-target.ts';
import { answerOf, type CheckableTarget, isLostAfter } from './transcript.ts';

const FILE = 'commands';
const NOT_MADE: ReadonlySet<string> = new Set(['= unbound', '= dead']);

/** A target that makes one statement after the other. */
export class RunningTarget {
  readonly target: Target;
  private readonly run: ScenarioRun;

  constructor(target: Target) {
    this.target = target;
    this.run = new ScenarioRun({ file: FILE, statements: [] }, target);
  }

  /** The lines of the answer. */
  call(statement: CallStatement): AnswerLines {
    return answerOf(this.run.run(statement), statement);
  }
}

export interface ModelOptions extends ScenarioOptions {
  /** The addresses that statements use; 1 GiB at 0x100000000000 if absent. */
  readonly arena?: Arena;
}

export class SpecModel {
  readonly spec: SpecTarget;
  private readonly running: RunningTarget;
  private readonly writer: ScenarioWriter;
  private readonly judge: Judge;
  /** Statements to be made before any other. */
  private first: readonly string[];
  private readonly lines: string[];
  private readonly answers: AnswerLines[];
  /** Something that the specification does not say has happened: what follows is not compared. */
  private isLost: boolean;

  constructor(options: ModelOptions = {}) {
    const writer = writerOptions({ transfers: 'shown', ...options });
    this.spec = new SpecTarget({ fs: writer.fs }, options.arena);
    this.running = new RunningTarget(this.spec);
    this.writer = new ScenarioWriter(writer);
    this.judge = ANY_PROCESSOR_RULES({ file: FILE, statements: [] });
    this.first = this.writer.lines;
    this.lines = [];
    this.answers = [];
    this.isLost = false;
  }

  /** The calls so far, as a scenario. */
  get scenario(): string {
    return this.lines.map((line) => `${line}\n`).join('');
  }

  /** The next statement of a kind, as if it was made; null where there is nothing sensible to write. */
  write(kind: StatementKind, numbers: readonly number[]): string | null {
    return this.writer.statement(kind, numbers);
  }

  /** Makes a call on both sides. Throws `Counterexample` if the answers differ. */
  call(text: string, real: RunningTarget): void {
    const before = this.first;
    this.first = [];
    for (const line of [...before, text]) this.callOne(line, real);
  }

  /** Makes the calls that show everything that is left: mappings, memory, files. */
  lookAtAll(real: RunningTarget): void {
    for (const line of this.writer.everything()) this.call(line, real);
  }

  private callOne(text: string, real: RunningTarget): void {
    const statement = parseLine(text, { file: FILE, line: this.lines.length + 1 }) as CallStatement;
    const got = answerOr(() => real.call(statement));
    if (got[0] === NOT_THERE) return;
    const expected = this.running.call(statement);
    // What uses the result of a call that is not there was made by neither.
    if (NOT_MADE.has(got[0]) && expected[0] === got[0]) return;
    this.lines.push(text);
    this.answers.push(expected);
    const isOpen = (this.spec as CheckableTarget).isSpecified === false;
    if (!this.isLost && !isOpen && this.judge(0, expected, got) === 'different') this.report(statement, expected, got);
    this.isLost ||= isOpen && isLostAfter(statement);
  }

  private report(statement: CallStatement, expected: AnswerLines, got: AnswerLines): never {
    const scenario = parseScenario(this.scenario, FILE);
    const transcript = { answers: this.answers, open: new Set<number>(), rest: [] };
    const difference = { call: this.lines.length - 1, statement, answers: [expected, got] };
    const shown = showDifference(scenario, [transcript], difference, ['Linux', 'yours']);
    throw new Counterexample(
      ['yours does not answer as Linux does:', '', ...shown, ''].join('\n'),
      this.scenario,
      difference.answers,
    );
  }
}

/** What an implementation throws is its answer. */
function answerOr(call: () => AnswerLines): AnswerLines {
  try {
    return call();
  } catch (error) {
    return [`(the target failed: ${error instanceof Error ? error.message : String(error)})`];
  }
}
