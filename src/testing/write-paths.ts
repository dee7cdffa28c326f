/**
 * Random calls on odd paths: directories, links, permissions, and paths that lead nowhere.
 *
 * Place: writers of statements. The names are few and apart from those of the scenario's other files, so that the calls meet. No path
 * leaves the directory it begins in, and no symbolic link leads to `.` or `..`: a driver on a real kernel refuses what leads outside.
 */
import type { Weighted } from './draws.ts';
import type { Scene } from './scene.ts';

const NAMES = ['x0', 'y0', 'y0/x0', 'x1', 'y1', 'y0/y1', 'z0', 'y0/y1/x2'] as const;

const ENDS: readonly Weighted<string>[] = [
  [20, ''],
  [2, '/'],
  [1, '/.'],
  [1, '/..'],
  [1, '/x0'],
  [1, '/../x1'],
];

const MODES = ['0700', '0644', '0', '0400', '0200', '0500', '0777', '04755', '0300'] as const;

const OPEN_FLAGS: readonly Weighted<string>[] = [
  [5, 'O_RDWR|O_CREAT'],
  [3, 'O_RDWR'],
  [2, 'O_RDONLY'],
  [1, 'O_RDWR|O_CREAT|O_EXCL'],
  [1, 'O_RDONLY|O_DIRECTORY'],
  [1, 'O_RDONLY|O_NOFOLLOW'],
  [1, 'O_WRONLY|O_TRUNC'],
  [1, 'O_PATH'],
  [1, 'O_PATH|O_NOFOLLOW'],
];

type Write = (scene: Scene) => string;

function path(scene: Scene): string {
  return `"${scene.draws.pick(NAMES)}${scene.draws.weigh(ENDS)}"`;
}

function name(scene: Scene): string {
  return `"${scene.draws.pick(NAMES)}"`;
}

function mode(scene: Scene): string {
  return scene.draws.pick(MODES);
}

function open(scene: Scene): string {
  const flags = scene.draws.weigh(OPEN_FLAGS);
  const fd = scene.freshName('fd');
  const opened = { name: fd, kind: 'named', write: !flags.includes('RDONLY') } as const;
  scene.me.others = [...scene.me.others, opened].slice(-5);
  return `${fd} = open(${path(scene)}, ${flags}${scene.draws.chance(20) ? `, ${mode(scene)}` : ''})`;
}

const CALLS: readonly Weighted<readonly [call: string, write: Write]>[] = [
  [6, ['open', open]],
  [4, ['mkdir', (scene) => `mkdir(${path(scene)})`]],
  [2, ['rmdir', (scene) => `rmdir(${path(scene)})`]],
  [3, ['unlink', (scene) => `unlink(${path(scene)})`]],
  [4, ['rename', (scene) => `rename(${path(scene)}, ${path(scene)})`]],
  [3, ['link', (scene) => `link(${path(scene)}, ${path(scene)})`]],
  [3, ['symlink', (scene) => `symlink(${name(scene)}, ${path(scene)})`]],
  [3, ['chmod', (scene) => `chmod(${path(scene)}, ${mode(scene)})`]],
];

export function writePath(scene: Scene): string | null {
  const calls = CALLS.filter(([, [call]]) => scene.allows(call));
  return calls.length === 0 ? null : scene.draws.weigh(calls)[1](scene);
}
