/**
 * Random calls on names: rename, directories.
 *
 * Place: writers of statements. What is mapped goes by its latest name in maps(), or as deleted.
 */
import type { Scene, SketchedFile } from './scene.ts';

const DIRECTORIES_MAX = 3;

export function writeRename(scene: Scene): string | null {
  const linked = scene.files.filter((file) => file.linked && !file.memory);
  if (linked.length === 0) return null;
  const file = scene.draws.pick(linked);
  const over = scene.draws.chance(30) ? scene.draws.pick(linked) : undefined;
  const from = file.path;
  const to = over?.path ?? freshPath(scene);
  if (over !== undefined) over.linked = false;
  rename(file, to);
  return `rename("${from}", "${to}")`;
}

function rename(file: SketchedFile, path: string): void {
  file.path = path;
  file.linked = true;
}

function freshPath(scene: Scene): string {
  const directory = scene.directories.length > 0 && scene.draws.chance(50) ? scene.draws.pick(scene.directories) : '';
  return `${directory === '' ? '' : `${directory}/`}${scene.freshName('n')}.dat`;
}

export function writeDirectory(scene: Scene): string | null {
  const { directories } = scene;
  const isNew = directories.length < DIRECTORIES_MAX && scene.draws.chance(70);
  if (isNew && scene.allows('mkdir')) {
    const name = scene.freshName('d');
    scene.directories = [...directories, name];
    return `mkdir("${name}")`;
  }
  if (directories.length === 0 || !scene.allows('rmdir')) return null;
  // One with files in it is not removed.
  const used = (name: string): boolean => scene.files.some(({ path, linked }) => linked && path.startsWith(`${name}/`));
  const empty = directories.filter((name) => !used(name));
  const gone = scene.draws.pick(empty.length === 0 || scene.slips() ? directories : empty);
  if (!used(gone)) scene.directories = directories.filter((name) => name !== gone);
  return `rmdir("${gone}")`;
}
