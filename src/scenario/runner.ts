/**
 * Runs a scenario on a target, statement by statement, and gives the lines it prints.
 *
 * For each statement: is its process there, have its names values, is the transfer not too large;
 * then the target runs it, and its answer changes what names mean and how addresses are printed.
 * Knows nothing of what calls do, only what calls.ts says of their arguments and results.
 */

import { AddressBook } from './addresses.ts';
import { evaluateArguments } from './arguments.ts';
import type { CallStatement, DirectiveStatement, Scenario, Statement } from './ast.ts';
import type { CallShape, Placement } from './calls.ts';
import { checkDirective } from './directive-check.ts';
import { Environment, MAIN_PROCESS } from './environment.ts';
import { evaluate } from './evaluate.ts';
import { parseExpression } from './expression-parser.ts';
import { formatAnswer, formatDirective, formatNotRun, type NotRun } from './format.ts';
import { fail } from './lexer.ts';
import { boundAnywhere, freshNames } from './names.ts';
import { nearestWord } from './suggest.ts';
import type { Answer, CallArgument, Directive, DirectiveScope, Target, TargetCall } from './target.ts';

/** One statement that has been carried out, or has not been. */
export interface Step {
  readonly statement: Statement;
  /** What it printed; the first line is the statement with its result. */
  readonly lines: readonly string[];
  /** The number of its process and what the target was asked; undefined for a directive and for what was not run. */
  readonly process: number | undefined;
  readonly call: TargetCall | undefined;
  /** What came of it; a directive has neither. */
  readonly answer: Answer | undefined;
  readonly notRun: NotRun | undefined;
  /** An address as the output prints it after this statement, for its process (or `main`). */
  readonly address: (address: bigint) => string;
}

/** One run of a scenario. Its `steps` can be taken once. */
export class ScenarioRun {
  private readonly scenario: Scenario;
  private readonly target: Target;
  private readonly environment: Environment;
  private readonly book: AddressBook;
  /** How many processes were made: the number of the next. */
  private processCount: number;

  /** Throws `UserError` if the scenario has a directive that the target does not know. */
  constructor(scenario: Scenario, target: Target) {
    this.scenario = scenario;
    this.target = target;
    this.environment = new Environment(target.base);
    this.book = new AddressBook(MAIN_PROCESS, target.base);
    this.processCount = MAIN_PROCESS + 1;
    this.checkDirectives();
  }

  private checkDirectives(): void {
    const { file, statements } = this.scenario;
    const bound = boundAnywhere(statements.filter((statement) => statement.kind === 'call'));
    for (const statement of statements) {
      if (statement.kind !== 'directive') continue;
      checkDirective(statement, this.directiveOf(statement), bound, { file, line: statement.line });
    }
  }

  /** The output, each line without its line end. A statement runs when its first line is asked for. */
  *lines(): Generator<string, void, undefined> {
    for (const step of this.steps()) yield* step.lines;
  }

  /** The statements one by one. Each runs when it is asked for. */
  *steps(): Generator<Step, void, undefined> {
    for (const statement of this.scenario.statements) yield this.run(statement);
  }

  /** Runs one statement, of this scenario or not, behind those that have run. Its directives must be known to the target. */
  run(statement: Statement): Step {
    return statement.kind === 'call' ? this.runCall(statement) : this.runDirective(statement);
  }

  private step(statement: Statement, lines: readonly string[], happened: Partial<Step>): Step {
    const { process, call, answer, notRun } = happened;
    const address = (value: bigint): string => this.book.format(process ?? MAIN_PROCESS, value);
    return { statement, lines, process, call, answer, notRun, address };
  }

  private runCall(statement: CallStatement): Step {
    for (const name of freshNames(statement)) this.environment.unbind(name);
    const process = this.environment.process(statement.who);
    if (process === undefined || !this.isAlive(process)) return this.skip(statement, 'dead');
    const evaluated = evaluateArguments(statement, this.environment);
    if ('reason' in evaluated) return this.skip(statement, evaluated.reason);
    const call = { name: statement.shape.name, args: [...evaluated.values, ...this.childNumber(statement)] };
    const answer = this.target.call(process, call);
    this.noteAddresses(statement, process, call, answer);
    this.bind(statement, process, answer);
    return this.step(statement, formatAnswer(statement, answer, { book: this.book, process }), {
      process,
      call,
      answer,
    });
  }

  private skip(statement: CallStatement, notRun: NotRun): Step {
    if (statement.bind !== undefined) this.environment.unbind(statement.bind);
    return this.step(statement, [formatNotRun(statement, notRun)], { notRun });
  }

  /** What a call that makes a process gets beyond its written arguments. */
  private childNumber(statement: CallStatement): bigint[] {
    return statement.shape.result === 'process' ? [BigInt(this.processCount)] : [];
  }

