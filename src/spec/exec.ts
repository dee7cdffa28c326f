/**
 * execve(2) of an ELF file of fixed addresses, and kill(2).
 *
 * Source: execve(2), kill(2); Linux fs/exec.c begin_new_exec, fs/binfmt_elf.c load_elf_binary.
 */

import { decodeElfHeader, decodeElfSegments, ELF_HEADER_BYTES, ELF_SEGMENT_BYTES, type ElfSegment } from '../elf.ts';
import { EACCES, EINVAL, ENOENT, ENOEXEC, ENOTDIR, ESRCH, ETXTBSY } from '../errno.ts';
import { PROT_EXEC, PROT_READ, PROT_WRITE, SIGKILL } from '../flags.ts';
import { type Answer, failure, SUCCESS, UNSPECIFIED } from './answer.ts';
import { type Errno, low32, PAGE_SIZE, pageAlign, pageFloor, pageOf } from './arithmetic.ts';
import { access, isFault } from './faults.ts';
import { numberIn, putBytes } from './memory-access.ts';
import { mapPrivate } from './mmap.ts';
import { isOnNoexec } from './mounts.ts';
import { readBytes } from './objects.ts';
import { lookUp } from './paths.ts';
import { endProcess } from './processes.ts';
import { isOpenForWriting } from './programs.ts';
import type { Caller, FileObject, Process, State } from './state.ts';
import { newOpenFile, takeNumber } from './state.ts';
import { giveBack } from './vfork.ts';

/** The owner may execute. */
const MAY_EXECUTE = 0o100;

/**
 * @call execve
 * Runs another program in this process: the ELF file `path`.
 *
 * Its loadable segments are mapped privately where they ask to be, the rest of the last page of each that goes beyond the file is
 * zeroed, and zeros follow. All that was mapped before is gone, the other threads too; descriptors with FD_CLOEXEC are closed and
 * caught signals are at their default. Limits stay. Who waits for this process in vfork goes on. While it runs, the file cannot be
 * opened for writing.
 *
 * The statement prints `?`, and those that follow `executing`, but for `maps()`: what runs is the program, of which a scenario
 * knows one that sleeps for ever, `"\xb8\x22\x00\x00\x00\x0f\x05\xeb\xf7"`. One that faults on its first instruction is
 * killed at once. `kill` ends it.
 *
 * @errors
 * ENOENT: there is no such file
 * ENOTDIR: something on the way is no directory
 * EACCES: it is no regular file, or may not be executed, or lies on a noexec mount
 * ETXTBSY: it is open for writing, by whomever
 * ENOEXEC: it is no ELF program for x86-64 of fixed addresses, or its headers are not whole
 *
 * @differs No scripts, interpreters, shared libraries or position-independent programs: ENOEXEC. Arguments and environment
 * are empty, and the stack, vdso and vvar that Linux maps are not shown.
 */
export function execve({ state, process, number, thread }: Caller, path: string): Answer {
  const found = lookUp(state, path, 'follow');
  if (found === 'elsewhere') return UNSPECIFIED;
  if (typeof found === 'number') return failure(found);
  const { object } = found;
  if (object === undefined || found.number === undefined) return failure(ENOENT);
  if (found.slash && object.type !== 'directory') return failure(ENOTDIR);
  if (object.type !== 'regular' || !(object.mode & MAY_EXECUTE) || isOnNoexec(state, found)) return failure(EACCES);
  if (isOpenForWriting(state, found.number)) return failure(ETXTBSY);
  const header = decodeElfHeader(readBytes(object, 0n, BigInt(ELF_HEADER_BYTES)));
  const segments = header && segmentsOf(object, header.tableOffset, header.segments);
  if (!header || !segments) return failure(ENOEXEC);
  for (const other of state.threads.values()) if (other.process === number && other !== thread) other.ended = true;
  renew(state, process, found.number, found.nameNumber);
  thread.executing = true;
  if (!segments.every((segment) => load(state, process, segment))) return die(process, 'SIGSEGV');
  return begin(state, process, header.entry);
}

function die(process: Process, signal: 'SIGSEGV' | 'SIGBUS'): Answer {
  endProcess(process, { state: 'killed', signal });
  return { kind: 'killed', signal };
}

function segmentsOf(object: FileObject, offset: bigint, count: number): readonly ElfSegment[] | null {
  const bytes = count * ELF_SEGMENT_BYTES;
  const table = readBytes(object, offset, BigInt(bytes));
  return table.length < bytes ? null : decodeElfSegments(table);
}

