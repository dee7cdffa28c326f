/** The programs in examples/ print the same with the built package as with the source (test/scenario/examples.test.ts). */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { examplePrograms, outputOf, PROPERTY_TEST, runExample, runPropertyTest } from '../helpers/examples.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'faultline-examples-'));
  // No `paths`: Node finds the package by its own name, in dist/.
  writeFileSync(join(folder, 'tsconfig.json'), '{}');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('the property test finds the mistake that its .out file shows', async () => {
  const { status, stderr } = await runPropertyTest();
  expect(stderr).toContain(readFileSync(join(PROPERTY_TEST, 'toy-vm.out'), 'utf8'));
  expect(status).toBe(1);
});

test.concurrent.each(examplePrograms())('%s prints what its .out file says', async (program) => {
  const answer = await runExample(program, join(folder, 'tsconfig.json'));
  expect(answer).toEqual({ status: 0, stderr: '', stdout: outputOf(program) });
});
