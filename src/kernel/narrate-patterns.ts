/**
 * Trace records in words: which records together make one sentence, and how it reads.
 *
 * Place: narrate.ts walks the records and takes the first pattern that fits; runs of the same
 * pattern become one sentence about many. A new kind of record needs a row here; without one it is
 * shown with its fields. Pure text.
 */

import { BUS_ADRERR, SEGV_ACCERR, SEGV_MAPERR, SIGBUS, SIGKILL, SIGSEGV, SIGXFSZ } from '../flags.ts';
import type { RecordName, TraceRecord } from '../trace.ts';
import { count, errorCodeWords, hex, rightsOf, vmaWords } from './flag-words.ts';
import { SINGLE_PAGE_CEILING } from './tlb-flush.ts';

/** What sentences need to know beyond the records. */
export interface Wording {
  readonly pageSize: number;
  /** Name of a file by the id of its cache. */
  readonly fileName: (owner: number) => string;
}

export interface Pattern {
  /** Kinds of records in a row; one that ends in `?` may be missing. */
  readonly kinds: readonly (RecordName | `${RecordName}?`)[];
  /** One sentence, or one a line; '' says nothing. */
  readonly one: (fields: Fields, wording: Wording) => string;
  /** What a run of two or more says; without it each says its own. */
  readonly many?: (run: readonly Fields[], wording: Wording) => string;
}

/** Fields of all records of a pattern by name; of the same name, the last record's. */
export type Fields = Readonly<Record<string, number>>;

function range(start: number, end: number): string {
  return `${hex(start)}-${hex(end)}`;
}

/** `pages 0-15`, `page 3`, `5 pages` if they do not follow each other. */
function pagesOf(run: readonly Fields[]): string {
  const indices = run.map((fields) => fields['index']);
  const first = Math.min(...indices);
  const last = Math.max(...indices);
  if (last - first + 1 !== run.length) return `${run.length} pages`;
  return first === last ? `page ${first}` : `pages ${first}-${last}`;
}

const FLUSH_REASONS = [
  'unmapped',
  'rights changed',
  'the entry now names another frame',
  'private pages become read-only',
  'pages become clean',
];

function flushLine(f: Fields): string {
  const why = FLUSH_REASONS[f['reason']] ?? `reason ${f['reason']}`;
  if (f['pages'] > SINGLE_PAGE_CEILING) return `TLB flush: everything of address space ${f['asid']} (${why})`;
  return `TLB flush: ${count(f['pages'], 'page', 'pages')} from ${hex(f['start'])} (${why})`;
}

function flagsLine(f: Fields): string {
  const before = rightsOf(f['before']);
  const after = rightsOf(f['after']);
  const vma = `VMA ${range(f['start'], f['end'])}`;
  if (before !== after) return `${vma} changes from ${before} to ${after}`;
  const set = vmaWords(f['after'] & ~f['before']).map((word) => `+${word}`);
  const cleared = vmaWords(f['before'] & ~f['after']).map((word) => `-${word}`);
  return `${vma} changes its flags: ${[...set, ...cleared].join(' ')}`;
}

const SIGNALS: Readonly<Record<number, string>> = {
  [SIGSEGV]: 'SIGSEGV',
  [SIGBUS]: 'SIGBUS',
  [SIGXFSZ]: 'SIGXFSZ',
  [SIGKILL]: 'SIGKILL',
};

function signalLine(f: Fields): string {
  const { signal, code } = f;
  const name = SIGNALS[signal] ?? `signal ${signal}`;
  if (signal === SIGSEGV && code === SEGV_MAPERR) return `${name} (SEGV_MAPERR) for ${hex(f['va'])}`;
  if (signal === SIGSEGV && code === SEGV_ACCERR) return `${name} (SEGV_ACCERR) for ${hex(f['va'])}`;
  return signal === SIGBUS && code === BUS_ADRERR ? `${name} (BUS_ADRERR) for ${hex(f['va'])}` : name;
}

