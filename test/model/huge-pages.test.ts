/** The machine and the executable specification share out a small pool of huge pages alike. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { resolveConfig } from '../../src/config.ts';
import { MachineTarget } from '../../src/scenario/machine-target.ts';
import { parseScenario } from '../../src/scenario/scenario.ts';
import { scenarios } from '../../src/testing/arbitraries.ts';
import { findDifference, LINUX_RULES } from '../../src/testing/compare.ts';
import { specLayout } from '../../src/testing/spec-layout.ts';
import { SpecTarget } from '../../src/testing/spec-target.ts';
import { callsOf, recordTranscript } from '../../src/testing/transcript.ts';
import { atLeast, runs } from '../helpers/fuzz.ts';
import { MACHINES, showing } from '../helpers/program-run.ts';

test('whoever gets the last page', () => {
  let asked = 0;
  let gotten = 0;
  fc.assert(
    fc.property(
      scenarios({ profile: 'objects', hugePages: 'asked', ops: 60 }),
      fc.integer({ min: 0, max: 4 }),
      MACHINES,
      (text, hugePages, drawn) => {
        showing(`% machine hugepages=${hugePages}\n${text}`, () => {
          const machine = { ...drawn, ram: '32M', hugePages, invariants: 1 } as const;
          const scenario = parseScenario(text, 'program.scn');
          const said = recordTranscript(scenario, new SpecTarget(specLayout(resolveConfig(machine))));
          const done = recordTranscript(scenario, new MachineTarget(machine));
          expect(findDifference(scenario, [done, said], LINUX_RULES)).toBeUndefined();
          for (const [index, call] of callsOf(scenario).entries()) {
            if (!call.text.includes('MAP_HUGETLB')) continue;
            asked++;
            if (!done.answers[index][0].startsWith('= -1')) gotten++;
          }
        });
      },
    ),
    { numRuns: runs(80) },
  );
  expect(asked).toBeGreaterThanOrEqual(atLeast(30));
  expect(gotten / asked).toBeGreaterThan(0.2);
  expect(gotten / asked).toBeLessThan(0.8);
});
