import { describe, expect, test } from 'vitest';
import { evaluate, evaluateData, NO_NAMES, namesIn, TRANSFER_MAX } from '../../../src/scenario/evaluate.ts';
import { parseDataText, parseExpression } from '../../../src/scenario/expression-parser.ts';

const PLACE = { file: 'a.scn', line: 3 };
const ALL_ONES = 2n ** 64n - 1n;

function valueIn(text: string, names: Readonly<Record<string, bigint>> = {}): bigint | undefined {
  return evaluate(parseExpression(text, PLACE), (name) => names[name]);
}

function dataOf(text: string): string {
  const data = evaluateData(parseDataText(text, PLACE), NO_NAMES);
  return typeof data === 'string' ? data : Array.from(data, (byte) => String.fromCharCode(byte)).join('');
}

describe('arithmetic', () => {
  test.each([
    ['-1', ALL_ONES],
    ['~0', ALL_ONES],
    ['~-1', 0n],
    ['-~5', 6n],
    ['--5', 5n],
    ['~~5', 5n],
    ['0-1', ALL_ONES],
    ['0xffffffffffffffff+2', 1n],
    ['0x8000000000000000*2', 0n],
    ['0xffffffffffffffff*0xffffffffffffffff', 1n],
    ['-0x8000000000000000', 2n ** 63n],
    ['10-2-3', 5n],
    ['10-(2-3)', 11n],
    ['2*3*4', 24n],
    ['-2*3', ALL_ONES - 5n],
    ['~4095*1', ALL_ONES - 4095n],
  ])('%s wraps in 64 bits', (text, value) => {
    expect(valueIn(text)).toBe(value);
  });

  test.each([
    ['1+2*3', 7n],
    ['(1+2)*3', 9n],
    ['1|2+4', 7n],
    ['1|4+4', 9n],
    ['(1|4)+4', 9n],
    ['(1|2)*4', 12n],
    ['8-1|1', 7n],
    ['1|2*2|8-8', 5n],
    ['2*-1+3', 1n],
    ['2*~0', ALL_ONES - 1n],
    ['((((7))))', 7n],
  ])('%s binds | looser than + and -, those looser than *', (text, value) => {
    expect(valueIn(text)).toBe(value);
  });

  test('constants and names', () => {
    expect(valueIn('PROT_READ|PROT_WRITE')).toBe(3n);
    expect(valueIn('MAP_FAILED')).toBe(ALL_ONES);
    expect(valueIn('RLIM_INFINITY')).toBe(ALL_ONES);
    expect(valueIn('NULL')).toBe(0n);
    expect(valueIn('p+4096*n', { p: 0x10000n, n: 2n })).toBe(0x12000n);
  });

  test.each(['p', '-p', '1+p', 'p-1', 'p*0', '0*p', '1|p', '(p)'])('%s is unbound if p is', (text) => {
    expect(valueIn(text)).toBeUndefined();
  });

  test('namesIn finds every name and no constant', () => {
    expect(namesIn(parseExpression('a|b+c*-(d-e)|PROT_READ|1|a', PLACE))).toEqual(['a', 'b', 'c', 'd', 'e', 'a']);
  });

  test('a long sum and a long row of operators do not exhaust the stack', () => {
    expect(valueIn(`0${'+1'.repeat(50_000)}`)).toBe(50_000n);
    expect(valueIn(`${'-'.repeat(50_001)}1`)).toBe(ALL_ONES);
  });
});

describe('data', () => {
  test.each([
    ['"ab"', 'ab'],
    ['"ab"*3', 'ababab'],
    ['"ab" * 2 + "c"', 'ababc'],
    ['"a"+"b"+"c"', 'abc'],
    ['"x"*0', ''],
    ['""*-1', ''],
    ['"x"*(1+2)', 'xxx'],
    ['"x"*(1+2)+"y"', 'xxxy'],
    ['fill(0x41, 3)', 'AAA'],
    ['fill(0x141, 1+1)', 'AA'],
    ['fill(-1, 1)', '\xff'],
    ['fill(0, 0)', ''],
    ['"<"+fill(0x2d,2)+">"', '<-->'],
    ['"x"*-(-2)', 'xx'],
  ])('%s', (text, bytes) => {
    expect(dataOf(text)).toBe(bytes);
  });

  test.each(['"x"*p', 'fill(p, 1)', 'fill(1, p)', '"a"+"x"*p'])('%s is unbound if p is', (text) => {
    expect(dataOf(text)).toBe('unbound');
  });

  test('at most 256 KiB', () => {
    expect(dataOf(`fill(0, ${TRANSFER_MAX})`).length).toBe(TRANSFER_MAX);
    expect(dataOf(`fill(0, ${TRANSFER_MAX})+"x"`)).toBe('too-long');
    expect(dataOf('"x"*-1')).toBe('too-long');
    expect(dataOf('"xy"*0x8000000000000000')).toBe('too-long');
  });
});

describe('what is no expression', () => {
  test.each([
    ['', 'a number, a name or an expression in parentheses should stand here, but here is the end of the line'],
    ['1+', 'a number, a name or an expression in parentheses should stand here, but here is the end of the line'],
    ['+1', "a number, a name or an expression in parentheses should stand here, but here is '+'"],
    ['1 2', "the expression 1 2 should end before '2'"],
    ['(1', 'the expression should end with a parenthesis, but here is the end of the line'],
    ['1+"x"', 'a number should stand here, but here is the string "x"'],
    ['fill', 'fill is no number; it stands as fill(byte, count) where data is written'],
    ['1+fill(1,2)', 'fill is no number'],
    [`${'('.repeat(101)}1`, 'parentheses are nested too deeply; at most 100 deep'],
  ])('%s', (text, message) => {
    expect(() => parseExpression(text, PLACE)).toThrow(`a.scn:3: ${message}`);
  });

  test('a hundred parentheses are not too many', () => {
    expect(valueIn(`${'('.repeat(100)}1${')'.repeat(100)}`)).toBe(1n);
  });
});

describe('what is no data', () => {
  test.each([
    ['"a"+1', "a string or fill(byte, count) should stand here, but here is '1'"],
    ['"a"-"b"', "the data should end before '-'"],
    ['fill(1)', "fill takes a byte and a count, with a comma between them, but here is ')'"],
    ['fill(1,2', 'fill(byte, count) should end with a parenthesis, but here is the end of the line'],
    ['fill(1,2)*3', "the data should end before '*'"],
    ['"a"*2*3', "the data should end before '*'"],
    ['"a"*"b"', 'a number should stand here, but here is the string "b"'],
  ])('%s', (text, message) => {
    expect(() => parseDataText(text, PLACE)).toThrow(`a.scn:3: ${message}`);
  });
});
