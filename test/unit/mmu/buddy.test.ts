import { describe, expect, test } from 'vitest';
import { FrameAllocator, MAX_ORDER, ZONE_LOW, ZONE_NORMAL } from '../../../src/mmu/buddy.ts';
import { FRAME_FREE, FRAME_RESERVED, FrameTable } from '../../../src/mmu/frames.ts';

interface Bench {
  readonly frames: FrameTable;
  readonly allocator: FrameAllocator;
}

function bench(count: number, lowFrames = count): Bench {
  const frames = new FrameTable(count);
  return { frames, allocator: new FrameAllocator(frames, lowFrames) };
}

/** The free blocks as `first+order`, by address. */
function freeBlocks({ frames, allocator }: Bench): string[] {
  allocator.settle();
  const heads = Array.from({ length: frames.count }, (_, pfn) => pfn).filter((pfn) => frames.has(pfn, FRAME_FREE));
  return heads.map((pfn) => `${pfn}+${frames.order[pfn]}`);
}

function release({ frames, allocator }: Bench, pfn: number, order: number): void {
  for (let i = 0; i < 2 ** order; i++) frames.refcount[pfn + i] = 0;
  allocator.free(pfn, order);
}

describe('a fresh allocator', () => {
  test('keeps frame 0 for itself and everything else in the largest aligned blocks', () => {
    const { frames, allocator } = bench(16);
    expect(freeBlocks({ frames, allocator })).toEqual(['1+0', '2+1', '4+2', '8+3']);
    expect(frames.flags[0]).toBe(FRAME_RESERVED);
    expect(allocator.freeFrames).toBe(15);
  });

  test('has blocks of 2^10 frames at most', () => {
    const room = bench(4096);
    expect(freeBlocks(room).slice(-3)).toEqual([`1024+${MAX_ORDER}`, `2048+${MAX_ORDER}`, `3072+${MAX_ORDER}`]);
  });

  test('takes any number of frames', () => {
    expect(freeBlocks(bench(13))).toEqual(['1+0', '2+1', '4+2', '8+2', '12+0']);
    expect(bench(13).allocator.freeFrames).toBe(12);
  });
});

describe('an allocation', () => {
  test('takes the smallest block that fits and halves it', () => {
    const room = bench(16);
    expect(room.allocator.alloc(2, ZONE_NORMAL)).toBe(4);
    expect(room.allocator.alloc(1, ZONE_NORMAL)).toBe(2);
    expect(room.allocator.alloc(1, ZONE_NORMAL)).toBe(8);
    expect(freeBlocks(room)).toEqual(['1+0', '10+1', '12+2']);
    expect(room.allocator.freeFrames).toBe(7);
  });

  test('gives frames of their own with one reference and no flags', () => {
    const { frames, allocator } = bench(16);
    const pfn = allocator.alloc(2, ZONE_NORMAL);
    expect(frames.order[pfn]).toBe(2);
    for (let i = 0; i < 4; i++) {
      expect([frames.refcount[pfn + i], frames.flags[pfn + i], frames.head[pfn + i]]).toEqual([1, 0, pfn + i]);
    }
  });

  test('gives 0 when no block is large enough', () => {
    const room = bench(16);
    expect(room.allocator.alloc(4, ZONE_NORMAL)).toBe(0);
    for (let i = 0; i < 15; i++) expect(room.allocator.alloc(0, ZONE_NORMAL)).toBeGreaterThan(0);
    expect(room.allocator.alloc(0, ZONE_NORMAL)).toBe(0);
    expect(room.allocator.freeFrames).toBe(0);
  });
});

describe('freeing', () => {
  test('joins buddies, and buddies of buddies, and nothing else', () => {
    const room = bench(16);
    const taken = Array.from({ length: 15 }, () => room.allocator.alloc(0, ZONE_NORMAL)).sort((a, b) => a - b);
    expect(taken).toEqual(Array.from({ length: 15 }, (_, i) => i + 1));
    for (const pfn of [5, 6]) release(room, pfn, 0);
    expect(freeBlocks(room)).toEqual(['5+0', '6+0']);
    release(room, 7, 0);
    expect(freeBlocks(room)).toEqual(['5+0', '6+1']);
    release(room, 4, 0);
    expect(freeBlocks(room)).toEqual(['4+2']);
  });

  test('a block frame by frame gives the block back', () => {
    const room = bench(16);
    const before = freeBlocks(room);
    const pfn = room.allocator.alloc(3, ZONE_NORMAL);
    for (const i of [3, 0, 7, 1, 6, 2, 5, 4]) release(room, pfn + i, 0);
    expect(freeBlocks(room)).toEqual(before);
  });

  test('a frame in use is our own mistake', () => {
    const { frames, allocator } = bench(16);
    const pfn = allocator.alloc(0, ZONE_NORMAL);
    expect(() => allocator.free(pfn, 0)).toThrow(`frame ${pfn} freed while in use`);
    frames.refcount[pfn] = 0;
    frames.mapcount[pfn] = 1;
    expect(() => allocator.free(pfn, 0)).toThrow(`frame ${pfn} freed while in use`);
  });
});

describe('two zones', () => {
  test('never lend each other frames nor join across their border', () => {
    const room = bench(32, 8);
    expect(freeBlocks(room)).toEqual(['1+0', '2+1', '4+2', '8+3', '16+4']);
    expect(room.allocator.alloc(3, ZONE_LOW)).toBe(0);
    const low = Array.from({ length: 7 }, () => room.allocator.alloc(0, ZONE_LOW));
    expect(Math.max(...low)).toBe(7);
    expect(room.allocator.alloc(0, ZONE_LOW)).toBe(0);
    const normal = room.allocator.alloc(3, ZONE_NORMAL);
    expect(normal).toBe(8);
    for (const pfn of low) release(room, pfn, 0);
    release(room, normal, 3);
    expect(freeBlocks(room)).toEqual(['1+0', '2+1', '4+2', '8+3', '16+4']);
    expect(room.allocator.freeFrames).toBe(31);
  });
});

test('an allocation can be made to fail', () => {
  const { allocator } = bench(16);
  allocator.failCountdown = 1;
  expect([0, 0, 0].map((order) => allocator.alloc(order, ZONE_NORMAL) > 0)).toEqual([true, false, true]);
  expect([allocator.requests, allocator.freeFrames]).toEqual([3, 13]);
});
