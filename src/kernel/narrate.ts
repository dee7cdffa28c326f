/**
 * Tells in sentences what trace records say: the path of each access, and what calls changed.
 *
 * Place: `Machine.narrate`, for `faultline run --explain` and the page. It reads the records of one
 * operation, in order, and the scheme of the machine; the state of the machine may have moved on.
 * An access is told from its first TLB miss to its end; after a few, the others are only counted.
 */

import { PTE_ACCESSED, PTE_DIRTY } from '../mmu/entry-codes.ts';
import { decodeEntry } from '../mmu/entry-decode.ts';
import { ACCESS_WRITE, WALK_DONE, WALK_NO_ADDRESS } from '../mmu/mmu.ts';
import type { PageTables } from '../mmu/page-tables.ts';
import type { TraceRecord } from '../trace.ts';
import { entryLine } from './explain-text.ts';
import { accessWord, count, entryWords, hex, tableNames } from './flag-words.ts';
import { type Fields, PATTERNS, type Pattern, plainLine, type Wording } from './narrate-patterns.ts';
import { FAULT_ACCERR, FAULT_BUS, FAULT_DONE, FAULT_MAPERR, FAULT_NONCANONICAL } from './vm-fault.ts';

/** Accesses of one operation that are told in full. */
const ACCESSES_SHOWN = 3;
const INDENT = '  ';

export interface Narration extends Wording {
  readonly tables: PageTables;
  readonly twoTlbLevels: boolean;
  /** Another name for an address, shown behind it; '' for none. */
  readonly name: (va: number) => string;
}

/** The records of one access, or others between accesses. */
interface Part {
  readonly isAccess: boolean;
  readonly records: TraceRecord[];
}

/** The lines that tell `records`. */
export function narrate(records: readonly TraceRecord[], narration: Narration): string[] {
  const parts = cut(records);
  const accesses = parts.filter((part) => part.isAccess);
  const told = new Set(accesses.length > ACCESSES_SHOWN + 1 ? accesses.slice(0, ACCESSES_SHOWN) : accesses);
  const lines: string[] = [];
  let untold: Part[] = [];
  for (const part of parts) {
    if (part.isAccess && !told.has(part)) {
      untold.push(part);
      continue;
    }
    const text = part.isAccess ? accessLines(part.records, narration) : sentences(part.records, narration);
    if (text.length > 0 && untold.length > 0) {
      lines.push(untoldLine(untold));
      untold = [];
    }
    lines.push(...text);
  }
  return untold.length > 0 ? [...lines, untoldLine(untold)] : lines;
}

/** Cuts records where accesses begin and end. */
function cut(records: readonly TraceRecord[]): Part[] {
  const parts: Part[] = [];
  let open = false;
  for (const [place, record] of records.entries()) {
    const isRetry = open && parts.at(-1)?.isAccess;
    if (record.kind === 'tlb_miss' && !isRetry) {
      parts.push({ isAccess: true, records: [] });
      open = true;
    } else if (!open && (parts.length === 0 || parts.at(-1)?.isAccess)) parts.push({ isAccess: false, records: [] });
    parts.at(-1)?.records.push(record);
    if (open && ends(record, records[place + 1])) open = false;
  }
  return parts;
}

/** The access ends with this record: it has its translation, or it fails. */
function ends(record: TraceRecord, next: TraceRecord | undefined): boolean {
  if (record.kind === 'walk') return record.fields['result'] === WALK_DONE;
  if (record.kind === 'fault_done') return record.fields['result'] !== FAULT_DONE;
  return record.kind === 'tlb_miss' && next?.kind !== 'walk_entry' && next?.kind !== 'walk';
}

function untoldLine(parts: readonly Part[]): string {
  const faults = parts.flatMap((part) => part.records).filter((record) => record.kind === 'fault_done');
  const major = faults.filter((record) => record.fields['major'] !== 0).length;
  const ofThem = major > 0 ? ` (${major} major)` : '';
  return `and ${count(parts.length, 'more TLB miss', 'more TLB misses')} with ${count(faults.length, 'page fault', 'page faults')}${ofThem}`;
}

