/**
 * Random transfers through iovecs: two ranges of memory, their iovecs stored somewhere, and the call that reads them there.
 *
 * Place: writers of statements. The only one that writes several lines.
 */
import { CALLS_OF } from './scenario-choices.ts';
import type { Scene } from './scene.ts';
import { findPlace, isReadable, isWritable, type Place } from './write-access.ts';
import { chooseDescriptor, forReading, forWriting } from './write-files.ts';

const LENGTHS = [16, 0, 1, 100, 4096, 5000] as const;
const OFFSETS = [0, 4096, 100, 8191] as const;
const COUNTS = [2, 2, 2, 1, 0] as const;
const IOVEC_BYTES = 16;

export function writeVector(scene: Scene): string | null {
  if (!scene.allows('store64') || scene.options.transfers === 'shown') return null;
  const call = scene.draws.pick(CALLS_OF.vector.filter((name) => scene.allows(name)));
  const reads = call === 'readv' || call === 'preadv';
  const descriptor = chooseDescriptor(scene, reads ? forReading : forWriting);
  const iovecs = findPlace(scene, 2 * IOVEC_BYTES, isWritable);
  const ranges = [0, 1].map(() => plainPlace(scene, reads));
  if (descriptor === undefined || iovecs === undefined || ranges.includes(undefined)) return null;
  const stores = (ranges as Place[]).flatMap((place, index) => [
    `store64(${iovecs.text}+${index * IOVEC_BYTES}, ${place.text})`,
    `store64(${iovecs.text}+${index * IOVEC_BYTES + 8}, ${Math.min(scene.draws.pick(LENGTHS), place.room)})`,
  ]);
  const offset = call.startsWith('p') ? `, ${scene.draws.pick(OFFSETS)}` : '';
  return [...stores, `${call}(${descriptor.name}, ${iovecs.text}, ${scene.draws.pick(COUNTS)}${offset})`].join('\n');
}

/**
 * Memory that is no mapping of a file: what comes of a copy onto itself depends on the processor. And in the arena, since its address is
 * stored and may be shown: the program break is not the same on every target.
 */
function plainPlace(scene: Scene, isTarget: boolean): Place | undefined {
  const place = findPlace(scene, 4096, isTarget ? isWritable : isReadable);
  return place?.base === 'A' && scene.isPlain(place.base) ? place : undefined;
}
