/**
 * Random advisory locks: flock, and fcntl on bytes. Nobody waits for one.
 *
 * Place: writers of statements.
 */
import type { Weighted } from './draws.ts';
import type { Scene } from './scene.ts';

const OPERATIONS = ['LOCK_SH', 'LOCK_EX', 'LOCK_UN', 'LOCK_EX|LOCK_NB', 'LOCK_SH|LOCK_NB'] as const;

const COMMANDS: readonly Weighted<string>[] = [
  [6, 'F_SETLK'],
  [4, 'F_GETLK'],
  [1, 'F_SETLKW'],
  [3, 'F_OFD_SETLK'],
  [2, 'F_OFD_GETLK'],
];

const TYPES: readonly Weighted<string>[] = [
  [4, 'F_WRLCK'],
  [4, 'F_RDLCK'],
  [2, 'F_UNLCK'],
];

const STARTS = ['0', '10', '20', '4096', '15', '0x7fffffffffffffff'] as const;
const LENGTHS = ['10', '0', '5', '100', '1', '-5'] as const;

export function writeFileLock(scene: Scene): string | null {
  const { descriptors } = scene.me;
  if (descriptors.length === 0) return null;
  const { name } = scene.draws.pick(descriptors);
  const whole = scene.allows('flock') && scene.draws.chance(40);
  if (whole) return `flock(${name}, ${scene.draws.pick(OPERATIONS)})`;
  if (!scene.allows('fcntl')) return null;
  const type = scene.draws.weigh(TYPES);
  const whence = scene.draws.pick(['SEEK_SET', 'SEEK_SET', 'SEEK_CUR', 'SEEK_END']);
  const bytes = `${scene.draws.pick(STARTS)}, ${scene.draws.pick(LENGTHS)}`;
  return `fcntl(${name}, ${scene.draws.weigh(COMMANDS)}, ${type}, ${whence}, ${bytes})`;
}
