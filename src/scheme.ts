/**
 * A page-table scheme as data: page size, index bits per level, entry bytes and bit positions.
 *
 * Place in the flow: the walker and the kernel's page-table editor are the same code for every
 * scheme; they read these numbers (mmu/entry-codes.ts derives lookup tables from the positions).
 *
 *   x86-64     63 NX | 51..12 frame | 7 leaf | 6 D | 5 A | 2 U | 1 W | 0 P
 *   x86-32     31..12 frame | 7 leaf | 6 D | 5 A | 2 U | 1 W | 0 P
 *   pages-16k  63 NX | 51..14 frame | 7 leaf | 6 D | 5 A | 2 U | 1 W | 0 P
 *   pages-64k  63 NX | 51..16 frame | 7 leaf | 6 D | 5 A | 2 U | 1 W | 0 P
 *   Sv32       31..10 frame | 7 D | 6 A | 4 U | 3 X | 2 W | 1 R | 0 V
 *   tiny       7 P | 6 W | 5..0 frame
 *
 * Bits that a scheme lacks are implied: no A = always accessed, no D = dirty when writable, no U
 * and no X = allowed. Invariant: a table fills exactly one frame.
 * Source: Intel SDM 3A 4.3, 4.5; RISC-V privileged spec 4.3; OSTEP chapter 20 for the tiny one. The wide ones are x86-64's bits
 * with the page sizes and levels of arm64's larger granules (Arm ARM D8.2): 47 and 42 bits of address.
 */

import { UserError } from './assert.ts';

/** Bit positions in an entry, 0 to 63; -1 where the scheme has no such bit. */
export interface EntryBits {
  readonly present: number;
  /** Set with `present` on leaves (RISC-V's R); -1: present means readable. */
  readonly readable: number;
  readonly writable: number;
  readonly user: number;
  /** Set = may execute; -1 if `noExecute` is used or execution is not controlled. */
  readonly executable: number;
  readonly noExecute: number;
  readonly accessed: number;
  readonly dirty: number;
  /** Marks a leaf above the lowest level; -1 and `readable` >= 0: any of R, W, X does. */
  readonly leaf: number;
  /** Meanings of bits in an entry that is not present. -1 for swap: any other value is a slot; -1 for guard: no rights and frame 0. */
  readonly softProtNone: number;
  readonly softSwap: number;
  readonly softGuard: number;
}

/** Levels that a scheme may have: as many entries as a trace record holds. */
export const MOST_LEVELS = 4;

/** Bits of an entry that a trace record can tell: these and bit 63. */
const TOLD_BITS = 52;

/** What a page-table scheme is made of. */
export interface PageTableScheme {
  readonly name: string;
  /** log2 of the page size in bytes. */
  readonly pageShift: number;
  /** Index bits of each level, root first. */
  readonly levels: readonly number[];
  readonly entryBytes: 1 | 4 | 8;
  readonly frameShift: number;
  readonly frameBits: number;
  readonly bits: EntryBits;
  /** Bits of a register, and of C's unsigned long: where lengths, addresses and page offsets of calls wrap. */
  readonly wordBits: 32 | 64;
  /** Address-space tags: ids 1 to 2^asidBits - 1 (fewer than a page has bytes). */
  readonly asidBits: number;
}

export const X86_64: PageTableScheme = {
  name: 'x86-64',
  pageShift: 12,
  levels: [9, 9, 9, 9],
  entryBytes: 8,
  frameShift: 12,
  frameBits: 40,
  bits: {
    present: 0,
    readable: -1,
    writable: 1,
    user: 2,
    executable: -1,
    noExecute: 63,
    accessed: 5,
    dirty: 6,
    leaf: 7,
    softProtNone: 8,
    softSwap: 9,
    softGuard: 10,
  },
  wordBits: 64,
  asidBits: 11,
};

/** As x86-64, with wider pages and so fewer levels. */
function withPages(name: string, pageShift: number, levels: readonly number[]): PageTableScheme {
  return { ...X86_64, name, pageShift, levels, frameShift: pageShift, frameBits: 52 - pageShift };
}

export const PAGES_16K: PageTableScheme = withPages('pages-16k', 14, [11, 11, 11]);

