/**
 * Machines that no real kernel here can be asked about: 32 bits, and pages of 64 KiB. The machine and the specification, which share no
 * line, must give the lines that stand beside the scenario.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { resolveConfig } from '../../src/config.ts';
import type { SchemeName } from '../../src/index.ts';
import { MachineTarget } from '../../src/scenario/machine-target.ts';
import { parseScenario, runScenario } from '../../src/scenario/scenario.ts';
import { specLayout } from '../../src/testing/spec-layout.ts';
import { SpecTarget } from '../../src/testing/spec-target.ts';

const FOLDER = new URL('./widths/', import.meta.url);
const SCHEMES = readdirSync(FOLDER)
  .filter((name) => name.endsWith('.scn'))
  .map((name) => name.slice(0, -'.scn'.length) as SchemeName);

function read(name: string): string {
  return readFileSync(new URL(name, FOLDER), 'utf8');
}

test('there are scenarios', () => {
  expect(SCHEMES).toEqual(['pages-64k', 'x86-32']);
});

test.each(SCHEMES)('%s', (scheme) => {
  const config = { scheme, invariants: 2 } as const;
  const scenario = parseScenario(read(`${scheme}.scn`), `${scheme}.scn`);
  const expected = read(`${scheme}.out`).replace(/\n$/, '').split('\n');
  expect([...runScenario(scenario, new MachineTarget(config))]).toEqual(expected);
  const spec = new SpecTarget(specLayout(resolveConfig(config)));
  const said = [...runScenario(scenario, spec)].map((line, index) =>
    line.endsWith('-> = refused') ? expected[index] : line,
  );
  expect(said).toEqual(expected);
});
