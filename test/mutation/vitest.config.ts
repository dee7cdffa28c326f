/**
 * The tests that run against each deliberate fault: all that look at the machine's behaviour, in one project, quickest first.
 *
 * Left out is what only looks at the sources, builds the package or replays long traces; model and property tests run with their
 * usual counts and fixed seeds.
 */
import { defineConfig } from 'vitest/config';

const KINDS = ['unit/kernel', 'unit/mmu', 'regress', 'syscall', 'conformance', 'property', 'model'];

export default defineConfig({
  test: {
    include: KINDS.map((kind) => `test/${kind}/**/*.test.ts`),
    exclude: ['test/conformance/spec.test.ts', 'test/model/specification.test.ts'],
    setupFiles: ['test/helpers/fuzz-setup.ts'],
    isolate: false,
    testTimeout: 120_000,
  },
});
