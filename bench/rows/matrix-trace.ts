/**
 * The accesses of an invented program, the same on every host: a product of matrices as a compiled loop makes them.
 *
 * Six fetches and two loads for each product, one store and two stack accesses for each element: code in one page, rows, columns and
 * stack in others, so that the TLB sees what real programs show it. Addresses are where a native program has them.
 */

/** What an access does: the codes of `Process.touch`. */
export const READ = 0;
export const WRITE = 1;
export const FETCH = 2;

const N = 200;
const ROW_BYTES = 8 * N;
const MATRIX_BYTES = N * ROW_BYTES;

/** [start, end) of the mappings, page-aligned; the text is shown to a replay as a maps file. */
export const CODE = { start: 0x555555555000, end: 0x555555556000 };
export const DATA = { start: 0x555555556000, end: 0x555555557000 };
export const MATRICES = { start: 0x555555557000, end: 0x555555557000 + 4096 * Math.ceil((3 * MATRIX_BYTES) / 4096) };
export const STACK = { start: 0x7ffffffde000, end: 0x7ffffffff000 };

const FRAME = STACK.end - 0x100;
/** Bytes of the loop's instructions. */
const INSTRUCTIONS = [4, 5, 5, 4, 3, 2];

/** Columns of `count` accesses. */
export interface Accesses {
  readonly count: number;
  /** Float64Array(count): virtual address. */
  readonly va: Float64Array;
  /** Uint16Array(count): bytes. */
  readonly size: Uint16Array;
  /** Uint8Array(count): READ, WRITE or FETCH. */
  readonly kind: Uint8Array;
}

/** The first `count` accesses. */
export function matrixTrace(count: number): Accesses {
  const trace = { count, va: new Float64Array(count), size: new Uint16Array(count), kind: new Uint8Array(count) };
  let row = 0;
  const add = (kind: number, va: number, size: number): void => {
    if (row === count) return;
    trace.va[row] = va;
    trace.size[row] = size;
    trace.kind[row++] = kind;
  };
  while (row < count) {
    for (let element = 0; element < N * N && row < count; element++)
      addElement(add, Math.floor(element / N), element % N);
  }
  return trace;
}

type Add = (kind: number, va: number, size: number) => void;

/** Row i times column j. */
function addElement(add: Add, i: number, j: number): void {
  add(FETCH, CODE.start + 0x100, 4);
  add(READ, FRAME, 8);
  for (let k = 0; k < N; k++) {
    let at = CODE.start + 0x110;
    INSTRUCTIONS.forEach((size, instruction) => {
      add(FETCH, at, size);
      if (instruction === 1) add(READ, MATRICES.start + i * ROW_BYTES + 8 * k, 8);
      if (instruction === 2) add(READ, MATRICES.start + MATRIX_BYTES + k * ROW_BYTES + 8 * j, 8);
      at += size;
    });
  }
  add(FETCH, CODE.start + 0x130, 5);
  add(WRITE, MATRICES.start + 2 * MATRIX_BYTES + i * ROW_BYTES + 8 * j, 8);
  add(WRITE, FRAME, 8);
}

function mapsLine({ start, end }: { start: number; end: number }, rights: string, path: string): string {
  return `${start.toString(16)}-${end.toString(16)} ${rights} 00000000 fe:00 1 ${path}\n`;
}

/** /proc/PID/maps of the program at its execve. */
export function matrixMaps(): string {
  return [
    mapsLine(CODE, 'r-xp', '/bin/matrices'),
    mapsLine(DATA, 'rw-p', '/bin/matrices'),
    mapsLine(MATRICES, 'rw-p', ''),
    mapsLine(STACK, 'rw-p', '[stack]'),
  ].join('');
}

const PREFIX = [' L ', ' S ', 'I  '];

/** Lines [from, to) of the trace as text. */
export function traceLines({ va, size, kind }: Accesses, from: number, to: number): string {
  let text = '';
  for (let row = from; row < to; row++) text += `${PREFIX[kind[row]]}${va[row].toString(16)},${size[row]}\n`;
  return text;
}
