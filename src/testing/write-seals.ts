/**
 * Random calls that close something for good, and what descriptors have besides: mseal, seals of memory files, fcntl.
 *
 * Place: writers of statements. Little is sealed at a time, so that most later calls still succeed.
 */
import { addressText, aim, pagesText } from './aim.ts';
import type { Weighted } from './draws.ts';
import type { Scene } from './scene.ts';

/** A page or two of what is mapped. */
export function writeMseal(scene: Scene): string {
  const { base, start, end } = aim(scene, () => true);
  const pages = Math.min(end - start, 1 + scene.draws.below(2));
  return `mseal(${addressText(base, start)}, ${pagesText(pages)}, 0)`;
}

const SEALS: readonly Weighted<string>[] = [
  [4, 'F_SEAL_SHRINK'],
  [4, 'F_SEAL_GROW'],
  [3, 'F_SEAL_FUTURE_WRITE'],
  [3, 'F_SEAL_WRITE'],
  [1, 'F_SEAL_SEAL'],
  [1, 'F_SEAL_EXEC'],
];

export function writeSeal(scene: Scene): string | null {
  const { descriptors } = scene.me;
  const ofMemory = descriptors.filter(({ file }) => scene.files[file].memory);
  const candidates = ofMemory.length === 0 || scene.slips() ? descriptors : ofMemory;
  if (candidates.length === 0) return null;
  const { name } = scene.draws.pick(candidates);
  return scene.draws.chance(30)
    ? `fcntl(${name}, F_GET_SEALS)`
    : `fcntl(${name}, F_ADD_SEALS, ${scene.draws.weigh(SEALS)})`;
}

export function writeFcntl(scene: Scene): string | null {
  const { descriptors } = scene.me;
  if (descriptors.length === 0) return null;
  const descriptor = scene.draws.pick(descriptors);
  const { name } = descriptor;
  switch (scene.draws.below(6)) {
    case 0:
      return `fcntl(${name}, F_GETFL)`;
    case 1:
      return `fcntl(${name}, F_GETFD)`;
    case 2:
      return `fcntl(${name}, F_SETFD, ${scene.draws.below(2)})`;
    case 3:
      return `fcntl(${name}, F_SETFL, ${descriptor.append ? 'O_APPEND' : 'O_NONBLOCK'})`;
    default: {
      const copy = scene.freshName('fd');
      scene.me.descriptors = [...descriptors, { ...descriptor, name: copy }];
      return `${copy} = fcntl(${name}, ${scene.draws.pick(['F_DUPFD', 'F_DUPFD_CLOEXEC'])}, ${3 + scene.draws.below(20)})`;
    }
  }
}
