/**
 * Parses what stands between the parentheses of a call: expressions and data.
 *
 * Precedence from loose to tight: `|`, then `+` and `-`, then `*`, then the unary `-` and `~`.
 * Constants become numbers here; other names stay names and are checked against the whole file in
 * names.ts. Nesting is bounded, so that no input exhausts the stack.
 */

import type { Argument, Expression, Piece, Place, Term } from './ast.ts';
import { CONSTANTS, FILL } from './constants.ts';
import { tokenize } from './lexer.ts';
import { shorten, TokenCursor } from './token-cursor.ts';

const NESTING_MAX = 100;

/** An argument as written: data if it begins with a string or `fill(`, else an expression. */
export function parseArgument(cursor: TokenCursor): Argument {
  if (beginsPiece(cursor)) return { kind: 'data', pieces: parseData(cursor) };
  return { kind: 'number', expression: parseAlternatives(cursor, 0) };
}

/** A whole text as one expression, for the words of directives. */
export function parseExpression(text: string, place: Place): Expression {
  const cursor = new TokenCursor(tokenize(text, place), place);
  const expression = parseAlternatives(cursor, 0);
  if (cursor.peek()) cursor.complain(`the expression ${text} should end before ${cursor.describeNext()}`);
  return expression;
}

/** A whole text as data, as the arguments of `pwrite` are written. */
export function parseDataText(text: string, place: Place): readonly Piece[] {
  const cursor = new TokenCursor(tokenize(text, place), place);
  const pieces = parseData(cursor);
  if (cursor.peek()) cursor.complain(`the data should end before ${cursor.describeNext()}`);
  return pieces;
}

function beginsPiece(cursor: TokenCursor): boolean {
  const token = cursor.peek();
  return token?.kind === 'string' || (token?.kind === 'name' && token.text === FILL && cursor.isMark('(', 1));
}

function parseData(cursor: TokenCursor): Piece[] {
  const pieces = [parsePiece(cursor)];
  while (cursor.accept('+')) pieces.push(parsePiece(cursor));
  return pieces;
}

function parsePiece(cursor: TokenCursor): Piece {
  if (!beginsPiece(cursor)) {
    cursor.complain(`a string or fill(byte, count) should stand here, but here is ${cursor.describeNext()}`);
  }
  const token = cursor.take();
  if (token?.kind !== 'string') return parseFill(cursor);
  const times = cursor.accept('*') ? parseUnary(cursor, 0) : undefined;
  return { kind: 'text', bytes: token.bytes, times };
}

function parseFill(cursor: TokenCursor): Piece {
  cursor.expect('(', 'fill is written fill(byte, count)');
  const byte = parseAlternatives(cursor, 0);
  cursor.expect(',', 'fill takes a byte and a count, with a comma between them');
  const count = parseAlternatives(cursor, 0);
  cursor.expect(')', 'fill(byte, count) should end with a parenthesis');
  return { kind: 'fill', byte, count };
}

function parseAlternatives(cursor: TokenCursor, depth: number): Expression {
  const operands = [parseSum(cursor, depth)];
  while (cursor.accept('|')) operands.push(parseSum(cursor, depth));
  return operands.length === 1 ? operands[0] : { kind: 'alternatives', operands };
}

function parseSum(cursor: TokenCursor, depth: number): Expression {
  const terms: Term[] = [{ sign: '+', value: parseProduct(cursor, depth) }];
  while (cursor.isMark('+') || cursor.isMark('-')) {
    const sign = cursor.take()?.text === '-' ? '-' : '+';
    terms.push({ sign, value: parseProduct(cursor, depth) });
  }
  return terms.length === 1 ? terms[0].value : { kind: 'sum', terms };
}

function parseProduct(cursor: TokenCursor, depth: number): Expression {
  const factors = [parseUnary(cursor, depth)];
  while (cursor.accept('*')) factors.push(parseUnary(cursor, depth));
  return factors.length === 1 ? factors[0] : { kind: 'product', factors };
}

function parseUnary(cursor: TokenCursor, depth: number): Expression {
  const operators: string[] = [];
  while (cursor.isMark('-') || cursor.isMark('~')) operators.push(cursor.take()?.text as string);
  const operand = parsePrimary(cursor, depth);
  return operators.length === 0 ? operand : { kind: 'unary', operators, operand };
}

function parsePrimary(cursor: TokenCursor, depth: number): Expression {
  if (cursor.isMark('(')) return parseParentheses(cursor, depth);
  const token = cursor.peek();
  if (token?.kind === 'string')
    cursor.complain(`a number should stand here, but here is the string ${shorten(token.text)}`);
  if (token?.kind !== 'number' && token?.kind !== 'name') {
    return cursor.complain(
      `a number, a name or an expression in parentheses should stand here, but here is ${cursor.describeNext()}`,
    );
  }
  cursor.take();
  return token.kind === 'number' ? { kind: 'number', value: token.value } : parseName(token.text, cursor);
}

function parseParentheses(cursor: TokenCursor, depth: number): Expression {
  if (depth === NESTING_MAX) cursor.complain(`parentheses are nested too deeply; at most ${NESTING_MAX} deep`);
  cursor.expect('(', 'an expression should stand here');
  const inner = parseAlternatives(cursor, depth + 1);
  cursor.expect(')', 'the expression should end with a parenthesis');
  return inner;
}

function parseName(name: string, cursor: TokenCursor): Expression {
  if (name === FILL) cursor.complain('fill is no number; it stands as fill(byte, count) where data is written');
  const value = CONSTANTS.get(name);
  return value === undefined ? { kind: 'name', name } : { kind: 'number', value };
}
