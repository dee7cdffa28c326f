/**
 * Counts the faults of each simulated process by what they did, from the machine's trace.
 *
 * Place: a sink of the machine, attached for the whole replay. Within one fault the trace has `page_fault_user` or
 * `page_fault_kernel` with the error code, then what was done, then `fault_done`.
 */

import { RECORD_ID, RECORD_STRIDE, TRACE_EVENT, type TraceSink } from '../trace.ts';

/** Kinds in the order of reports, with their meaning. */
export const FAULT_KINDS = {
  zeroPage: 'first load of anonymous memory (the page of zeros)',
  anonymous: 'first store to anonymous memory',
  fileRead: 'load or fetch of a file page, with its neighbours',
  filePrivateWrite: 'first store to a private file page (copied)',
  fileSharedWrite: 'first store to a shared page',
  cowCopy: 'store to a write-protected private page: copied',
  cowZero: 'store to the page of zeros',
  cowReuse: 'store to a write-protected private page: nobody else had it any more',
  writeNotice: 'store to a shared page that was write-protected (after write-back)',
  other: 'populated by the kernel, or nothing left to do',
} as const;

export type FaultKind = keyof typeof FAULT_KINDS;

export interface KindCount {
  minor: number;
  major: number;
}

const ERROR_PRESENT = 1;
const ERROR_WRITE = 2;
const BREAK = ERROR_PRESENT | ERROR_WRITE;

/** What was done, as `fault_done` finds it. */
const DONE: ReadonlyMap<number, (error: number) => FaultKind> = new Map<number, (error: number) => FaultKind>([
  [RECORD_ID.zero_page_map, () => 'zeroPage'],
  [RECORD_ID.zero_fill, (error) => (error & ERROR_PRESENT ? 'cowZero' : 'anonymous')],
  [RECORD_ID.fault_around, () => 'fileRead'],
  [RECORD_ID.map_file_page, (error) => (error & ERROR_WRITE ? 'fileSharedWrite' : 'fileRead')],
  [RECORD_ID.cow_copy, (error) => (error & ERROR_PRESENT ? 'cowCopy' : 'filePrivateWrite')],
  [RECORD_ID.cow_reuse, () => 'cowReuse'],
  [RECORD_ID.page_mkwrite, (error) => (error & ERROR_PRESENT ? 'writeNotice' : 'fileSharedWrite')],
]);

export class FaultKinds implements TraceSink {
  readonly mask: number;
  private readonly tasks: Map<number, Map<FaultKind, KindCount>>;
  private error: number;
  private kind: FaultKind;

  constructor() {
    this.mask = TRACE_EVENT;
    this.tasks = new Map();
    this.error = 0;
    this.kind = 'other';
  }

  drain(records: Float64Array, count: number): void {
    for (let place = 0; place < count; place++) {
      const base = place * RECORD_STRIDE;
      const id = records[base];
      if (id === RECORD_ID.page_fault_user || id === RECORD_ID.page_fault_kernel) {
        this.error = records[base + 4];
        this.kind = 'other';
      } else if (id === RECORD_ID.fault_done) this.count(records[base + 2], records[base + 4], records[base + 5]);
      else {
        const done = DONE.get(id);
        if (done !== undefined) this.kind = done(this.error);
      }
    }
  }

  private count(task: number, result: number, major: number): void {
    if (result !== 0) return;
    // A break of the page of zeros leaves no record of its own.
    const isBreak = this.kind === 'other' && (this.error & BREAK) === BREAK;
    const kind = isBreak ? 'cowZero' : this.kind;
    const counts = this.of(task);
    const sum = counts.get(kind) ?? { minor: 0, major: 0 };
    if (major !== 0) sum.major++;
    else sum.minor++;
    counts.set(kind, sum);
  }

  private of(task: number): Map<FaultKind, KindCount> {
    let counts = this.tasks.get(task);
    if (counts === undefined) {
      counts = new Map();
      this.tasks.set(task, counts);
    }
    return counts;
  }

  /**
   * The counts of a task of the machine so far; what the trace does not show (`total` minus all kinds) is
   * 'other'.
   */
  countsOf(task: number, total: KindCount): Map<FaultKind, KindCount> {
    const known = this.of(task);
    const counts = new Map<FaultKind, KindCount>();
    const rest = { ...total };
    for (const kind of Object.keys(FAULT_KINDS) as FaultKind[]) {
      const count = known.get(kind);
      if (count === undefined) continue;
      counts.set(kind, { ...count });
      rest.minor -= count.minor;
      rest.major -= count.major;
    }
    const other = counts.get('other') ?? { minor: 0, major: 0 };
    if (rest.minor > 0 || rest.major > 0) {
      counts.set('other', {
        minor: other.minor + Math.max(0, rest.minor),
        major: other.major + Math.max(0, rest.major),
      });
    }
    return counts;
  }

  /** Forgets a task's faults so far: those of its execve. */
  reset(task: number): void {
    this.tasks.delete(task);
  }
}
