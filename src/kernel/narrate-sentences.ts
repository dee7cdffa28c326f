/**
 * Trace records to sentences: the first pattern that fits takes its records, runs of one are joined.
 *
 * Place: under narrate.ts, for everything but walks and TLB misses. Runs of no fixed length stand
 * here: pages of a file mapped at once, frames freed by emptying a range, the pages of a folio.
 */

import type { TraceRecord } from '../trace.ts';
import { count, entryWords, hex } from './flag-words.ts';
import { type Fields, PATTERNS, type Pattern, plainLine, type Wording } from './narrate-patterns.ts';

/** A piece of the records: one that joins with its like, or a finished line. */
type Piece =
  | { readonly pattern: Pattern; readonly fields: Fields; readonly end: number }
  | { readonly pattern: null; readonly line: string; readonly end: number };

export function sentences(records: readonly TraceRecord[], wording: Wording): string[] {
  const lines: string[] = [];
  for (let place = 0; place < records.length; ) {
    const piece = pieceAt(records, place, wording);
    place = piece.end;
    if (piece.pattern === null) {
      lines.push(piece.line);
      continue;
    }
    const run = [piece.fields];
    while (place < records.length) {
      const next = pieceAt(records, place, wording);
      if (next.pattern !== piece.pattern) break;
      run.push(next.fields);
      place = next.end;
    }
    lines.push(...say(piece.pattern, run, wording));
  }
  return lines;
}

function say(pattern: Pattern, run: readonly Fields[], wording: Wording): string[] {
  const { many } = pattern;
  const texts = run.length > 1 && many ? [many(run, wording)] : run.map((fields) => pattern.one(fields, wording));
  return texts.flatMap((text) => (text === '' ? [] : text.split('\n')));
}

function pieceAt(records: readonly TraceRecord[], place: number, wording: Wording): Piece {
  const special = mappedPages(records, place) ?? zappedRange(records, place) ?? newFolio(records, place, wording);
  return special ?? matched(records, place);
}

function matched(records: readonly TraceRecord[], place: number): Piece {
  for (const pattern of PATTERNS) {
    const end = matchEnd(pattern, records, place);
    if (end < 0) continue;
    const fields = Object.assign({}, ...records.slice(place, end).map((record) => record.fields)) as Fields;
    return { pattern, fields, end };
  }
  return { pattern: null, line: plainLine(records[place]), end: place + 1 };
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

function endOfRun(records: readonly TraceRecord[], from: number, kind: TraceRecord['kind']): number {
  let end = from;
  while (records[end]?.kind === kind) end++;
  return end;
}

/** Pages of a file that are mapped one after the other, with the fault-around that did it if it was one. */
function mappedPages(records: readonly TraceRecord[], from: number): Piece | null {
  const end = endOfRun(records, from, 'map_file_page');
  const isAround = records[end]?.kind === 'fault_around';
  if (end === from && !isAround) return null;
  if (end === from) return { pattern: null, line: 'fault-around: nothing more to map near by', end: end + 1 };
  const pages = records.slice(from, end).map((record) => record.fields['index']);
  const writable = entryWords(records[from].fields['flags']).includes('writable') ? 'writable' : 'read-only';
  const which = pages.length === 1 ? `page ${pages[0]}` : `pages ${pages[0]}-${pages[pages.length - 1]}`;
  const line = `${which} of the file mapped ${writable}`;
  return { pattern: null, line: isAround ? `fault-around: cached ${line}` : line, end: isAround ? end + 1 : end };
}

/** Frames freed because a range was emptied: one matter, whose record comes last. */
function zappedRange(records: readonly TraceRecord[], from: number): Piece | null {
  const end = endOfRun(records, from, 'mm_page_free');
  if (records[end]?.kind !== 'zap_range') return null;
  const { start, end: stop, entries } = records[end].fields;
  const emptied = count(entries, 'page-table entry', 'page-table entries');
  const freed = end === from ? '' : `, ${count(end - from, 'frame', 'frames')} freed`;
  return { pattern: null, line: `${emptied} emptied in ${hex(start)}-${hex(stop)}${freed}`, end: end + 1 };
}

/** Frames taken in one block for as many pages of a file. */
function newFolio(records: readonly TraceRecord[], from: number, { fileName }: Wording): Piece | null {
  const { kind, fields } = records[from];
  if (kind !== 'mm_page_alloc' || fields['order'] === 0) return null;
  const pages = 2 ** fields['order'];
  const end = from + 1 + pages;
  if (endOfRun(records, from + 1, 'mm_filemap_add_to_page_cache') < end) return null;
  const { owner, index } = records[from + 1].fields;
  const frames = `frames ${hex(fields['pfn'])}-${hex(fields['pfn'] + pages - 1)}`;
  const which = `pages ${index}-${index + pages - 1} of ${fileName(owner)}`;
  return { pattern: null, line: `page cache: ${which} added as one folio, ${frames} taken`, end };
}
