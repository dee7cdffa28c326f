/** The frame allocator against the set of frames that it handed out. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameAllocator, MAX_ORDER, ZONE_LOW, ZONE_NORMAL } from '../../src/mmu/buddy.ts';
import { FRAME_FREE, FrameTable } from '../../src/mmu/frames.ts';
import { runs } from '../helpers/fuzz.ts';

interface Block {
  readonly pfn: number;
  readonly order: number;
}

type Step =
  | { readonly kind: 'alloc'; readonly order: number; readonly zone: number }
  | { readonly kind: 'free'; readonly which: number }
  | { readonly kind: 'free one by one'; readonly which: number };

const which = fc.nat(1000);
const steps = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('alloc' as const),
      order: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: MAX_ORDER })),
      zone: fc.constantFrom(ZONE_LOW, ZONE_NORMAL),
    }),
    fc.record({ kind: fc.constant('free' as const), which }),
    fc.record({ kind: fc.constant('free one by one' as const), which }),
  ),
  { maxLength: 120, size: 'max' },
);

class Tester {
  private readonly frames: FrameTable;
  private readonly allocator: FrameAllocator;
  private readonly lowFrames: number;
  private readonly blocks: Block[];
  /** What is taken, by frame. */
  private readonly taken: Uint8Array;

  constructor(count: number, lowFrames: number) {
    this.frames = new FrameTable(count);
    this.allocator = new FrameAllocator(this.frames, lowFrames);
    this.lowFrames = lowFrames;
    this.blocks = [];
    this.taken = new Uint8Array(count);
    this.taken[0] = 1;
  }

  /** Checks nothing of the lists: what looks at them puts the rest of a block that is being handed out there. */
  run(step: Step): void {
    if (step.kind === 'alloc') this.alloc(step.order, step.zone);
    else this.free(step.which, step.kind === 'free');
  }

  private zoneOf(zone: number): readonly [number, number] {
    if (this.lowFrames >= this.frames.count) return [0, this.frames.count];
    return zone === ZONE_LOW ? [0, this.lowFrames] : [this.lowFrames, this.frames.count];
  }

  private alloc(order: number, zone: number): void {
    const [first, end] = this.zoneOf(zone);
    const pfn = this.allocator.alloc(order, zone);
    if (pfn === 0) {
      expect(this.hasRoom(order, first, end), `no block of order ${order} although one is free`).toBe(false);
      return;
    }
    expect(pfn % 2 ** order).toBe(0);
    expect(pfn >= first && pfn + 2 ** order <= end).toBe(true);
    expect(this.taken.subarray(pfn, pfn + 2 ** order).includes(1), 'handed out twice').toBe(false);
    this.taken.fill(1, pfn, pfn + 2 ** order);
    this.blocks.push({ pfn, order });
  }

  private hasRoom(order: number, first: number, end: number): boolean {
    const size = 2 ** order;
    for (let pfn = Math.ceil(first / size) * size; pfn + size <= end; pfn += size) {
      if (!this.taken.subarray(pfn, pfn + size).includes(1)) return true;
    }
    return false;
  }

  private free(choice: number, whole: boolean): void {
    if (this.blocks.length === 0) return;
    const [{ pfn, order }] = this.blocks.splice(choice % this.blocks.length, 1) as [Block];
    this.taken.fill(0, pfn, pfn + 2 ** order);
    this.frames.refcount.fill(0, pfn, pfn + 2 ** order);
    if (whole) this.allocator.free(pfn, order);
    else for (let i = 0; i < 2 ** order; i++) this.allocator.free(pfn + i, 0);
  }

  /** Each frame is taken or in exactly one free block, and nothing free could be joined further. */
  check(): void {
    this.allocator.settle();
    const free = new Uint8Array(this.frames.count);
    for (let pfn = 1; pfn < this.frames.count; pfn++) {
      if (!this.frames.has(pfn, FRAME_FREE)) continue;
      const size = 2 ** (this.frames.order[pfn] as number);
      expect(free.subarray(pfn, pfn + size).includes(1), 'in two free blocks').toBe(false);
      free.fill(1, pfn, pfn + size);
    }
    expect(free.map((flag, pfn) => flag + (this.taken[pfn] as number))).toEqual(new Uint8Array(free.length).fill(1));
    const count = free.reduce((sum, flag) => sum + flag, 0);
    expect([this.allocator.freeFrames, this.allocator.countFree()]).toEqual([count, count]);
  }

  freeAll(): void {
    while (this.blocks.length > 0) this.free(0, this.blocks.length % 2 === 0);
    this.check();
  }

  /** What was handed out and not given back, as `first+order`, oldest first. */
  handedOut(): string[] {
    return this.blocks.map(({ pfn, order }) => `${pfn}+${order}`);
  }

  /** Free blocks as `first+order`. */
  layout(): string[] {
    this.allocator.settle();
    const all = Array.from({ length: this.frames.count }, (_, pfn) => pfn);
    return all.filter((pfn) => this.frames.has(pfn, FRAME_FREE)).map((pfn) => `${pfn}+${this.frames.order[pfn]}`);
  }
}

