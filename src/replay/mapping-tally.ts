/**
 * Counts accesses per mapping of one process.
 *
 * Place: traced-process.ts shows it every batch and says when mappings change. Two memos (the last mapping fetched
 * from, the last one loaded or stored) answer nearly every access; the rest is a binary search.
 */

import type { Process } from '../index.ts';
import { type AccessBatch, FETCH } from './access-batch.ts';
import type { RecordedFiles } from './recorded-files.ts';

export interface MappingCount {
  /** Recorded path, `[heap]`, `[stack]` and the like, `[anonymous]`, or `[none]` for addresses in no mapping. */
  readonly name: string;
  /** Such as 'r-xp'; '' for `[none]`. */
  readonly perms: string;
  /** Address of the mapping when it was first seen. */
  readonly start: number;
  accesses: number;
}

export class MappingTally {
  private readonly process: Process;
  private readonly files: RecordedFiles;
  private readonly counts: Map<string, MappingCount>;
  /** The mappings by address, as columns of equal length, with the count of each; rebuilt when stale. */
  private starts: number[];
  private ends: number[];
  private rows: MappingCount[];
  private stale: boolean;
  /** [start, end) of the heap, for its name. */
  heapStart: number;
  heapEnd: number;
  /** Names of the kernel's own mappings by their end, which stays when a stack grows. */
  readonly special: Map<number, string>;

  constructor(process: Process, files: RecordedFiles) {
    this.process = process;
    this.files = files;
    this.counts = new Map();
    this.starts = [];
    this.ends = [];
    this.rows = [];
    this.stale = true;
    this.heapStart = 0;
    this.heapEnd = 0;
    this.special = new Map();
  }

  /** Mappings have changed. */
  invalidate(): void {
    this.stale = true;
  }

  add(batch: AccessBatch): void {
    const { va, kind, count } = batch;
    let codeRow = -1;
    let dataRow = -1;
    if (this.stale) this.rebuild();
    const { starts, ends, rows } = this;
    for (let i = 0; i < count; i++) {
      const at = va[i];
      let row = kind[i] === FETCH ? codeRow : dataRow;
      if (row < 0 || !(at >= starts[row] && at < ends[row])) {
        row = this.find(at);
        if (kind[i] === FETCH) codeRow = row;
        else dataRow = row;
      }
      rows[row].accesses++;
    }
  }

  /** The place of the mapping that holds `va`; the last place is that of no mapping. */
  private find(va: number): number {
    const { starts, ends } = this;
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (va < ends[middle]) high = middle;
      else low = middle + 1;
    }
    return va >= starts[low] && va < ends[low] ? low : starts.length - 1;
  }

  private rebuild(): void {
    this.starts = [];
    this.ends = [];
    this.rows = [];
    for (const { start, end, perms, offset, path } of this.process.maps()) {
      this.starts.push(start);
      this.ends.push(end);
      this.rows.push(this.countOf(this.nameOf(path, start, end), perms, start, `${offset}`));
    }
    // A last row that holds no address: what lies in no mapping.
    this.starts.push(Number.POSITIVE_INFINITY);
    this.ends.push(Number.POSITIVE_INFINITY);
    this.rows.push(this.countOf('[none]', '', 0, ''));
    this.stale = false;
  }

  private nameOf(path: string, start: number, end: number): string {
    const known = this.files.recordedPath(path) ?? this.special.get(end);
    if (known !== undefined) return known;
    if (start >= this.heapStart && start < this.heapEnd) return '[heap]';
    return path === '' ? '[anonymous]' : path;
  }

  private countOf(name: string, perms: string, start: number, offset: string): MappingCount {
    const key = name.startsWith('/') ? `${name} ${perms} ${offset}` : `${name} ${name === '[anonymous]' ? start : ''}`;
    let count = this.counts.get(key);
    if (count === undefined) {
      count = { name, perms, start, accesses: 0 };
      this.counts.set(key, count);
    }
    return count;
  }

  /** All counts, busiest first; mappings without an access are left out. */
  busiest(): MappingCount[] {
    return [...this.counts.values()].filter(({ accesses }) => accesses > 0).sort((a, b) => b.accesses - a.accesses);
  }
}
