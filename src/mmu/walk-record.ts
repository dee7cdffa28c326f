/**
 * The record `walk_entries`: the entries that one walk read, each as one number, and how to read them again.
 *
 * Place: walk.ts writes the record, whoever tells of walks decodes it here (`entriesRead`). The record holds what cannot be
 * worked out: where the root table stands and what the entries held. Where each stood, the one above and the address say.
 *
 *   root, entry0, entry1, entry2, entry3         entry = (bits 0 to 51), times -1 if bit 63 (NX) is set
 *
 * A double holds 53 bits and a sign, which is why bits 52 to 62 must be 0 (`validateScheme`). NX alone is -0.
 */

import type { PageTableScheme } from '../scheme.ts';

/** Beyond the low lane. */
const HIGH = 2 ** 32;
const NO_EXECUTE = 0x8000_0000;

type Fields = Readonly<Record<string, number>>;

/** An entry as a walk read it. */
export interface EntryRead {
  /** 0 = root. */
  readonly level: number;
  /** Physical address of the entry. */
  readonly pa: number;
  /** Its two 32-bit lanes before the walk set any bit, as unsigned numbers. */
  readonly low: number;
  readonly high: number;
}

/** The lanes of an entry that is one number. */
function lanes(entry: number): { readonly low: number; readonly high: number } {
  const bits = Math.abs(entry);
  const high = Math.floor(bits / HIGH);
  const forbids = entry < 0 || Object.is(entry, -0);
  return { low: bits % HIGH, high: forbids ? high + NO_EXECUTE : high };
}

/**
 * The entries that a walk read, root first: `entries` are the fields of its record `walk_entries`, `walk` those of the record
 * `walk` behind it, `scheme` is that of the machine.
 */
export function entriesRead(entries: Fields, walk: Fields, scheme: PageTableScheme): EntryRead[] {
  const { levels, entryBytes, frameShift, frameBits } = scheme;
  const read: EntryRead[] = [];
  let table = entries['root'];
  let shift = levels.reduce((sum, bits) => sum + bits, scheme.pageShift);
  for (let level = 0; level < walk['references']; level++) {
    shift -= levels[level];
    const index = Math.floor(walk['va'] / 2 ** shift) % 2 ** levels[level];
    const entry = entries[`entry${level}`];
    read.push({ level, pa: table + index * entryBytes, ...lanes(entry) });
    table = (Math.floor(Math.abs(entry) / 2 ** frameShift) % 2 ** frameBits) * 2 ** scheme.pageShift;
  }
  return read;
}
