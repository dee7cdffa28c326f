/**
 * Random `mremap` calls: grow, shrink, move, move and leave behind, share once more, move several mappings at once.
 *
 * Place: writers of statements. Each kind is aimed at memory for which it works.
 */
import { addressText, anywhere, findRange, freeSpan, lengthText, partOf } from './aim.ts';
import type { Weighted } from './draws.ts';
import type { Base, Span } from './memory-sketch.ts';
import type { Scene } from './scene.ts';

/** The arguments, before they are text. */
interface Move {
  readonly from: Span;
  /** 0 asks for a second mapping of the same. */
  readonly oldPages: number;
  readonly newPages: number;
  readonly flags: string;
  /** Where to, for MREMAP_FIXED. */
  readonly to?: Pick<Span, 'base' | 'start'>;
}

type Kind = (scene: Scene) => Move | undefined;

function grow(scene: Scene): Move | undefined {
  const range = findRange(scene, () => true);
  if (range === undefined) return undefined;
  const from = { ...range, start: range.start + scene.draws.below(range.end - range.start) };
  const oldPages = from.end - from.start;
  const flags = scene.draws.chance(20) ? '0' : 'MREMAP_MAYMOVE';
  return { from, oldPages, newPages: oldPages + 1 + scene.draws.below(3), flags };
}

function shrink(scene: Scene): Move | undefined {
  const range = findRange(scene, ({ start, end }) => end - start > 1);
  if (range === undefined) return undefined;
  const oldPages = range.end - range.start;
  const newPages = 1 + scene.draws.below(oldPages);
  return { from: range, oldPages, newPages, flags: scene.draws.pick(['0', 'MREMAP_MAYMOVE']) };
}

function move(scene: Scene): Move | undefined {
  const range = findRange(scene, () => true);
  if (range === undefined) return undefined;
  const from = partOf(scene, range);
  const oldPages = from.end - from.start;
  const newPages = scene.draws.chance(25) ? 1 + scene.draws.below(oldPages) : oldPages;
  return { from, oldPages, newPages, flags: 'MREMAP_MAYMOVE|MREMAP_FIXED', to: destination(scene, newPages, from) };
}

/** Leaves the old range mapped and empty. */
function leave(scene: Scene): Move | undefined {
  const range = findRange(scene, ({ file, shared }) => file < 0 && !shared) ?? findRange(scene, () => true);
  if (range === undefined) return undefined;
  const from = partOf(scene, range);
  const pages = from.end - from.start;
  const move: Move = { from, oldPages: pages, newPages: pages, flags: 'MREMAP_MAYMOVE|MREMAP_DONTUNMAP' };
  if (scene.draws.chance(50)) return move;
  return { ...move, flags: `${move.flags}|MREMAP_FIXED`, to: destination(scene, pages, from) };
}

/** Old length 0: a second mapping of shared memory. */
function again(scene: Scene): Move | undefined {
  const range = findRange(scene, ({ shared }) => shared);
  if (range === undefined) return undefined;
  const pages = 1 + scene.draws.below(3);
  const move: Move = { from: range, oldPages: 0, newPages: pages, flags: 'MREMAP_MAYMOVE' };
  if (scene.draws.chance(50)) return move;
  return { ...move, flags: 'MREMAP_MAYMOVE|MREMAP_FIXED', to: destination(scene, pages, range) };
}

/** From somewhere in one range on into the next, and over holes. */
function several(scene: Scene): Move | undefined {
  const range = findRange(scene, () => true);
  if (range === undefined) return undefined;
  const from = { ...range, end: range.end + 1 + scene.draws.below(4) };
  const pages = from.end - from.start;
  const to = destination(scene, pages, from);
  return { from, oldPages: pages, newPages: pages, flags: 'MREMAP_MAYMOVE|MREMAP_FIXED', to };
}

const KINDS: readonly Weighted<Kind>[] = [
  [6, move],
  [4, grow],
  [3, shrink],
  [2, leave],
  [1, again],
  [1, several],
];

/** A place for `pages`, free or not, that mostly does not overlap `from`. */
function destination(scene: Scene, pages: number, from: Span): Pick<Span, 'base' | 'start'> {
  const free = scene.draws.chance(50) ? undefined : freeSpan(scene, pages);
  if (free !== undefined && free.end - free.start === pages) return free;
  const { base, start } = anywhere(scene);
  const overlapping = base === from.base && start < from.end && from.start < start + pages;
  return overlapping && !scene.slips() ? { base, start: from.end } : { base, start };
}

export function writeMremap(scene: Scene): string | null {
  const move = scene.draws.weigh(KINDS)(scene);
  if (move === undefined) return null;
  const { from, oldPages, newPages, flags, to } = move;
  const oldLength = oldPages === 0 ? '0' : lengthText(scene, oldPages);
  const before = `mremap(${addressText(from.base, from.start)}, ${oldLength}, ${lengthText(scene, newPages)}, ${flags}`;
  if (to !== undefined) {
    carryOut(scene, move, to);
    return `${before}, ${addressText(to.base, to.start)})`;
  }
  if (staysInPlace(scene, move)) {
    resize(scene, move);
    return `${before})`;
  }
  const name = scene.freshName('m');
  carryOut(scene, move, { base: name, start: 0 });
  return `${name} = ${before})`;
}

function staysInPlace({ me }: Scene, { from, oldPages, newPages, flags }: Move): boolean {
  if (oldPages === 0 || flags.includes('DONTUNMAP')) return false;
  const { base, end } = from;
  return (
    newPages <= oldPages || flags === '0' || me.memory.isFree({ base, start: end, end: end + newPages - oldPages })
  );
}

function resize(scene: Scene, { from, oldPages, newPages }: Move): void {
  const { memory } = scene.me;
  const end = from.start + newPages;
  if (newPages < oldPages) memory.unmap({ ...from, start: end });
  else for (const last of memory.within({ ...from, start: from.end - 1 })) memory.map({ ...last, end });
  scene.noteFreed(from.base);
}

/** Notes that pages went to a new place. */
function carryOut(scene: Scene, { from, oldPages, newPages, flags }: Move, to: { base: Base; start: number }): void {
  const { memory } = scene.me;
  const moved = memory.within({ ...from, end: from.start + Math.max(1, Math.min(newPages, oldPages)) });
  for (const range of moved) scene.notePlaced({ ...range, base: to.base });
  scene.noteFreed(from.base);
  scene.noteFreed(to.base);
  if (oldPages > 0 && !flags.includes('DONTUNMAP')) memory.unmap(from);
  memory.unmap({ ...to, end: to.start + newPages });
  for (const range of moved) {
    const start = range.start - from.start + to.start;
    const isLast = range === moved[moved.length - 1];
    const end = isLast ? Math.max(start + 1, to.start + newPages) : start + range.end - range.start;
    memory.map({ ...range, base: to.base, start, end });
  }
}
