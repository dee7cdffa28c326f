/**
 * execve(2): the process runs another program, an ELF file of fixed addresses.
 *
 * Up to the point of no return a refusal changes nothing. Beyond it the other threads are gone, descriptors with FD_CLOEXEC
 * are closed, caught signals are at their default, and the address space is a new one; what fails then kills.
 * While a program runs its file is not opened for writing, and a file that is open for writing is not run: ETXTBSY.
 * Source: Linux fs/exec.c do_open_execat, begin_new_exec; fs/binfmt_elf.c load_elf_binary, elf_load.
 */

import { decodeElfHeader, decodeElfSegments, ELF_HEADER_BYTES, ELF_SEGMENT_BYTES, type ElfSegment } from '../elf.ts';
import { EACCES, ENOEXEC, ENOMEM, ENOTDIR, ETXTBSY } from '../errno.ts';
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  O_LARGEFILE,
  O_RDONLY,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  SIGSEGV,
} from '../flags.ts';
import { ACCESS_WRITE } from '../mmu/access-codes.ts';
import { pagesUp } from '../units.ts';
import { BY_KERNEL } from './access.ts';
import { endVfork } from './exit.ts';
import type { KernelParts } from './kernel.ts';
import { Mm } from './mm.ts';
import { mapFile, mmap } from './mmap.ts';
import { OpenFile } from './open-file.ts';
import { readFile } from './read-write.ts';
import type { Task } from './task.ts';

/** The owner may execute. */
const S_IXUSR = 0o100;

/** Segments and the address of the first instruction. */
interface Program {
  readonly file: OpenFile;
  readonly entry: number;
  readonly segments: readonly ElfSegment[];
}

/** The address of the first instruction, or a negative errno. The task may have been killed on the way (SIGSEGV). */
export function exec(parts: KernelParts, task: Task, path: string, mmId: number): number {
  const file = openProgram(parts, path);
  if (typeof file === 'number') return file;
  const program = readProgram(parts, file);
  const mm = program === null ? null : newMm(parts, task, mmId);
  if (program === null || mm === null) {
    parts.openFiles.put(file);
    return program === null ? -ENOEXEC : -ENOMEM;
  }
  becomeAnother(parts, task, mm);
  mm.program = file;
  file.inode.programs++;
  if (!loadSegments(parts, task, program)) parts.exiter.kill(task, SIGSEGV);
  return program.entry;
}

function openProgram(parts: KernelParts, path: string): OpenFile | number {
  const found = parts.namespace.resolve(path, 'follow');
  if (typeof found === 'number') return found;
  const { entry, place } = found;
  const { inode } = entry;
  if (place.slash && inode.kind !== 'directory') return -ENOTDIR;
  if (inode.kind !== 'regular' || place.mount.noexec || !(inode.mode & S_IXUSR)) return -EACCES;
  if (inode.writers > 0) return -ETXTBSY;
  return new OpenFile(inode, O_RDONLY | O_LARGEFILE, entry.dentry, place.mount);
}

function readProgram(parts: KernelParts, file: OpenFile): Program | null {
  const header = decodeElfHeader(readAt(parts, file, 0n, ELF_HEADER_BYTES));
  if (header === null) return null;
  const bytes = header.segments * ELF_SEGMENT_BYTES;
  const table = readAt(parts, file, header.tableOffset, bytes);
  const segments = table.length < bytes ? null : decodeElfSegments(table);
  return segments === null ? null : { file, entry: Number(header.entry), segments };
}

/** Bytes of a file from `offset` on, fewer at its end. */
function readAt(parts: KernelParts, file: OpenFile, offset: bigint, length: number): Uint8Array {
  const { pageSize, ram } = parts;
  const bytes = new Uint8Array(length);
  const position = { page: Number(offset / BigInt(pageSize)), byte: Number(offset % BigInt(pageSize)) };
  let done = 0;
  const moved = readFile(parts, file, position, length, (pa, count) => {
    ram.read(pa, bytes.subarray(done, done + count));
    done += count;
    return count;
  });
  return bytes.subarray(0, Math.max(0, moved));
}

