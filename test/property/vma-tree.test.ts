/** The ordered set of VMAs against a plain sorted array: lookups, neighbours, and the search for room from both ends. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { VM_GROWSDOWN } from '../../src/kernel/vm-flags.ts';
import { type AddressSpace, startGap, Vma } from '../../src/kernel/vma.ts';
import { VmaTree } from '../../src/kernel/vma-tree.ts';
import { runs } from '../helpers/fuzz.ts';

/** Addresses below this; pages of one byte, so that nothing needs rounding. */
const SPACE = 4000;
const GUARD = 7;

const SPACE_OWNER: AddressSpace = {
  id: 1,
  pageSize: 1,
  stackGuard: GUARD,
  root: 0,
  asid: 0,
  cpus: new Set(),
  addRss: () => undefined,
  noteHighWater: () => undefined,
};

/** Anywhere, or around the borders between nodes of a crowd that came in order (each has 14 VMAs, 8 apart). */
const address = fc.oneof(
  fc.nat(SPACE),
  fc
    .tuple(fc.integer({ min: 1, max: 35 }), fc.integer({ min: -12, max: 12 }))
    .map(([chunk, by]) => chunk * 14 * 8 + by),
);
type Step =
  | { readonly kind: 'insert'; readonly at: number; readonly length: number; readonly grows: boolean }
  | { readonly kind: 'remove' | 'find' | 'cut' | 'swallow'; readonly at: number }
  | { readonly kind: 'cutTwice' | 'border'; readonly at: number; readonly by: number }
  | { readonly kind: 'resize'; readonly at: number; readonly start: number; readonly end: number }
  | { readonly kind: 'gap'; readonly length: number; readonly low: number; readonly high: number };

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('insert' as const),
        at: address,
        length: fc.integer({ min: 1, max: 9 }),
        grows: fc.boolean(),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constantFrom('remove' as const, 'find' as const, 'cut' as const), at: address }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constantFrom('cutTwice' as const, 'border' as const),
        at: address,
        by: fc.integer({ min: 1, max: 7 }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('swallow' as const), at: address }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: fc.constant('resize' as const), at: address, start: fc.nat(12), end: fc.nat(12) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        kind: fc.constant('gap' as const),
        length: fc.oneof(fc.integer({ min: 1, max: 14 }), fc.integer({ min: 1, max: 60 })),
        low: address,
        high: address,
      }),
    },
  ),
  { size: 'large', maxLength: 150 },
);

/** A few, or enough for several chunks. */
const crowd = fc.record({ count: fc.constantFrom(0, 0, 3, 100, 300, 500), seed: fc.oneof(fc.constant(0), fc.nat(6)) });

class Tester {
  private readonly tree: VmaTree;
  private vmas: Vma[];

  constructor({ count, seed }: { readonly count: number; readonly seed: number }) {
    this.tree = new VmaTree();
    this.vmas = [];
    for (let i = 0; i < count; i++)
      this.insert((seed === 0 ? i : (i * 7919 + seed) % count) * 8, 6 + ((i * 31 + seed) % 3), i % 5 === 0);
  }

  run(step: Step): void {
    switch (step.kind) {
      case 'insert':
        this.insert(step.at, step.length, step.grows);
        break;
      case 'resize':
        this.resize(step.at, step.start, step.end);
        break;
      case 'gap':
        this.gap(step.length, Math.min(step.low, step.high), Math.max(step.low, step.high));
        break;
      case 'remove':
        this.remove(step.at);
        break;
      case 'cut':
        this.cut(step.at);
        break;
      case 'cutTwice':
        this.cutTwice(step.at, step.at + step.by);
        break;
      case 'border':
        this.border(step.at, step.by);
        break;
      case 'swallow':
        this.swallow(step.at);
        break;
      default:
        this.find(step.at);
    }
  }

  /** The first VMA that ends above `at`, with its place. */
  private above(at: number): [Vma | undefined, number] {
    const place = this.vmas.findIndex((vma) => vma.end > at);
    return [this.vmas[place], place < 0 ? this.vmas.length : place];
  }

  private insert(start: number, length: number, grows: boolean): void {
    const [next, place] = this.above(start);
    if (next !== undefined && next.start < start + length) return;
    const vma = new Vma(SPACE_OWNER, start, start + length, grows ? VM_GROWSDOWN : 0, start, null);
    this.vmas.splice(place, 0, vma);
    this.tree.insert(vma);
  }

  private remove(at: number): void {
    const [vma, place] = this.above(at);
    if (vma === undefined) return;
    this.vmas.splice(place, 1);
    this.tree.remove(vma);
    expect([vma.prev, vma.next, vma.chunk]).toEqual([null, null, null]);
  }

  private cut(at: number): void {
    const [vma, place] = this.above(at);
    if (vma === undefined || vma.start >= at) return;
    const upper = new Vma(SPACE_OWNER, at, vma.end, 0, at, null);
    vma.end = at;
    this.vmas.splice(place + 1, 0, upper);
    this.tree.insertUpperPart(vma, upper);
  }

