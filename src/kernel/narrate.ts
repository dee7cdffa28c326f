/**
 * Tells in sentences what trace records say: the path of each access, and what calls changed.
 *
 * Place: `Machine.narrate`, for `faultline run --explain` and the page. It reads the records of one
 * operation, in order, and the scheme of the machine; the state of the machine may have moved on.
 * An access is told from its first TLB miss to its end; after a few, the others are only counted.
 */

import { ACCESS_WRITE } from '../mmu/access-codes.ts';
import { PTE_ACCESSED, PTE_DIRTY } from '../mmu/entry-codes.ts';
import { decodeEntry } from '../mmu/entry-decode.ts';
import type { PageTables } from '../mmu/page-tables.ts';
import { WALK_DONE, WALK_NO_ADDRESS } from '../mmu/walk.ts';
import { type EntryRead, entriesRead } from '../mmu/walk-record.ts';
import type { TraceRecord } from '../trace.ts';
import { entryLine } from './explain-text.ts';
import { accessWord, count, entryWords, hex, tableNames } from './flag-words.ts';
import type { Fields, Wording } from './narrate-patterns.ts';
import { sentences } from './narrate-sentences.ts';
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
  const narrator = new Narrator(narration);
  const parts = cut(records);
  const accesses = parts.filter((part) => part.isAccess);
  const told = new Set(accesses.length > ACCESSES_SHOWN + 1 ? accesses.slice(0, ACCESSES_SHOWN) : accesses);
  const lines: string[] = [];
  const untold: Part[] = [];
  for (const part of parts) {
    if (!part.isAccess) lines.push(...sentences(part.records, narration));
    else if (told.has(part)) lines.push(...narrator.access(part.records));
    else untold.push(part);
  }
  return untold.length > 0 ? [...lines, untoldLine(untold)] : lines;
}

/** Cuts records where accesses begin and end. */
function cut(records: readonly TraceRecord[]): Part[] {
  const parts: Part[] = [];
  let open = false;
  for (const [place, record] of records.entries()) {
    const last = parts.at(-1);
    if (!open && record.kind === 'tlb_miss') {
      parts.push({ isAccess: true, records: [record] });
      open = true;
    } else if (!open && last?.isAccess !== false) parts.push({ isAccess: false, records: [record] });
    else last?.records.push(record);
    if (open && ends(record, records[place + 1])) open = false;
  }
  return parts;
}

/** The access ends with this record: it has its translation, or it fails. */
function ends(record: TraceRecord, next: TraceRecord | undefined): boolean {
  if (record.kind === 'walk') return record.fields['result'] === WALK_DONE;
  if (record.kind === 'fault_done') return record.fields['result'] !== FAULT_DONE;
  return record.kind === 'tlb_miss' && next?.kind !== 'walk_entries' && next?.kind !== 'walk';
}

function untoldLine(parts: readonly Part[]): string {
  const faults = parts.flatMap((part) => part.records).filter((record) => record.kind === 'fault_done');
  const major = faults.filter((record) => record.fields['major'] !== 0).length;
  const ofThem = major > 0 ? ` (${major} major)` : '';
  const misses = count(parts.length, 'more TLB miss', 'more TLB misses');
  return `and ${misses}, ${count(faults.length, 'page fault', 'page faults')}${ofThem}, told no further`;
}

/** Tells accesses one after the other; a walk is told by what differs from the one before. */
class Narrator {
  private readonly narration: Narration;
  /** The entries that the last walk read, as lines. */
  private lastWalk: readonly string[];

  constructor(narration: Narration) {
    this.narration = narration;
    this.lastWalk = [];
  }

  access(records: readonly TraceRecord[]): string[] {
    const { va, access } = records[0].fields;
    const name = this.narration.name(va);
    const lines: string[] = [];
    for (let place = 0; place < records.length; ) {
      const end = endOfGroup(records, place);
      lines.push(...this.group(records.slice(place, end), records, access));
      place = end;
    }
    const head = `${accessWord(access)} at ${hex(va)}${name === '' ? '' : ` (${name})`}`;
    return [head, ...lines.map((line) => INDENT + line)];
  }

