/**
 * Counts accesses per mapping of one process, and by kind.
 *
 * Place: access-runner.ts shows it every access; address-space.ts says when mappings change. Memos (the last mapping
 * fetched from, the last two loaded or stored) answer nearly every access; the rest is a binary search.
 */

import type { Process } from '../index.ts';
import { type AccessBatch, type AccessKinds, FETCH, MODIFY, READ, WRITE } from './access-batch.ts';
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

/** A mapping, or a hole between two, that accesses went to lately. */
interface LastMapping {
  start: number;
  end: number;
  row: MappingCount;
}

function nowhere(): LastMapping {
  return {
    start: Number.NEGATIVE_INFINITY,
    end: Number.NEGATIVE_INFINITY,
    row: { name: '', perms: '', start: 0, accesses: 0 },
  };
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
  /** Of the last fetch. */
  private readonly code: LastMapping;
  /** Of other accesses: the two that were needed last. */
  private data: LastMapping;
  private older: LastMapping;
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
    this.code = nowhere();
    this.data = nowhere();
    this.older = nowhere();
    this.heapStart = 0;
    this.heapEnd = 0;
    this.special = new Map();
  }

  /** Mappings have changed. */
  invalidate(): void {
    this.stale = true;
  }

  /** Counts the accesses [from, to) of a batch, in `kinds` by kind as well. */
  add(batch: AccessBatch, from: number, to: number, kinds: AccessKinds): void {
    if (this.stale) this.rebuild();
    let place = this.addNear(batch, from, to, kinds);
    while (place < to) {
      this.find(batch.kind[place] === FETCH ? this.code : this.olderData(), batch, place);
      place = this.addNear(batch, place, to, kinds);
    }
  }

  /** The memo to use again; it is the newer one from now on. */
  private olderData(): LastMapping {
    const { data, older } = this;
    this.data = older;
    this.older = data;
    return older;
  }

  /** Counts accesses as long as they go where the last ones went; the place of the first that does not, or `to`. */
  private addNear({ va, kind }: AccessBatch, from: number, to: number, kinds: AccessKinds): number {
    const { code, data, older } = this;
    const { start: codeStart, end: codeEnd } = code;
    const { start: dataStart, end: dataEnd } = data;
    const { start: olderStart, end: olderEnd } = older;
    let fetches = 0;
    let toOlder = 0;
    let stores = 0;
    let modifies = 0;
    let place = from;
    for (; place < to; place++) {
      const at = va[place];
      const what = kind[place];
      if (what === FETCH) {
        if (at < codeStart || at >= codeEnd) break;
        fetches++;
      } else {
        if (at < dataStart || at >= dataEnd) {
          if (at < olderStart || at >= olderEnd) break;
          toOlder++;
        }
        stores += what & 1;
        modifies += what >> 1;
      }
    }
    const others = place - from - fetches;
    code.row.accesses += fetches;
    data.row.accesses += others - toOlder;
    older.row.accesses += toOlder;
    kinds[READ] += others - stores;
    kinds[WRITE] += stores - modifies;
    kinds[FETCH] += fetches;
    kinds[MODIFY] += modifies;
    return place;
  }

  /** Lets a memo be that of the access at `place`: of its mapping, or of the hole that it lies in. */
  private find(memo: LastMapping, { va }: AccessBatch, place: number): void {
    const { starts, ends, rows } = this;
    const at = va[place];
    let low = 0;
    let high = rows.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (at < ends[middle]) high = middle;
      else low = middle + 1;
    }
    const inside = at >= starts[low];
    memo.start = inside ? starts[low] : low === 0 ? 0 : ends[low - 1];
    memo.end = inside ? ends[low] : starts[low];
    memo.row = rows[inside ? low : rows.length - 1];
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
    for (const memo of [this.code, this.data, this.older]) memo.end = Number.NEGATIVE_INFINITY;
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