  private cutTwice(from: number, to: number): void {
    const [vma, place] = this.above(from);
    if (vma === undefined || vma.start >= from || vma.end <= to) return;
    const middle = new Vma(SPACE_OWNER, from, to, 0, from, null);
    const upper = new Vma(SPACE_OWNER, to, vma.end, 0, to, null);
    vma.end = from;
    this.vmas.splice(place + 1, 0, middle, upper);
    this.tree.insertUpperParts(vma, middle, upper);
  }

  /** Lets the VMA at `place` end where the next begins, which is what a merge asks for. */
  private closeGap(place: number): void {
    const vma = this.vmas[place] as Vma;
    vma.end = (this.vmas[place + 1] as Vma).start;
    this.tree.changed(vma);
  }

  private swallow(at: number): void {
    const [vma, place] = this.above(at);
    const [, middle, last] = this.vmas.slice(place, place + 3);
    if (vma === undefined || middle === undefined || last === undefined) return;
    this.closeGap(place);
    this.closeGap(place + 1);
    if (at % 2 === 0) this.find(middle.start);
    const { end } = last;
    this.vmas.splice(place + 1, 2);
    this.tree.swallowTwo(vma, middle, last);
    expect(vma.end).toBe(end);
    for (const gone of [middle, last]) expect([gone.prev, gone.next, gone.chunk]).toEqual([null, null, null]);
  }

  /** Moves the border between two VMAs. */
  private border(at: number, by: number): void {
    const [vma, place] = this.above(at);
    const next = this.vmas[place + 1];
    if (vma === undefined || next === undefined) return;
    this.closeGap(place);
    if (at % 2 === 0) this.find(next.start);
    const border = Math.min(next.end - 1, Math.max(vma.start + 1, vma.end - 4 + by));
    vma.end = border;
    next.start = border;
    this.tree.borderMoved(vma);
  }

  /** Moves the ends of a VMA as far as its neighbours allow. */
  private resize(at: number, start: number, end: number): void {
    const [vma, place] = this.above(at);
    if (vma === undefined) return;
    const below = this.vmas[place - 1]?.end ?? 0;
    const beyond = this.vmas[place + 1]?.start ?? SPACE + 20;
    vma.start = Math.max(below, Math.min(vma.end - 1, vma.start - 6 + start));
    vma.end = Math.min(beyond, Math.max(vma.start + 1, vma.end - 6 + end));
    this.tree.changed(vma);
  }

  private find(at: number): void {
    const [vma] = this.above(at);
    const holds = vma !== undefined && vma.start <= at;
    expect(this.tree.find(at)).toBe(vma ?? null);
    expect(this.tree.containing(at)).toBe(holds ? vma : null);
    expect(this.tree.intersecting(at, at + 5)).toBe(vma !== undefined && vma.start < at + 5 ? vma : null);
    expect(this.tree.before(at)).toBe(this.vmas.filter((candidate) => candidate.start < at).at(-1) ?? null);
  }

  private gap(length: number, low: number, high: number): void {
    const gaps = [...this.vmas, null].map((vma, place) => ({
      from: Math.max(low, this.vmas[place - 1]?.end ?? 0),
      to: Math.min(high, vma === null ? Number.POSITIVE_INFINITY : startGap(vma)),
    }));
    const fitting = gaps.filter(({ from, to }) => to - from >= length);
    expect(this.tree.lowestGap(length, low, high)).toBe(fitting[0]?.from ?? -1);
    expect(this.tree.highestGap(length, low, high)).toBe(this.highest(length, low, high));
  }

  /** From the top down; the room that a stack keeps free below itself ends the search above that room, wherever it reaches. */
  private highest(length: number, low: number, high: number): number {
    let limit = high;
    for (let place = this.vmas.length; place >= 0; place--) {
      const vma = this.vmas[place] ?? null;
      const from = Math.max(low, this.vmas[place - 1]?.end ?? 0);
      if (Math.min(limit, vma?.start ?? high) - from < length) continue;
      limit = Math.min(limit, vma === null ? high : startGap(vma));
      if (limit - from >= length) return limit - length;
    }
    return -1;
  }

  checkTree(): void {
    this.tree.check();
  }

  check(): void {
    expect(this.tree.count).toBe(this.vmas.length);
    expect([...this.tree].map((vma) => vma.start)).toEqual(this.vmas.map((vma) => vma.start));
    expect([this.tree.first, this.tree.last]).toEqual([this.vmas[0] ?? null, this.vmas.at(-1) ?? null]);
    for (const [place, vma] of this.vmas.entries()) {
      expect(vma.prev).toBe(this.vmas[place - 1] ?? null);
      expect(vma.next).toBe(this.vmas[place + 1] ?? null);
      expect(vma.chunk?.vmas.includes(vma)).toBe(true);
    }
  }
}

test('a tree of VMAs is a sorted array', () => {
  fc.assert(
    fc.property(crowd, steps, (start, sequence) => {
      const tester = new Tester(start);
      for (const [number, step] of sequence.entries()) {
        tester.run(step);
        if (number % 8 === 0) tester.checkTree();
      }
      tester.check();
    }),
    { numRuns: runs(150) },
  );
});
