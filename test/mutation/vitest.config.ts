/**
 * The tests that run against each deliberate fault: all that look at the machine's behaviour, in one project, quickest kind first.
 *
 * The first failure ends the run of a fault, so the order decides the time: most faults never come to the model and property tests.
 * Left out is what only looks at the sources, builds the package, replays long traces or tests another folder than the two.
 */
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const USUAL = ['unit/mmu', 'regress', 'unit/kernel', 'syscall', 'conformance'];
/** Ten times as long as the usual ones: for what survived those. */
const SLOW = ['scenario', 'property', 'model'];
const KINDS = process.env['FAULTLINE_MUTATE'] === 'all' ? [...USUAL, ...SLOW] : USUAL;

function kindOf({ moduleId }: TestSpecification): number {
  return KINDS.findIndex((kind) => moduleId.includes(`/test/${kind}/`));
}

class QuickestKindFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return [...files].sort((a, b) => kindOf(a) - kindOf(b) || (a.moduleId < b.moduleId ? -1 : 1));
  }
}

export default defineConfig({
  test: {
    include: KINDS.map((kind) => `test/${kind}/**/*.test.ts`),
    exclude: [
      'test/conformance/spec.test.ts',
      'test/model/specification.test.ts',
      'test/scenario/*-command.test.ts',
      'test/scenario/readme.test.ts',
      'test/scenario/examples.test.ts',
    ],
    setupFiles: ['test/helpers/fuzz-setup.ts'],
    sequence: { sequencer: QuickestKindFirst },
    isolate: false,
    testTimeout: 600_000,
  },
});
