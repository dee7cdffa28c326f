/**
 * Random loads, stores and copies between a program and its memory.
 *
 * Place: writers of statements; each gives the text of one, or null where there is nothing sensible to write.
 */
import { addressText, anywhere, findRange, PAGE, usableEnd } from './aim.ts';
import type { Base, Range } from './memory-sketch.ts';
import type { Scene } from './scene.ts';

const WIDTHS = [8, 16, 32, 64] as const;

/** Offsets in a page where something may go wrong: its ends, and what crosses them. */
const OFFSETS = [0, 0, 8, 100, 2048, 4088, 4092, 4095] as const;

/** Where an instruction is fetched: it does not reach into the next page. */
const FETCH_OFFSETS = [0, 16, 2000, 4080] as const;
const FETCHED_PAGES_MAX = 64;

const COPY_LENGTHS = [16, 64, 4096, 8192] as const;
const FILL_LENGTHS = [16, 100, 4096, 5000] as const;

/** On x86 what may be written may be read. */
export function isReadable(range: Range): boolean {
  return (range.read || range.write) && !range.guarded;
}

export function isWritable(range: Range): boolean {
  return range.write && !range.guarded;
}

/** Where an access begins. */
export interface Place {
  readonly text: string;
  readonly base: Base;
  readonly page: number;
  /** In its page, in bytes. */
  readonly offset: number;
  /** Bytes that can be accessed from there on. */
  readonly room: number;
}

/** Where `bytes` can be accessed, or the first of them; carelessly anywhere. Undefined if there is no such memory. */
export function findPlace(scene: Scene, bytes: number, test: (range: Range) => boolean): Place | undefined {
  const { draws } = scene;
  const offset = draws.pick(OFFSETS);
  if (scene.slips()) return carelessPlace(scene, offset);
  const range = findRange(scene, (candidate) => test(candidate) && usableEnd(scene, candidate) > candidate.start);
  if (range === undefined) return undefined;
  const pages = usableEnd(scene, range) - range.start;
  const page = draws.below(pages);
  const room = (pages - page) * PAGE;
  return placeAt(range.base, range.start + page, Math.min(offset, Math.max(0, room - bytes)), room);
}

/** `room`: bytes that can be accessed from the page's beginning on. */
function placeAt(base: Base, page: number, offset: number, room: number): Place {
  return { text: addressText(base, page, offset), base, page, offset, room: room - offset };
}

/** Mapped or not, and with no care for what may be done there. */
function carelessPlace(scene: Scene, offset: number): Place {
  const { ranges } = scene.me.memory;
  const { base, start } = ranges.length > 0 && scene.draws.chance(60) ? scene.draws.pick(ranges) : anywhere(scene);
  return placeAt(base, start, offset, Number.POSITIVE_INFINITY);
}

export function writeLoad(scene: Scene): string | null {
  const width = scene.draws.pick(WIDTHS.filter((bits) => scene.allows(`load${bits}`)));
  const place = findPlace(scene, width / 8, isReadable);
  return place === undefined ? null : `load${width}(${place.text})`;
}

export function writeStore(scene: Scene): string | null {
  const width = scene.draws.pick(WIDTHS.filter((bits) => scene.allows(`store${bits}`)));
  const place = findPlace(scene, width / 8, isWritable);
  return place === undefined ? null : `store${width}(${place.text}, ${scene.freshValue()})`;
}

/** An exchange looks for 0, which often stands there, or for what was stored last. */
export function writeAtomic(scene: Scene): string | null {
  const width = scene.draws.pick(WIDTHS.filter((bits) => scene.allows(`cas${bits}`)));
  const place = findPlace(scene, width / 8, isWritable);
  if (place === undefined) return null;
  if (scene.allows('fetchadd32') && scene.draws.chance(50))
    return `fetchadd${width}(${place.text}, ${scene.draws.below(3) - 1})`;
  return `cas${width}(${place.text}, ${scene.draws.pick(['0', '0', scene.freshValue()])}, ${scene.freshValue()})`;
}

/** Between two processes, which may be one. */
export function writeProcessVm(scene: Scene): string | null {
  const { me, draws } = scene;
  const call = draws.pick(['process_vm_readv', 'process_vm_writev'].filter((name) => scene.allows(name)));
  const length = draws.pick(COPY_LENGTHS);
  const own = findPlace(scene, length, call === 'process_vm_readv' ? isWritable : isReadable);
  const other = draws.pick(scene.processes);
  scene.me = other;
  const theirs = findPlace(scene, length, call === 'process_vm_readv' ? isReadable : isWritable);
  scene.me = me;
  if (own === undefined || theirs === undefined) return null;
  const isApart = scene.isPlain(own.base) && scene.isPlain(theirs.base) && other.memory !== me.memory;
  return `${call}(${other.name}, ${own.text}, ${isApart ? theirs.text : alike(theirs, own).text}, ${length})`;
}

/**
 * As far into its page as another place: where both may be the same memory bytes are then copied onto themselves or not at all. What
 * comes of a copy onto bytes that are still to be copied depends on the processor.
 */
function alike({ base, page, offset, room }: Place, other: Place): Place {
  return placeAt(base, page, other.offset, room + offset);
}

/** A driver on a real kernel runs only what it knows to be harmless: what was stored to comes up rarely. */
export function writeFetch(scene: Scene): string | null {
  const range = scene.slips() ? anywhere(scene) : findRange(scene, () => true);
  if (range === undefined) return null;
  const page = range.start + scene.draws.below(Math.min(range.end - range.start, FETCHED_PAGES_MAX));
  return `fetch8(${addressText(range.base, page, scene.draws.pick(FETCH_OFFSETS))})`;
}

export function writeCopyIn(scene: Scene): string | null {
  const length = scene.draws.pick(COPY_LENGTHS);
  const place = findPlace(scene, length, isReadable);
  return place === undefined ? null : `copyin(${place.text}, ${Math.min(length, place.room)})`;
}

export function writeCopyOut(scene: Scene): string | null {
  const length = scene.draws.pick(FILL_LENGTHS);
  const place = findPlace(scene, length, isWritable);
  if (place === undefined) return null;
  return `copyout(${place.text}, fill(${scene.freshValue()}, ${Math.min(length, place.room)}))`;
}
