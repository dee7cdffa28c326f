/**
 * Checks the names of a whole scenario before anything runs: who is a process, who has a value.
 *
 * Statements run in the order they are written, so what a name was last bound to is known without
 * running: a process (by `fork`) or a value. Whether the binding call succeeds is not; that is
 * "unbound" and "dead" at run time, and so is a name used above the line that binds it.
 */

import type { Argument, CallStatement, Expression, Piece, Place, Statement } from './ast.ts';
import { BASES, CONSTANTS, MAIN } from './constants.ts';
import { namesIn } from './evaluate.ts';
import { fail } from './lexer.ts';
import { nearestWord } from './suggest.ts';

type Meaning = 'process' | 'value';

/** Names of values and of processes that some line binds. */
export interface Bound {
  readonly values: ReadonlySet<string>;
  readonly processes: ReadonlySet<string>;
}

/** Throws `UserError` for the first name that cannot mean anything where it stands. */
export function checkNames(statements: readonly Statement[], file: string): void {
  const calls = statements.filter((statement) => statement.kind === 'call');
  const check = new NameCheck(boundAnywhere(calls));
  for (const call of calls) check.statement(call, { file, line: call.line });
}

/** The names that the calls of a whole scenario bind, and those that always mean something. */
export function boundAnywhere(calls: readonly CallStatement[]): Bound {
  const values = new Set(BASES);
  const processes = new Set([MAIN]);
  for (const call of calls) {
    if (call.bind !== undefined) (call.shape.result === 'process' ? processes : values).add(call.bind);
    for (const name of freshNames(call)) values.add(name);
  }
  return { values, processes };
}

/** The names that a call binds by its arguments. */
export function freshNames({ args }: CallStatement): string[] {
  return args.flatMap((argument) => (argument.kind === 'fresh' ? [argument.name] : []));
}

class NameCheck {
  private readonly bound: Bound;
  /** What each name was bound to last, above the statement at hand. */
  private readonly meanings: Map<string, Meaning>;

  constructor(bound: Bound) {
    this.bound = bound;
    this.meanings = new Map<string, Meaning>([[MAIN, 'process']]);
    for (const base of BASES) this.meanings.set(base, 'value');
  }

  statement(call: CallStatement, place: Place): void {
    this.requireProcess(call.who, place);
    for (const argument of call.args) this.argument(argument, place);
    for (const name of freshNames(call)) this.meanings.set(name, 'value');
    if (call.bind !== undefined) this.meanings.set(call.bind, call.shape.result === 'process' ? 'process' : 'value');
  }

  private argument(argument: Argument, place: Place): void {
    if (argument.kind === 'process') this.requireProcess(argument.name, place);
    if (argument.kind === 'number') this.expression(argument.expression, place);
    if (argument.kind === 'data') for (const piece of argument.pieces) this.piece(piece, place);
  }

  private piece(piece: Piece, place: Place): void {
    const numbers = piece.kind === 'fill' ? [piece.byte, piece.count] : [piece.times];
    for (const number of numbers) if (number) this.expression(number, place);
  }

  private expression(expression: Expression, place: Place): void {
    for (const name of namesIn(expression)) this.requireValue(name, place);
  }

  private requireProcess(name: string, place: Place): void {
    const meaning = this.meanings.get(name);
    if (meaning === 'process' || (meaning === undefined && this.bound.processes.has(name))) return;
    if (meaning === 'value') fail(place, `${name} is no process but a value; a process is made by ${name} = fork()`);
    fail(place, `there is no process ${name}; ${this.processHint(name)}`);
  }

  private requireValue(name: string, place: Place): void {
    const meaning = this.meanings.get(name);
    if (meaning === 'value' || (meaning === undefined && this.bound.values.has(name))) return;
    if (meaning === 'process' || this.bound.processes.has(name)) {
      fail(place, `${name} is a process and has no value; an expression takes numbers, constants and bound names`);
    }
    fail(place, `${name} is neither a constant nor bound by any line; ${this.valueHint(name)}`);
  }

  private processHint(name: string): string {
    const near = nearestWord(name, this.bound.processes);
    return near ? `did you mean ${near}?` : `make it first with ${name} = fork()`;
  }

  private valueHint(name: string): string {
    const near = nearestWord(name, [...this.bound.values, ...CONSTANTS.keys()]);
    return near ? `did you mean ${near}?` : `bind it first, as in ${name} = mmap(...)`;
  }
}
