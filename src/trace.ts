/**
 * Trace records: what happened and why, as numbers in a typed array.
 *
 * Place: every room writes records, sinks read them between accesses. A record kind is declared
 * once in `RECORDS` (Linux's tracepoint name where there is one, its fields, its class). Class
 * `event` says what happened and why and is cheap enough to leave on; class `state` reports each
 * mutation, for views that fold it. With a sink attached nothing is lost: the buffer is handed
 * over before it is full; without one it is a ring of the last records.
 */

export const TRACE_OFF = 0;
export const TRACE_EVENT = 1;
export const TRACE_STATE = 2;

/** Numbers in one record: kind, time in ns, task id, then up to five fields. */
export const RECORD_STRIDE = 8;
/** Place of the first field in a record. */
const FIRST_FIELD = 3;

interface RecordKind {
  readonly name: string;
  readonly class: typeof TRACE_EVENT | typeof TRACE_STATE;
  readonly fields: readonly string[];
}

/** Every kind of record; its number is its place here. */
export const RECORDS = [
  // access: ACCESS_*; level: the deepest TLB level that missed, 0 if the first has the page without the right.
  { name: 'tlb_miss', class: TRACE_EVENT, fields: ['va', 'access', 'level'] },
  // The entries that the walk read whose record follows, before it set any bit; 0 beyond. `entriesRead` (mmu/walk-record.ts) decodes them.
  { name: 'walk_entries', class: TRACE_EVENT, fields: ['root', 'entry0', 'entry1', 'entry2', 'entry3'] },
  // references: entries read; without any there is no `walk_entries`. result: WALK_*.
  { name: 'walk', class: TRACE_EVENT, fields: ['va', 'references', 'result'] },
  { name: 'page_fault_user', class: TRACE_EVENT, fields: ['va', 'errorCode'] },
  { name: 'page_fault_kernel', class: TRACE_EVENT, fields: ['va', 'errorCode'] },
  { name: 'vma_found', class: TRACE_EVENT, fields: ['va', 'start', 'end', 'flags'] },
  { name: 'vma_new', class: TRACE_EVENT, fields: ['start', 'end', 'flags', 'pgoff'] },
  // start, end: the VMA before it was cut at `at`.
  { name: 'vma_split', class: TRACE_EVENT, fields: ['start', 'at', 'end'] },
  // start, end: the VMA that now covers the range [from, to) as well.
  { name: 'vma_merge', class: TRACE_EVENT, fields: ['start', 'end', 'from', 'to'] },
  { name: 'vma_flags', class: TRACE_EVENT, fields: ['start', 'end', 'before', 'after'] },
  { name: 'vma_unmap', class: TRACE_EVENT, fields: ['start', 'end', 'flags'] },
  { name: 'stack_grow', class: TRACE_EVENT, fields: ['va', 'start'] },
  { name: 'mm_page_alloc', class: TRACE_EVENT, fields: ['pfn', 'order'] },
  { name: 'mm_page_free', class: TRACE_EVENT, fields: ['pfn', 'order'] },
  { name: 'zero_fill', class: TRACE_EVENT, fields: ['va', 'pfn'] },
  { name: 'zero_page_map', class: TRACE_EVENT, fields: ['va', 'pfn'] },
  { name: 'cow_copy', class: TRACE_EVENT, fields: ['va', 'fromPfn', 'toPfn'] },
  { name: 'cow_reuse', class: TRACE_EVENT, fields: ['va', 'pfn'] },
  { name: 'map_file_page', class: TRACE_EVENT, fields: ['va', 'pfn', 'index', 'flags'] },
  { name: 'fault_around', class: TRACE_EVENT, fields: ['va', 'firstVa', 'mapped'] },
  { name: 'page_mkwrite', class: TRACE_EVENT, fields: ['va', 'pfn', 'index'] },
  { name: 'mm_filemap_add_to_page_cache', class: TRACE_EVENT, fields: ['owner', 'index', 'pfn'] },
  { name: 'mm_filemap_delete_from_page_cache', class: TRACE_EVENT, fields: ['owner', 'index', 'pfn'] },
  // tables: page tables made on the way to the entry of va, or freed after [start, end) was unmapped.
  { name: 'page_table_alloc', class: TRACE_EVENT, fields: ['va', 'tables'] },
  { name: 'page_table_free', class: TRACE_EVENT, fields: ['start', 'end', 'tables'] },
  // entries: page-table entries emptied, rewritten, moved from one address to another.
  { name: 'zap_range', class: TRACE_EVENT, fields: ['start', 'end', 'entries'] },
  { name: 'change_protection', class: TRACE_EVENT, fields: ['start', 'end', 'entries'] },
  { name: 'move_page_tables', class: TRACE_EVENT, fields: ['from', 'to', 'bytes', 'entries'] },
  // entries: those of the child that name a frame; tables: those made for it.
  { name: 'dup_mm', class: TRACE_EVENT, fields: ['mm', 'vmas', 'entries', 'tables'] },
  { name: 'fault_done', class: TRACE_EVENT, fields: ['va', 'result', 'major'] },
  { name: 'tlb_flush', class: TRACE_EVENT, fields: ['reason', 'pages', 'asid', 'start'] },
  { name: 'tlb_shootdown', class: TRACE_EVENT, fields: ['cpu', 'pages', 'asid'] },
  { name: 'signal_generate', class: TRACE_EVENT, fields: ['signal', 'code', 'va'] },
  { name: 'writeback_page', class: TRACE_EVENT, fields: ['owner', 'index', 'pfn'] },
  { name: 'block_rq_issue', class: TRACE_EVENT, fields: ['block', 'count', 'write'] },
  { name: 'block_rq_complete', class: TRACE_EVENT, fields: ['block', 'count', 'error'] },
  { name: 'context_switch', class: TRACE_EVENT, fields: ['cpu', 'from', 'to'] },
  // call: the number of the system call on x86-64.
  { name: 'sys_enter', class: TRACE_EVENT, fields: ['call'] },
  { name: 'pte_set', class: TRACE_STATE, fields: ['mm', 'va', 'pfn', 'flags'] },
  { name: 'pte_clear', class: TRACE_STATE, fields: ['mm', 'va', 'pfn'] },
] as const satisfies readonly RecordKind[];

