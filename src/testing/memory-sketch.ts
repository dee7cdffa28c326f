/**
 * What a generated scenario has mapped so far, roughly: enough to aim at.
 *
 * Place: the memory of the scenario writer. Each process has a list of ranges of whole pages that do not overlap, each within one
 * place (the arena, the heap, or what a name stands for). The sketch takes it that every call succeeds; where that was wrong the next
 * calls miss their aim, and nothing worse. It knows nothing of merging, copying or page tables: a model of memory is what src/spec is.
 */

/** What an address is written relative to: `A`, `BRK` or a bound name. */
export type Base = string;

/** What can be said of each page of a range. */
export interface Mapping {
  readonly read: boolean;
  readonly write: boolean;
  /** `mprotect` may make it writable. */
  readonly mayWrite: boolean;
  readonly shared: boolean;
  /** Index of the mapped file among the scenario's files; -1 for anonymous memory. */
  readonly file: number;
  /** The descriptor it was mapped with; -1 for anonymous memory. */
  readonly fd: string;
  /** Page of the file that the range begins at; 0 for anonymous memory. */
  readonly filePage: number;
  readonly locked: boolean;
  /** Holds guard pages. */
  readonly guarded: boolean;
  /** Flags of `mmap` beyond sharing and placement: `|MAP_STACK`. */
  readonly extra: string;
}

/** Pages [start, end) of a place. */
export interface Span {
  readonly base: Base;
  readonly start: number;
  readonly end: number;
}

export interface Range extends Mapping, Span {}

export class MemorySketch {
  private list: readonly Range[];

  constructor(ranges: readonly Range[] = []) {
    this.list = ranges;
  }

  /** The latest last. */
  get ranges(): readonly Range[] {
    return this.list;
  }

  /** What a forked child has. */
  copy(): MemorySketch {
    return new MemorySketch(this.list);
  }

  unmap(span: Span): void {
    this.list = this.list.flatMap((range) => without(range, span));
  }

  map(range: Range): void {
    if (range.end <= range.start) return;
    this.unmap(range);
    this.list = [...this.list, range];
  }

  change(span: Span, change: Partial<Mapping>): void {
    for (const range of this.within(span)) this.map({ ...range, ...change });
  }

  /** The parts of ranges that lie in `span`. */
  within(span: Span): Range[] {
    return this.list
      .filter((range) => overlaps(range, span))
      .map((range) => part(range, Math.max(range.start, span.start), Math.min(range.end, span.end)));
  }

  isFree(span: Span): boolean {
    return !this.list.some((range) => overlaps(range, span));
  }

  /** Moves what is mapped in `from` to where page `start` of `base` is its first page. */
  move(from: Span, base: Base, start: number): void {
    const moved = this.within(from);
    const shift = start - from.start;
    this.unmap(from);
    this.unmap({ base, start, end: from.end + shift });
    for (const range of moved) this.map({ ...range, base, start: range.start + shift, end: range.end + shift });
  }

  /** The page behind the last that can be reached from page `start` on without a hole; `start` if that is a hole itself. */
  reach(base: Base, start: number): number {
    const next = this.list.find((range) => range.base === base && range.start <= start && start < range.end);
    return next === undefined ? start : this.reach(base, next.end);
  }
}

function overlaps(range: Span, span: Span): boolean {
  return range.base === span.base && range.start < span.end && span.start < range.end;
}

/** The part [start, end) of `range`, in which it lies. */
function part(range: Range, start: number, end: number): Range {
  return { ...range, start, end, filePage: range.file < 0 ? 0 : range.filePage + start - range.start };
}

/** What is left of `range` when `span` is taken out. */
function without(range: Range, span: Span): Range[] {
  if (!overlaps(range, span)) return [range];
  const left = span.start > range.start ? [part(range, range.start, span.start)] : [];
  const right = span.end < range.end ? [part(range, span.end, range.end)] : [];
  return [...left, ...right];
}