function accessLines(records: readonly TraceRecord[], narration: Narration): string[] {
  const { va, access } = records[0].fields;
  const name = narration.name(va);
  const lines: string[] = [];
  let place = 0;
  while (place < records.length) {
    const walkEnd = endOfWalk(records, place);
    if (walkEnd > place) {
      lines.push(...walkLines(records.slice(place, walkEnd), access, narration));
      place = walkEnd;
      continue;
    }
    const record = records[place];
    if (record.kind === 'tlb_miss') lines.push(missLine(record.fields, narration));
    else if (record.kind === 'fault_done') lines.push(doneLine(record.fields, records, access));
    else {
      const next = nextOf(records, place, ['tlb_miss', 'fault_done']);
      lines.push(...sentences(records.slice(place, next), narration).filter((line) => !isHidden(line, records)));
      place = next;
      continue;
    }
    place++;
  }
  const head = `${accessWord(access)} at ${hex(va)}${name === '' ? '' : ` (${name})`}`;
  return [head, ...lines.map((line) => INDENT + line)];
}

/** An address that is none raises a general protection fault, not a page fault. */
function isHidden(line: string, records: readonly TraceRecord[]): boolean {
  return (
    line.startsWith('page fault') &&
    records.some((record) => record.kind === 'fault_done' && record.fields['result'] === FAULT_NONCANONICAL)
  );
}

function nextOf(records: readonly TraceRecord[], from: number, kinds: readonly string[]): number {
  const found = records.findIndex((record, place) => place >= from && kinds.includes(record.kind));
  return found < 0 ? records.length : found;
}

function endOfWalk(records: readonly TraceRecord[], from: number): number {
  let place = from;
  while (records[place]?.kind === 'walk_entry') place++;
  return records[place]?.kind === 'walk' ? place + 1 : from;
}

function missLine(fields: Fields, { twoTlbLevels }: Narration): string {
  if (fields['level'] === 0) return `TLB: the entry of the page does not grant a ${accessWord(fields['access'])}`;
  if (fields['level'] === 2) return 'TLB miss in both levels';
  return twoTlbLevels ? 'TLB miss in level 1, hit in level 2' : 'TLB miss';
}

/** The entries read, and what the walk did beyond reading. */
function walkLines(records: readonly TraceRecord[], access: number, { tables }: Narration): string[] {
  const { result, va } = records[records.length - 1].fields;
  if (result === WALK_NO_ADDRESS) return [`no walk: ${hex(va)} is no address that can be translated`];
  const names = tableNames(tables.levels);
  const entries = records.slice(0, -1).map(({ fields }) => {
    const entry = decodeEntry(tables, fields['level'], fields['low'], fields['high']);
    const index = (fields['pa'] / tables.scheme.entryBytes) % tables.entriesPerTable;
    return { name: names[fields['level']], index, pa: fields['pa'], entry };
  });
  const lines = entries.map((shown, place) => `${place === 0 ? 'walk:' : '     '} ${entryText(shown)}`);
  if (result !== WALK_DONE) return lines;
  const leaf = entries[entries.length - 1].entry;
  const missing = (access === ACCESS_WRITE ? PTE_ACCESSED | PTE_DIRTY : PTE_ACCESSED) & ~leaf.flags;
  if (missing !== 0) lines.push(`the walk sets ${entryWords(missing).join(' and ')} in the entry`);
  const physical = leaf.frame * tables.pageSize + (va % tables.pageSize);
  return [...lines, `TLB filled, physical address ${hex(physical)}`];
}

