/**
 * shm_open(3) and shm_unlink(3): open and unlink in /dev/shm, as the C library has them.
 *
 * /dev/shm is a tmpfs, whatever file system other files are on. Slashes at the beginning of a name do not count.
 *
 * Source: POSIX shm_open(), shm_unlink(); shm_open(3).
 */

import { EINVAL, EISDIR, ENAMETOOLONG, ENOENT } from '../errno.ts';
import { O_CLOEXEC, O_NOFOLLOW } from '../flags.ts';
import { type Answer, failure } from './answer.ts';
import type { Errno } from './arithmetic.ts';
import { unlinkIn } from './directories.ts';
import { openIn } from './open.ts';
import { type Caller, SHM_OBJECT } from './state.ts';

const NAME_MAX = 255;

/** EINVAL: nothing left of it, or a slash further on; ENAMETOOLONG. */
function fileName(name: string): string | Errno {
  const path = name.replace(/^\/+/, '');
  if (path === '' || path.includes('/')) return EINVAL;
  return new TextEncoder().encode(path).length > NAME_MAX ? ENAMETOOLONG : path;
}

/**
 * @call shm_open
 * Opens shared memory by its name, or makes it, and answers a descriptor.
 *
 * A library function: open in /dev/shm, with O_NOFOLLOW and O_CLOEXEC added, and with open's errors. Slashes at the
 * beginning of the name do not count. What O_CREAT makes is empty; ftruncate gives it a size.
 *
 * @errors
 * EINVAL: nothing is left of the name, or there is a slash further on
 * ENAMETOOLONG: the name has more than 255 bytes
 * EMFILE: RLIMIT_NOFILE descriptors are open
 * ENOENT: there is no such name, and no O_CREAT
 * EEXIST: O_CREAT with O_EXCL, and there is such a name
 * EINVAL: the name is that of the directory, and it is to be written
 * ENOTDIR: O_DIRECTORY
 * EACCES: its permissions do not allow it
 *
 * @flags O_RDONLY O_RDWR O_CREAT O_EXCL O_TRUNC
 */
export function shmOpen(caller: Caller, name: string, flags: bigint, mode: bigint): Answer {
  const path = fileName(name);
  if (typeof path === 'number') return failure(path);
  const answer = openIn(caller, SHM_OBJECT, path, flags | BigInt(O_NOFOLLOW | O_CLOEXEC), mode);
  return answer.kind === 'failure' && answer.errno === EISDIR ? failure(EINVAL) : answer;
}

/**
 * @call shm_unlink
 * Removes the name of shared memory; those who have it open or mapped keep it.
 *
 * @errors
 * ENOENT: there is no such name, or it is one that nothing can have: with a slash further on, or empty
 * ENAMETOOLONG: the name has more than 255 bytes
 * EISDIR: the name is that of the directory
 */
export function shmUnlink(caller: Caller, name: string): Answer {
  const path = fileName(name);
  if (typeof path === 'number') return failure(path === EINVAL ? ENOENT : path);
  return unlinkIn(caller, SHM_OBJECT, path);
}
