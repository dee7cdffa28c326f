/**
 * What the cases of test/syscall are run on, behind one interface: the simulated machine, the specification, the real kernel.
 *
 * Place: between src/node (which compiles the driver and finds scratch folders) and the tests. A target that this host does not have
 * is still listed, with the reason.
 */
import { UserError } from '../../src/assert.ts';
import { openTarget, targetSpec } from '../../src/node/check-targets.ts';
import type { FileSystem } from '../../src/node/scratch-folder.ts';
import { MachineTarget } from '../../src/scenario/machine-target.ts';
import type { Scenario } from '../../src/scenario/scenario.ts';
import { SpecTarget } from '../../src/testing/spec-target.ts';
import { recordTranscript, type Transcript } from '../../src/testing/transcript.ts';

export interface CaseTarget {
  /** `sim on tmpfs` */
  readonly name: string;
  readonly fs: FileSystem;
  /** Why it cannot be asked here; undefined if it can. */
  readonly missing: string | undefined;
  ask(scenario: Scenario, text: string, ram: string): Promise<Transcript>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 20_000;
const FILE_SYSTEMS: readonly FileSystem[] = ['tmpfs', 'ext4'];

/** Every target on each of its file systems. Programs start when they are first asked. */
export function caseTargets(): readonly CaseTarget[] {
  return [...FILE_SYSTEMS.map(simulated), ...FILE_SYSTEMS.map(specified), ...FILE_SYSTEMS.map(linuxTarget)];
}

function simulated(fs: FileSystem): CaseTarget {
  return inProcess(`sim on ${fs}`, fs, (scenario, ram) =>
    recordTranscript(scenario, new MachineTarget({ fs, ram, invariants: 2 })),
  );
}

function specified(fs: FileSystem): CaseTarget {
  return inProcess(`spec on ${fs}`, fs, (scenario) => recordTranscript(scenario, new SpecTarget({ fs })));
}

function inProcess(name: string, fs: FileSystem, run: (scenario: Scenario, ram: string) => Transcript): CaseTarget {
  return {
    name,
    fs,
    missing: undefined,
    ask: async (scenario, _text, ram) => run(scenario, ram),
    close: async () => {},
  };
}

/** The kernel this runs on, through the driver of native/: one process for all that is asked until `close`. */
export function linuxTarget(fs: FileSystem): CaseTarget {
  const name = `linux on ${fs}`;
  try {
    const settings = { fs, timeoutMs: TIMEOUT_MS, batch: true };
    const target = openTarget(targetSpec('linux', settings), settings);
    return {
      name,
      fs,
      missing: undefined,
      ask: (scenario, text) => target.ask(scenario, text, ''),
      close: () => target.close(),
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { name, fs, missing: error.message, ask: () => Promise.reject(error), close: async () => {} };
  }
}
