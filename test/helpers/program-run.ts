/** Runs generated programs: on machines of any make, and from a snapshot again. */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { MachineConfig, Snapshot } from '../../src/index.ts';
import { MachineTarget } from '../../src/scenario/machine-target.ts';
import { type Answer, parseScenario, runScenario, type Target, type TargetCall } from '../../src/scenario/scenario.ts';
import { type Draw, program } from './program.ts';

/** Programs of `calls` calls; a failing one shrinks by leaving calls out. */
export function programs(calls: number): fc.Arbitrary<string> {
  const draw: fc.Arbitrary<Draw> = fc.array(fc.nat(999), { minLength: 12, maxLength: 12, size: 'max' });
  const kept = fc.option(draw, { nil: null, freq: 1000 });
  return fc
    .array(kept, { minLength: calls, maxLength: calls, size: 'max' })
    .map((draws) => program(draws.filter((one) => one !== null)));
}

const level = fc.record({
  sets: fc.constantFrom(1, 2, 8, 64),
  ways: fc.integer({ min: 1, max: 6 }),
  replacement: fc.constantFrom('lru' as const, 'fifo' as const, 'random' as const),
});

/** Machines of any make but their file system: what they show must be the same. */
export const MACHINES: fc.Arbitrary<MachineConfig> = fc.record({
  ram: fc.constantFrom('16M', '16M', '32M', '64M'),
  cpus: fc.integer({ min: 1, max: 4 }),
  tlb: fc.oneof(
    fc.constantFrom('default' as const, 'direct' as const),
    level.map((one) => [one]),
    fc.tuple(level, level),
  ),
  faultAroundBytes: fc.constantFrom(4096, 8192, 65536, 1 << 20),
  disk: fc.record({ model: fc.constantFrom('ssd' as const, 'hdd' as const, 'instant' as const) }),
  seed: fc.nat(1000),
});

export const FILE_SYSTEMS: fc.Arbitrary<'tmpfs' | 'ext4'> = fc.constantFrom('tmpfs', 'ext4');

/** Runs `action`; if it fails, the program that did it stands below the error, ready to be run elsewhere. */
export function showing<T>(text: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof Error) error.message += `\n--- the program ---\n${text}\n---`;
    throw error;
  }
}

export function linesOf(text: string, target: Target): string[] {
  return [...runScenario(parseScenario(text, 'program.scn'), target)];
}

/** The lines of a program without those that tell how pages are mapped: fault-around may decide that. */
export function visible(lines: readonly string[]): string[] {
  return lines.filter((line) => !/^\d+ \w+ smaps\(/.test(line));
}

/** A call, and what came of it, as text. */
interface Step {
  readonly process: number;
  readonly call: TargetCall;
  readonly answer: string;
}

/** An answer as text: two answers are the same if their texts are. */
function textOf(answer: Answer): string {
  return JSON.stringify(answer, (_key, value: unknown) => {
    if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1');
    return typeof value === 'bigint' ? String(value) : value;
  });
}

/** A machine that keeps a snapshot of the moment before call number `at`, and every call from there on. */
export class RewindingTarget implements Target {
  readonly base: { readonly arena: bigint; readonly brk: bigint };
  private readonly inner: MachineTarget;
  private readonly at: number;
  private readonly steps: Step[];
  private snapshot: Snapshot | null;
  private calls: number;

  constructor(config: MachineConfig, at: number) {
    this.inner = new MachineTarget(config);
    this.base = this.inner.base;
    this.at = at;
    this.steps = [];
    this.snapshot = null;
    this.calls = 0;
  }

  isAlive(process: number): boolean {
    return this.inner.isAlive(process);
  }

  call(process: number, call: TargetCall): Answer {
    if (this.calls++ === this.at) this.snapshot = this.inner.machine.snapshot();
    const answer = this.inner.call(process, call);
    if (this.snapshot !== null) this.steps.push({ process, call, answer: textOf(answer) });
    return answer;
  }

  /** Everything the machine counts. */
  private counts(): unknown {
    const { machine } = this.inner;
    return [machine.vmstat(), machine.tlbCounts(), machine.timeNs];
  }

  /** Back to the snapshot and on again: every answer and every count must be as before. Twice, since a snapshot is not used up. */
  rewind(): void {
    if (this.snapshot === null) return;
    const counts = this.counts();
    for (let round = 0; round < 2; round++) {
      this.inner.machine.restore(this.snapshot);
      this.inner.machine.check();
      for (const { process, call, answer } of this.steps) {
        const again = textOf(this.inner.call(process, call));
        if (again !== answer) expect([call, again]).toEqual([call, answer]);
      }
      expect(this.counts()).toEqual(counts);
    }
  }
}
