/**
 * File descriptors: dup(2), close(2), and what a number leads to.
 */

import { EBADF, EMFILE } from '../errno.ts';
import { O_PATH } from '../flags.ts';
import { type Answer, failure, SUCCESS, value } from './answer.ts';
import { low32 } from './arithmetic.ts';
import { dropLocks } from './lock-lists.ts';
import type { Caller, FileObject, OpenFile, Process, State } from './state.ts';
import { newObject, newOpenFile, takeNumber } from './state.ts';

/** An open file, its number and what it is open on. */
export interface Opened {
  readonly number: number;
  readonly file: OpenFile;
  readonly object: FileObject;
}

/** What a descriptor leads to, even one of O_PATH; undefined for EBADF. */
export function openedEvenByPath(state: State, process: Process, fd: bigint): Opened | undefined {
  const number = process.descriptors.get(low32(fd));
  const file = number === undefined ? undefined : state.openFiles.get(number);
  const object = file && state.objects.get(file.object);
  return number !== undefined && file && object ? { number, file, object } : undefined;
}

/** What a descriptor leads to; undefined for EBADF. */
export function opened(state: State, process: Process, fd: bigint): Opened | undefined {
  const found = openedEvenByPath(state, process, fd);
  return found && found.file.flags & O_PATH ? undefined : found;
}

/** Whether the process may have one more descriptor, not below `from`; EMFILE if not. */
export function hasFreeDescriptor(process: Process, from = 0): boolean {
  return BigInt(freeDescriptor(process, from)) < process.limits.nofile;
}

function freeDescriptor(process: Process, from: number): number {
  let fd = from;
  while (process.descriptors.has(fd)) fd++;
  return fd;
}

/** The lowest free descriptor from `from` on, for an open file. */
export function install(process: Process, number: number, onExec: 'keep' | 'close-on-exec', from = 0): Answer {
  const fd = freeDescriptor(process, from);
  process.descriptors.set(fd, number);
  if (onExec === 'close-on-exec') process.closeOnExec.add(fd);
  return value(BigInt(fd));
}

/**
 * @call dup
 * Makes a second descriptor of an open file, and answers it: the lowest that is free.
 *
 * Both share one open file, its position and its flags; neither knows which was first. Mappings made through either
 * count as made through the same open file and may merge, which those of two opens never do.
 *
 * @errors
 * EBADF: `fd` is no descriptor
 * EMFILE: RLIMIT_NOFILE descriptors are open
 */
export function dup({ state, process }: Caller, fd: bigint): Answer {
  const found = openedEvenByPath(state, process, fd);
  if (!found) return failure(EBADF);
  return hasFreeDescriptor(process) ? install(process, found.number, 'keep') : failure(EMFILE);
}

/**
 * @call close
 * Gives a descriptor back.
 *
 * Mappings of the file stay, and so does the file as long as one is there, even if it has no name any more.
 *
 * @errors
 * EBADF: `fd` is no descriptor
 */
export function close({ state, process, number }: Caller, fd: bigint): Answer {
  const { object } = opened(state, process, fd) ?? {};
  // The process's own locks on the file go with any of its descriptors.
  if (object) dropLocks(state, object, 'locks', { process: number, file: undefined });
  process.closeOnExec.delete(low32(fd));
  return process.descriptors.delete(low32(fd)) ? SUCCESS : failure(EBADF);
}

/** A nameless file on the kernel's own tmpfs, open for reading and writing: its number. `promised` pages are committed for it. */
export function newTmpfsFile(state: State, name: string, size: bigint, seals: number, promised = 0n): number {
  const object = takeNumber(state);
  state.objects.set(object, {
    ...newObject('regular', 'tmpfs', name, state.now),
    deleted: true,
    size,
    seals,
    promised,
  });
  const number = takeNumber(state);
  state.openFiles.set(number, newOpenFile(object));
  return number;
}
