/**
 * What `Machine.explain` says that a load or store would do is what it then does, in every recorded scenario on both file systems.
 *
 * The explanation asks the questions of the MMU and of the fault handlers without their effects: it is a second telling of the same
 * rules, and this holds the two together.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseScenario, runScenario } from '../../src/scenario/scenario.ts';
import { ForeseeingTarget } from '../helpers/foreseeing-target.ts';

const FOLDER = new URL('./scenarios/', import.meta.url);

function scenarios(folder: string): string[] {
  return readdirSync(new URL(folder, FOLDER))
    .filter((name) => name.endsWith('.scn'))
    .map((name) => `${folder}/${name}`);
}

function run(path: string, target: ForeseeingTarget): void {
  const scenario = parseScenario(readFileSync(new URL(path, FOLDER), 'utf8'), path);
  for (const _line of runScenario(scenario, target));
}

describe.each(['tmpfs', 'ext4'] as const)('on %s', (fs) => {
  const seen = new Map<string, number>();

  test.each([...scenarios('cases'), ...scenarios('random')])('%s', (path) => {
    const target = new ForeseeingTarget({ fs, ram: '16M', cpus: 2 });
    run(path, target);
    for (const [kind, times] of target.foreseen) seen.set(kind, (seen.get(kind) ?? 0) + times);
    expect(target.surprises).toEqual([]);
  });

  test('every kind of outcome came up', () => {
    const kinds = ['tlb-hit', 'walk', 'map the zero page', 'fill a frame with zeros', 'map the cached page'];
    kinds.push('copy the page of the file', 'take the frame over', 'copy the frame');
    kinds.push('no address', 'no mapping', 'no right', 'guard', 'beyond the end');
    kinds.push(...(fs === 'tmpfs' ? ['add a page to the file'] : ['note the store', 'read the page']));
    expect([...seen.keys()]).toEqual(expect.arrayContaining(kinds));
  });
});
