/**
 * The fast paths of the MMU change no count: each recorded program is replayed as usual, and once more by a processor
 * that looks at every way for every access and reads every table on every walk.
 */
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { TlbCounts } from '../../src/index.ts';
import { PageTables } from '../../src/mmu/page-tables.ts';
import { TlbLevel } from '../../src/mmu/tlb.ts';
import { TlbHits } from '../../src/mmu/tlb-hits.ts';
import { replayFolder } from '../../src/node/trace-folder.ts';
import { ROOT } from '../helpers/repository.ts';

const OPTIONS = { ram: '1G', onProgress: () => {} };

async function counts(name: string): Promise<TlbCounts> {
  const { tlb } = await replayFolder(join(ROOT, 'examples/traces', name), OPTIONS);
  expect(tlb, 'the trace is not condensed').not.toBeNull();
  return tlb as TlbCounts;
}

/** The way of the set that holds the tag, without a hint. */
function findInSet(this: TlbLevel, column: Float64Array, page: number): number {
  return this.peek(column, page, this.sought);
}

/** Nothing is a hit at first sight, no hint is believed, no table kept in mind, each level is asked and filled by itself. */
function withoutFastPaths(): void {
  // biome-ignore lint/suspicious/noExplicitAny: `hit` is private
  vi.spyOn(TlbHits.prototype as any, 'hit').mockReturnValue(-1);
  vi.spyOn(TlbHits.prototype, 'hitRun').mockImplementation((_va, _size, _kind, from) => from);
  vi.spyOn(PageTables.prototype, 'cachedAt').mockReturnValue(-1);
  vi.spyOn(TlbLevel.prototype, 'isLruOfWays', 'get').mockReturnValue(false);
  TlbLevel.prototype.findSought = findInSet;
}

const { findSought } = TlbLevel.prototype;

afterEach(() => {
  vi.restoreAllMocks();
  TlbLevel.prototype.findSought = findSought;
});

describe.each(['ls', 'matmul-row', 'seed', 'snapshot'])('%s', (name) => {
  test('hits and misses as often without them', async () => {
    const usual = await counts(name);
    withoutFastPaths();
    expect(await counts(name)).toEqual(usual);
    expect(usual.l1Hits + usual.l1Misses).toBe(usual.accesses);
  });
});
