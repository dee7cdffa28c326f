/**
 * Taking a lock, at once or after waiting for it.
 *
 * Place: between file-locks.ts, which reads the arguments, and what a file's locks are. A call that waits holds on to its file
 * even if another thread closes the descriptor; F_SETLKW then gives the lock back and fails.
 * Source: Linux fs/locks.c do_lock_file_wait, fcntl_setlk, flock_lock_inode_wait.
 */

import { EAGAIN, EBADF, EDEADLK } from '../errno.ts';
import { F_UNLCK } from '../flags.ts';
import { FileLock, type LockWaiters } from './file-lock.ts';
import type { OpenFile } from './open-file.ts';
import type { OpenFiles } from './open-files.ts';
import type { RecordLocks } from './record-locks.ts';
import { type Task, WAITING, type WaitingCall } from './task.ts';
import type { Waker } from './wait-queue.ts';
import type { Waits } from './waits.ts';

export interface LockParts {
  readonly waits: Waits;
  readonly lockWaiters: LockWaiters;
  readonly openFiles: OpenFiles;
  readonly pageSize: number;
}

/** What happens where a lock is in the way. */
export type Patience = 'waits' | 'fails';

/** 0, -EAGAIN, -EDEADLK, or `WAITING`: the request is behind the lock in its way. */
function attempt(
  waiters: LockWaiters,
  locks: RecordLocks,
  request: FileLock,
  patience: Patience,
): number | typeof WAITING {
  const rival = request.type === F_UNLCK ? undefined : locks.conflict(request);
  if (rival === undefined) {
    locks.set(request, waiters);
    return 0;
  }
  if (patience === 'fails') return -EAGAIN;
  waiters.wakeBehind(request);
  if (waiters.isDeadlock(request, rival)) return -EDEADLK;
  waiters.add(request, rival);
  return WAITING;
}

/** The same kind of flock(2) again changes nothing; another gives the first up, even if it cannot be had. */
function attemptFor(
  waiters: LockWaiters,
  { inode }: OpenFile,
  request: FileLock,
  patience: Patience,
): number | typeof WAITING {
  if (request.kind !== 'flock') return attempt(waiters, inode.locks, request, patience);
  if (inode.flocks.held(request)?.type === request.type) return 0;
  inode.flocks.drop(request.owner, waiters);
  return attempt(waiters, inode.flocks, request, patience);
}

class LockCall implements WaitingCall, Waker {
  private readonly parts: LockParts;
  private readonly task: Task;
  private readonly fd: number;
  readonly file: OpenFile;
  readonly shown: null;
  private readonly request: FileLock;

  constructor(parts: LockParts, task: Task, fd: number, file: OpenFile, request: FileLock) {
    this.parts = parts;
    this.task = task;
    this.fd = fd;
    this.file = file;
    this.request = request;
    this.shown = null;
    request.waker = this;
    file.refs++;
  }

  wake(): void {
    this.parts.waits.wake(this.task);
  }

  again(): number | typeof WAITING {
    const { parts, file, request } = this;
    const result = attemptFor(parts.lockWaiters, file, request, 'waits');
    if (result === WAITING) return WAITING;
    parts.lockWaiters.remove(request);
    const isLost = result === 0 && request.kind === 'posix' && this.task.files.get(this.fd) !== file;
    if (isLost) file.inode.locks.set(unlocking(request), parts.lockWaiters);
    parts.openFiles.put(file);
    return isLost ? -EBADF : result;
  }

  giveUp(): void {
    this.parts.lockWaiters.remove(this.request);
    this.parts.openFiles.put(this.file);
  }
}

function unlocking({ owner, kind, start, end }: FileLock): FileLock {
  return new FileLock(owner, kind, F_UNLCK, start, end);
}

/** fcntl(2) and flock(2): 0, a negative errno, or `WAITING`. */
export function takeLock(
  parts: LockParts,
  task: Task,
  fd: number,
  file: OpenFile,
  request: FileLock,
  patience: Patience,
): number | typeof WAITING {
  const result = attemptFor(parts.lockWaiters, file, request, patience);
  if (result !== WAITING) return result;
  return parts.waits.begin(task, 'lock', new LockCall(parts, task, fd, file, request));
}