function switchLine(f: Fields): string {
  return f['from'] === 0
    ? `CPU ${f['cpu']} starts with process ${f['to']}`
    : `CPU ${f['cpu']} switches from process ${f['from']} to process ${f['to']}`;
}

function childLine(f: Fields): string {
  const made = `${count(f['vmas'], 'VMA', 'VMAs')} and ${count(f['tables'], 'page table', 'page tables')}`;
  return `the child gets ${made}; ${count(f['entries'], 'entry names a frame', 'entries name frames')} of its parent's`;
}

function writtenBack(run: readonly Fields[], { fileName }: Wording): string {
  const blocks = run[0]['block'] === undefined ? '' : `, ${count(run.length, 'write', 'writes')} sent to the disk`;
  return `write-back: ${pagesOf(run)} of ${fileName(run[0]['owner'])} made read-only and clean${blocks}`;
}

function readIn(run: readonly Fields[], { fileName }: Wording): string {
  return `disk: ${pagesOf(run)} of ${fileName(run[0]['owner'])} not cached, ${count(run.length, 'read', 'reads')} sent`;
}

function cached(run: readonly Fields[], { fileName }: Wording): string {
  const frames = run.length === 1 ? `frame ${hex(run[0]['pfn'])}` : 'a frame each';
  return `page cache: ${pagesOf(run)} of ${fileName(run[0]['owner'])} added, ${frames} taken`;
}

function dropped(run: readonly Fields[], { fileName }: Wording): string {
  return `page cache: ${pagesOf(run)} of ${fileName(run[0]['owner'])} removed, ${run.length === 1 ? 'its frame' : 'their frames'} freed`;
}

function finished(run: readonly Fields[]): string {
  return `disk: ${count(run.length, 'request', 'requests')} finished`;
}

function tablesLine(tables: number): string {
  return `${count(tables, 'page table', 'page tables')} made`;
}

function zeroedOne(f: Fields): string {
  const line = `demand zero: frame ${hex(f['pfn'])} taken and filled with zeros`;
  return f['tables'] === undefined ? line : `${tablesLine(f['tables'])}\n${line}`;
}

function zeroed(run: readonly Fields[], { pageSize }: Wording): string {
  const last = run[run.length - 1]['va'];
  const tables = run.reduce((sum, f) => sum + (f['tables'] ?? 0), 0);
  const frames = `${count(run.length, 'frame', 'frames')} taken and filled with zeros`;
  return `demand zero: ${frames} for ${range(run[0]['va'], last + pageSize)}${tables === 0 ? '' : `, ${tablesLine(tables)}`}`;
}

