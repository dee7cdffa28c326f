/**
 * Paths in a world with one directory: `name`, `./name`, `.`.
 *
 * Source: path_resolution(7).
 */

import { ENAMETOOLONG, ENOENT, ENOTDIR } from '../errno.ts';
import type { Errno } from './arithmetic.ts';
import type { State } from './state.ts';
import { ROOT_OBJECT } from './state.ts';

const NAME_MAX = 255;
const PATH_MAX = 4096;

/** What a path leads to. `elsewhere` is outside the directory, where this specification knows nothing. */
export type Lookup =
  | 'empty'
  | 'too-long'
  | 'elsewhere'
  | {
      /** Not 0 if the way there fails. */
      readonly errno: Errno;
      /** The last component. */
      readonly name: string;
      /** The object it stands for, undefined if there is none of that name. */
      readonly number: number | undefined;
      /** A slash follows: it must be a directory. */
      readonly slash: boolean;
    };

export function lookUp(state: State, path: string): Lookup {
  if (path === '') return 'empty';
  if (bytesIn(path) >= PATH_MAX) return 'too-long';
  const parts = path.split('/').filter((part) => part !== '');
  if (path.startsWith('/') || parts.includes('..')) return 'elsewhere';
  const name = parts.at(-1) ?? '.';
  const number = name === '.' ? ROOT_OBJECT : state.directory.get(name);
  const errno = walk(state, parts.slice(0, -1)) || (bytesIn(name) > NAME_MAX ? ENAMETOOLONG : 0);
  return { errno, name, number, slash: path.endsWith('/') };
}

/** Every component on the way must be a directory, and the only one is `.` */
function walk(state: State, parts: readonly string[]): Errno {
  for (const part of parts) {
    if (bytesIn(part) > NAME_MAX) return ENAMETOOLONG;
    if (part !== '.') return state.directory.has(part) ? ENOTDIR : ENOENT;
  }
  return 0;
}

function bytesIn(text: string): number {
  return new TextEncoder().encode(text).length;
}
