import { describe, expect, test } from 'vitest';
import type { TlbLevelConfig } from '../../../src/config.ts';
import { NO_TAG, TlbLevel } from '../../../src/mmu/tlb.ts';
import { RngStream } from '../../../src/rng.ts';

const PAGE = 4096;

function level(config: TlbLevelConfig): TlbLevel {
  return new TlbLevel(config, new RngStream('test'));
}

/** Each use and each fill is later than the one before. */
let time = 0;

function fill(tlb: TlbLevel, vpn: number, asid = 1): void {
  const tag = vpn * PAGE + asid;
  const own = tlb.find(tlb.tag, vpn, tag);
  const entry = own >= 0 ? own : tlb.place(vpn);
  tlb.claim(entry, vpn, ++time);
  tlb.tag[entry] = tag;
  tlb.execTag[entry] = tag;
  tlb.base[entry] = vpn * PAGE;
}

/** Page numbers inside, by entry. */
function inside(tlb: TlbLevel): number[] {
  return [...tlb.tag].filter((tag) => tag !== NO_TAG).map((tag) => Math.floor(tag / PAGE));
}

function use(tlb: TlbLevel, vpn: number): void {
  tlb.touch(tlb.find(tlb.tag, vpn, vpn * PAGE + 1), ++time);
}

describe('a full set', () => {
  test('loses under LRU what was not used longest', () => {
    const tlb = level({ sets: 1, ways: 3, replacement: 'lru' });
    for (const vpn of [1, 2, 3]) fill(tlb, vpn);
    use(tlb, 1);
    fill(tlb, 4);
    expect(inside(tlb).sort()).toEqual([1, 3, 4]);
    fill(tlb, 5);
    expect(inside(tlb).sort()).toEqual([1, 4, 5]);
  });

  test('loses under FIFO what came first, used or not', () => {
    const tlb = level({ sets: 1, ways: 3, replacement: 'fifo' });
    for (const vpn of [1, 2, 3]) fill(tlb, vpn);
    use(tlb, 1);
    fill(tlb, 4);
    expect(inside(tlb).sort()).toEqual([2, 3, 4]);
  });

  test('keeps the other sets as they are', () => {
    const tlb = level({ sets: 4, ways: 1, replacement: 'lru' });
    for (const vpn of [0, 1, 2, 3, 5]) fill(tlb, vpn);
    expect(inside(tlb).sort()).toEqual([0, 2, 3, 5]);
  });

  test('takes an unused entry before any victim', () => {
    const tlb = level({ sets: 1, ways: 3, replacement: 'lru' });
    for (const vpn of [1, 2, 3]) fill(tlb, vpn);
    tlb.flushTag(2, 2 * PAGE + 1);
    fill(tlb, 4);
    expect(inside(tlb).sort()).toEqual([1, 3, 4]);
  });
});

describe('the stamps of a full set', () => {
  test('count from 1 again in the same order', () => {
    const tlb = level({ sets: 1, ways: 4, replacement: 'lru' });
    for (const vpn of [1, 2, 3]) fill(tlb, vpn);
    use(tlb, 1);
    expect(tlb.renumber()).toBe(3);
    expect([...tlb.stamp].sort()).toEqual([0, 1, 2, 3]);
    for (const vpn of [4, 5, 6]) fill(tlb, vpn);
    expect(inside(tlb).sort()).toEqual([1, 4, 5, 6]);
  });
});

describe('an entry', () => {
  test('is found by page and address space, and only for what it grants', () => {
    const tlb = level({ sets: 2, ways: 2, replacement: 'lru' });
    fill(tlb, 6, 3);
    const tag = 6 * PAGE + 3;
    expect(tlb.find(tlb.tag, 6, tag)).toBeGreaterThanOrEqual(0);
    expect(tlb.find(tlb.execTag, 6, tag)).toBe(tlb.find(tlb.tag, 6, tag));
    expect(tlb.find(tlb.writeTag, 6, tag)).toBe(-1);
    expect(tlb.find(tlb.tag, 6, 6 * PAGE + 4)).toBe(-1);
    expect(tlb.find(tlb.tag, 8, 8 * PAGE + 3)).toBe(-1);
  });

  test('is found though another page has its hint', () => {
    const tlb = level({ sets: 1, ways: 2, replacement: 'lru' });
    const other = 6 + tlb.hint.length;
    for (const vpn of [6, other]) fill(tlb, vpn);
    const places = [6, other, 6].map((vpn) => tlb.find(tlb.tag, vpn, vpn * PAGE + 1));
    expect(places).toEqual([0, 1, 0]);
  });

  test('is filled anew in its own place', () => {
    const tlb = level({ sets: 1, ways: 3, replacement: 'lru' });
    for (const vpn of [1, 2, 1]) fill(tlb, vpn);
    expect(inside(tlb)).toEqual([1, 2]);
  });
});

describe('a flush', () => {
  function mixed(): TlbLevel {
    const tlb = level({ sets: 2, ways: 4, replacement: 'lru' });
    for (const asid of [1, 2]) for (const vpn of [4, 5, 6]) fill(tlb, vpn, asid);
    return tlb;
  }

  test('of a page drops it in one address space', () => {
    const tlb = mixed();
    tlb.flushTag(5, 5 * PAGE + 2);
    expect(inside(tlb).sort()).toEqual([4, 4, 5, 6, 6]);
    expect(tlb.find(tlb.tag, 5, 5 * PAGE + 1)).toBeGreaterThanOrEqual(0);
    expect(tlb.find(tlb.tag, 5, 5 * PAGE + 2)).toBe(-1);
    tlb.flushTag(9, 9 * PAGE + 2);
    expect(inside(tlb).length).toBe(5);
  });

  test('of an address space leaves the others', () => {
    const tlb = mixed();
    tlb.flushAsid(1, PAGE);
    expect([...tlb.tag].filter((tag) => tag !== NO_TAG).map((tag) => tag % PAGE)).toEqual([2, 2, 2]);
    expect(tlb.execTag.filter((tag) => tag !== NO_TAG).length).toBe(3);
  });

  test('of everything leaves nothing', () => {
    const tlb = mixed();
    tlb.flushAll();
    for (const column of [tlb.tag, tlb.writeTag, tlb.execTag]) expect(column.every((tag) => tag === NO_TAG)).toBe(true);
  });
});
