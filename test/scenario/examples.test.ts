/**
 * What lies in examples/ prints exactly what stands in the .out file beside it, run as its reader runs it: a program by `npx tsx FILE`
 * (here 'faultline' is the source; test/package/examples.test.ts takes the build), a scenario by `npx faultline run FILE`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  EXAMPLES,
  examplePrograms,
  exampleScenarios,
  FOUND,
  outputOf,
  PROPERTY_TEST,
  runExample,
  runPropertyTest,
  runTsx,
} from '../helpers/examples.ts';
import { ROOT } from '../helpers/repository.ts';

const SOURCE = join(ROOT, 'tsconfig.json');
const programs = examplePrograms();
const scenarios = exampleScenarios();

test.concurrent.each(programs)('%s prints what its .out file says', async (program) => {
  expect(await runExample(program, SOURCE)).toEqual({ status: 0, stderr: '', stdout: outputOf(program) });
});

test.concurrent.each(scenarios)('%s prints what its .out file says', async (scenario) => {
  const answer = await runTsx(['src/cli/main.ts', 'run', join('examples', scenario)], SOURCE);
  expect(answer).toEqual({ status: 0, stderr: '', stdout: outputOf(scenario) });
});

test('the property test finds a mistake', async () => {
  const { status, stderr } = await runPropertyTest(join(ROOT, 'test/helpers/example.vitest.config.ts'));
  expect(stderr).toMatch(FOUND);
  expect(status).toBe(1);
});

test('the READMEs show the property test as it is', () => {
  const source = readFileSync(join(PROPERTY_TEST, 'toy-vm.test.ts'), 'utf8');
  const output = readFileSync(join(PROPERTY_TEST, 'toy-vm.out'), 'utf8');
  const indented = (text: string): string => text.replace(/^(?=.)/gm, '    ');
  const kit = readFileSync(join(ROOT, 'src/testing/README.md'), 'utf8');
  const root = readFileSync(join(ROOT, 'README.md'), 'utf8');
  expect(kit).toContain(source);
  expect(kit).toContain(output.replace('Counterexample: ', ''));
  expect(root).toContain(indented(source));
  expect(root).toContain(indented(output));
});

describe('the folder', () => {
  test('has an output for each example and nothing left over', () => {
    const outputs = readdirSync(EXAMPLES).filter((name) => name.endsWith('.out'));
    expect(outputs.sort()).toEqual([...programs, ...scenarios].map((name) => name.replace(/\.\w+$/, '.out')).sort());
    expect(programs.length).toBeGreaterThanOrEqual(5);
    expect(scenarios.length).toBeGreaterThanOrEqual(2);
  });

  test('has a line for each example in its README', () => {
    const readme = readFileSync(join(EXAMPLES, 'README.md'), 'utf8');
    expect(
      [...programs, ...scenarios, 'property-test'].filter((name) => !readme.includes(`[${name}](${name})`)),
    ).toEqual([]);
  });

  test.each(programs)('%s is short and imports the package by its name', (program) => {
    const text = readFileSync(join(EXAMPLES, program), 'utf8');
    expect(text.split('\n').length).toBeLessThanOrEqual(80);
    expect([...text.matchAll(/from '([^']+)'/g)].map((match) => match[1])).toEqual(['faultline']);
  });
});
