/**
 * What a generated program believes to be mapped, page by page: enough to aim its calls well, no more.
 *
 * It assumes that every call succeeds. Where that is wrong later calls may fail, which is welcome as long as it stays rare.
 */

/** One page of an address space. */
export interface PageState {
  readonly readable: boolean;
  readonly writable: boolean;
  readonly shared: boolean;
  /** Number of the file, -1 for anonymous memory. */
  readonly file: number;
  /** Page of the file; for shared anonymous memory the page of its object. */
  readonly index: number;
  readonly locked: boolean;
  readonly forks: boolean;
  readonly guarded: boolean;
}

/** Pages counted from one base: the arena, the heap, or what a name was bound to. */
export interface Segment {
  readonly base: string;
  readonly pages: (PageState | null)[];
}

/** A range of one segment. */
export interface Span {
  readonly segment: Segment;
  readonly page: number;
  readonly pages: number;
}

export interface ProcessState {
  readonly name: string;
  readonly parent: string;
  readonly segments: Segment[];
}

export interface FileState {
  readonly path: string;
  /** In bytes. */
  size: number;
}

export const PAGE = 4096;
export const ARENA_PAGES = 28;

export class ProgramState {
  readonly processes: ProcessState[];
  readonly files: FileState[];

  constructor() {
    this.processes = [{ name: 'main', parent: '', segments: [segment('A', ARENA_PAGES), segment('BRK', 8)] }];
    this.files = [];
  }

  /** Whether an access to the page would go through. */
  allows(page: PageState | null | undefined, access: 'read' | 'write'): boolean {
    if (!page || page.guarded || !(access === 'read' ? page.readable : page.writable)) return false;
    return page.file < 0 || page.index * PAGE < (this.files[page.file] as FileState).size;
  }

  fork(parent: ProcessState, name: string): void {
    const segments = parent.segments.map(({ base, pages }) => ({
      base,
      pages: pages.map((page) => (page?.forks ? { ...page, locked: false } : null)),
    }));
    this.processes.push({ name, parent: parent.name, segments });
  }

  end(process: ProcessState): void {
    this.processes.splice(this.processes.indexOf(process), 1);
  }
}

export function segment(base: string, pages: number): Segment {
  return { base, pages: Array.from({ length: pages }, () => null) };
}

/** Changes every mapped page of a span. */
export function change({ segment: { pages }, page, pages: count }: Span, changes: Partial<PageState>): void {
  for (let at = page; at < page + count; at++) {
    const before = pages[at];
    if (before) pages[at] = { ...before, ...changes };
  }
}

export function fill(
  { segment: { pages }, page, pages: count }: Span,
  make: (place: number) => PageState | null,
): void {
  for (let place = 0; place < count && page + place < pages.length; place++) pages[page + place] = make(place);
}

/** How many pages from `page` on continue it: the same mapping, as far as one can tell. */
export function runLength({ pages }: Segment, page: number): number {
  const first = pages[page];
  if (!first) return 0;
  let length = 1;
  for (; page + length < pages.length; length++) {
    const next = pages[page + length];
    if (!next || !continues(first, next, length)) break;
  }
  return length;
}

function continues(first: PageState, next: PageState, distance: number): boolean {
  if (next.index !== first.index + (first.file >= 0 || first.shared ? distance : 0)) return false;
  return (['readable', 'writable', 'shared', 'file', 'locked', 'forks'] as const).every(
    (name) => first[name] === next[name],
  );
}