export type RecordName = (typeof RECORDS)[number]['name'];

/** The number of a record kind. Hot paths take theirs into a constant of their own file: V8 reads one of another anew each time. */
export const RECORD_ID = Object.fromEntries(RECORDS.map((kind, id) => [kind.name, id])) as Readonly<
  Record<RecordName, number>
>;

const { tlb_miss: TLB_MISS, walk_entries: WALK_ENTRIES, walk: WALK } = RECORD_ID;

/** Uint8Array(RECORDS.length): the class of each kind, found without looking at objects. */
const CLASS_OF = Uint8Array.from(RECORDS, (kind) => kind.class);

/** One record as an object, for sinks that prefer names to speed. */
export interface TraceRecord {
  readonly kind: RecordName;
  readonly timeNs: number;
  readonly task: number;
  readonly fields: Readonly<Record<string, number>>;
}

/**
 * Receives finished records: `count` of them from the start of `records` (stride RECORD_STRIDE); valid during the call only. Numbers
 * beyond the fields of a kind mean nothing.
 */
export interface TraceSink {
  readonly mask: number;
  drain(records: Float64Array, count: number): void;
}

/** Decodes record number `place` of a drained buffer. */
export function decodeRecord(records: Float64Array, place: number): TraceRecord {
  const base = place * RECORD_STRIDE;
  const kind = RECORDS[records[base]] as RecordKind;
  const fields: Record<string, number> = {};
  kind.fields.forEach((name, field) => {
    fields[name] = records[base + FIRST_FIELD + field];
  });
  return { kind: kind.name as RecordName, timeNs: records[base + 1], task: records[base + 2], fields };
}

/** A sink that keeps what it gets until it is taken. */
export class TraceCollector implements TraceSink {
  readonly mask: number;
  private records: TraceRecord[];

  constructor(mask: number) {
    this.mask = mask;
    this.records = [];
  }

  drain(records: Float64Array, count: number): void {
    for (let place = 0; place < count; place++) this.records.push(decodeRecord(records, place));
  }

  /** What has come since the last time. */
  take(): TraceRecord[] {
    const { records } = this;
    this.records = [];
    return records;
  }
}

/** 16 KiB at first, so that what is written again and again stays in the host's fastest cache; a power of two. */
const RING_RECORDS = 256;
const LAST_RECORDS = 64;
/** No buffer has as many numbers: a place cut with this mask shows the compiler that it need not look for overflow. */
const PLACES = 0x7ffffff;

export class Trace {
  /** Classes written now: TRACE_* bits. Read on hot paths before any argument is computed. */
  mask: number;
  /** Whose doing the records are; set by the access engine. */
  task: number;
  timeNs: number;
  /**
   * First field of the next record of `emitFirst`. A field and no argument: a double handed to a function that V8 does not inline
   * is put into a box of 16 bytes.
   */
  first: number;
  /** Float64Array(room); replaced when it grows. */
  records: Float64Array;
  /** Numbers in `records`. */
  private room: number;
  /** Numbers written since the buffer was handed over, or since the ring began again: place of the next record. */
  private next: number;
  /** Numbers in the ring when it last began again, of which the oldest stand behind the newest record; 0 = it never did. */
  private before: number;
  private readonly sinks: TraceSink[];

  constructor() {
    this.mask = TRACE_OFF;
    this.task = 0;
    this.timeNs = 0;
    this.first = 0;
    this.room = RING_RECORDS * RECORD_STRIDE;
    this.records = new Float64Array(this.room);
    this.next = 0;
    this.before = 0;
    this.sinks = [];
  }

