/**
 * Parses one line of a scenario into a statement: a call, a directive, or nothing.
 *
 * Checks what one line can show: the grammar, that the call exists and takes these arguments, that
 * the name may be bound, that nothing written out is too long. What depends on other lines (which
 * names exist) is checked in names.ts. Throws nothing but `UserError`.
 */

import type { Argument, CallStatement, Piece, Place, Statement } from './ast.ts';
import { textOf } from './bytes.ts';
import { type CallShape, callNames, formsOf, isBindable, type Parameter, signatureOf, takes } from './calls.ts';
import { isReserved, MAIN } from './constants.ts';
import { parseDirective } from './directive-parser.ts';
import { evaluate, evaluateData, NO_NAMES, TRANSFER_MAX } from './evaluate.ts';
import { parseArgument } from './expression-parser.ts';
import { tokenize } from './lexer.ts';
import { nearestWord } from './suggest.ts';
import { TokenCursor } from './token-cursor.ts';

const WRITTEN_AS = 'a statement is written as [process:] [name =] call(arguments)';

/** The statement on a line, undefined if there is none. */
export function parseLine(line: string, place: Place): Statement | undefined {
  if (line.startsWith('%')) return parseDirective(line, place);
  const cursor = new TokenCursor(tokenize(line, place), place);
  return cursor.peek() ? parseCall(line, cursor) : undefined;
}

function parseCall(line: string, cursor: TokenCursor): CallStatement {
  const who = takeLabel(cursor, ':') ?? MAIN;
  const start = cursor.peek()?.start ?? line.length;
  const bind = takeLabel(cursor, '=');
  const name = takeCallName(cursor);
  const written = takeArguments(cursor);
  const end = takeEnd(cursor);
  const shape = chooseForm(name, written.length, cursor);
  checkBinding(bind, shape, cursor);
  const args = convertArguments(shape, written, cursor);
  return { kind: 'call', line: cursor.place.line, text: line.slice(start, end), who, bind, shape, args };
}

/** The name before `mark`, if the next two tokens are that. */
function takeLabel(cursor: TokenCursor, mark: string): string | undefined {
  if (cursor.peek()?.kind !== 'name' || !cursor.isMark(mark, 1)) return undefined;
  const name = cursor.take()?.text;
  cursor.expect(mark, WRITTEN_AS);
  return name;
}

function takeCallName(cursor: TokenCursor): string {
  const token = cursor.peek();
  if (token?.kind !== 'name')
    return cursor.complain(`a call should stand here, but here is ${cursor.describeNext()}; ${WRITTEN_AS}`);
  cursor.take();
  cursor.expect('(', `${token.text} should be followed by its arguments in parentheses`);
  return token.text;
}

/** The arguments up to the closing parenthesis, which is left to `takeEnd`. */
function takeArguments(cursor: TokenCursor): Argument[] {
  if (cursor.isMark(')')) return [];
  const args = [parseArgument(cursor)];
  while (cursor.accept(',')) args.push(parseArgument(cursor));
  return args;
}

/** The column behind the statement. */
function takeEnd(cursor: TokenCursor): number {
  const end = cursor.peek()?.end ?? 0;
  cursor.expect(')', 'a comma or the closing parenthesis of the call should stand here');
  if (cursor.peek())
    cursor.complain(`the line should end after the call, but here is ${cursor.describeNext()}; one statement a line`);
  return end;
}

function chooseForm(name: string, count: number, cursor: TokenCursor): CallShape {
  const forms = formsOf(name);
  if (forms.length === 0) cursor.complain(unknownCall(name));
  const form = forms.find((shape) => takes(shape, count));
  if (form) return form;
  const written = forms.map(signatureOf).join(' or ');
  return cursor.complain(`${name} has ${count} argument${count === 1 ? '' : 's'} here; it is written ${written}`);
}

