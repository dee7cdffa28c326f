/**
 * What the cases of test/syscall are run on, behind one interface: the simulated machine, the specification, the real kernel.
 *
 * Place: between src/node (which compiles the driver and finds scratch folders) and the tests. A target that this host does not have
 * is still listed, with the reason.
 */
import { UserError } from '../../src/assert.ts';
import { resolveConfig } from '../../src/config.ts';
import { openTarget, targetSpec } from '../../src/node/check-targets.ts';
import type { FileSystem } from '../../src/node/scratch-folder.ts';
import { MachineTarget } from '../../src/scenario/machine-target.ts';
import { machineConfigOf, type Scenario } from '../../src/scenario/scenario.ts';
import { specLayout } from '../../src/testing/spec-layout.ts';
import { SpecTarget } from '../../src/testing/spec-target.ts';
import { recordTranscript, type Transcript } from '../../src/testing/transcript.ts';
import type { TargetName } from './case-file.ts';

export interface CaseTarget {
  /** `sim on tmpfs` */
  readonly name: string;
  readonly kind: TargetName;
  readonly fs: FileSystem;
  /** Why it cannot be asked here; undefined if it can. */
  readonly missing: string | undefined;
  ask(scenario: Scenario, text: string, ram: string): Promise<Transcript>;
  close(): Promise<void>;
}

const TIMEOUT_MS = 20_000;
const FILE_SYSTEMS: readonly FileSystem[] = ['tmpfs', 'ext4'];

/**
 * Every target on each of its file systems. Programs start when they are first asked. FAULTLINE_CASES_ON names the only target for
 * those who change no other (test/mutation).
 */
export function caseTargets(): readonly CaseTarget[] {
  const only = process.env['FAULTLINE_CASES_ON'];
  return [
    ...(only === undefined || only === 'sim' ? FILE_SYSTEMS.map(simulated) : []),
    ...(only === undefined || only === 'spec' ? FILE_SYSTEMS.map(specified) : []),
    ...(only === undefined || only === 'linux' ? FILE_SYSTEMS.map(linuxTarget) : []),
  ];
}

function simulated(fs: FileSystem): CaseTarget {
  return inProcess('sim', fs, (scenario, ram) =>
    recordTranscript(scenario, new MachineTarget({ fs, ram, ...machineConfigOf(scenario), invariants: 2 })),
  );
}

function specified(fs: FileSystem): CaseTarget {
  return inProcess('spec', fs, (scenario) =>
    recordTranscript(scenario, new SpecTarget(specLayout(resolveConfig({ ...machineConfigOf(scenario), fs })))),
  );
}

function inProcess(kind: TargetName, fs: FileSystem, run: (scenario: Scenario, ram: string) => Transcript): CaseTarget {
  return {
    name: `${kind} on ${fs}`,
    kind,
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
      kind: 'linux',
      fs,
      missing: undefined,
      ask: (scenario, text) => target.ask(scenario, text, ''),
      close: () => target.close(),
    };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { name, kind: 'linux', fs, missing: error.message, ask: () => Promise.reject(error), close: async () => {} };
  }
}