function entryText(shown: { name: string; index: number; pa: number; entry: ReturnType<typeof decodeEntry> }): string {
  const { entry } = shown;
  const bits = entryWords(entry.flags);
  const kind =
    entry.raw === '0x0' ? 'empty' : entry.isPointer ? 'table' : bits.includes('present') ? 'page' : 'not present';
  return entryLine({ ...shown, table: 0, raw: entry.raw, kind, frame: kind === 'empty' ? null : entry.frame, bits });
}

function doneLine(fields: Fields, records: readonly TraceRecord[], access: number): string {
  const word = accessWord(access);
  switch (fields['result']) {
    case FAULT_DONE:
      return `fault resolved (${fields['major'] ? 'major' : 'minor'}), the ${word} is tried again`;
    case FAULT_ACCERR:
      return `the VMA does not allow a ${word}`;
    case FAULT_BUS:
      return 'the file has no such page';
    case FAULT_NONCANONICAL:
      return 'general protection fault: the address is not canonical';
    case FAULT_MAPERR:
      return records.some((record) => record.kind === 'vma_found')
        ? 'a guard marker stands there'
        : 'no VMA holds the address';
    default:
      return 'no frame is free';
  }
}

/** Sentences about records outside walks and misses. */
function sentences(records: readonly TraceRecord[], narration: Narration): string[] {
  const lines: string[] = [];
  let run: Fields[] = [];
  let current: Pattern | null = null;
  const flush = (): void => {
    if (current !== null) lines.push(...say(current, run, narration));
    run = [];
  };
  for (let place = 0; place < records.length; ) {
    const around = faultAround(records, place, narration);
    const match = around === null ? bestMatch(records, place) : null;
    if (match === null || match.pattern !== current) flush();
    current = match?.pattern ?? null;
    if (match !== null) run.push(match.fields);
    else lines.push(around?.line ?? plainLine(records[place]));
    place = around?.end ?? match?.end ?? place + 1;
  }
  flush();
  return lines;
}

function say(pattern: Pattern, run: readonly Fields[], wording: Wording): string[] {
  const texts =
    run.length > 1 && pattern.many ? [pattern.many(run, wording)] : run.map((fields) => pattern.one(fields, wording));
  return texts.filter((text) => text !== '');
}

interface Match {
  readonly pattern: Pattern;
  readonly fields: Fields;
  readonly end: number;
}

function bestMatch(records: readonly TraceRecord[], place: number): Match | null {
  for (const pattern of PATTERNS) {
    const end = matchEnd(pattern, records, place);
    if (end < 0) continue;
    const fields = Object.assign({}, ...records.slice(place, end).map((record) => record.fields)) as Fields;
    return { pattern, fields, end };
  }
  return null;
}

/** Place behind the records that a pattern takes, or -1. */
function matchEnd({ kinds }: Pattern, records: readonly TraceRecord[], from: number): number {
  let place = from;
  for (const wanted of kinds) {
    const optional = wanted.endsWith('?');
    const kind = optional ? wanted.slice(0, -1) : wanted;
    if (records[place]?.kind === kind) place++;
    else if (!optional) return -1;
  }
  return place;
}

/** Pages of a file that are mapped one after the other, with the fault-around that did it if it was one. */
function faultAround(
  records: readonly TraceRecord[],
  from: number,
  { fileName }: Narration,
): { line: string; end: number } | null {
  let end = from;
  while (records[end]?.kind === 'map_file_page') end++;
  const isAround = records[end]?.kind === 'fault_around';
  if (end === from && !isAround) return null;
  const pages = records.slice(from, end).map((record) => record.fields['index']);
  if (pages.length === 0) return { line: 'fault-around: no page near by is cached', end: end + 1 };
  const writable = entryWords(records[from].fields['flags']).includes('writable') ? 'writable' : 'read-only';
  const which = pages.length === 1 ? `page ${pages[0]}` : `pages ${pages[0]}-${pages[pages.length - 1]}`;
  const line = `${which} of ${fileName(0)} mapped ${writable}`;
  return isAround ? { line: `fault-around: cached ${line}`, end: end + 1 } : { line, end };
}
