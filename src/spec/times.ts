/**
 * When files were read and changed.
 *
 * Time goes on by one with everything that is noted. Reading counts as `relatime` has it: only if nothing was read since the last change;
 * what no directory names (memfds) is not mounted so, and each time counts.
 *
 *     read                                                atime
 *     mmap                                                atime; on tmpfs only if it joins no other mapping
 *     write, ftruncate, O_TRUNC, fallocate, MADV_REMOVE   mtime, ctime
 *     chmod, link, unlink, rename                         ctime
 *     a name that comes or goes                           mtime, ctime of the directory
 *     a store to a shared mapping                         mtime, ctime, if it faults: on ext4 after each write-back, on tmpfs
 *                                                         if nothing but stores made the page present
 *
 * Whether a store faults is not the business of this specification: it says nothing of the times then, until the file is
 * written otherwise.
 *
 * Source: Linux fs/inode.c touch_atime, file_update_time; mm/memory.c fault_dirty_shared_page; inode(7).
 */

import { EBADF } from '../errno.ts';
import { O_NOATIME } from '../flags.ts';
import { type Answer, failure, UNSPECIFIED } from './answer.ts';
import { type Opened, openedEvenByPath } from './descriptors.ts';
import type { Times } from './file-records.ts';
import { isReadOnly } from './mounts.ts';
import type { Caller, FileObject, State } from './state.ts';

function timesAt(now: number): Times {
  return { atime: now, mtime: now, ctime: now, stored: -1 };
}

/** A store may have changed mtime since. */
function isUncertain({ mtime, stored }: Times): boolean {
  return stored > mtime;
}

/** Something was read by an open file, or mapped. */
export function noteAccess(state: State, { file, object }: Opened): void {
  const { times } = object;
  if (file.flags & O_NOATIME || isReadOnly(state, file.mount)) return;
  if (file.name === undefined || times.atime <= times.mtime || times.atime <= times.ctime) times.atime = ++state.now;
  else if (isUncertain(times)) times.stored = ++state.now;
}

export function noteModification(state: State, { times }: FileObject): void {
  times.mtime = ++state.now;
  times.ctime = state.now;
}

export function noteChange(state: State, { times }: FileObject): void {
  times.ctime = ++state.now;
}

export function noteStore(state: State, { times }: FileObject): void {
  times.stored = ++state.now;
}

const NAMES = ['atime', 'mtime', 'ctime'] as const;

/**
 * @call times
 * Tells which times of an open file are others than when a statement last asked about it; the first time, all.
 *
 * A call of the scenario language alone. Reading changes atime if nothing was read since the last change; writing, a change
 * of size, fallocate and noted stores to shared mappings change mtime and ctime; permissions and names ctime; names that
 * come and go mtime and ctime of their directory.
 *
 * @errors
 * EBADF: `fd` is no descriptor
 */
export function times({ state, process }: Caller, fd: bigint): Answer {
  const found = openedEvenByPath(state, process, fd);
  if (!found) return failure(EBADF);
  const { object } = found;
  const told = object.told ?? timesAt(-1);
  object.told = { ...object.times };
  if (object.type === 'symlink' || object.times.stored !== told.stored) return UNSPECIFIED;
  return { kind: 'times', changed: NAMES.filter((name) => object.times[name] !== told[name]) };
}
