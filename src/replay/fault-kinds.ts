/**
 * Counts the faults of each process by what they did, from the machine's trace.
 *
 * Place: a sink of the machine, attached for the whole replay. Within one fault the records of what was done come before
 * its `fault_done`; the last of them names its kind.
 */

import { RECORD_ID, RECORD_STRIDE, TRACE_EVENT, type TraceSink } from '../trace.ts';

export const FAULT_KINDS = ['zeroPage', 'anonymous', 'fileRead', 'fileWrite', 'copyOnWrite', 'reuse', 'writeNotice', 'other'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export interface KindCount {
  minor: number;
  major: number;
}

const KIND_OF: ReadonlyMap<number, FaultKind> = new Map([
  [RECORD_ID.zero_page_map, 'zeroPage'],
  [RECORD_ID.zero_fill, 'anonymous'],
  [RECORD_ID.fault_around, 'fileRead'],
  [RECORD_ID.map_file_page, 'fileRead'],
  [RECORD_ID.cow_copy, 'copyOnWrite'],
  [RECORD_ID.cow_reuse, 'reuse'],
  [RECORD_ID.page_mkwrite, 'writeNotice'],
]);

export class FaultKinds implements TraceSink {
  readonly mask: number;
  private readonly tasks: Map<number, Map<FaultKind, KindCount>>;
  private kind: FaultKind;

  constructor() {
    this.mask = TRACE_EVENT;
    this.tasks = new Map();
    this.kind = 'other';
  }

  drain(records: Float64Array, count: number): void {
    for (let place = 0; place < count; place++) {
      const base = place * RECORD_STRIDE;
      const id = records[base];
      const kind = KIND_OF.get(id);
      if (kind !== undefined) this.kind = kind;
      else if (id === RECORD_ID.fault_done) this.count(records[base + 2], records[base + 4], records[base + 5]);
    }
  }

  private count(task: number, result: number, major: number): void {
    const { kind } = this;
    this.kind = 'other';
    if (result !== 0) return;
    const counts = this.of(task);
    const sum = counts.get(kind) ?? { minor: 0, major: 0 };
    if (major !== 0) sum.major++;
    else sum.minor++;
    counts.set(kind, sum);
  }

  /** The counts of a task of the machine so far. */
  of(task: number): Map<FaultKind, KindCount> {
    let counts = this.tasks.get(task);
    if (counts === undefined) {
      counts = new Map();
      this.tasks.set(task, counts);
    }
    return counts;
  }

  /** Forgets a task's faults so far (those of its execve). */
  reset(task: number): void {
    this.tasks.delete(task);
  }
}