  /** A walk, a miss, the end of a fault, or what happened between. */
  private group(group: readonly TraceRecord[], all: readonly TraceRecord[], access: number): readonly string[] {
    const [{ kind, fields }] = group;
    if (kind === 'tlb_miss') return [missLine(fields, this.narration)];
    if (kind === 'fault_done') return [doneLine(fields, all, access)];
    if (kind === 'walk' || kind === 'walk_entries') return this.walk(group, access);
    return sentences(isProtectionFault(all) ? group.slice(1) : group, this.narration);
  }

  /** The entries read, and what the walk did beyond reading. */
  private walk(records: readonly TraceRecord[], access: number): string[] {
    const { tables } = this.narration;
    const walk = records[records.length - 1].fields;
    const { result, va } = walk;
    if (result === WALK_NO_ADDRESS) return [`no walk: ${hex(va)} is no address that can be translated`];
    const entries = entriesRead(records[0].fields, walk, tables.scheme);
    const lines = this.changed(entries.map((entry) => entryText(entry, tables)));
    if (result !== WALK_DONE) return lines;
    const { level, low, high } = entries[entries.length - 1];
    const leaf = decodeEntry(tables, level, low, high);
    const missing = (access === ACCESS_WRITE ? PTE_ACCESSED | PTE_DIRTY : PTE_ACCESSED) & ~leaf.flags;
    if (missing !== 0) lines.push(`the walk sets ${entryWords(missing).join(' and ')} in the entry`);
    return [...lines, `TLB filled, physical address ${hex(leaf.frame * tables.pageSize + (va % tables.pageSize))}`];
  }

  /** The lines of a walk without those that the walk before had as well. */
  private changed(entries: readonly string[]): string[] {
    let same = 0;
    while (same < entries.length - 1 && entries[same] === this.lastWalk[same]) same++;
    this.lastWalk = entries;
    const lines = entries.slice(same);
    if (same > 0) lines.unshift(`${count(same, 'entry', 'entries')} as before`);
    return lines.map((line, place) => `${place === 0 ? 'walk:' : '     '} ${line}`);
  }
}

/** Place behind a walk, one record of its own, or a run of others. */
function endOfGroup(records: readonly TraceRecord[], from: number): number {
  const { kind } = records[from];
  if (kind === 'tlb_miss' || kind === 'fault_done' || kind === 'walk') return from + 1;
  if (kind === 'walk_entries') return from + 2;
  const ends = ['tlb_miss', 'fault_done', 'walk_entries', 'walk'];
  let end = from;
  while (end < records.length && !ends.includes(records[end].kind)) end++;
  return end;
}

/** An address that is none raises no page fault: its record is left out. */
function isProtectionFault(records: readonly TraceRecord[]): boolean {
  return records.some((record) => record.kind === 'fault_done' && record.fields['result'] === FAULT_NONCANONICAL);
}

function missLine(fields: Fields, { twoTlbLevels }: Narration): string {
  if (fields['level'] === 0) return `TLB entry found, but it does not grant a ${accessWord(fields['access'])}`;
  if (fields['level'] === 2) return 'TLB miss in both levels';
  return twoTlbLevels ? 'TLB miss in level 1, hit in level 2' : 'TLB miss';
}

function entryText({ level, pa, low, high }: EntryRead, tables: PageTables): string {
  const entry = decodeEntry(tables, level, low, high);
  const bits = entryWords(entry.flags);
  const { raw } = entry;
  const index = (pa / tables.scheme.entryBytes) % tables.entriesPerTable;
  const name = tableNames(tables.levels)[level];
  if (raw === '0x0') return entryLine({ name, index, pa, raw, bits, kind: 'empty', frame: null });
  const kind = entry.isPointer ? 'table' : bits.includes('present') ? 'page' : 'not present';
  return entryLine({ name, index, pa, raw, bits, kind, frame: entry.frame });
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
