/**
 * Exact numbers for 64-bit quantities, without BigInt where it counts.
 *
 * Addresses, lengths and file offsets arrive as `Word` (number or bigint, two's complement in 64
 * bits). A user-space address is below 2^56 and exact in a double, but -1, offsets near 2^63 and
 * non-canonical addresses are not. Split into a page number (below 2^60) and an offset inside the
 * page they would not be exact either, so a word is first brought to [0, 2^64) and then divided:
 * page numbers of 4 KiB pages end at 2^52, which a double holds.
 */

import { UserError } from './assert.ts';

/** A 64-bit quantity as the public face takes it; negative values count modulo 2^64. */
export type Word = number | bigint;

export const KIB = 1024;
export const MIB = 1024 * 1024;
export const GIB = 1024 * 1024 * 1024;

const TWO_64 = 1n << 64n;
const TWO_63 = 1n << 63n;

/** The value as an unsigned 64-bit bigint. */
export function toUnsigned(word: Word): bigint {
  if (typeof word === 'number' && !Number.isInteger(word)) {
    throw new UserError(`${word} is not a whole number: addresses, lengths and offsets are integers`);
  }
  return BigInt.asUintN(64, BigInt(word));
}

/** The value as a signed 64-bit bigint (an `off_t`). */
export function toSigned(word: Word): bigint {
  const unsigned = toUnsigned(word);
  return unsigned >= TWO_63 ? unsigned - TWO_64 : unsigned;
}

/** The word as a number if that is exact and not negative, else -1: most are, and what is computed from it looks at no tag again. */
function exactOf(word: Word): number {
  if (typeof word !== 'number') return -1;
  const whole = Math.floor(word);
  return whole === word && whole >= 0 && whole <= Number.MAX_SAFE_INTEGER ? whole : -1;
}

/** Page number of an address or offset: floor(word / pageSize), exact; `pageSize` a power of two >= 4096, or any if the word is below 2^53. */
export function pageOf(word: Word, pageSize: number): number {
  const exact = exactOf(word);
  return exact >= 0 ? Math.floor(exact / pageSize) : Number(toUnsigned(word) / BigInt(pageSize));
}

/** Offset inside the page, 0 to pageSize - 1; `pageSize` as for `pageOf`. A remainder of doubles would be a call into C. */
export function offsetOf(word: Word, pageSize: number): number {
  const exact = exactOf(word);
  return exact >= 0 ? exact - Math.floor(exact / pageSize) * pageSize : Number(toUnsigned(word) % BigInt(pageSize));
}

/** The word if a page begins there, else -1; `pageSize` as for `pageOf`. */
export function pageStart(word: Word, pageSize: number): number {
  // What is a whole number of pages is whole.
  const isPlain = typeof word === 'number' && word >= 0 && word <= Number.MAX_SAFE_INTEGER && isWhole(word, pageSize);
  return isPlain ? word : pageStartOf(word, pageSize);
}

function pageStartOf(word: Word, pageSize: number): number {
  const start = toCount(word);
  // Beyond 2^53 the number of a page is exact still, and an offset in it is not.
  const begins = start <= Number.MAX_SAFE_INTEGER ? isWhole(start, pageSize) : offsetOf(word, pageSize) === 0;
  return begins ? start : -1;
}

/** Bits of a register. */
export type WordBits = 32 | 64;

/** What a register holds of a word: on a machine of 32 bits its low half, unsigned. */
export function toRegister(word: Word, bits: WordBits): Word {
  if (bits === 64) return word;
  const exact = exactOf(word);
  if (exact >= 0 && exact < 2 ** 32) return exact;
  return Number(toUnsigned(word) & 0xffffffffn);
}

/** The value of a register as a signed number. */
export function toSignedRegister(word: Word, bits: WordBits): bigint {
  return BigInt.asIntN(bits, toUnsigned(word));
}

/** Pages that a length rounds up to, as `PAGE_ALIGN(len) >> PAGE_SHIFT` gives them: wraps to 0 near 2^64 (2^32). */
export function pagesUp(word: Word, pageSize: number, bits: WordBits): number {
  // Below 2 GiB nothing wraps.
  const small = typeof word === 'number' ? word | 0 : -1;
  return small >= 0 && small === word ? Math.ceil(small / pageSize) : pagesUpOf(word, pageSize, bits);
}

function pagesUpOf(word: Word, pageSize: number, bits: WordBits): number {
  const exact = exactOf(word);
  if (exact < 0) return Number(BigInt.asUintN(bits, toUnsigned(word) + BigInt(pageSize - 1)) / BigInt(pageSize));
  const pages = Math.ceil(exact / pageSize);
  const wrap = wrapPages(pageSize, bits);
  return pages < wrap ? pages : pages % wrap;
}

/** How many pages a register can count: the page number at which `start + length` wraps. */
export function wrapPages(pageSize: number, bits: WordBits): number {
  return registerEnd(bits) / pageSize;
}

/** The first number that a register does not hold. Powers with a variable exponent are slow. */
export function registerEnd(bits: WordBits): number {
  return bits === 64 ? 2 ** 64 : 2 ** 32;
}

/** `bytes`, exact and at least 0, are a whole number of units of `unit` bytes, a power of two. */
export function isWhole(bytes: number, unit: number): boolean {
  return Math.floor(bytes / unit) * unit === bytes;
}

/** True if the word is zero. */
export function isZero(word: Word): boolean {
  return word === 0 || word === 0n;
}

/** Flag words: the low 32 bits, with `ALIEN_FLAG` set if any bit above them is (no call knows such a flag). */
export const ALIEN_FLAG = 2 ** 32;

/** A flags argument as an exact number: its low 32 bits, plus 2^32 if any higher bit is set. */
export function toFlags(word: Word): number {
  const low = typeof word === 'number' ? word | 0 : -1;
  if (low >= 0 && low === word) return low;
  const unsigned = toUnsigned(word);
  return Number(unsigned & 0xffffffffn) + (unsigned >> 32n === 0n ? 0 : ALIEN_FLAG);
}

/** log2 of a size of huge pages, as the six highest bits of a flags argument give it; 0 for the usual one. */
export function hugeSizeLog(word: Word): number {
  return Number((toUnsigned(word) >> 26n) & 0x3fn);
}

/** A C `int` argument: the low 32 bits, signed. */
export function toInt(word: Word): number {
  return typeof word === 'number' && (word | 0) === word ? word : Number(BigInt.asIntN(32, toUnsigned(word)));
}

/** A length or count as a number, exact below 2^53; larger ones stay larger than any real one. */
export function toCount(word: Word): number {
  const exact = exactOf(word);
  return exact >= 0 ? exact : Number(toUnsigned(word));
}

const SIZE_UNITS: Readonly<Record<string, number>> = { '': 1, K: KIB, M: MIB, G: GIB, T: GIB * 1024 };

/** Parses `64M`, `4096`, `1.5G` into bytes; throws `UserError` naming `what` otherwise. */
export function parseSize(text: string, what: string): number {
  const match = /^(\d+(?:\.\d+)?)([KMGT]?)(?:i?B)?$/i.exec(text.trim());
  const unit = match && SIZE_UNITS[(match[2] as string).toUpperCase()];
  const bytes = match && unit ? Number(match[1]) * unit : Number.NaN;
  if (!Number.isSafeInteger(bytes) || bytes <= 0) {
    throw new UserError(
      `${what} is '${text}', which is not a size: write bytes or a number with K, M or G, such as 64M`,
    );
  }
  return bytes;
}
