/**
 * The language against every recorded output: what a real kernel answered, fed back as answers, is printed as the recording has it.
 *
 * Proves parsing, evaluation, names and formatting on all recordings, without a machine that might hide their faults.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseScenario, runScenario } from '../../src/scenario/scenario.ts';
import { ReplayingTarget } from '../helpers/replaying-target.ts';

const FOLDER = new URL('./scenarios/', import.meta.url);

function linesOf(path: string): string[] {
  return readFileSync(new URL(path, FOLDER), 'utf8').replace(/\n$/, '').split('\n');
}

function recordings(folder: string): string[] {
  return readdirSync(new URL(folder, FOLDER)).filter((name) => name.endsWith('.expected'));
}

/** What the runner prints when every answer is the recorded one. */
function replay(scenarioPath: string, recorded: readonly string[]): string[] {
  const scenario = parseScenario(readFileSync(new URL(scenarioPath, FOLDER), 'utf8'), scenarioPath);
  return [...runScenario(scenario, new ReplayingTarget(scenario, recorded))];
}

describe.each(['cases', 'random'])('the recordings in %s', (folder) => {
  const names = recordings(folder);

  test('are there', () => {
    expect(names.length).toBeGreaterThan(50);
  });

  test.each(names)('%s', (name) => {
    const recorded = linesOf(`${folder}/${name}`);
    expect(replay(`${folder}/${name.replace(/(\.ext4)?\.expected$/, '.scn')}`, recorded)).toEqual(recorded);
  });
});

describe('a recording that no kernel could have made', () => {
  const path = 'cases/null-hint-top-down.scn';
  const recorded = linesOf('cases/null-hint-top-down.expected');

  test.each([
    ['an address that is not in its shortest form', 'q+0x2000-q+0x5000', 'p-0x1000-q+0x5000'],
    ['an offset without leading zeros', 'rw-p 00000000', 'rw-p 000000000'],
  ])('is not reproduced: %s', (_what, right, wrong) => {
    const forged = recorded.map((line) => line.replace(right, wrong));
    expect(forged).not.toEqual(recorded);
    expect(replay(path, forged)).not.toEqual(forged);
  });
});
