/** Laws: what can be rebuilt may go at any time, and no load, call or mapping shows it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MachineTarget } from '../../src/scenario/machine-target.ts';
import { atLeast, runs } from '../helpers/fuzz.ts';
import { type Meddling, MeddlingTarget } from '../helpers/meddling.ts';
import { FILE_SYSTEMS, linesOf, programs, showing } from '../helpers/program-run.ts';

/** Lines that do not tell what happens to be mapped or cached. */
function lasting(lines: readonly string[]): string[] {
  return lines.filter((line) => !/^\d+ \w+ (smaps|mincore)\(/.test(line));
}

const laws: [string, Meddling, keyof Meddling][] = [
  ['every TLB emptied before each call', { tlbs: 100, translations: 0, cachedPages: 0 }, 'tlbs'],
  ['translations of cached pages dropped now and then', { tlbs: 0, translations: 20, cachedPages: 0 }, 'translations'],
  [
    'every translation of a cached page dropped before each call',
    { tlbs: 0, translations: 100, cachedPages: 0 },
    'translations',
  ],
  ['clean pages dropped from the cache now and then', { tlbs: 0, translations: 50, cachedPages: 30 }, 'cachedPages'],
  [
    'everything that can be rebuilt dropped before each call',
    { tlbs: 100, translations: 100, cachedPages: 100 },
    'cachedPages',
  ],
];

describe('nothing to be seen changes with', () => {
  test.each(laws)('%s', (_what, meddling, counted) => {
    let taken = 0;
    fc.assert(
      fc.property(programs(60), FILE_SYSTEMS, fc.nat(1000), (text, fs, seed) => {
        showing(text, () => {
          const target = new MeddlingTarget({ ram: '16M', fs, invariants: 2 }, meddling, seed);
          expect(lasting(linesOf(text, target))).toEqual(
            lasting(linesOf(text, new MachineTarget({ ram: '16M', fs, invariants: 0 }))),
          );
          taken += target.taken[counted];
        });
      }),
      { numRuns: runs(25) },
    );
    expect(taken).toBeGreaterThanOrEqual(atLeast(21));
  });
});
