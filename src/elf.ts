/**
 * The headers of an ELF program for x86-64, as execve reads them.
 *
 * Place: words; bytes to numbers, and what of them the kernel refuses before it looks any further.
 * Source: ELF-64 Object File Format; Linux fs/binfmt_elf.c load_elf_binary, load_elf_phdrs.
 */

export const ELF_HEADER_BYTES = 64;
export const ELF_SEGMENT_BYTES = 56;

const MAGIC = [0x7f, 0x45, 0x4c, 0x46];
const ET_EXEC = 2;
const EM_X86_64 = 62;
const PT_LOAD = 1;
const PT_INTERP = 3;
const PF_X = 1;
const PF_W = 2;
const PF_R = 4;
const PROT_READ = 1;
const PROT_WRITE = 2;
const PROT_EXEC = 4;
const TABLE_BYTES_MAX = 65536;

export interface ElfHeader {
  /** Address of the first instruction. */
  readonly entry: bigint;
  /** Where in the file the program headers stand, and how many. */
  readonly tableOffset: bigint;
  readonly segments: number;
}

/** A part of the file that is to be mapped. */
export interface ElfSegment {
  readonly offset: bigint;
  readonly address: bigint;
  readonly fileBytes: bigint;
  readonly memoryBytes: bigint;
  /** PROT_* */
  readonly prot: number;
}

/** The header at the beginning of a file; null for what is no program of a fixed address: ENOEXEC. */
export function decodeElfHeader(bytes: Uint8Array): ElfHeader | null {
  if (bytes.length < ELF_HEADER_BYTES || MAGIC.some((byte, index) => bytes[index] !== byte)) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint16(16, true) !== ET_EXEC || view.getUint16(18, true) !== EM_X86_64) return null;
  const segments = view.getUint16(56, true);
  if (view.getUint16(54, true) !== ELF_SEGMENT_BYTES) return null;
  if (segments === 0 || segments * ELF_SEGMENT_BYTES > TABLE_BYTES_MAX) return null;
  return { entry: view.getBigUint64(24, true), tableOffset: view.getBigUint64(32, true), segments };
}

/** The segments to be loaded, in their order; null for a program that asks for an interpreter. */
export function decodeElfSegments(table: Uint8Array): readonly ElfSegment[] | null {
  const view = new DataView(table.buffer, table.byteOffset, table.length);
  const segments: ElfSegment[] = [];
  for (let at = 0; at + ELF_SEGMENT_BYTES <= table.length; at += ELF_SEGMENT_BYTES) {
    const type = view.getUint32(at, true);
    if (type === PT_INTERP) return null;
    if (type !== PT_LOAD) continue;
    const word = (offset: number): bigint => view.getBigUint64(at + offset, true);
    const prot = protOf(view.getUint32(at + 4, true));
    segments.push({ offset: word(8), address: word(16), fileBytes: word(32), memoryBytes: word(40), prot });
  }
  return segments;
}

function protOf(flags: number): number {
  return (flags & PF_R ? PROT_READ : 0) | (flags & PF_W ? PROT_WRITE : 0) | (flags & PF_X ? PROT_EXEC : 0);
}
