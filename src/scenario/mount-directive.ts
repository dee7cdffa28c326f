/**
 * `% mount /NAME [FLAGS]`, for whoever has mounts.
 *
 * Place: among the directives of a target; the driver of the real kernel reads the same line.
 */
import { UserError } from '../assert.ts';
import type { Directive, DirectiveScope } from './target.ts';

const MOUNT_FLAGS = ['rw', 'ro', 'noexec', 'ro,noexec'];

export interface MountWords {
  readonly readOnly: boolean;
  readonly noexec: boolean;
}

/** `mount` mounts an empty file system at /NAME, or mounts it anew; false for EBUSY. */
export function mountDirective(mount: (name: string, flags: MountWords) => boolean): Directive {
  return {
    parameters: [
      { name: 'path', kind: 'word' },
      { name: 'flags', kind: 'word', optional: true, choices: MOUNT_FLAGS },
    ],
    run: ([, path, flags = 'rw'], scope) => {
      const words = flags.split(',');
      const mounted = atPlace(scope, () =>
        mount(path.replace(/^\//, ''), { readOnly: words.includes('ro'), noexec: words.includes('noexec') }),
      );
      return [mounted ? `${path} is mounted ${flags}` : '-1 EBUSY'];
    },
  };
}

/** Runs `act`, and gives the place to the mistake it complains of. */
export function atPlace<T>(scope: Pick<DirectiveScope, 'file' | 'line'>, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    throw new UserError(`${scope.file}:${scope.line}: ${error.message.replace(/^configuration: /, '')}`);
  }
}
