/**
 * A program's address space as execve leaves it: image, loader, stack, vdso, and what the kernel has touched
 * already.
 *
 *   file mappings   as /proc/PID/maps of that moment shows them
 *   .data | .bss    the last page of each object's writable part is private already: execve cleared the bytes behind the data
 *   stack           from the initial stack pointer up: arguments, environment, auxiliary vector
 *
 * Place: traced-process.ts builds one at each execve; faults are counted from there on. A lackey log runs in
 * Valgrind's layout: the same objects at other places (`valgrindImage`).
 * Source: Linux fs/binfmt_elf.c elf_load, padzero, create_elf_tables; Valgrind's m_ume and aspacemgr.
 */

import { MAP_ANONYMOUS, MAP_FIXED, MAP_GROWSDOWN, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../flags.ts';
import type { Process } from '../index.ts';
import { FETCH, READ, WRITE } from './access-batch.ts';
import { PAGE } from './call-context.ts';
import type { MapsLine } from './maps-lines.ts';
import type { RecordedFiles } from './recorded-files.ts';
import type { SimDescriptors } from './sim-descriptors.ts';

const STACK = '[stack]';
const VDSO = '[vdso]';
const VVAR = '[vvar]';
/** Mappings of the kernel's own pages. */
const SPECIAL = new Set([VDSO, VVAR, '[vvar_vclock]', '[uprobes]']);

/** Where the vdso and its data page stand natively. */
export interface HiddenVdso {
  readonly text: number;
  readonly data: number;
}

export interface Image {
  readonly mappings: readonly MapsLine[];
  /** The vdso and its data if the recorder hid them from the program. */
  readonly hiddenVdso: HiddenVdso | undefined;
  /** [start, end) of the stack mapping; zeros if there is none. */
  readonly stackStart: number;
  readonly stackEnd: number;
}

export function imageOf(mappings: readonly MapsLine[]): Image {
  const stack = mappings.find(({ path }) => path === STACK);
  return { mappings, hiddenVdso: undefined, stackStart: stack?.start ?? 0, stackEnd: stack?.end ?? 0 };
}

/** True if `va` lies in the image. */
export function holds(image: Image, va: number): boolean {
  return image.mappings.some(({ start, end }) => va >= start && va < end);
}

/** Replaces whatever the fresh process has by the image. */
export function mapImage(process: Process, sims: SimDescriptors, files: RecordedFiles, image: Image): void {
  process.clearImage(0); // the recorded heap is mapped where its brk calls say
  for (const mapping of image.mappings) mapOne(process, sims, files, mapping);
  for (const end of clearedPages(image.mappings)) process.kernelTouch(end - 1, 1, WRITE);
}

function mapOne(process: Process, sims: SimDescriptors, files: RecordedFiles, mapping: MapsLine): void {
  const { start, end, prot, offset, path } = mapping;
  const { sys } = process;
  if (SPECIAL.has(path)) {
    process.mapSpecial(start, end, prot, path);
  } else if (!path.startsWith('/')) {
    const grows = path === STACK ? MAP_GROWSDOWN : 0;
    sys.mmap(start, end - start, prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | grows, -1, 0);
  } else {
    const file = files.image(path);
    files.atLeast(file, offset + end - start);
    sys.mmap(start, end - start, prot, MAP_PRIVATE | MAP_FIXED, sims.of(file, 0), offset);
  }
}

/** Ends of the pages in which data stop and .bss begins: the last writable file mapping of each object. */
function clearedPages(mappings: readonly MapsLine[]): Iterable<number> {
  const ends = new Map<string, number>();
  for (const { path, prot, end } of mappings) if (path.startsWith('/') && prot & PROT_WRITE) ends.set(path, end);
  return ends.values();
}

/** The header of the vdso, which a native loader reads first of all. */
export function readVdsoHeader(process: Process, { text }: HiddenVdso): void {
  process.touch(text, 64, READ);
}

/** A call that natively stays in user mode: code of the vdso and the kernel's clock data. */
export function callVdso(process: Process, { text, data }: HiddenVdso): void {
  process.touch(text, 1, FETCH);
  process.touch(data, 8, READ);
}

/** What execve put on the stack, given the address and kind of the program's first stack access. */
export function touchInitialStack(process: Process, image: Image, firstAccess: number): void {
  const from = firstAccess - (firstAccess % PAGE);
  process.kernelTouch(from, image.stackEnd - from, WRITE);
}

/** Where Valgrind 3.x puts things on amd64. */
const VALGRIND = {
  pieBase: 0x108000,
  loaderBase: 0x4000000,
  stackEnd: 0x1fff001000,
  stackBytes: 0x21000,
  /** Its own text, where guest code returns from signal handlers. */
  toolStart: 0x58000000,
  toolEnd: 0x58400000,
};
/** A position-independent executable stands here or above, natively. */
const NATIVE_PIE_BASE = 0x500000000000;

/** The image as it stands under Valgrind: the native one's objects, shifted. */
export function valgrindImage(native: readonly MapsLine[]): Image {
  const objects = native.filter(({ path }) => path.startsWith('/'));
  const loader = objects[objects.length - 1]?.path;
  const program = objects[0]?.path;
  const programStart = objects[0]?.start ?? 0;
  const programShift = programStart >= NATIVE_PIE_BASE ? VALGRIND.pieBase - programStart : 0;
  const loaderStart = objects.find(({ path }) => path === loader)?.start ?? 0;
  const loaderShift = loader === program ? programShift : VALGRIND.loaderBase - loaderStart;
  const programEnd = Math.max(...objects.filter(({ path }) => path === program).map(({ end }) => end));
  const shifted = native.flatMap((mapping): MapsLine[] => {
    if (mapping.path === loader && loader !== program) return [moved(mapping, loaderShift)];
    if (mapping.path === program || (mapping.path === '' && mapping.start === programEnd))
      return [moved(mapping, programShift)];
    return mapping.path === VDSO || mapping.path === VVAR ? [mapping] : [];
  });
  const rights = { shared: false, offset: 0 };
  const tool = { start: VALGRIND.toolStart, end: VALGRIND.toolEnd, prot: PROT_READ | 4, path: '[valgrind]', ...rights };
  const stack = {
    start: VALGRIND.stackEnd - VALGRIND.stackBytes,
    end: VALGRIND.stackEnd,
    prot: PROT_READ | PROT_WRITE,
    path: STACK,
    ...rights,
  };
  const image = imageOf([...shifted, tool, stack].sort((a, b) => a.start - b.start));
  const text = native.find(({ path }) => path === VDSO)?.start;
  const data = native.find(({ path }) => path === VVAR)?.start;
  return { ...image, hiddenVdso: text === undefined || data === undefined ? undefined : { text, data } };
}

function moved(mapping: MapsLine, shift: number): MapsLine {
  return { ...mapping, start: mapping.start + shift, end: mapping.end + shift };
}
