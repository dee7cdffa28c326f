import { describe, expect, test } from 'vitest';
import { UserError } from '../../../src/assert.ts';
import { type Token, tokenize } from '../../../src/scenario/lexer.ts';

const PLACE = { file: 'a.scn', line: 7 };

function texts(line: string): string[] {
  return tokenize(line, PLACE).map((token) => token.text);
}

function bytesOf(line: string): number[] {
  const [token] = tokenize(line, PLACE) as (Token & { kind: 'string' })[];
  return [...token.bytes];
}

function numberOf(line: string): bigint {
  const [token] = tokenize(line, PLACE) as (Token & { kind: 'number' })[];
  return token.value;
}

describe('tokens', () => {
  test('names, numbers and marks need no blanks between them', () => {
    expect(texts('c:x=f(A+0x1f*2,-1|~y)')).toEqual([...'c:x=f(A+'].concat('0x1f', ...'*2,-1|~y)'));
  });

  test('blanks of every kind do not matter', () => {
    expect(texts(' \t\v\f c \t: x = f ( ) \r')).toEqual(['c', ':', 'x', '=', 'f', '(', ')']);
  });

  test('carry their columns', () => {
    expect(tokenize(' ab 12', PLACE)).toMatchObject([
      { start: 1, end: 3 },
      { start: 4, end: 6 },
    ]);
  });

  test('a # ends the line, but not inside a string', () => {
    expect(texts('f("#") # g("x"')).toEqual(['f', '(', '"#"', ')']);
    expect(texts('# all of it')).toEqual([]);
    expect(texts('')).toEqual([]);
  });

  test('an escaped quote does not end a string, so # after it is inside', () => {
    expect(texts('"\\"#" #')).toEqual(['"\\"#"']);
  });
});

describe('numbers', () => {
  test.each([
    ['0', 0n],
    ['10', 10n],
    ['0644', 0o644n],
    ['00', 0n],
    ['0x1F', 31n],
    ['0XfF', 255n],
    ['18446744073709551615', 2n ** 64n - 1n],
    ['0xffffffffffffffff', 2n ** 64n - 1n],
    ['01777777777777777777777', 2n ** 64n - 1n],
  ])('%s', (text, value) => {
    expect(numberOf(text)).toBe(value);
  });

  test.each(['08', '0x', '12ab', '1_000', '0b1', '1u', '0xg'])('%s is none', (text) => {
    expect(() => tokenize(text, PLACE)).toThrow(
      `a.scn:7: ${text} is not a number; numbers are decimal, hexadecimal (0x1f)`,
    );
  });

  test.each(['18446744073709551616', '0x10000000000000000', '02000000000000000000000'])('%s does not fit', (text) => {
    expect(() => tokenize(text, PLACE)).toThrow(`a.scn:7: ${text} does not fit 64 bits; the largest number is`);
  });
});

describe('strings', () => {
  test.each([
    ['""', []],
    ['"ab"', [0x61, 0x62]],
    ['"\\a\\b\\f\\n\\r\\t\\v"', [7, 8, 12, 10, 13, 9, 11]],
    ['"\\\\\\"\\\'\\?"', [0x5c, 0x22, 0x27, 0x3f]],
    ['"\\0\\7\\12\\377"', [0, 7, 10, 255]],
    ['"\\1234"', [0o123, 0x34]],
    ['"\\08"', [0, 0x38]],
    ['"\\x4\\x41\\xfF"', [4, 0x41, 255]],
    ['"\\x414"', [0x41, 0x34]],
    ['"\\x4g"', [4, 0x67]],
    ['"\t"', [9]],
    ['"é€😀"', [0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80]],
  ])('%s', (text, bytes) => {
    expect(bytesOf(text)).toEqual(bytes);
  });

  test.each(['"', '"ab', '"ab\\"', '"ab # c'])('%s does not end', (text) => {
    expect(() => tokenize(text, PLACE)).toThrow('a.scn:7: a string does not end; close it with " on the same line');
  });

  test.each([
    ['"\\q"', '\\q'],
    ['"\\xg"', '\\x'],
    ['"\\8"', '\\8'],
    ['"\\😀"', '\\😀'],
    ['"\\', '\\'],
  ])('%s has an escape that does not exist', (text, written) => {
    expect(() => tokenize(text, PLACE)).toThrow(`a.scn:7: ${written} is not an escape; there are \\a \\b`);
  });

  test('octal escapes end at 377', () => {
    expect(() => tokenize('"\\400"', PLACE)).toThrow('a.scn:7: \\400 is not a byte; octal escapes end at \\377');
  });
});

describe('what cannot stand in a line', () => {
  test.each([
    [';', "';' means nothing here; a statement is written as [process:] [name =] call(arguments)"],
    ['f(a / b)', "'/' means nothing here"],
    ['é', "'é' means nothing here"],
    ['😀', "'😀' means nothing here"],
    [' % x', "'%' begins a directive only as the first character of its line"],
    ["f('A')", 'a single quote means nothing here; strings stand in double quotes'],
  ])('%s', (text, message) => {
    expect(() => tokenize(text, PLACE)).toThrow(`a.scn:7: ${message}`);
    expect(() => tokenize(text, PLACE)).toThrow(UserError);
  });

  test('a name has at most 31 characters', () => {
    expect(texts('a'.repeat(31))).toEqual(['a'.repeat(31)]);
    expect(() => tokenize('a'.repeat(32), PLACE)).toThrow('has 32 characters; a name has at most 31');
  });
});
