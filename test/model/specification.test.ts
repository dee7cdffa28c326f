/** The machine and the executable specification answer random programs alike, wherever the specification says what must happen. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MachineTarget } from '../../src/scenario/machine-target.ts';
import { parseScenario } from '../../src/scenario/scenario.ts';
import { findDifference, LINUX_RULES } from '../../src/testing/compare.ts';
import { SpecTarget } from '../../src/testing/spec-target.ts';
import { recordTranscript } from '../../src/testing/transcript.ts';
import { runs } from '../helpers/fuzz.ts';
import { FILE_SYSTEMS, MACHINES, programs, showing } from '../helpers/program-run.ts';

test('the specification agrees', () => {
  let calls = 0;
  let open = 0;
  fc.assert(
    fc.property(programs(60), FILE_SYSTEMS, MACHINES, (text, fs, machine) => {
      showing(text, () => {
        const scenario = parseScenario(text, 'program.scn');
        const said = recordTranscript(scenario, new SpecTarget({ fs }));
        const done = recordTranscript(scenario, new MachineTarget({ ...machine, ram: '16M', fs, invariants: 0 }));
        expect(findDifference(scenario, [done, said], LINUX_RULES)).toBeUndefined();
        calls += said.answers.length;
        open += said.open.size;
      });
    }),
    { numRuns: runs(100) },
  );
  expect(open / calls).toBeLessThan(0.2);
});
