/**
 * What is added to Stryker: survivors are named as soon as they are known, and where a fault is reached by many tests their files run whole.
 *
 * Stryker names each test that reaches a fault in one regular expression; with thousands of names, matching it against thousands of
 * tests takes longer than the tests of those files that do not reach the fault.
 */
import { declareClassPlugin, declareFactoryPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import { createVitestTestRunnerFactory } from './node_modules/@stryker-mutator/vitest-runner/dist/src/vitest-test-runner.js';

const NAMES_MAX = 500;

function running(runner) {
  const run = runner.run.bind(runner);
  runner.run = (options = {}) => {
    const { testIds = [] } = options;
    if (testIds.length <= NAMES_MAX) return run(options);
    // An id is the path of a file, #, and the name of a test.
    const testFiles = [...new Set(testIds.map((id) => id.slice(0, id.indexOf('#'))))];
    return run({ ...options, testIds: [], testFiles });
  };
  return runner;
}

const make = createVitestTestRunnerFactory();

function makeRunner(injector) {
  return running(make(injector));
}
makeRunner.inject = make.inject;

class Survivors {
  onMutationTestingPlanReady({ mutantPlans }) {
    this.left = mutantPlans.length;
  }

  onMutantTested({ fileName, location, replacement, status }) {
    this.left--;
    if (this.left % 10 === 0) console.log(`${this.left} to go`);
    if (status === 'Killed' || status === 'Ignored') return;
    const change = replacement.replaceAll(/\s+/g, ' ').slice(0, 100);
    console.log(`${status} ${fileName}:${location.start.line}:${location.start.column} => ${change}`);
  }
}

export const strykerPlugins = [
  declareFactoryPlugin(PluginKind.TestRunner, 'vitest', makeRunner),
  declareClassPlugin(PluginKind.Reporter, 'survivors', Survivors),
];
