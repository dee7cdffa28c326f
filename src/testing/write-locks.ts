/**
 * Random advisory locks: flock, and fcntl on bytes, waiting for them or not.
 *
 * Place: writers of statements. `main` waits for none, so that a scenario does not stand still: it gives way to those that do.
 */
import type { Weighted } from './draws.ts';
import type { Scene } from './scene.ts';

const OPERATIONS: readonly Weighted<string>[] = [
  [3, 'LOCK_SH'],
  [4, 'LOCK_EX'],
  [3, 'LOCK_UN'],
];

const COMMANDS: readonly Weighted<string>[] = [
  [6, 'F_SETLK'],
  [4, 'F_GETLK'],
  [3, 'F_OFD_SETLK'],
  [2, 'F_OFD_GETLK'],
];

const WAITING_COMMANDS: readonly Weighted<string>[] = [
  [8, 'F_SETLKW'],
  [3, 'F_OFD_SETLKW'],
  [2, 'F_SETLK'],
  [1, 'F_GETLK'],
];

const TYPES: readonly Weighted<string>[] = [
  [5, 'F_WRLCK'],
  [4, 'F_RDLCK'],
  [3, 'F_UNLCK'],
];

const STARTS = ['0', '10', '20', '4096', '15', '0x7fffffffffffffff'] as const;
const LENGTHS = ['10', '0', '5', '100', '1', '-5'] as const;

export function writeFileLock(scene: Scene): string | null {
  const { descriptors } = scene.me;
  if (descriptors.length === 0) return null;
  const { name } = scene.draws.pick(descriptors);
  const waits = scene.mayWait && scene.draws.chance(70);
  if (waits) scene.noteWaiter();
  if (scene.allows('flock') && scene.draws.chance(40)) return writeFlock(scene, name, waits ? '' : '|LOCK_NB');
  if (!scene.allows('fcntl')) return null;
  const type = scene.draws.weigh(TYPES);
  const whence = scene.draws.pick(['SEEK_SET', 'SEEK_SET', 'SEEK_CUR', 'SEEK_END']);
  const bytes = `${scene.draws.pick(STARTS)}, ${scene.draws.pick(LENGTHS)}`;
  return `fcntl(${name}, ${scene.draws.weigh(waits ? WAITING_COMMANDS : COMMANDS)}, ${type}, ${whence}, ${bytes})`;
}

function writeFlock(scene: Scene, name: string, how: string): string {
  return `flock(${name}, ${scene.draws.weigh(OPERATIONS)}${how})`;
}

/** What a call came to that waited, or may have. */
export function writeWaited(scene: Scene): string | null {
  const others = scene.processes.slice(1);
  if (others.length === 0) return null;
  const waiters = others.filter((process) => scene.waiters.has(process));
  scene.me = scene.draws.pick(waiters.length > 0 && !scene.slips() ? waiters : others);
  scene.waiters = new Set([...scene.waiters].filter((process) => process !== scene.me));
  return 'waited()';
}
