/**
 * Accesses in the form that nearly every line has: 6 to 12 digits and a size of one digit, as many lines as there are.
 *
 *   `I  7ffff7fe4b70,3`  ` L 1fff000c08,8`  ` S 04033e06,1`
 *
 * Place: log-scanner.ts gives it all lines first, and to access-line.ts what it leaves over. Bytes are looked up two at a time; what a
 * table does not know is negative, so that one check serves for all bytes of a line that it knows.
 */

import { type AccessBatch, FETCH, MODIFY, READ, WRITE } from './access-batch.ts';

const BLANK = 32;
const COMMA = 44;
const DIGIT_ZERO = 48;
/** Bytes of a line with 12 digits, the longest. */
const LONGEST = 18;
/** Places up to this stay 32-bit integers with all that is added to them: the compiler checks no sum of a masked one. */
const PLACE_MASK = 2 ** 30 - 1;
const SIX_DIGITS = 2 ** 24;

/** The number that two bytes are in memory, the first one below. */
function pairCode(text: string): number {
  return text.charCodeAt(0) | (text.charCodeAt(1) << 8);
}

/** READ, WRITE, FETCH or MODIFY by the first two bytes of a line, else -1: Int8Array(65536). */
const HEAD_KIND = new Int8Array(65536).fill(-1);
HEAD_KIND[pairCode('I ')] = FETCH;
HEAD_KIND[pairCode(' L')] = READ;
HEAD_KIND[pairCode(' S')] = WRITE;
HEAD_KIND[pairCode(' M')] = MODIFY;

/** Value of two lower-case hexadecimal digits, else -1: Int16Array(65536), indexed by both bytes. */
const PAIR_VALUE = new Int16Array(65536).fill(-1);
for (let value = 0; value < 256; value++) PAIR_VALUE[pairCode(value.toString(16).padStart(2, '0'))] = value;

/** A size of 0 and a newline, as two bytes. */
const SIZE_ZERO = pairCode('0\n');

/**
 * Appends the plain lines of bytes[from, end) to a batch until it is full, or another line comes, or the last bytes, which may be
 * too few to look at without care; where it stopped.
 */
export function appendPlainLines(bytes: DataView, from: number, end: number, batch: AccessBatch): number {
  const { va, size, kind } = batch;
  const rows = va.length;
  const last = Math.min(end, PLACE_MASK) - LONGEST;
  if (from > last) return from;
  let row = batch.count;
  let at = from & PLACE_MASK;
  while (at <= last && row < rows) {
    let comma = at + 15;
    let high: number;
    if (bytes.getUint8(comma) === COMMA) high = threePairs(bytes, at + 3);
    else if (bytes.getUint8(at + 11) === COMMA) {
      comma = at + 11;
      high = pair(bytes, at + 3);
    } else {
      comma = commaFrom(bytes, at + 9);
      if (comma < 0) break;
      high = digitsIn(bytes, at + 3, comma - 6);
    }
    const low = threePairs(bytes, comma - 6);
    const what = HEAD_KIND[bytes.getUint16(at, true)];
    const units = bytes.getUint16(comma + 1, true) - SIZE_ZERO;
    if ((what | high | low) < 0 || units <= 0 || units > 9 || bytes.getUint8(at + 2) !== BLANK) break;
    va[row] = high * SIX_DIGITS + low;
    size[row] = units;
    kind[row++] = what;
    at = (comma + 3) & PLACE_MASK;
  }
  batch.count = row;
  return at;
}

/** Where a comma stands, five places on at most, or -1. */
function commaFrom(bytes: DataView, from: number): number {
  for (let at = from; at <= from + 5; at++) if (bytes.getUint8(at) === COMMA) return at;
  return -1;
}

/** Value of the digits in bytes[from, to), at most six, or below 0. */
function digitsIn(bytes: DataView, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) value = (value << 4) | PAIR_VALUE[DIGIT_ZERO | (bytes.getUint8(at) << 8)];
  return value;
}

function threePairs(bytes: DataView, from: number): number {
  return (pair(bytes, from) << 16) | (pair(bytes, from + 2) << 8) | pair(bytes, from + 4);
}

function pair(bytes: DataView, from: number): number {
  return PAIR_VALUE[bytes.getUint16(from, true)];
}
