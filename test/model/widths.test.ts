/** Of whatever width pages and registers are: the machine and the specification answer drawn programs alike, and the machine stays whole. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { resolveConfig, SCHEME_NAMES } from '../../src/config.ts';
import { MachineTarget } from '../../src/scenario/machine-target.ts';
import { parseScenario } from '../../src/scenario/scenario.ts';
import { scenarios } from '../../src/testing/arbitraries.ts';
import { findDifference, LINUX_RULES } from '../../src/testing/compare.ts';
import { pageSizeOf } from '../../src/testing/machine-draw.ts';
import { PROFILES, type Profile } from '../../src/testing/scenario-choices.ts';
import { specLayout } from '../../src/testing/spec-layout.ts';
import { SpecTarget } from '../../src/testing/spec-target.ts';
import { recordTranscript } from '../../src/testing/transcript.ts';
import { runs } from '../helpers/fuzz.ts';
import { FILE_SYSTEMS, showing } from '../helpers/program-run.ts';

const FRAMES = 2048;
const profile = fc.constantFrom(...(Object.keys(PROFILES) as Profile[]));

/** Scenarios do not fit into the tiny one. */
const SCHEMES = SCHEME_NAMES.filter((name) => name !== 'tiny' && name !== 'x86-64');

test.each(SCHEMES)('%s', (scheme) => {
  const pageSize = pageSizeOf(scheme);
  const drawn = fc
    .tuple(profile, FILE_SYSTEMS)
    .chain(([about, fs]) => scenarios({ profile: about, fs, pageSize, ops: 40 }).map((text) => ({ fs, text })));
  fc.assert(
    fc.property(drawn, ({ fs, text }) => {
      showing(text, () => {
        const config = { scheme, fs, ram: FRAMES * pageSize, invariants: 2 } as const;
        const scenario = parseScenario(text, 'drawn.scn');
        const said = recordTranscript(scenario, new SpecTarget(specLayout(resolveConfig(config))));
        const done = recordTranscript(scenario, new MachineTarget(config));
        expect(findDifference(scenario, [done, said], LINUX_RULES)).toBeUndefined();
      });
    }),
    { numRuns: runs(20) },
  );
});