const size = fc.integer({ min: 8, max: 1200 });
const lowShare = fc.double({ min: 0.1, max: 2, noNaN: true });

function makeTester(count: number, share: number): Tester {
  return new Tester(count, Math.max(2, Math.floor(count * share)));
}

test('every frame is in one place, and what was cut up joins again', () => {
  fc.assert(
    fc.property(size, lowShare, steps, (count, share, sequence) => {
      const tester = makeTester(count, share);
      const before = tester.layout();
      for (const step of sequence) {
        tester.run(step);
        tester.check();
      }
      tester.freeAll();
      expect(tester.layout()).toEqual(before);
    }),
    { numRuns: runs(150) },
  );
});

test('a block handed out frame by frame gives the frames that halving it for each one would', () => {
  fc.assert(
    fc.property(size, lowShare, steps, (count, share, sequence) => {
      const lazy = makeTester(count, share);
      const halving = makeTester(count, share);
      for (const step of sequence) {
        lazy.run(step);
        halving.run(step);
        halving.layout();
        expect(lazy.handedOut()).toEqual(halving.handedOut());
      }
      expect(lazy.layout()).toEqual(halving.layout());
      lazy.check();
    }),
    { numRuns: runs(150) },
  );
});

/** The free lists in their order, by zone and order. */
function freeLists(frames: FrameTable, allocator: FrameAllocator): string[] {
  allocator.settle();
  const free = Array.from({ length: frames.count }, (_, pfn) => pfn).filter((pfn) => frames.has(pfn, FRAME_FREE));
  return free.map((pfn) => `${pfn}:${frames.order[pfn]} ${frames.prev[pfn]}<-${frames.next[pfn]}`);
}

test('frames in a row are freed as if they came one by one', () => {
  const spans = fc.array(fc.tuple(fc.integer({ min: 1, max: 799 }), fc.integer({ min: 1, max: 300 })), {
    maxLength: 12,
  });
  fc.assert(
    fc.property(spans, fc.constantFrom(800, 300), (runsToFree, lowFrames) => {
      const [together, alone] = [0, 1].map(() => {
        const frames = new FrameTable(800);
        const allocator = new FrameAllocator(frames, lowFrames);
        for (const zone of [ZONE_LOW, ZONE_NORMAL]) while (allocator.alloc(0, zone) !== 0);
        return { frames, allocator };
      }) as [{ frames: FrameTable; allocator: FrameAllocator }, { frames: FrameTable; allocator: FrameAllocator }];
      for (const [from, length] of runsToFree) {
        let end = from;
        while (end < Math.min(800, from + length) && together.frames.refcount[end] === 1) end++;
        together.frames.refcount.fill(0, from, end);
        together.allocator.freeRun(from, end);
        for (let pfn = from; pfn < end; pfn++) {
          alone.frames.refcount[pfn] = 0;
          alone.allocator.free(pfn, 0);
        }
        expect(freeLists(together.frames, together.allocator)).toEqual(freeLists(alone.frames, alone.allocator));
        expect(together.allocator.freeFrames).toBe(alone.allocator.freeFrames);
      }
    }),
    { numRuns: runs(60) },
  );
});
