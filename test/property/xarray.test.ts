/** The sparse array under caches and block maps, against a plain map that is sorted for each question. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { XArray } from '../../src/xarray.ts';
import { runs } from '../helpers/fuzz.ts';

const LARGEST = 2 ** 51;
/** Neighbours, the ends of nodes of each level, and the far end. */
const index = fc.oneof(
  fc.nat(200),
  fc
    .tuple(fc.constantFrom(64, 4096, 262_144, 2 ** 32, 2 ** 48), fc.integer({ min: -2, max: 2 }))
    .map(([a, b]) => a + b),
  fc.constantFrom(LARGEST - 1, LARGEST),
);
const step = fc.record({
  kind: fc.constantFrom('set', 'set', 'remove', 'mark', 'unmark', 'next'),
  at: index,
  entry: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
  marks: fc.nat(15),
  end: fc.oneof(index, fc.constant(Number.POSITIVE_INFINITY)),
});

interface Held {
  entry: number;
  marks: number;
}

/** The first held index of [from, end) with all of `marks`, or -1. */
function nextOf(held: ReadonlyMap<number, Held>, from: number, end: number, marks: number): number {
  const found = [...held].filter(([at, one]) => at >= from && at < end && (one.marks & marks) === marks);
  return found.length === 0 ? -1 : Math.min(...found.map(([at]) => at));
}

test('a sparse array holds what was set, with its marks, and finds the next', () => {
  fc.assert(
    fc.property(fc.array(step, { size: 'large', maxLength: 300 }), (steps) => {
      const array = new XArray();
      const held = new Map<number, Held>();
      for (const { kind, at, entry, marks, end } of steps) {
        const one = held.get(at);
        if (kind === 'set') {
          array.set(at, entry);
          held.set(at, { entry, marks: one?.marks ?? 0 });
        } else if (kind === 'remove') {
          expect(array.remove(at)).toBe(one?.entry ?? 0);
          held.delete(at);
        } else if (kind === 'mark' && one !== undefined) {
          expect(array.mark(at, marks)).toBe(marks & ~one.marks);
          one.marks |= marks;
        } else if (kind === 'unmark') {
          expect(array.unmark(at, marks)).toBe(marks & (one?.marks ?? 0));
          if (one !== undefined) one.marks &= ~marks;
        }
        expect(array.next(at, end, marks)).toBe(nextOf(held, at, end, marks));
        expect(array.next(0, Number.POSITIVE_INFINITY, marks)).toBe(nextOf(held, 0, Number.POSITIVE_INFINITY, marks));
        const now = held.get(at) ?? { entry: 0, marks: 0 };
        expect(array.peek(at)).toEqual(now);
        expect([array.get(at), array.marksOf(at), array.size]).toEqual([now.entry, now.marks, held.size]);
      }
    }),
    { numRuns: runs(150) },
  );
});

test('an emptied array keeps nothing, and uses its nodes again', () => {
  const array = new XArray();
  const fill = (): void => {
    for (const at of [0, 63, 64, 5000, LARGEST]) {
      array.set(at, 1);
      array.mark(at, 5);
    }
  };
  fill();
  const { nodes } = array as unknown as { nodes: number };
  for (const at of [LARGEST, 0, 64, 63, 5000]) array.remove(at);
  expect(array).toMatchObject({ root: 0, size: 0 });
  expect(array.next(0, Number.POSITIVE_INFINITY, 0)).toBe(-1);
  fill();
  expect(array).toMatchObject({ nodes, size: 5 });
});
