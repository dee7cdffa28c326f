/**
 * Where the next call of a random scenario strikes: ranges that fit it, parts of them, and how these are written.
 *
 * Place: between the scene and the writers of statements. Aims so that calls succeed and mappings touch, overlap, split and merge.
 */
import type { Base, Range, Span } from './memory-sketch.ts';
import type { Scene } from './scene.ts';

export const PAGE = 4096;

/** `A`, `A+0x3000`, `p1+0x10`. */
export function addressText(base: Base, page: number, bytes = 0): string {
  const offset = page * PAGE + bytes;
  return offset === 0 ? base : `${base}+0x${offset.toString(16)}`;
}

/** A length of `pages` pages; now and then a few bytes less, which rounds up to the same. */
export function lengthText(scene: Scene, pages: number): string {
  const short = scene.draws.chance(15) ? 1 + scene.draws.below(8) : 0;
  return short > 0 ? String(pages * PAGE - short) : pagesText(pages);
}

/** `4096`, `3*4096` */
export function pagesText(pages: number): string {
  return pages === 1 ? '4096' : `${pages}*4096`;
}

/** A range of this process that passes `test`. */
export function findRange(scene: Scene, test: (range: Range) => boolean): Range | undefined {
  const fitting = scene.me.memory.ranges.filter(test);
  return fitting.length === 0 ? undefined : scene.draws.pick(fitting);
}

/** A part of [start, end): all of it, its head, its tail or something inside. */
export function partOf(scene: Scene, { base, start, end }: Span): Span {
  const { draws } = scene;
  const pages = 1 + draws.below(end - start);
  switch (draws.weigh(PARTS)) {
    case 'whole':
      return { base, start, end };
    case 'head':
      return { base, start, end: start + pages };
    case 'tail':
      return { base, start: end - pages, end };
    case 'middle': {
      const first = start + draws.below(end - start);
      return { base, start: first, end: Math.min(end, first + pages) };
    }
  }
}

const PARTS = [
  [3, 'whole'],
  [3, 'head'],
  [3, 'tail'],
  [2, 'middle'],
] as const;

/** As `partOf`, and now and then on into what lies behind it without a hole. */
export function stretchOf(scene: Scene, range: Range): Span {
  const part = partOf(scene, range);
  if (!scene.draws.chance(30)) return part;
  const reach = scene.me.memory.reach(part.base, part.start);
  return { ...part, end: part.end + scene.draws.below(reach - part.end + 1) };
}

/** Somewhere in the arena, mapped or not. */
export function anywhere(scene: Scene): Span {
  const start = scene.draws.below(scene.options.arenaPages);
  return { base: 'A', start, end: start + 1 + scene.draws.below(4) };
}

/** A stretch of mapped memory that passes `test`; carelessly, or if there is none, anywhere. */
export function aim(scene: Scene, test: (range: Range) => boolean): Span {
  const range = scene.slips() ? undefined : findRange(scene, test);
  return range === undefined ? anywhere(scene) : stretchOf(scene, range);
}

/** A free span of at most `pages` pages of the arena, mostly beside what is mapped; undefined if there is no free page. */
export function freeSpan(scene: Scene, pages: number): Span | undefined {
  const free = freeSpans(scene);
  if (free.length === 0) return undefined;
  const { base, start, end } = scene.draws.pick(free);
  const length = Math.min(pages, end - start);
  const room = end - start - length;
  switch (scene.draws.below(3)) {
    case 0:
      return { base, start, end: start + length };
    case 1:
      return { base, start: start + room, end };
    default: {
      const first = start + scene.draws.below(room + 1);
      return { base, start: first, end: first + length };
    }
  }
}

/** The holes of the arena, lowest first. */
function freeSpans({ me, options }: Scene): Span[] {
  const spans: Span[] = [];
  let start = 0;
  for (let page = 0; page <= options.arenaPages; page++) {
    if (page < options.arenaPages && me.memory.isFree({ base: 'A', start: page, end: page + 1 })) continue;
    if (page > start) spans.push({ base: 'A', start, end: page });
    start = page + 1;
  }
  return spans;
}

/** Pages of a range that an access does not raise SIGBUS in: [start, end) cut at the end of its file. */
export function usableEnd({ files }: Scene, range: Range): number {
  if (range.file < 0) return range.end;
  const filePages = Math.ceil(files[range.file].size / PAGE);
  return Math.min(range.end, Math.max(range.start, range.start + filePages - range.filePage));
}