  /** Learns from an answer what addresses are printed relative to. */
  private noteAddresses(statement: CallStatement, process: number, call: TargetCall, answer: Answer): void {
    if (answer.kind !== 'value') return;
    const { placement } = statement.shape;
    if (placement) this.notePlacement(statement, process, placement, call.args, answer);
    if (call.name === 'execve') this.book.renew(process);
    if (call.name === 'brk') this.book.noteBreak(process, answer.value);
    if (call.name === 'sbrk') this.book.noteBreak(process, BigInt.asUintN(64, answer.value + (call.args[0] as bigint)));
  }

  /** Memory makes a region unless it came to lie exactly where it was asked for, or already was. */
  private notePlacement(
    statement: CallStatement,
    process: number,
    placement: Placement,
    args: readonly CallArgument[],
    { value: address, length }: { readonly value: bigint; readonly length?: bigint },
  ): void {
    if (placement.asked.some((index) => args[index] === address)) return;
    const label = statement.bind ?? `@${statement.line}`;
    const bytes = placement.length === undefined ? length : (args[placement.length] as bigint);
    this.book.noteRegion(process, label, address, bytes ?? 0n);
  }

  private bind(statement: CallStatement, process: number, answer: Answer): void {
    const { bind, shape } = statement;
    if (answer.kind === 'pair') this.bindFresh(statement, answer.values);
    if (bind === undefined) return;
    const value = boundValue(answer);
    if (value === undefined) this.environment.unbind(bind);
    else if (shape.result === 'process') this.bindChild(bind, process, shape);
    else this.environment.bindValue(bind, value);
  }

  private bindFresh(statement: CallStatement, values: readonly bigint[]): void {
    for (const [index, name] of freshNames(statement).entries()) this.environment.bindValue(name, values[index]);
  }

  private bindChild(name: string, parent: number, shape: CallShape): void {
    const child = this.processCount++;
    this.environment.bindProcess(name, child);
    if (shape.shares) this.book.share(parent, child);
    else this.book.fork(parent, child);
  }

  private runDirective(statement: DirectiveStatement): Step {
    const notRun = this.missing(statement);
    const printed = notRun ? [notRun] : this.directiveOf(statement).run(statement.words, this.scopeOf(statement));
    return this.step(statement, formatDirective(statement, printed), { notRun });
  }

  /** Why a directive cannot be run now: a name in it has no value, or names a process that is not there. */
  private missing(statement: DirectiveStatement): NotRun | undefined {
    const parameters = this.directiveOf(statement).parameters ?? [];
    for (const [index, word] of statement.words.slice(1).entries()) {
      const { kind } = parameters[index] ?? {};
      if (kind === 'process' && !this.isAlive(this.environment.process(word))) return 'dead';
      if (kind === 'number' && this.valueOf(word, statement) === undefined) return 'unbound';
    }
    return undefined;
  }

  private isAlive(process: number | undefined): boolean {
    return process !== undefined && this.target.isAlive(process);
  }

  private valueOf(word: string, statement: DirectiveStatement): bigint | undefined {
    const place = { file: this.scenario.file, line: statement.line };
    return evaluate(parseExpression(word, place), (name) => this.environment.value(name));
  }

  private directiveOf(statement: DirectiveStatement): Directive {
    const name = statement.words[0];
    const known = this.target.directives ?? new Map<string, Directive>();
    const directive = known.get(name);
    if (directive) return directive;
    const near = nearestWord(name, known.keys());
    const names = [...known.keys()].join(', ') || 'none here';
    const hint = near ? `did you mean ${near}?` : `the directives are ${names}`;
    return fail({ file: this.scenario.file, line: statement.line }, `there is no directive ${name}; ${hint}`);
  }

  private scopeOf(statement: DirectiveStatement): DirectiveScope {
    const place = { file: this.scenario.file, line: statement.line };
    return {
      ...place,
      number: (word) =>
        this.valueOf(word, statement) ??
        fail(place, `${word} has no value; a name must have been bound above, by a call that succeeded`),
      process: (word) =>
        this.environment.process(word) ??
        fail(place, `there is no process ${word}; make it above with ${word} = fork()`),
      address: (process, address) => this.book.format(process, address),
    };
  }
}

/** What a name is bound to by an answer, undefined for nothing. */
function boundValue(answer: Answer): bigint | undefined {
  switch (answer.kind) {
    case 'value':
    case 'struct':
      return answer.value;
    case 'size':
      return answer.size;
    case 'mode':
      return BigInt(answer.mode);
    case 'bytes':
      return BigInt(answer.bytes.length);
    case 'maps':
      return BigInt(answer.entries.length);
    case 'pagemap':
      return BigInt(answer.letters.length);
    case 'pair':
    case 'lock':
    case 'times':
    case 'residency':
      return 0n;
    default:
      return undefined;
  }
}
