/**
 * Cuts one line of a scenario into tokens: names, numbers, strings and punctuation.
 *
 * A line is all the lexer ever sees, since no token spans two. A `#` outside a string ends the
 * line. Strings become bytes here, so that nothing later knows of escapes; characters beyond ASCII
 * stand for their UTF-8 bytes. Complains with `UserError` and the place.
 * Source of the escapes: ISO C 6.4.4.4.
 */

import { UserError } from '../assert.ts';
import type { Place } from './ast.ts';

/** The longest name of a process or binding. */
export const NAME_LENGTH_MAX = 31;

interface Span {
  /** Columns in the line, half-open, from 0. */
  readonly start: number;
  readonly end: number;
  /** As written. */
  readonly text: string;
}

export type Token =
  | (Span & { readonly kind: 'name' })
  | (Span & { readonly kind: 'number'; readonly value: bigint })
  | (Span & { readonly kind: 'string'; readonly bytes: Uint8Array })
  | (Span & { readonly kind: 'mark' });

const BLANK = /[ \t\r\v\f]*/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /[0-9][A-Za-z0-9_]*/y;
const NUMERAL = /^(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)$/;
const MARKS = '():=,|+-*~';
const TWO_64 = 1n << 64n;

const SIMPLE_ESCAPES: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 0x5c,
  '"': 0x22,
  "'": 0x27,
  '?': 0x3f,
};

/** Throws the `UserError` for something at `place`. */
export function fail(place: Place, message: string): never {
  throw new UserError(`${place.file}:${place.line}: ${message}`);
}

/** The tokens of a line, none for a blank one or a comment. */
export function tokenize(line: string, place: Place): Token[] {
  const tokens: Token[] = [];
  let column = skipBlanks(line, 0);
  while (column < line.length && line[column] !== '#') {
    const token = tokenAt(line, column, place);
    tokens.push(token);
    column = skipBlanks(line, token.end);
  }
  return tokens;
}

/** The column of the first character from `column` on that is not blank. */
export function skipBlanks(line: string, column: number): number {
  BLANK.lastIndex = column;
  BLANK.exec(line);
  return BLANK.lastIndex;
}

function tokenAt(line: string, start: number, place: Place): Token {
  const character = line[start];
  if (character === '"') return stringAt(line, start, place);
  if (MARKS.includes(character)) return { kind: 'mark', start, end: start + 1, text: character };
  const name = match(NAME, line, start);
  if (name !== undefined) return nameToken(name, start, place);
  const numeral = match(NUMBER, line, start);
  if (numeral !== undefined) return numberToken(numeral, start, place);
  return fail(place, unexpected(String.fromCodePoint(line.codePointAt(start) as number)));
}

function unexpected(character: string): string {
  if (character === '%') return "'%' begins a directive only as the first character of its line; here it means nothing";
  if (character === "'")
    return 'a single quote means nothing here; strings stand in double quotes, bytes are numbers such as 0x41';
  return `'${character}' means nothing here; a statement is written as [process:] [name =] call(arguments)`;
}

function match(pattern: RegExp, line: string, start: number): string | undefined {
  pattern.lastIndex = start;
  return pattern.exec(line)?.[0];
}

function nameToken(text: string, start: number, place: Place): Token {
  if (text.length > NAME_LENGTH_MAX) {
    fail(place, `the name ${text} has ${text.length} characters; a name has at most ${NAME_LENGTH_MAX}`);
  }
  return { kind: 'name', start, end: start + text.length, text };
}

function numberToken(text: string, start: number, place: Place): Token {
  if (!NUMERAL.test(text)) {
    fail(place, `${text} is not a number; numbers are decimal, hexadecimal (0x1f) or octal (0644)`);
  }
  const octal = /^0[0-7]+$/.test(text);
  const value = BigInt(octal ? `0o${text}` : text.toLowerCase());
  if (value >= TWO_64) fail(place, `${text} does not fit 64 bits; the largest number is 0xffffffffffffffff`);
  return { kind: 'number', start, end: start + text.length, text, value };
}

/** The string that begins with the quote at `start`. */
export function stringAt(line: string, start: number, place: Place): Token & { readonly kind: 'string' } {
  const bytes: number[] = [];
  let column = start + 1;
  while (line[column] !== '"') {
    if (column >= line.length) fail(place, 'a string does not end; close it with " on the same line');
    if (line[column] === '\\') column = escapeAt(line, column, bytes, place);
    else column = plainAt(line, column, bytes);
  }
  const end = column + 1;
  return { kind: 'string', start, end, text: line.slice(start, end), bytes: Uint8Array.from(bytes) };
}

/** Appends the character at `column` to `bytes` and returns the column behind it. */
function plainAt(line: string, column: number, bytes: number[]): number {
  const point = line.codePointAt(column) as number;
  if (point < 0x80) bytes.push(point);
  else bytes.push(...new TextEncoder().encode(String.fromCodePoint(point)));
  return column + (point > 0xffff ? 2 : 1);
}

/** Appends the byte of the escape at `column` to `bytes` and returns the column behind it. */
function escapeAt(line: string, column: number, bytes: number[], place: Place): number {
  const [text, digits, octal] = /^\\(?:x([0-9a-fA-F]{1,2})|([0-7]{1,3})|.)?/su.exec(line.slice(column, column + 4)) ?? [
    '\\',
  ];
  const value = digits ? parseInt(digits, 16) : octal ? parseInt(octal, 8) : SIMPLE_ESCAPES[text.slice(1)];
  if (value === undefined) {
    fail(place, `${text} is not an escape; there are \\a \\b \\f \\n \\r \\t \\v \\\\ \\" \\' \\? \\ooo \\xHH`);
  }
  if (value > 0xff) fail(place, `${text} is not a byte; octal escapes end at \\377`);
  bytes.push(value);
  return column + text.length;
}
