/**
 * Rows about loads beside what the language itself can do: the same bytes in the same order out of one Uint8Array.
 */
import { MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, type Machine, type MachineConfig, PROT_EXEC } from 'faultline';
import { expectEqual, inJavaScript, type Pair } from '../measure.ts';
import { MIB, machineFor, mapPrivate, PAGE, READ_WRITE } from './machines.ts';
import { CODE, MATRICES, matrixTrace, STACK, WRITE } from './matrix-trace.ts';

const LOADS = 2 ** 21;
/** Sizes of working sets in pages, each for a third of the loads. */
const WORKING_SETS = [64, 256, 1024];
const RANDOM_BYTES = 64 * MIB;

/** Numbers in [0, 1), the same in every run (Marsaglia's xorshift32). */
function randomNumbers(): () => number {
  let state = 0x2545f491;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Uint32Array(LOADS): offsets at random in the first `pages` pages, `pages` growing from set to set. */
function offsetsIn(sets: readonly number[]): Uint32Array {
  const random = randomNumbers();
  return Uint32Array.from({ length: LOADS }, (_, i) => {
    const pages = sets[Math.floor((i * sets.length) / LOADS)];
    return Math.floor(random() * pages * PAGE);
  });
}

function randomBytes(length: number): Uint8Array {
  const random = randomNumbers();
  return Uint8Array.from({ length }, () => random() * 256);
}

/** Both sides add up the same bytes; their sums must be equal. */
function loadPair(bytes: Uint8Array, offsets: Uint32Array, config: MachineConfig): Pair {
  const machine = machineFor(bytes.length, config);
  const process = machine.spawn();
  const base = mapPrivate(process, bytes.length);
  process.copyOut(base, bytes);
  const loads = (): number => {
    let sum = 0;
    for (let i = 0; i < LOADS; i++) sum += process.load8(base + offsets[i]);
    return sum;
  };
  const raw = (): number => {
    let sum = 0;
    for (let i = 0; i < LOADS; i++) sum += bytes[offsets[i]];
    return sum;
  };
  const finish = (): void => {
    expectEqual('sum of the loads', loads(), raw());
    machine.check();
  };
  return {
    ours: inJavaScript({ operations: LOADS, run: loads }),
    theirs: inJavaScript({ operations: LOADS, run: raw }),
    finish,
  };
}

function workingSetPair(config: MachineConfig): Pair {
  return loadPair(randomBytes(Math.max(...WORKING_SETS) * PAGE), offsetsIn(WORKING_SETS), config);
}

export function load8Direct(): Pair {
  return workingSetPair({ tlb: 'direct' });
}

export function load8Default(): Pair {
  return workingSetPair({});
}

export function load8Direct64mib(): Pair {
  return loadPair(randomBytes(RANDOM_BYTES), offsetsIn([RANDOM_BYTES / PAGE]), { tlb: 'direct' });
}

const DECODED = 1_500_000;
const IMAGE_BYTES = MATRICES.end - CODE.start;

/** Where the byte at `va` stands in one flat array: code and matrices, then the stack. */
function flatPlace(va: number): number {
  return va >= STACK.start ? va - STACK.start + IMAGE_BYTES : va - CODE.start;
}

/** A machine with a process that has the mappings of the trace. */
function tracedMachine(): Machine {
  const machine = machineFor(4 * MIB);
  const process = machine.spawn();
  const fixed = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
  process.munmap(STACK.start, STACK.end - STACK.start);
  for (const { start, end } of [CODE, MATRICES, STACK]) process.mmap(start, end - start, READ_WRITE | PROT_EXEC, fixed);
  return machine;
}

export function replayDecoded(): Pair {
  const trace = matrixTrace(DECODED);
  const { va, size, kind } = trace;
  const machine = tracedMachine();
  const [process] = machine.processes();
  const replay = (): void => {
    expectEqual('accesses before one that is refused', process.touchRun(va, size, kind, 0, DECODED), DECODED);
  };
  const bytes = new Uint8Array(IMAGE_BYTES + STACK.end - STACK.start).fill(1);
  const raw = (): number => {
    let sum = 0;
    for (let i = 0; i < DECODED; i++) {
      const place = flatPlace(va[i]);
      if (kind[i] === WRITE) bytes[place] = i;
      else sum += bytes[place];
    }
    return sum;
  };
  return {
    ours: inJavaScript({ operations: DECODED, run: replay }),
    theirs: inJavaScript({ operations: DECODED, run: raw }),
    finish: () => {
      const before = machine.tlbCounts().accesses;
      replay();
      expectEqual('translations of a replay', machine.tlbCounts().accesses - before, DECODED);
      machine.check();
    },
  };
}