function unknownCall(name: string): string {
  const near = nearestWord(name, callNames());
  const hint = near ? `did you mean ${near}?` : `the calls are ${[...callNames()].join(', ')}`;
  return `there is no call ${name}; ${hint}`;
}

function checkBinding(bind: string | undefined, shape: CallShape, cursor: TokenCursor): void {
  if (bind === undefined) {
    if (shape.result === 'process')
      cursor.complain(`${shape.name} needs a name for the new process, such as c = ${shape.name}()`);
    return;
  }
  if (isReserved(bind)) cursor.complain(`${bind} has a meaning of its own and cannot be bound; choose another name`);
  if (!isBindable(shape)) cursor.complain(`${shape.name} gives nothing that a name could hold; leave out '${bind} ='`);
}

function convertArguments(shape: CallShape, written: readonly Argument[], cursor: TokenCursor): Argument[] {
  const args: Argument[] = [];
  for (const [index, parameter] of shape.parameters.entries()) {
    const argument = written[index];
    if (argument) args.push(convert(argument, parameter, `argument ${index + 1} of ${signatureOf(shape)}`, cursor));
    else args.push({ kind: 'number', expression: { kind: 'number', value: parameter.fallback ?? 0n } });
  }
  return args;
}

/** The argument as its parameter wants it; `which` names it in messages. */
function convert(argument: Argument, parameter: Parameter, which: string, cursor: TokenCursor): Argument {
  switch (parameter.kind) {
    case 'data':
      return asData(argument, which, cursor);
    case 'string':
      return asString(argument, which, cursor);
    case 'process':
      return asProcess(argument, which, cursor);
    case 'fresh':
      return asFresh(argument, which, cursor);
    case 'number':
      return asNumber(argument, which, cursor);
    case 'transfer':
      return asTransfer(argument, which, cursor);
  }
}

function asNumber(argument: Argument, which: string, cursor: TokenCursor): Argument & { kind: 'number' } {
  return argument.kind === 'number' ? argument : cursor.complain(`${which} is a number, not a string or fill`);
}

function asTransfer(argument: Argument, which: string, cursor: TokenCursor): Argument {
  const number = asNumber(argument, which, cursor);
  const bytes = evaluate(number.expression, NO_NAMES);
  if (bytes !== undefined && bytes > TRANSFER_MAX) {
    cursor.complain(`${which} is ${bytes} bytes; one transfer is at most ${TRANSFER_MAX} bytes (256 KiB)`);
  }
  return number;
}

function asData(argument: Argument, which: string, cursor: TokenCursor): Argument {
  if (argument.kind !== 'data') return cursor.complain(`${which} is data: strings and fill(byte, count), joined by +`);
  if (evaluateData(argument.pieces, NO_NAMES) === 'too-long') {
    cursor.complain(`${which} is too long; one transfer is at most ${TRANSFER_MAX} bytes (256 KiB)`);
  }
  return argument;
}

function asString(argument: Argument, which: string, cursor: TokenCursor): Argument {
  const piece: Piece | undefined =
    argument.kind === 'data' && argument.pieces.length === 1 ? argument.pieces[0] : undefined;
  if (piece?.kind !== 'text' || piece.times) return cursor.complain(`${which} is one string in double quotes`);
  return { kind: 'string', value: textOf(piece.bytes) };
}

function asProcess(argument: Argument, which: string, cursor: TokenCursor): Argument {
  if (argument.kind !== 'number' || argument.expression.kind !== 'name') {
    return cursor.complain(`${which} is the name of a process, as fork was given it`);
  }
  return { kind: 'process', name: argument.expression.name };
}

function asFresh(argument: Argument, which: string, cursor: TokenCursor): Argument {
  if (argument.kind !== 'number' || argument.expression.kind !== 'name' || isReserved(argument.expression.name)) {
    return cursor.complain(`${which} is a name that the call gives a value to, as in pipe(r, w)`);
  }
  return { kind: 'fresh', name: argument.expression.name };
}
