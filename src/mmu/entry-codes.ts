/**
 * PTE_* flags, and the lookup tables that translate them to and from the raw bits of a scheme.
 *
 * Place: the walker and the page-table editor see one set of flags whatever the scheme; encoding
 * and decoding an entry is one table read each. Derived from src/scheme.ts, never written by hand.
 */

import { type EntryBits, type PageTableScheme, validateScheme } from '../scheme.ts';

export const PTE_PRESENT = 1;
export const PTE_WRITE = 2;
export const PTE_USER = 4;
export const PTE_EXEC = 8;
export const PTE_ACCESSED = 16;
export const PTE_DIRTY = 32;
/** A leaf above the lowest level. */
export const PTE_LEAF = 64;
/** Not present to the hardware, but names a frame: the VMA grants no access now. */
export const PTE_PROT_NONE = 128;
/** Not present: the page number is a swap slot. */
export const PTE_SWAP = 256;
/** Not present: a guard marker; any access is a SIGSEGV. */
export const PTE_GUARD = 512;
const FLAG_COMBINATIONS = 1024;
/** What an entry that points to a lower table grants: everything, since leaves decide. */
const POINTER_FLAGS = PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_EXEC | PTE_ACCESSED | PTE_DIRTY;

/** The translation between `PTE_*` flags and raw entries, as lookup tables. */
export interface SchemeCodes {
  /** Uint32Array(1024) each, indexed by PTE_* flags: the raw low and high lanes without the frame. */
  readonly encodeLow: Uint32Array;
  readonly encodeHigh: Uint32Array;
  /** Uint16Array(2^k), indexed by the low k bits of the low lane: PTE_* flags, without PTE_EXEC where a bit of the high lane decides it. */
  readonly decode: Uint16Array;
  /** Mask that cuts the index of `decode` out of the low lane. */
  readonly decodeMask: number;
  /** The hardware can tell fetches from loads. */
  readonly controlsExecution: boolean;
  /** Bit of the high lane that forbids execution, or 0. */
  readonly noExecuteHigh: number;
  /** Raw bits of the low lane for PTE_PRESENT. */
  readonly presentLow: number;
  /** Raw bits of the low lane for PTE_WRITE, PTE_ACCESSED and PTE_DIRTY; 0 where the scheme has none. */
  readonly writeLow: number;
  readonly accessedLow: number;
  readonly dirtyLow: number;
  /** The raw low lane of an entry that points to a lower table, without the frame. */
  readonly pointerLow: number;
}

function bit(position: number): number {
  return position < 0 ? 0 : (1 << (position % 32)) >>> 0;
}

function encodeFlags(bits: EntryBits, flags: number): number {
  let raw = 0;
  const present = (flags & PTE_PRESENT) !== 0;
  if (present) raw |= bit(bits.present) | bit(bits.readable);
  if (flags & PTE_WRITE && present) raw |= bit(bits.writable);
  if (flags & PTE_USER && present) raw |= bit(bits.user);
  if (flags & PTE_EXEC && present) raw |= bit(bits.executable);
  if (flags & PTE_ACCESSED) raw |= bit(bits.accessed);
  if (flags & PTE_DIRTY) raw |= bit(bits.dirty);
  if (flags & PTE_LEAF) raw |= bit(bits.leaf);
  if (!present && flags & PTE_PROT_NONE) raw |= bit(bits.softProtNone);
  if (!present && flags & PTE_SWAP) raw |= bit(bits.softSwap);
  if (!present && flags & PTE_GUARD) raw |= bit(bits.softGuard < 0 ? bits.softProtNone : bits.softGuard);
  return raw >>> 0;
}

/** Where R, W or X makes an entry a leaf (RISC-V), a pointer has none of them, nor U, A and D. */
function encodePointer(bits: EntryBits): number {
  const anyRightIsLeaf = bits.leaf < 0 && bits.readable >= 0;
  return anyRightIsLeaf ? bit(bits.present) : encodeFlags(bits, POINTER_FLAGS);
}

function decodeAbsent(bits: EntryBits, raw: number): number {
  let flags = 0;
  // Without a bit of its own a guard is a page without rights that has no frame: frame 0 is nobody's.
  if (bits.softGuard < 0 && raw === bit(bits.softProtNone)) flags = PTE_GUARD;
  else if (raw & bit(bits.softProtNone)) flags = PTE_PROT_NONE;
  else if (raw & bit(bits.softGuard)) flags = PTE_GUARD;
  else if (bits.softSwap < 0 ? raw !== 0 : (raw & bit(bits.softSwap)) !== 0) flags = PTE_SWAP;
  if (flags === PTE_PROT_NONE && raw & bit(bits.dirty)) flags |= PTE_DIRTY;
  return flags;
}

function decodeRaw(bits: EntryBits, raw: number): number {
  if (!(raw & bit(bits.present))) return decodeAbsent(bits, raw);
  let flags = PTE_PRESENT;
  if (raw & bit(bits.writable)) flags |= PTE_WRITE;
  if (bits.user < 0 || raw & bit(bits.user)) flags |= PTE_USER;
  if (bits.executable < 0 ? bits.noExecute < 0 : raw & bit(bits.executable)) flags |= PTE_EXEC;
  if (bits.accessed < 0 || raw & bit(bits.accessed)) flags |= PTE_ACCESSED;
  if (bits.dirty < 0 ? flags & PTE_WRITE : raw & bit(bits.dirty)) flags |= PTE_DIRTY;
  const rwx =
    bit(bits.readable) | (bits.leaf < 0 && bits.readable >= 0 ? bit(bits.writable) | bit(bits.executable) : 0);
  if (bits.leaf >= 0 ? raw & bit(bits.leaf) : raw & rwx) flags |= PTE_LEAF;
  return flags;
}

/** Builds the code tables of a scheme; throws `UserError` if the scheme cannot work. */
export function schemeCodes(scheme: PageTableScheme): SchemeCodes {
  validateScheme(scheme);
  const lowBits = scheme.frameShift > 0 ? scheme.frameShift : 8;
  const decode = new Uint16Array(2 ** lowBits);
  for (let raw = 0; raw < decode.length; raw++) decode[raw] = decodeRaw(scheme.bits, raw);
  const encodeLow = new Uint32Array(FLAG_COMBINATIONS);
  const encodeHigh = new Uint32Array(FLAG_COMBINATIONS);
  // As a signed number: bit 31 alone would not be a small integer.
  const noExecuteHigh = scheme.bits.noExecute >= 32 ? bit(scheme.bits.noExecute) | 0 : 0;
  for (let flags = 0; flags < FLAG_COMBINATIONS; flags++) {
    encodeLow[flags] = encodeFlags(scheme.bits, flags);
    encodeHigh[flags] = flags & PTE_PRESENT && !(flags & PTE_EXEC) ? noExecuteHigh : 0;
  }
  return {
    encodeLow,
    encodeHigh,
    decode,
    decodeMask: decode.length - 1,
    controlsExecution: scheme.bits.executable >= 0 || scheme.bits.noExecute >= 0,
    noExecuteHigh,
    presentLow: encodeLow[PTE_PRESENT],
    writeLow: bit(scheme.bits.writable),
    accessedLow: bit(scheme.bits.accessed),
    dirtyLow: bit(scheme.bits.dirty),
    pointerLow: encodePointer(scheme.bits),
  };
}