export const PAGES_64K: PageTableScheme = withPages('pages-64k', 16, [13, 13]);

/**
 * Two levels and 4 GiB of addresses, without PAE: no NX, everything readable may be executed.
 * Differs: entries of the TLB have tags, which this processor has not; it flushes at every switch.
 */
export const X86_32: PageTableScheme = {
  ...X86_64,
  name: 'x86-32',
  levels: [10, 10],
  entryBytes: 4,
  frameBits: 20,
  bits: { ...X86_64.bits, noExecute: -1 },
  wordBits: 32,
};

export const SV32: PageTableScheme = {
  name: 'sv32',
  pageShift: 12,
  levels: [10, 10],
  entryBytes: 4,
  frameShift: 10,
  frameBits: 22,
  bits: {
    present: 0,
    readable: 1,
    writable: 2,
    user: 4,
    executable: 3,
    noExecute: -1,
    accessed: 6,
    dirty: 7,
    leaf: -1,
    softProtNone: 5,
    softSwap: 8,
    softGuard: 9,
  },
  wordBits: 32,
  asidBits: 9,
};

/** 15-bit addresses in 32-byte pages: small enough for the blackboard. */
export const TINY: PageTableScheme = {
  name: 'tiny',
  pageShift: 5,
  levels: [5, 5],
  entryBytes: 1,
  frameShift: 0,
  frameBits: 6,
  bits: {
    present: 7,
    readable: -1,
    writable: 6,
    user: -1,
    executable: -1,
    noExecute: -1,
    accessed: -1,
    dirty: -1,
    leaf: -1,
    softProtNone: 6,
    softSwap: -1,
    softGuard: -1,
  },
  // A blackboard has no registers.
  wordBits: 64,
  asidBits: 4,
};

/** Throws `UserError` if the scheme cannot work. */
export function validateScheme(scheme: PageTableScheme): void {
  validateTold(scheme);
  const tableBytes = 2 ** scheme.pageShift;
  for (const levelBits of scheme.levels) {
    if (2 ** levelBits * scheme.entryBytes !== tableBytes) {
      throw new UserError(
        `page-table scheme '${scheme.name}': a level of ${levelBits} bits with ${scheme.entryBytes}-byte entries does not fill one page of ${tableBytes} bytes; choose bits so that 2^bits * entryBytes is the page size`,
      );
    }
  }
  if ((scheme.bits.softSwap < 0 || scheme.bits.softGuard < 0) && scheme.frameShift > 0) {
    throw new UserError(
      `page-table scheme '${scheme.name}': without bits for softSwap and softGuard the frame number must start at bit 0, which tells them apart; give both bits or set frameShift to 0`,
    );
  }
  if (!(scheme.asidBits >= 2)) {
    throw new UserError(`page-table scheme '${scheme.name}': asidBits ${scheme.asidBits} is too few; use at least 2`);
  }
  if (2 ** scheme.asidBits > tableBytes) {
    throw new UserError(
      `page-table scheme '${scheme.name}': asidBits ${scheme.asidBits} is too many; use at most ${scheme.pageShift}`,
    );
  }
}

/** Trace records hold the entries of a walk, each as a double. */
function validateTold({ name, levels, frameShift, frameBits, bits }: PageTableScheme): void {
  if (levels.length > MOST_LEVELS)
    throw new UserError(
      `page-table scheme '${name}': ${levels.length} levels are too many; use at most ${MOST_LEVELS}`,
    );
  if (frameShift + frameBits > TOLD_BITS)
    throw new UserError(
      `page-table scheme '${name}': the frame number ends at bit ${frameShift + frameBits - 1}; it must end below bit ${TOLD_BITS}`,
    );
  for (const [bit, place] of Object.entries(bits) as [string, number][]) {
    if (place >= TOLD_BITS && !(bit === 'noExecute' && place === 63))
      throw new UserError(
        `page-table scheme '${name}': ${bit} is bit ${place}; use one below ${TOLD_BITS}, or 63 for noExecute`,
      );
  }
}

/** Bits of a virtual address that the scheme translates. */
export function addressBits(scheme: PageTableScheme): number {
  return scheme.levels.reduce((sum, levelBits) => sum + levelBits, scheme.pageShift);
}