/** What is left of a process, with an empty memory. */
function renew(state: State, process: Process, object: number, name: number | undefined): void {
  for (const fd of process.closeOnExec) process.descriptors.delete(fd);
  process.closeOnExec = new Set();
  for (const [name, handler] of Object.entries(process.handlers))
    if (handler === 'catch') process.handlers[name as keyof Process['handlers']] = 'default';
  giveBack(state, process);
  process.borrows = undefined;
  const program = takeNumber(state);
  state.openFiles.set(program, { ...newOpenFile(object), name, writable: false });
  process.program = program;
  process.memory = takeNumber(state);
  process.privileged = true;
  process.brk = 0n;
  process.vmas = [];
  process.pages = new Map();
  process.huge = new Map();
  process.lockedPages = 0n;
  process.futureFlags = 0;
}

function load(state: State, process: Process, { offset, address, fileBytes, memoryBytes, prot }: ElfSegment): boolean {
  if (fileBytes > memoryBytes) return false;
  const start = pageFloor(address);
  const fileEnd = address + fileBytes;
  if (fileBytes > 0n) {
    const length = pageAlign(fileEnd - start);
    const file = process.program;
    if (mapPrivate(state, process, { start, length, prot, file, pgoff: pageOf(offset) }) !== 0) return false;
  }
  const end = pageAlign(address + memoryBytes);
  if (end > process.brk) process.brk = end;
  if (memoryBytes === fileBytes) return true;
  const zeroEnd = fileBytes > 0n ? pageAlign(fileEnd) : start;
  if (fileBytes > 0n && !clear(state, process, fileEnd, zeroEnd) && prot & PROT_WRITE) return false;
  const length = pageAlign(address + memoryBytes) - zeroEnd;
  if (length <= 0n) return true;
  const rights = PROT_READ | PROT_WRITE | (prot & PROT_EXEC);
  return mapPrivate(state, process, { start: zeroEnd, length, prot: rights, file: undefined, pgoff: 0n }) === 0;
}

function clear(state: State, process: Process, from: bigint, end: bigint): boolean {
  if (from === end) return true;
  const place = access(state, process, from, 'store');
  if (isFault(place)) return false;
  putBytes(place, Number(from % PAGE_SIZE), new Uint8Array(Number(end - from)));
  return true;
}

/** The first instruction: two zero bytes are an addition to the byte at address 0. */
function begin(state: State, process: Process, entry: bigint): Answer {
  const bytes: bigint[] = [];
  for (const address of [entry, entry + 1n]) {
    const place = access(state, process, address, 'fetch');
    if (isFault(place)) return die(process, place.name === 'SIGBUS' ? 'SIGBUS' : 'SIGSEGV');
    bytes.push(numberIn(place, address, 1));
  }
  return bytes.every((byte) => byte === 0n) ? die(process, 'SIGSEGV') : SUCCESS;
}

/**
 * @call kill
 * Kills a process with SIGKILL, or with the signal 0 asks whether it is there.
 *
 * A process that has ended and has not been waited for is there.
 *
 * @errors
 * EINVAL: there is no such signal
 * ESRCH: there is no such process
 *
 * @flags SIGKILL
 *
 * @differs Other signals are EINVAL.
 */
export function kill({ state, number: own }: Caller, child: bigint, signal: bigint): Answer {
  const number = low32(signal);
  if (number !== 0 && number !== SIGKILL) return number > 0 && number <= 64 ? UNSPECIFIED : failure(EINVAL);
  const errno = aim(state, Number(child));
  if (errno !== 0 || number === 0) return errno === 0 ? SUCCESS : failure(errno);
  const process = state.processes.get(state.threads.get(Number(child))?.process ?? -1);
  if (process?.status.state === 'running') endProcess(process, { state: 'killed', signal: 'SIGKILL' });
  return state.threads.get(Number(child))?.process === own ? { kind: 'killed', signal: 'SIGKILL' } : SUCCESS;
}

/** A thread that is not the first of its process is gone when it has ended; a process, when it has been waited for. */
function aim(state: State, number: number): Errno {
  const thread = state.threads.get(number);
  const process = thread && state.processes.get(thread.process);
  if (!thread || !process || process.reaped) return ESRCH;
  const isFirst = thread.process === number;
  return isFirst || (!thread.ended && process.status.state === 'running') ? 0 : ESRCH;
}
