/**
 * Every program in examples/ prints exactly what stands in the .out file beside it, run as its reader runs it: `npx tsx FILE`. Here
 * 'faultline' is the source; test/package/examples.test.ts runs the same files against the build.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { EXAMPLES, examplePrograms, runExample } from '../helpers/examples.ts';
import { ROOT } from '../helpers/repository.ts';

const programs = examplePrograms();

test.concurrent.each(programs)('%s prints what its .out file says', async (program) => {
  const { status, stdout, stderr } = await runExample(program, join(ROOT, 'tsconfig.json'));
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toBe(readFileSync(join(EXAMPLES, program.replace(/\.ts$/, '.out')), 'utf8'));
});

describe('the folder', () => {
  test('has an output for each program and nothing left over', () => {
    const outputs = readdirSync(EXAMPLES).filter((name) => name.endsWith('.out'));
    expect(outputs.sort()).toEqual(programs.map((program) => program.replace(/\.ts$/, '.out')));
    expect(programs.length).toBeGreaterThanOrEqual(5);
  });

  test('has a line for each program in its README', () => {
    const readme = readFileSync(join(EXAMPLES, 'README.md'), 'utf8');
    expect(programs.filter((program) => !readme.includes(`[${program}](${program})`))).toEqual([]);
  });

  test.each(programs)('%s is short and imports the package by its name', (program) => {
    const text = readFileSync(join(EXAMPLES, program), 'utf8');
    expect(text.split('\n').length).toBeLessThanOrEqual(80);
    expect([...text.matchAll(/from '([^']+)'/g)].map((match) => match[1])).toEqual(['faultline']);
  });
});
