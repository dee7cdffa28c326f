/**
 * Strict accounting (vm.overcommit_memory = 2): machine and specification refuse the same demands of random programs.
 *
 * The real kernel is not asked: its mode holds for everybody on the machine.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MachineTarget } from '../../src/scenario/machine-target.ts';
import { parseScenario } from '../../src/scenario/scenario.ts';
import { findDifference, LINUX_RULES } from '../../src/testing/compare.ts';
import { SpecTarget } from '../../src/testing/spec-target.ts';
import { recordTranscript } from '../../src/testing/transcript.ts';
import { atLeast, runs } from '../helpers/fuzz.ts';
import { programs, showing } from '../helpers/program-run.ts';

/** Pages that may be promised: few enough that programs come to the limit, and with it what a process leaves to others. */
const LIMIT_PAGES = 40;
const USER_RESERVE_PAGES = 2;
const PAGE = 4096;

const OVERCOMMIT = {
  mode: 2,
  kbytes: (LIMIT_PAGES * PAGE) / 1024,
  adminReserve: 0,
  userReserve: USER_RESERVE_PAGES * PAGE,
} as const;

test('the specification agrees on what may be promised', () => {
  let refused = 0;
  fc.assert(
    fc.property(programs(60), (text) => {
      showing(text, () => {
        const scenario = parseScenario(text, 'program.scn');
        const layout = {
          overcommit: 2,
          commitLimit: BigInt(LIMIT_PAGES),
          userReserve: BigInt(USER_RESERVE_PAGES),
        } as const;
        const said = recordTranscript(scenario, new SpecTarget({ fs: 'tmpfs', ...layout }));
        const machine = { ram: '16M', fs: 'tmpfs', invariants: 2, overcommit: OVERCOMMIT } as const;
        const done = recordTranscript(scenario, new MachineTarget(machine));
        expect(findDifference(scenario, [done, said], LINUX_RULES)).toBeUndefined();
        refused += said.answers.filter(([answer]) => answer.includes('ENOMEM')).length;
      });
    }),
    { numRuns: runs(60) },
  );
  expect(refused).toBeGreaterThanOrEqual(atLeast(51));
});
