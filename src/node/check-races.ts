/**
 * Tells a race of the real kernel from a difference, by asking the kernel again.
 *
 * Place: under the checker. The others' answers stay as they were, so that nothing but the kernel's can make them agree: the machine and
 * the specification are deterministic, and a command that does not always say the same has a defect. What the kernel answers once
 * it permits, however rarely; how often it did is counted and told.
 */
import type { Comparison } from '../testing/compare.ts';
import type { Transcript } from '../testing/transcript.ts';
import type { TargetSpec } from './check-targets.ts';

/**
 * How often the kernel is asked again. An answer that it gives in one run of eight is missed by 16 repeats in one case of eight; each
 * takes about 20 ms, and only a scenario that differs is repeated.
 */
export const KERNEL_REPEATS = 16;

/** How often the kernel was asked in all, and how often it answered as the others do. */
export interface Race {
  readonly asked: number;
  readonly agreed: number;
}

/** A race, with the transcripts of a time when all agreed. */
export interface Settled {
  readonly race: Race;
  readonly transcripts: readonly Transcript[];
}

/** Whether a target is the real kernel below this program: another that is asked through a command is not known to be one. */
export function isKernel({ word }: TargetSpec): boolean {
  return word === 'linux';
}

/** Asks for the scenario that differed once more, so many times. Undefined if it is no race: the kernels never agree with the others. */
export async function settleRace(
  comparison: Comparison,
  first: readonly Transcript[],
  kernels: readonly number[],
  ask: (target: number) => Promise<Transcript>,
): Promise<Settled | undefined> {
  // What hinders the driver from answering is no answer of the kernel's.
  if (kernels.length === 0 || !kernels.every((target) => isWhole(first[target]))) return undefined;
  const agreeing: (readonly Transcript[])[] = [];
  for (let time = 0; time < KERNEL_REPEATS; time++) {
    const transcripts = [...first];
    for (const target of kernels) transcripts[target] = await ask(target);
    if (comparison.agrees(transcripts)) agreeing.push(transcripts);
  }
  if (agreeing.length === 0) return undefined;
  return { race: { asked: 1 + KERNEL_REPEATS, agreed: agreeing.length }, transcripts: agreeing[0] };
}

function isWhole({ answers, rest }: Transcript): boolean {
  return rest.length === 0 && !answers.flat().some((line) => line.startsWith('(no answer'));
}