function newMm({ tables, asids }: KernelParts, { mm: old }: Task, id: number): Mm | null {
  const mm = new Mm(id, old.pageSize, old.wordBits, old.stackGuard, old.commitments);
  mm.root = tables.newTable();
  if (mm.root === 0) return null;
  asids.assign(mm);
  return mm;
}

/** The point of no return. */
function becomeAnother(parts: KernelParts, task: Task, mm: Mm): void {
  const { exiter, openFiles, engine } = parts;
  exiter.endOthers(task);
  for (const [signal, disposition] of task.group.dispositions)
    if (disposition !== 'ignore') task.group.dispositions.delete(signal);
  for (const file of task.files.takeClosedOnExec()) openFiles.close(file, task.files);
  task.group.peakRss = Math.max(task.group.peakRss, task.mm.peakRss);
  exiter.leaveMm(task.mm);
  task.mm = mm;
  task.privileged = true;
  engine.active = null;
  endVfork(task);
}

function loadSegments(parts: KernelParts, task: Task, { file, segments }: Program): boolean {
  const { mm } = task;
  let end = 0;
  for (const segment of segments) {
    if (!loadSegment(parts, task, file, segment)) return false;
    end = Math.max(end, Number(segment.address + segment.memoryBytes));
  }
  mm.startBrk = pagesUp(end, mm.pageSize, mm.wordBits) * mm.pageSize;
  mm.brk = mm.startBrk;
  return true;
}

/** The part that is in the file, the rest of its last page zeroed, and memory for what goes beyond. */
function loadSegment(parts: KernelParts, task: Task, file: OpenFile, segment: ElfSegment): boolean {
  const { pageSize, wordBits } = task.mm;
  const { address, fileBytes, memoryBytes, prot } = segment;
  if (fileBytes > memoryBytes) return false;
  const start = Number(address);
  const into = start % pageSize;
  const fileEnd = start + Number(fileBytes);
  if (fileBytes > 0n && !mapPart(parts, task, file, segment, start - into, fileEnd)) return false;
  if (memoryBytes === fileBytes) return true;
  const zeroFrom = fileBytes > 0n ? fileEnd : start - into;
  const zeroEnd = pagesUp(fileEnd, pageSize, wordBits) * pageSize;
  if (fileBytes > 0n && !clear(parts, task, zeroFrom, zeroEnd) && prot & PROT_WRITE) return false;
  const from = fileBytes > 0n ? zeroEnd : zeroFrom;
  const end = pagesUp(start + Number(memoryBytes), pageSize, wordBits) * pageSize;
  const rights = PROT_READ | PROT_WRITE | (prot & PROT_EXEC);
  const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
  return end <= from || mmap(parts, task, from, end - from, rights, flags, -1, 0) >= 0;
}

function mapPart(
  parts: KernelParts,
  task: Task,
  file: OpenFile,
  { offset, prot }: ElfSegment,
  start: number,
  end: number,
): boolean {
  const { pageSize, wordBits } = task.mm;
  const into = Number(offset % BigInt(pageSize));
  const length = pagesUp(end - start, pageSize, wordBits) * pageSize;
  const pgoff = Number(offset / BigInt(pageSize));
  if (end - start < into) return false;
  return mapFile(parts, task, file, start, length, prot, MAP_PRIVATE | MAP_FIXED, pgoff) >= 0;
}

/** Zeroes [from, end) as the kernel stores into user memory; false where it cannot. */
function clear(parts: KernelParts, task: Task, from: number, end: number): boolean {
  for (let va = from; va < end; va++) {
    const pa = parts.engine.resolve(task, va, ACCESS_WRITE, BY_KERNEL);
    if (pa < 0) return false;
    parts.ram.store8(pa, 0);
  }
  return true;
}
