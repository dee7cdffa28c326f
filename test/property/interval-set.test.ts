/** The interval set of reverse mapping against a plain list. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type IntervalNode, IntervalSet } from '../../src/interval-set.ts';
import { runs } from '../helpers/fuzz.ts';

const point = fc.oneof(fc.nat(30), fc.nat(1000), fc.constantFrom(2 ** 51, 2 ** 52));
const steps = fc.array(
  fc.record({
    kind: fc.constantFrom('add' as const, 'add' as const, 'remove' as const, 'move' as const, 'ask' as const),
    lo: point,
    length: fc.integer({ min: 1, max: 40 }),
  }),
  { size: 'large', maxLength: 200 },
);

test('an interval set finds what overlaps, in order', () => {
  fc.assert(
    fc.property(steps, (sequence) => {
      const set = new IntervalSet<number>();
      const members: IntervalNode<number>[] = [];
      for (const [item, { kind, lo, length }] of sequence.entries()) {
        if (kind === 'add') members.push(set.add(lo, lo + length, item));
        if (kind === 'remove' && members.length > 0)
          set.remove(members.splice(lo % members.length, 1)[0] as IntervalNode<number>);
        if (kind === 'move' && members.length > 0) {
          const [node] = members.splice(length % members.length, 1) as [IntervalNode<number>];
          set.move(node, lo, lo + length);
          members.push(node);
        }
        const found = members.filter((node) => node.lo < lo + length && node.hi > lo);
        const ordered = found.sort((a, b) => a.lo - b.lo || a.serial - b.serial).map((node) => node.item);
        expect(set.overlapping(lo, lo + length)).toEqual(ordered);
        expect(set.size).toBe(members.length);
      }
      expect(set.all().sort()).toEqual(members.map((node) => node.item).sort());
    }),
    { numRuns: runs(200) },
  );
});

test('thousands of intervals that came in order are still found in few steps', () => {
  const set = new IntervalSet<number>();
  const nodes = Array.from({ length: 4096 }, (_, lo) => set.add(lo, lo + 1, lo));
  const children = new Set(nodes.flatMap((node) => [node.left, node.right]));
  const root = nodes.find((node) => !children.has(node)) ?? null;
  expect(depth(root)).toBeLessThan(4 * Math.log2(nodes.length));
});

function depth(node: IntervalNode<number> | null): number {
  return node === null ? 0 : 1 + Math.max(depth(node.left), depth(node.right));
}