  /** Writes the ring even without a sink (for the last records in an error report). */
  enable(mask: number): void {
    this.mask |= mask;
  }

  attach(sink: TraceSink): void {
    this.drain();
    this.unroll();
    this.sinks.push(sink);
    this.mask |= sink.mask;
  }

  detach(sink: TraceSink): void {
    this.drain();
    const place = this.sinks.indexOf(sink);
    if (place >= 0) this.sinks.splice(place, 1);
    this.mask = this.sinks.reduce((mask, other) => mask | other.mask, TRACE_OFF);
  }

  /** Writes one record; callers test `mask` first. */
  emit(kind: number, a: number, b: number, c: number, d: number): void {
    if ((CLASS_OF[kind] & this.mask) === 0) return;
    const at = this.begin(kind);
    const { records } = this;
    records[at] = a;
    records[at + 1] = b;
    records[at + 2] = c;
    records[at + 3] = d;
  }

  /** As `emit` for the events of each fault, of two fields: `this.first` and a small integer. Callers test `mask` for TRACE_EVENT. */
  emitFirst(kind: number, b: number): void {
    const at = this.begin(kind);
    const { records } = this;
    records[at] = this.first;
    records[at + 1] = b;
  }

  /** As `emitFirst`, of three fields. */
  emitThree(kind: number, b: number, c: number): void {
    const at = this.begin(kind);
    const { records } = this;
    records[at] = this.first;
    records[at + 1] = b;
    records[at + 2] = c;
  }

  /**
   * The three records of a walk for the address in `this.first`: `tlb_miss`, `walk_entries` with the fields in `entries`, `walk`.
   * One method and not three, since a fault writes them twice. Callers test `mask` for TRACE_EVENT.
   */
  emitWalk(access: number, level: number, entries: Float64Array, references: number, result: number): void {
    if (this.next > this.room - 3 * RECORD_STRIDE) this.makeRoom();
    const { records, timeNs, task, first } = this;
    const at = this.next & PLACES;
    this.next = at + 3 * RECORD_STRIDE;
    records[at] = TLB_MISS;
    records[at + 1] = timeNs;
    records[at + 2] = task;
    records[at + 3] = first;
    records[at + 4] = access;
    records[at + 5] = level;
    records[at + 8] = WALK_ENTRIES;
    records[at + 9] = timeNs;
    records[at + 10] = task;
    records[at + 11] = entries[0];
    records[at + 12] = entries[1];
    records[at + 13] = entries[2];
    records[at + 14] = entries[3];
    records[at + 15] = entries[4];
    records[at + 16] = WALK;
    records[at + 17] = timeNs;
    records[at + 18] = task;
    records[at + 19] = first;
    records[at + 20] = references;
    records[at + 21] = result;
  }

  /** Begins a record, of a class that is written, whose fields the caller writes into `records` from the place returned on. */
  begin(kind: number): number {
    if (this.next === this.room) this.makeRoom();
    const { records } = this;
    const at = this.next & PLACES;
    this.next = at + RECORD_STRIDE;
    records[at] = kind;
    records[at + 1] = this.timeNs;
    records[at + 2] = this.task;
    return at + FIRST_FIELD;
  }

  /** Hands everything written so far to the sinks; called between accesses. */
  drain(): void {
    if (this.next === 0 || this.sinks.length === 0) return;
    for (const sink of this.sinks) sink.drain(this.records, this.next / RECORD_STRIDE);
    this.next = 0;
  }

  /** For a snapshot: who runs and when. Sinks watch from outside, and what they got is theirs. */
  saveState(): unknown {
    return { task: this.task, timeNs: this.timeNs };
  }

  /** What was written after the snapshot and not yet handed out has not happened. */
  loadState(state: unknown): void {
    Object.assign(this, state, { next: 0, before: 0 });
  }

  /** The last records still in the buffer, oldest first. */
  last(): TraceRecord[] {
    const ring = Math.max(this.next, this.before) / RECORD_STRIDE;
    const length = Math.min(LAST_RECORDS, ring);
    const first = this.next / RECORD_STRIDE - length + ring;
    return Array.from({ length }, (_, place) => decodeRecord(this.records, (first + place) % ring));
  }

  /** Buffer full inside an access: a sink loses nothing (the buffer grows), a ring begins again. */
  private makeRoom(): void {
    if (this.sinks.length === 0) {
      this.before = this.next;
      this.next = 0;
      return;
    }
    this.room *= 2;
    const larger = new Float64Array(this.room);
    larger.set(this.records);
    this.records = larger;
  }

  /** Puts the records of a ring in their order, for a sink to come. */
  private unroll(): void {
    const { records, next, before } = this;
    if (before > next) {
      const newest = records.slice(0, next);
      records.copyWithin(0, next, before);
      records.set(newest, before - next);
      this.next = before;
    }
    this.before = 0;
  }
}
