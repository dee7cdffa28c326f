/**
 * One line of an access log in any form that is right: an address of any length, a size of up to five digits.
 *
 * Place: log-scanner.ts asks it about the lines that plain-lines.ts leaves over.
 */

import { type AccessBatch, FETCH, MODIFY, READ, WRITE } from './access-batch.ts';

const NEWLINE = 10;
const BLANK = 32;
const COMMA = 44;
const LETTER_I = 73;

/** Value of a lower-case hexadecimal digit, else -1: Int8Array(256), indexed by byte. */
const HEX_VALUE = new Int8Array(256).fill(-1);
for (let value = 0; value < 16; value++) HEX_VALUE[value.toString(16).charCodeAt(0)] = value;

/** Kind of a data access by its letter, else -1: Int8Array(256), indexed by byte. */
const DATA_KIND = new Int8Array(256).fill(-1);
DATA_KIND['L'.charCodeAt(0)] = READ;
DATA_KIND['S'.charCodeAt(0)] = WRITE;
DATA_KIND['M'.charCodeAt(0)] = MODIFY;

/** More digits than this do not fit into two 28-bit halves. */
const FAST_DIGITS = 14;
const SEVEN_DIGITS = 2 ** 28;
const SIZE_MAX = 65535;

/** READ, WRITE, FETCH or MODIFY for a line that begins like an access, else -1. */
export function accessKind(bytes: Uint8Array, at: number): number {
  const first = bytes[at];
  if (first === BLANK) return bytes[at + 2] === BLANK ? DATA_KIND[bytes[at + 1]] : -1;
  return first === LETTER_I && bytes[at + 1] === BLANK && bytes[at + 2] === BLANK ? FETCH : -1;
}

/** Appends the access of kind `code` in the line from `at` on; where the next line begins, or -1 for a malformed one. */
export function appendLine(bytes: Uint8Array, at: number, code: number, batch: AccessBatch): number {
  const row = batch.count;
  const comma = addressEnd(bytes, at + 3);
  const sizeEnd = comma < 0 ? -1 : sizeOf(bytes, comma + 1, batch.size, row);
  if (sizeEnd < 0) return -1;
  batch.va[row] = addressIn(bytes, at + 3, comma);
  batch.kind[row] = code;
  batch.count = row + 1;
  return sizeEnd + 1;
}

/** Where the comma behind the hexadecimal digits from `from` on stands, or -1. */
function addressEnd(bytes: Uint8Array, from: number): number {
  let at = from;
  while (HEX_VALUE[bytes[at]] >= 0) at++;
  return at > from && bytes[at] === COMMA ? at : -1;
}

/**
 * The address in bytes[from, to), all of them digits: 56 bits in two halves of 28, 32-bit integer arithmetic
 * throughout.
 */
function addressIn(bytes: Uint8Array, from: number, to: number): number {
  let high = 0;
  let low = 0;
  for (let at = from; at < to; at++) {
    high = (high << 4) | (low >>> 24);
    low = ((low & 0xffffff) << 4) | HEX_VALUE[bytes[at]];
  }
  return to - from > FAST_DIGITS ? wideAddress(bytes, from, to) : high * SEVEN_DIGITS + low;
}

/** Reads a decimal size that ends at a newline into size[row]; where the newline stands, or -1. */
function sizeOf(bytes: Uint8Array, from: number, size: Uint16Array, row: number): number {
  let value = 0;
  let at = from;
  for (; bytes[at] !== NEWLINE; at++) {
    const digit = bytes[at] - 48;
    if (!(digit >= 0 && digit <= 9) || value > SIZE_MAX) return -1;
    value = value * 10 + digit;
  }
  if (value === 0 || value > SIZE_MAX) return -1;
  size[row] = value;
  return at;
}

/** An address of 15 or 16 digits (the upper half): not exact, but outside user space all the same. */
function wideAddress(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) value = value * 16 + HEX_VALUE[bytes[at]];
  return value;
}
