/** The programs in examples/ print the same with the built package as with the source (test/scenario/examples.test.ts). */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseScenario } from '../../src/scenario/scenario.ts';
import {
  type Difference,
  findDifference,
  type Implementation,
  ImplementationTarget,
  LINUX_RULES,
  recordTranscript,
  SpecTarget,
  showDifference,
} from '../../src/testing/testing.ts';
import { examplePrograms, FOUND, outputOf, PROPERTY_TEST, runExample, runPropertyTest } from '../helpers/examples.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-examples-'));
  // No `paths`: Node finds the package by its own name, in dist/.
  writeFileSync(join(folder, 'tsconfig.json'), '{}');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the property test finds a mistake', async () => {
  const { status, stderr } = await runPropertyTest();
  expect(stderr).toMatch(FOUND);
  expect(status).toBe(1);
});

test('its .out file shows a mistake that the toy has, as it would be shown', async () => {
  const output = readFileSync(join(PROPERTY_TEST, 'toy-vm.out'), 'utf8');
  expect(output).toMatch(FOUND);
  const text = [...output.matchAll(/^[ >] \d+ (.*)$/gm)].map(([, statement]) => `${statement}\n`).join('');
  const { ToyVm } = (await import(pathToFileURL(join(PROPERTY_TEST, 'toy-vm.ts')).href)) as {
    ToyVm: new () => Implementation;
  };
  const scenario = parseScenario(text, 'toy-vm.out');
  const targets = [new SpecTarget(), new ImplementationTarget(new ToyVm())];
  const transcripts = targets.map((target) => recordTranscript(scenario, target));
  const difference = findDifference(scenario, transcripts, LINUX_RULES) as Difference;
  const shown = showDifference(scenario, transcripts, difference, ['Linux', 'yours']);
  expect(output.split('\n').slice(2)).toEqual([...shown, '']);
});

test.concurrent.each(examplePrograms())('%s prints what its .out file says', async (program) => {
  const answer = await runExample(program, join(folder, 'tsconfig.json'));
  expect(answer).toEqual({ status: 0, stderr: '', stdout: outputOf(program) });
});
