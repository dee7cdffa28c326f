import { expect, test } from 'vitest';
import type { Process } from '../../../src/index.ts';
import { AccessBatch, type AccessKinds, FETCH, MODIFY, READ, WRITE } from '../../../src/replay/access-batch.ts';
import { MappingTally } from '../../../src/replay/mapping-tally.ts';
import type { RecordedFiles } from '../../../src/replay/recorded-files.ts';

const MAPPINGS = [
  { start: 0x1000, end: 0x3000, path: '/a' },
  { start: 0x3000, end: 0x4000, path: '/b' },
  { start: 0x8000, end: 0x9000, path: '/c' },
];
const PLACES = [0, 0xfff, 0x1000, 0x2fff, 0x3000, 0x3fff, 0x4000, 0x7fff, 0x8000, 0x8fff, 0x9000, 2 ** 47];

function tallyOf(mappings: readonly { start: number; end: number; path: string }[]): MappingTally {
  const maps = (): object[] => mappings.map((mapping) => ({ ...mapping, perms: 'rw-p', offset: 0n }));
  return new MappingTally(
    { maps } as unknown as Process,
    { recordedPath: (path: string) => path } as unknown as RecordedFiles,
  );
}

/** Every place after every other, by every kind. */
function everyOrder(): AccessBatch {
  const batch = new AccessBatch(4 * PLACES.length ** 2);
  for (const first of PLACES) {
    for (const second of PLACES) {
      for (const kind of [FETCH, READ, MODIFY, WRITE]) {
        batch.kind[batch.count] = kind;
        batch.va[batch.count++] = kind === READ || kind === FETCH ? first : second;
      }
    }
  }
  return batch;
}

test('each access counts for its mapping or for none, and for its kind, whatever came before', () => {
  const batch = everyOrder();
  const tally = tallyOf(MAPPINGS);
  const kinds: AccessKinds = [0, 0, 0, 0];
  for (let from = 0; from < batch.count; from += 50) tally.add(batch, from, Math.min(from + 50, batch.count), kinds);
  const expected = new Map<string, number>();
  for (const va of batch.va) {
    const name = MAPPINGS.find(({ start, end }) => va >= start && va < end)?.path ?? '[none]';
    expected.set(name, (expected.get(name) ?? 0) + 1);
  }
  expect(new Map(tally.busiest().map(({ name, accesses }) => [name, accesses]))).toEqual(expected);
  expect(kinds).toEqual([READ, WRITE, FETCH, MODIFY].map(() => PLACES.length ** 2));
});

test('after a change of mappings the new ones count', () => {
  const mappings = [{ start: 0x1000, end: 0x2000, path: '/a' }];
  const tally = tallyOf(mappings);
  const batch = AccessBatch.single(READ, 0x1800, 8, 1);
  tally.add(batch, 0, 1, [0, 0, 0, 0]);
  mappings[0].path = '/b';
  tally.add(batch, 0, 1, [0, 0, 0, 0]);
  tally.invalidate();
  tally.add(batch, 0, 1, [0, 0, 0, 0]);
  expect(tally.busiest().map(({ name, accesses }) => [name, accesses])).toEqual([
    ['/a', 2],
    ['/b', 1],
  ]);
});
