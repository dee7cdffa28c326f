/**
 * The arithmetic of pages and of C's unsigned long, and how a call inside this folder fails.
 *
 * How large both are stands in the state's layout. `step` sets it here for as long as it runs, so that what a call does can be read
 * without it; between steps it is that of x86-64.
 */

/** Bytes of a page, a power of two, and bits of a register. */
export interface Geometry {
  readonly pageSize: bigint;
  readonly wordBits: 32 | 64;
}

export const X86_64_GEOMETRY: Geometry = { pageSize: 4096n, wordBits: 64 };

export let PAGE_SIZE = X86_64_GEOMETRY.pageSize;
let PAGE_SHIFT = 12n;
let OFFSET_MASK = PAGE_SIZE - 1n;

/** Bytes of a page, as a number: the length of its array. */
export let PAGE_BYTES = 4096;

/** A page of zeros. Never written, like all pages. */
export let ZERO_PAGE = new Uint8Array(PAGE_BYTES);

/** Bits of C's unsigned long. */
export let WORD_BITS: 32 | 64 = X86_64_GEOMETRY.wordBits;

/** Runs `act` with pages and registers of this size. */
export function withGeometry<T>(geometry: Geometry, act: () => T): T {
  const before: Geometry = { pageSize: PAGE_SIZE, wordBits: WORD_BITS };
  setGeometry(geometry);
  try {
    return act();
  } finally {
    setGeometry(before);
  }
}

function setGeometry({ pageSize, wordBits }: Geometry): void {
  WORD_BITS = wordBits;
  if (pageSize === PAGE_SIZE) return;
  PAGE_SIZE = pageSize;
  PAGE_BYTES = Number(pageSize);
  PAGE_SHIFT = BigInt(Math.log2(PAGE_BYTES));
  OFFSET_MASK = pageSize - 1n;
  ZERO_PAGE = new Uint8Array(PAGE_BYTES);
}

/** The most bytes that one call moves: whole pages of an int. */
export function transferMax(): bigint {
  return (1n << 31n) - PAGE_SIZE;
}

/** The largest file of whole pages that an unsigned long of 32 bits can count. */
export function pagesOf32Bits(): bigint {
  return addressOf((1n << 32n) - 1n);
}

/** 0 for success, else a positive error number. */
export type Errno = number;

/** An address or number if not negative, else -errno. */
export type AddressOrErrno = bigint;

export function failed(errno: Errno): AddressOrErrno {
  return -BigInt(errno);
}

/** As C computes it in an unsigned long. */
export function wrap(value: bigint): bigint {
  return BigInt.asUintN(WORD_BITS, value);
}

export function isAligned(address: bigint): boolean {
  return (address & OFFSET_MASK) === 0n;
}

/** Up to whole pages; wraps to 0 near 2^64 (2^32), as PAGE_ALIGN does. */
export function pageAlign(length: bigint): bigint {
  return wrap((length + OFFSET_MASK) & ~OFFSET_MASK);
}

export function pageFloor(address: bigint): bigint {
  return address & ~OFFSET_MASK;
}

/** The page an address or offset lies in; the pages of an aligned length. */
export function pageOf(address: bigint): bigint {
  return address >> PAGE_SHIFT;
}

/** Pages that `size` bytes begin. */
export function pagesOf(size: bigint): bigint {
  return (size + OFFSET_MASK) >> PAGE_SHIFT;
}

/** The address or offset of a page. */
export function addressOf(page: bigint): bigint {
  return page << PAGE_SHIFT;
}

/** Place within the page, from 0 on. */
export function offsetIn(address: bigint): number {
  return Number(address & OFFSET_MASK);
}

export function min(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

export function max(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}

/** A C `int` or `unsigned int`: the low 32 bits. */
export function low32(value: bigint): number {
  return Number(BigInt.asUintN(32, value));
}

/** An `off_t` (`loff_t` where an unsigned long has 32 bits). */
export function signed(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}

/** A C `long`. */
export function signedWord(value: bigint): bigint {
  return BigInt.asIntN(WORD_BITS, value);
}
