/** `faultline demo`: it shows what it promises, and each of its headings is true. */
import { describe, expect, test } from 'vitest';
import { DEMO_SCENARIO } from '../../../src/cli/demo-scenario.ts';
import { parseScenario } from '../../../src/scenario/scenario.ts';
import { faultline } from '../../helpers/command-line.ts';

/** The output by heading: `1`, `2`, ... */
async function sections(): Promise<Map<string, string>> {
  const { stdout, stderr, code } = await faultline('demo');
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  const parts = stdout.split(/^# (\d)\. /m);
  return new Map(Array.from({ length: (parts.length - 1) / 2 }, (_, i) => [parts[2 * i + 1], parts[2 * i + 2]]));
}

test('is about twenty statements long', () => {
  const { length } = parseScenario(DEMO_SCENARIO, 'demo').statements;
  expect(length).toBeGreaterThanOrEqual(18);
  expect(length).toBeLessThanOrEqual(26);
});

test('fits a window: no line is longer than 120 characters', async () => {
  const { stdout } = await faultline('demo');
  expect(stdout.split('\n').filter((line) => line.length > 120)).toEqual([]);
});

describe('what it says is what happens', () => {
  test.each([
    ['1', ['the shared page of zeros', 'demand zero: frame', 'TLB hit in level 1']],
    ['2', ['page cache: ', 'fault-around: cached pages 0-2']],
    ['3', ['noted as dirty', 'write-back: pages 0-1 of story', 'cache: page 0 of story', 'load: TLB hit']],
    ['4', ['the child gets', 'page copied from frame', 'has no other user: made writable without a copy']],
    ['5', ['main runs on CPU 1', 'CPU 1 switches', 'shootdown: CPU 0']],
    ['6', ['--- SIGSEGV {si_code=SEGV_MAPERR', '--- SIGBUS {si_code=BUS_ADRERR', 'the file has no such page']],
  ])('section %s', async (heading, pieces) => {
    const text = (await sections()).get(heading) ?? '';
    for (const piece of pieces) expect(text).toContain(piece);
  });

  test('the store in section 3 is noticed twice, with the write-back between', async () => {
    const text = (await sections()).get('3') ?? '';
    expect(text.match(/noted as dirty|write-back/g)).toEqual(['noted as dirty', 'write-back', 'noted as dirty']);
  });
});
