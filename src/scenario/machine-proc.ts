/**
 * What /proc says of a process of the simulated machine, as answers of the scenario language.
 *
 * Place: beside machine-target.ts, which carries out the other calls. It only translates: the counts are the machine's.
 */

import type { PagemapPage, Process } from '../index.ts';
import { type Answer, PAGEMAP_PAGES_MAX, STATUS_FIELDS } from './target.ts';

export function maps(process: Process): Answer {
  const entries = process
    .maps()
    .map((line) => ({ ...line, start: BigInt(line.start), end: BigInt(line.end), offset: BigInt(line.offset) }));
  return { kind: 'maps', entries };
}

export function smaps(process: Process, address: bigint): Answer {
  return { kind: 'smaps', record: process.smaps(address) ?? undefined };
}

export function vmFlags(process: Process, address: bigint): Answer {
  return { kind: 'vmflags', flags: process.vmFlags(address) ?? undefined };
}

export function pagemap(process: Process, pageSize: number, address: bigint, length: bigint): Answer {
  if (length / BigInt(pageSize) >= PAGEMAP_PAGES_MAX) return { kind: 'refused' };
  return { kind: 'pagemap', letters: process.pagemap(address, length).map(letterOf).join('') };
}

function letterOf({ present, swapped, file, guard, exclusive }: PagemapPage): string {
  if (guard) return 'g';
  if (!present) return swapped ? 's' : '.';
  const letter = file ? 'f' : 'p';
  return exclusive ? letter.toUpperCase() : letter;
}

/** All fields, or the one with a name. */
export function status(process: Process, name: string | undefined): Answer {
  const record = process.status();
  if (name === undefined) return { kind: 'fields', record };
  const field = STATUS_FIELDS.find((known) => known === name);
  return field === undefined ? { kind: 'errno', errno: 'EINVAL' } : { kind: 'value', value: BigInt(record[field]) };
}
