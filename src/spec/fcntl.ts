/**
 * fcntl(2): descriptors once more, their flags, and seals.
 *
 * Source: fcntl(2); Linux fs/fcntl.c.
 */

import { EBADF, EINVAL, EMFILE } from '../errno.ts';
import {
  F_ADD_SEALS,
  F_DUPFD,
  F_DUPFD_CLOEXEC,
  F_GET_SEALS,
  F_GETFD,
  F_GETFL,
  F_SETFD,
  F_SETFL,
  O_APPEND,
  O_DIRECT,
  O_NOATIME,
  O_NONBLOCK,
  O_PATH,
} from '../flags.ts';
import { type Answer, failure, SUCCESS, UNSPECIFIED, value } from './answer.ts';
import { low32 } from './arithmetic.ts';
import { hasFreeDescriptor, install, type Opened, openedEvenByPath } from './descriptors.ts';
import { takesDirect } from './kinds.ts';
import { fcntlLock } from './locks.ts';
import { addSeals, getSeals } from './memfd.ts';
import type { Caller, Process } from './state.ts';

const FD_CLOEXEC = 1;

/** What a descriptor of O_PATH allows. */
const OF_DESCRIPTORS: readonly number[] = [F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL];

/** What F_SETFL can change. */
const CHANGEABLE = O_APPEND | O_NONBLOCK | O_DIRECT | O_NOATIME;

/**
 * @call fcntl
 * Works on a descriptor or the file behind it: duplicates, flags, seals.
 *
 * | command | what it does |
 * |---|---|
 * | F_DUPFD, F_DUPFD_CLOEXEC | a second descriptor, the lowest that is free from `arg` on |
 * | F_GETFD, F_SETFD | whether the descriptor has FD_CLOEXEC |
 * | F_GETFL, F_SETFL | the flags of open; O_APPEND and O_NONBLOCK can be changed |
 * | F_ADD_SEALS | seals a memory file for good, for all who have it |
 * | F_GET_SEALS | the seals there are |
 * | F_SETLK | locks bytes of the file for the process (F_RDLCK, F_WRLCK), or unlocks them (F_UNLCK) |
 * | F_OFD_SETLK | the same for the open file |
 * | F_SETLKW, F_OFD_SETLKW | the same, and waits for the lock if it cannot be had |
 * | F_GETLK, F_OFD_GETLK | the first lock in the way of such a one, or F_UNLCK; F_OFD_GETLK for F_UNLCK: the first lock of the descriptor's own |
 *
 * Locks of a process end when it closes any descriptor of the file, those of an open file with its last descriptor and
 * mapping. A length of 0 is to the end of all files; a negative one goes backwards. Those who wait for a
 * lock come one after the other; the statement prints `waiting`. A lock that its process waited for while another thread closed
 * the descriptor is given back at once.
 *
 * | seal | what it forbids |
 * |---|---|
 * | F_SEAL_SEAL | further seals |
 * | F_SEAL_SHRINK, F_SEAL_GROW | a smaller, a larger size |
 * | F_SEAL_WRITE | stores by anybody |
 * | F_SEAL_FUTURE_WRITE | stores but through mappings that are there |
 * | F_SEAL_EXEC | changing the right to execute; of an executable file all changes |
 *
 * @errors
 * EBADF: `fd` is no descriptor, or one of O_PATH and the command asks for more than the descriptor
 * EINVAL: F_DUPFD: `arg` is negative or not below RLIMIT_NOFILE
 * EMFILE: F_DUPFD: no descriptor is free from there on
 * EPERM: F_ADD_SEALS: the file is not open for writing
 * EINVAL: F_ADD_SEALS: unknown seals
 * EINVAL: F_ADD_SEALS, F_GET_SEALS: neither a memory file nor a file on tmpfs
 * EPERM: F_ADD_SEALS: F_SEAL_SEAL is set
 * EBUSY: F_SEAL_WRITE while somebody has a shared mapping that is or could become writable
 * EINVAL: F_GETLK for F_UNLCK; a lock with an unknown `whence` or type, or before the start of the file
 * EOVERFLOW: a lock behind the last byte there can be
 * EBADF: F_RDLCK of what is not open for reading, F_WRLCK of what is not open for writing
 * EAGAIN: F_SETLK, F_OFD_SETLK: another has a lock that does not allow it
 * EDEADLK: F_SETLKW: whoever has that lock waits, perhaps over others, for one of this process
 * EBADF: F_SETLKW: the descriptor was closed while the call waited
 * EINVAL: an unknown command
 *
 * @flags F_DUPFD F_DUPFD_CLOEXEC F_GETFD F_SETFD F_GETFL F_SETFL F_ADD_SEALS F_GET_SEALS F_SEAL_ F_ALL_SEALS FD_CLOEXEC F_GETLK F_SETLK F_SETLKW F_OFD_ F_RDLCK F_WRLCK F_UNLCK
 */
export function fcntl(caller: Caller, fd: bigint, command: bigint, argument: bigint, ...lock: bigint[]): Answer {
  const [whence, start, length] = lock;
  if (length !== undefined) return fcntlLock(caller, fd, command, { type: argument, whence, start, length });
  const { state, process } = caller;
  const found = openedEvenByPath(state, process, fd);
  const number = low32(command);
  if (!found) return failure(EBADF);
  if (found.file.flags & O_PATH && !OF_DESCRIPTORS.includes(number)) return failure(EBADF);
  const value32 = low32(argument);
  switch (number) {
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
      return duplicate(process, found, value32, number === F_DUPFD ? 'keep' : 'close-on-exec');
    case F_GETFD:
      return value(process.closeOnExec.has(low32(fd)) ? BigInt(FD_CLOEXEC) : 0n);
    case F_SETFD:
      return setDescriptorFlags(process, low32(fd), value32);
    case F_GETFL:
      return value(BigInt(found.file.flags));
    case F_SETFL:
      return setStatusFlags(found, value32);
    case F_GET_SEALS:
      return getSeals(found);
    case F_ADD_SEALS:
      return addSeals(state, found, value32);
    default:
      return UNSPECIFIED;
  }
}

function duplicate(process: Process, { number }: Opened, from: number, onExec: 'keep' | 'close-on-exec'): Answer {
  if (BigInt(from) >= process.limits.nofile) return failure(EINVAL);
  return hasFreeDescriptor(process, from) ? install(process, number, onExec, from) : failure(EMFILE);
}

function setDescriptorFlags(process: Process, fd: number, flags: number): Answer {
  if (flags & FD_CLOEXEC) process.closeOnExec.add(fd);
  else process.closeOnExec.delete(fd);
  return SUCCESS;
}

function setStatusFlags({ file, object }: Opened, flags: number): Answer {
  const nameless = object.type === 'regular' && file.name === undefined;
  if (flags & O_DIRECT && (nameless || !takesDirect(object.type))) return failure(EINVAL);
  file.flags = (file.flags & ~CHANGEABLE) | (flags & CHANGEABLE);
  return SUCCESS;
}