/** In the order in which they are tried: longer ones first. */
export const PATTERNS: readonly Pattern[] = [
  {
    kinds: ['page_fault_user'],
    one: (f) => `page fault, error code ${hex(f['errorCode'])}: ${errorCodeWords(f['errorCode']).join(', ')}`,
  },
  {
    kinds: ['page_fault_kernel'],
    one: (f) => `page fault, error code ${hex(f['errorCode'])}: ${errorCodeWords(f['errorCode']).join(', ')}`,
  },
  { kinds: ['vma_found'], one: (f) => `VMA ${range(f['start'], f['end'])} ${rightsOf(f['flags'])} holds the address` },
  { kinds: ['stack_grow'], one: (f) => `the VMA above grows down to ${hex(f['start'])}` },
  { kinds: ['page_table_alloc?', 'mm_page_alloc', 'zero_fill'], one: zeroedOne, many: zeroed },
  { kinds: ['page_table_alloc'], one: (f) => tablesLine(f['tables']) },
  { kinds: ['page_table_free'], one: (f) => `${count(f['tables'], 'page table', 'page tables')} freed` },
  {
    kinds: ['mm_page_alloc', 'cow_copy'],
    one: (f) => `copy: frame ${hex(f['toPfn'])} taken, page copied from frame ${hex(f['fromPfn'])}`,
  },
  {
    kinds: ['mm_page_alloc', 'mm_filemap_add_to_page_cache', 'block_rq_issue'],
    one: (f, w) => readIn([f], w),
    many: readIn,
  },
  { kinds: ['mm_page_alloc', 'mm_filemap_add_to_page_cache'], one: (f, w) => cached([f], w), many: cached },
  { kinds: ['mm_filemap_add_to_page_cache'], one: (f, w) => cached([f], w), many: cached },
  { kinds: ['mm_filemap_delete_from_page_cache', 'mm_page_free?'], one: (f, w) => dropped([f], w), many: dropped },
  { kinds: ['tlb_flush?', 'writeback_page', 'block_rq_issue?'], one: (f, w) => writtenBack([f], w), many: writtenBack },
  { kinds: ['block_rq_issue'], one: (f) => `disk: ${f['write'] ? 'write' : 'read'} of block ${f['block']} sent` },
  { kinds: ['block_rq_complete'], one: (f) => finished([f]), many: finished },
  {
    kinds: ['zero_page_map'],
    one: (f) => `first load: the shared page of zeros (frame ${hex(f['pfn'])}) is mapped read-only`,
  },
  { kinds: ['cow_reuse'], one: (f) => `frame ${hex(f['pfn'])} has no other user: made writable without a copy` },
  { kinds: ['page_mkwrite'], one: (f) => `page ${f['index']} of the file is noted as dirty before the store` },
  {
    kinds: ['mm_page_alloc'],
    one: (f) =>
      f['order'] === 0 ? `frame ${hex(f['pfn'])} taken` : `${2 ** f['order']} frames from ${hex(f['pfn'])} taken`,
    many: (run) => `${run.reduce((sum, f) => sum + 2 ** f['order'], 0)} frames taken`,
  },
  { kinds: ['mm_page_free'], one: (f) => `frame ${hex(f['pfn'])} freed`, many: (run) => `${run.length} frames freed` },
  {
    kinds: ['vma_new'],
    one: (f) => `new VMA ${range(f['start'], f['end'])} ${rightsOf(f['flags'])}; its pages come when they are touched`,
  },
  { kinds: ['vma_split'], one: (f) => `VMA ${range(f['start'], f['end'])} is split at ${hex(f['at'])}` },
  { kinds: ['vma_merge'], one: (f) => `merged with its neighbour: VMA ${range(f['start'], f['end'])}` },
  { kinds: ['vma_flags'], one: flagsLine },
  {
    kinds: ['vma_unmap'],
    one: (f) => `VMA ${range(f['start'], f['end'])} ${rightsOf(f['flags'])} removed`,
    many: (run) => `${run.length} VMAs removed`,
  },
  {
    kinds: ['change_protection'],
    one: (f) =>
      `${count(f['entries'], 'page-table entry', 'page-table entries')} rewritten in ${range(f['start'], f['end'])}`,
  },
  {
    kinds: ['move_page_tables'],
    one: (f) =>
      `${count(f['entries'], 'page-table entry', 'page-table entries')} moved from ${hex(f['from'])} to ${hex(f['to'])}`,
  },
  { kinds: ['dup_mm'], one: childLine },
  { kinds: ['tlb_flush'], one: flushLine },
  { kinds: ['tlb_shootdown'], one: (f) => `shootdown: CPU ${f['cpu']} is interrupted to flush as well` },
  { kinds: ['signal_generate'], one: signalLine },
  { kinds: ['context_switch'], one: switchLine },
  { kinds: ['sys_enter'], one: () => '' },
  { kinds: ['pte_set'], one: () => '' },
  { kinds: ['pte_clear'], one: () => '' },
];

/** A record without a pattern: its name and its fields. */
export function plainLine({ kind, fields }: TraceRecord): string {
  const shown = Object.entries(fields).map(([name, value]) => `${name} ${value >= 4096 ? hex(value) : value}`);
  return `${kind}: ${shown.join(', ')}`;
}
