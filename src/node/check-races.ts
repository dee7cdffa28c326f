/**
 * Tells a race of the real kernel from a difference, by asking the kernel again.
 *
 * Place: under the checker. The others' answers stay as they were, so that nothing but the kernel's can make them agree: the machine and
 * the specification are deterministic, and a command that does not always say the same has a defect. What the kernel answers once
 * it permits, however rarely; how often it did is counted and told.
 *
 * How quick the disk is belongs to the host as well: where many calls lie between a read and a look at its pages, the kernel's answer is
 * always that the read has ended. So its answers are also compared with those of the simulated machine on an instant disk.
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
  /** As the others do if the simulated machine's disk is instant. */
  readonly agreedInstant: number;
}

/** A race, with the transcripts of a time when all agreed. */
export interface Settled {
  readonly race: Race;
  readonly transcripts: readonly Transcript[];
}

/** Whether a target is the real kernel below this program: another that is asked through a command is not known to be one. */
function isKernel({ word }: TargetSpec): boolean {
  return word === 'linux';
}

/** What is to be settled, and who can be asked once more. */
export interface Dispute {
  readonly comparison: Comparison;
  /** What all targets answered at first. */
  readonly first: readonly Transcript[];
  readonly targets: readonly TargetSpec[];
  /** Asks a kernel again. */
  readonly askKernel: (target: number) => Promise<Transcript>;
  /** Asks a simulated machine with an instant disk. */
  readonly askInstant: (target: number) => Promise<Transcript>;
}

/** Asks for the scenario that differed once more, so many times. Undefined if it is no race: the kernels never agree with the others. */
export async function settleRace({
  comparison,
  first,
  targets,
  askKernel,
  askInstant,
}: Dispute): Promise<Settled | undefined> {
  const kernels = placesOf(targets, isKernel);
  // What hinders the driver from answering is no answer of the kernel's.
  if (kernels.length === 0 || !kernels.every((target) => isWhole(first[target]))) return undefined;
  const machines = placesOf(targets, ({ kind }) => kind === 'sim');
  const instant = await replaced(first, machines, askInstant);
  const agreeing: (readonly Transcript[])[] = [];
  const count = (transcripts: readonly Transcript[]): number => {
    if (!comparison.agrees(transcripts)) return 0;
    agreeing.push(transcripts);
    return 1;
  };
  let agreed = 0;
  let agreedInstant = count(instant);
  for (let time = 0; time < KERNEL_REPEATS; time++) {
    const again = await replaced(first, kernels, askKernel);
    agreed += count(again);
    agreedInstant += count(
      instant.map((transcript, target) => (kernels.includes(target) ? again[target] : transcript)),
    );
  }
  if (agreeing.length === 0) return undefined;
  return { race: { asked: 1 + KERNEL_REPEATS, agreed, agreedInstant }, transcripts: agreeing[0] };
}

function placesOf(targets: readonly TargetSpec[], isOne: (spec: TargetSpec) => boolean): number[] {
  return targets.flatMap((spec, target) => (isOne(spec) ? [target] : []));
}

async function replaced(
  transcripts: readonly Transcript[],
  targets: readonly number[],
  ask: (target: number) => Promise<Transcript>,
): Promise<readonly Transcript[]> {
  const result = [...transcripts];
  for (const target of targets) result[target] = await ask(target);
  return result;
}

function isWhole({ answers, rest }: Transcript): boolean {
  return rest.length === 0 && !answers.flat().some((line) => line.startsWith('(no answer'));
}
