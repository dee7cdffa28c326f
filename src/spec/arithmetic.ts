/**
 * The arithmetic of pages and of C's unsigned long, and how a call inside this folder fails.
 */

export const PAGE_SIZE = 4096n;
const PAGE_SHIFT = 12n;
const OFFSET_MASK = PAGE_SIZE - 1n;

/** Bytes of a page, as a number: the length of its array. */
export const PAGE_BYTES = 4096;

/** A page of zeros. Never written, like all pages. */
export const ZERO_PAGE = new Uint8Array(PAGE_BYTES);

/** 0 for success, else a positive error number. */
export type Errno = number;

/** An address or number if not negative, else -errno. */
export type AddressOrErrno = bigint;

export function failed(errno: Errno): AddressOrErrno {
  return -BigInt(errno);
}

/** As C computes it in an unsigned long. */
export function wrap(value: bigint): bigint {
  return BigInt.asUintN(64, value);
}

export function isAligned(address: bigint): boolean {
  return (address & OFFSET_MASK) === 0n;
}

/** Up to whole pages; wraps to 0 near 2^64, as PAGE_ALIGN does. */
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

/** Place within the page, 0 to 4095. */
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

/** A C `long` or `off_t`. */
export function signed(value: bigint): bigint {
  return BigInt.asIntN(64, value);
}
