/**
 * A raw page-table entry in parts: for explanations, which show entries as they were when read.
 *
 * Place: beside page-tables.ts, which reads entries where they lie; here the two 32-bit lanes are
 * given, as a trace record holds them. Not for hot paths.
 */

import { PTE_EXEC, PTE_LEAF, PTE_PRESENT } from './entry-codes.ts';
import type { PageTables } from './page-tables.ts';

export interface DecodedEntry {
  /** The entry as it stands in memory, such as `0x8000000000025067`. */
  readonly raw: string;
  /** PTE_* flags; 0 for an empty entry. */
  readonly flags: number;
  /** Frame of the page or of the lower table, or the swap slot. */
  readonly frame: number;
  /** It points to a table of the next level. */
  readonly isPointer: boolean;
}

/** Decodes an entry of `level` (0 = root) of the scheme that `tables` has. */
export function decodeEntry(tables: PageTables, level: number, low: number, high: number): DecodedEntry {
  const { scheme, codes } = tables;
  let flags = codes.decode[low & codes.decodeMask];
  if (codes.noExecuteHigh !== 0 && flags & PTE_PRESENT && !(high & codes.noExecuteHigh)) flags |= PTE_EXEC;
  const frameBits = (1n << BigInt(scheme.frameBits)) - 1n;
  const raw = (BigInt(high) << 32n) | BigInt(low);
  return {
    raw: `0x${raw.toString(16)}`,
    flags,
    frame: Number((raw >> BigInt(scheme.frameShift)) & frameBits),
    isPointer: level < tables.levels - 1 && (flags & (PTE_PRESENT | PTE_LEAF)) === PTE_PRESENT,
  };
}
