import { describe, expect, test } from 'vitest';
import { formatBytes, textOf } from '../../../src/scenario/bytes.ts';

function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

describe('formatBytes', () => {
  test.each([
    ['nothing', '', '""'],
    ['printable ASCII as itself', ' az~', '" az~"'],
    ['a quote and a backslash with a backslash', '"\\', '"\\"\\\\"'],
    ['every other byte in two hexadecimal digits', '\0\x01\n\x1f\x7f\x80\xff', '"\\x00\\x01\\x0a\\x1f\\x7f\\x80\\xff"'],
    ['15 equal bytes as they are', 'A'.repeat(15), `"${'A'.repeat(15)}"`],
    ['16 equal bytes as a run', 'A'.repeat(16), '"A"*16'],
    ['a run of a byte that needs an escape', '\0'.repeat(4096), '"\\x00"*4096'],
    ['a run of quotes', '"'.repeat(20), '"\\""*20'],
    ['what is before and behind a run as plain strings', `ab${'c'.repeat(16)}d`, '"ab"+"c"*16+"d"'],
    ['two runs without a string between them', 'a'.repeat(16) + 'b'.repeat(17), '"a"*16+"b"*17'],
    ['a run is maximal', `a${'a'.repeat(16)}`, '"a"*17'],
    ['short runs join what is around them', `x${'y'.repeat(15)}z${'w'.repeat(16)}`, `"x${'y'.repeat(15)}z"+"w"*16`],
    ['digits behind a hexadecimal escape', '\x014', '"\\x014"'],
  ])('shows %s', (_what, input, text) => {
    expect(formatBytes(bytes(input))).toBe(text);
  });
});

describe('textOf', () => {
  test('is UTF-8 up to the first NUL', () => {
    expect(textOf(bytes('f\xc3\xa9\0rest'))).toBe('fé');
    expect(textOf(bytes(''))).toBe('');
    expect(textOf(bytes('\0'))).toBe('');
  });

  test('keeps different names different when they are not UTF-8', () => {
    const names = ['\xff', '\xfe', '\xc3', 'a\x80', '\xef\xbf\xbd', '\xef\xbb\xbf'].map((name) => textOf(bytes(name)));
    expect(new Set(names).size).toBe(names.length);
    expect(textOf(bytes('a\x80'))).toBe('a\udc80');
  });
});
