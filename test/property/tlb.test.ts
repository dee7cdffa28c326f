/** One TLB level, and the MMU's two with their counts, against lists that are kept in order. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TlbLevelConfig } from '../../src/config.ts';
import {
  COUNT_ACCESSES,
  COUNT_DIRTY_ASSISTS,
  COUNT_FAULTS,
  COUNT_L1_MISSES,
  COUNT_L2_MISSES,
  COUNT_WALK_REFERENCES,
} from '../../src/mmu/access-counts.ts';
import { PTE_ACCESSED, PTE_DIRTY, PTE_EXEC, PTE_PRESENT, PTE_USER, PTE_WRITE } from '../../src/mmu/entry-codes.ts';
import { Mmu } from '../../src/mmu/mmu.ts';
import { NO_TAG, TlbLevel } from '../../src/mmu/tlb.ts';
import { RngStream } from '../../src/rng.ts';
import { X86_64 } from '../../src/scheme.ts';
import { Trace } from '../../src/trace.ts';
import { runs } from '../helpers/fuzz.ts';
import { machineRoom } from '../helpers/machine-room.ts';
import { type Access, type Grants, NaiveTlb } from '../helpers/naive-tlb.ts';

const PAGE = 4096;
const ASIDS = [1, 2];
const GRANTS_ALL: Grants = { read: true, write: true, exec: true };

function level(config: TlbLevelConfig): TlbLevel {
  return new TlbLevel(config, new RngStream('test'));
}

/** `asid:vpn` of everything inside a level. */
function contents({ tag }: TlbLevel): string[] {
  return [...tag]
    .filter((value) => value !== NO_TAG)
    .map((value) => `${value % PAGE}:${Math.floor(value / PAGE)}`)
    .sort();
}

/** Pages that meet in few sets of any geometry, so that there is always something to replace. */
const vpn = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 20 })).map(([set, tag]) => set + tag * 128),
  fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: 0, max: 7 })).map(([set, tag]) => set + tag * 1024),
);

const geometry: fc.Arbitrary<TlbLevelConfig> = fc.record({
  sets: fc.constantFrom(1, 2, 4, 16),
  ways: fc.integer({ min: 1, max: 5 }),
  replacement: fc.constantFrom('lru' as const, 'fifo' as const),
});

type LevelStep = readonly ['use' | 'fill' | 'flush page' | 'flush asid' | 'flush all', number, number];

const levelSteps: fc.Arbitrary<LevelStep[]> = fc.array(
  fc.tuple(
    fc.constantFrom(
      'use' as const,
      'fill' as const,
      'fill' as const,
      'flush page' as const,
      'flush asid' as const,
      'flush all' as const,
    ),
    fc.constantFrom(...ASIDS),
    vpn,
  ),
  { maxLength: 300, size: 'max' },
);

/** Each use and each fill is later than the one before. */
let time = 0;

function fillLevel(real: TlbLevel, asid: number, page: number, pfn: number): void {
  const tag = page * PAGE + asid;
  const own = real.find(real.tag, page, tag);
  const entry = own >= 0 ? own : real.place(page);
  real.claim(entry, page, ++time);
  for (const column of [real.tag, real.writeTag, real.execTag]) column[entry] = tag;
  real.base[entry] = pfn * PAGE;
}

function runLevel(real: TlbLevel, naive: NaiveTlb, [kind, asid, page]: LevelStep, pfn: number): void {
  const tag = page * PAGE + asid;
  if (kind === 'fill') {
    fillLevel(real, asid, page, pfn);
    naive.fill(asid, page, pfn, GRANTS_ALL);
  } else if (kind === 'use') {
    const entry = real.find(real.tag, page, tag);
    const own = naive.find(asid, page);
    expect(entry < 0 ? undefined : (real.base[entry] as number) / PAGE).toBe(own?.pfn);
    if (entry >= 0) real.touch(entry, ++time);
    if (own !== undefined) naive.touch(own);
  } else if (kind === 'flush page') {
    real.flushTag(page, tag);
    naive.flush((ofAsid, ofPage) => ofAsid === asid && ofPage === page);
  } else if (kind === 'flush asid') {
    real.flushAsid(asid, PAGE);
    naive.flush((ofAsid) => ofAsid === asid);
  } else {
    real.flushAll();
    naive.flush(() => true);
  }
}

describe('a TLB level', () => {
  test('holds what a list in order of use or of arrival holds', () => {
    fc.assert(
      fc.property(geometry, levelSteps, (config, steps) => {
        const real = level(config);
        const naive = new NaiveTlb(config);
        for (const [place, step] of steps.entries()) {
          runLevel(real, naive, step, place + 1);
          expect(contents(real)).toEqual(naive.contents());
        }
      }),
      { numRuns: runs(200) },
    );
  });

  test('with random replacement puts out one entry of the full set, and any of them', () => {
    const real = level({ sets: 2, ways: 4, replacement: 'random' });
    const victims = new Set<number>();
    for (let page = 0; page < 4; page++) fillLevel(real, 1, 2 * page, 1);
    for (let page = 4; page < 400; page++) {
      const before = contents(real);
      fillLevel(real, 1, 2 * page, 1);
      const after = contents(real);
      const gone = before.filter((entry) => !after.includes(entry));
      expect([gone.length, after.length]).toEqual([1, 4]);
      victims.add([...real.tag].indexOf(2 * page * PAGE + 1));
    }
    expect([...victims].sort()).toEqual([0, 1, 2, 3]);
  });

  test('with random replacement draws the same victims from the same seed', () => {
    const run = (): string[] => {
      const real = level({ sets: 1, ways: 8, replacement: 'random' });
      for (let page = 0; page < 200; page++) fillLevel(real, 1, page, 1);
      return contents(real);
    };
    expect(run()).toEqual(run());
  });
});

/** What a page is like in the page tables. */
interface Page {
  readonly present: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
  dirty: boolean;
}

type MmuStep =
  | { readonly kind: 'access'; readonly access: Access; readonly vpn: number; readonly repeat: number }
  | { readonly kind: 'sweep'; readonly vpn: number; readonly count: number; readonly stride: number }
  | { readonly kind: 'switch' | 'flush asid' | 'flush all'; readonly asid: number }
  | { readonly kind: 'flush page'; readonly asid: number; readonly vpn: number }
  | { readonly kind: 'clean'; readonly asid: number; readonly vpn: number };

const asid = fc.constantFrom(...ASIDS);
const mmuSteps: fc.Arbitrary<MmuStep[]> = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({
        kind: fc.constant('access' as const),
        access: fc.constantFrom('read' as const, 'read' as const, 'write' as const, 'exec' as const),
        vpn,
        repeat: fc.constantFrom(1, 1, 2, 5),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('sweep' as const),
        vpn: fc.integer({ min: 0, max: 8 }),
        count: fc.integer({ min: 2, max: 30 }),
        stride: fc.constantFrom(1, 2, 1024),
      }),
    },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constantFrom('switch' as const, 'switch' as const, 'flush asid' as const, 'flush all' as const),
        asid,
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('flush page' as const), asid, vpn }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('clean' as const), asid, vpn }) },
  ),
  { minLength: 1, maxLength: 200, size: 'max' },
);

/** Pages of both address spaces: most are there with every right, some lack one, some are missing. */
function pageOf(ofAsid: number, number: number): Page {
  const kind = (number * 7 + ofAsid * 3) % 11;
  return { present: kind !== 0, writable: kind !== 1, executable: kind !== 2, dirty: kind > 6 && kind !== 1 };
}

class MmuTester {
  private readonly mmu: Mmu;
  private readonly room: ReturnType<typeof machineRoom>;
  private readonly levels: readonly NaiveTlb[];
  private readonly roots: ReadonlyMap<number, number>;
  private readonly pages: Map<string, Page>;
  private readonly counts: Float64Array;

  constructor(config: readonly TlbLevelConfig[]) {
    this.room = machineRoom(X86_64, 512);
    const [l1, l2] = config.map(level);
    this.mmu = new Mmu(this.room.tables, this.room.ram, l1 as TlbLevel, l2 ?? null, 2 ** 47, new Trace());
    this.levels = config.map((one) => new NaiveTlb(one));
    this.roots = new Map(ASIDS.map((id) => [id, this.room.tables.newTable()]));
    this.pages = new Map();
    this.counts = new Float64Array(6);
    this.mmu.switchTo(this.roots.get(1) as number, 1);
  }

  run(step: MmuStep): void {
    switch (step.kind) {
      case 'access':
        for (let i = 0; i < step.repeat; i++) this.access(step.access, step.vpn);
        break;
      case 'sweep':
        for (let i = 0; i < step.count; i++) this.access('read', step.vpn + i * step.stride);
        break;
      case 'switch':
        this.mmu.switchTo(this.roots.get(step.asid) as number, step.asid);
        break;
      case 'flush all':
        this.mmu.flushAll();
        this.flush(() => true);
        break;
      case 'flush asid':
        this.mmu.flushAsid(step.asid);
        this.flush((id) => id === step.asid);
        break;
      case 'clean':
        this.clean(step.asid, step.vpn);
        this.flushPage(step.asid, step.vpn);
        break;
      default:
        this.flushPage(step.asid, step.vpn);
    }
  }

  private flushPage(ofAsid: number, number: number): void {
    this.mmu.flushPage(number * PAGE + 5, ofAsid);
    this.flush((id, page) => id === ofAsid && page === number);
  }

  private flush(matches: (ofAsid: number, page: number) => boolean): void {
    for (const one of this.levels) one.flush(matches);
  }

  /** Write-back takes the dirty bit away; the caller flushes. */
  private clean(ofAsid: number, number: number): void {
    const page = this.page(ofAsid, number);
    page.dirty = false;
    this.writeEntry(ofAsid, number, page);
  }

  private page(ofAsid: number, number: number): Page {
    const key = `${ofAsid}:${number}`;
    let page = this.pages.get(key);
    if (page === undefined) {
      page = pageOf(ofAsid, number);
      this.pages.set(key, page);
      this.writeEntry(ofAsid, number, page);
    }
    return page;
  }

  private pfnOf(ofAsid: number, number: number): number {
    return 1000 + ofAsid * 100_000 + number;
  }

  private writeEntry(ofAsid: number, number: number, page: Page): void {
    const { tables } = this.room;
    const slot = tables.ensure(this.roots.get(ofAsid) as number, number * PAGE);
    const rights = (page.writable ? PTE_WRITE : 0) | (page.executable ? PTE_EXEC : 0) | (page.dirty ? PTE_DIRTY : 0);
    tables.set(slot, this.pfnOf(ofAsid, number), (page.present ? PTE_PRESENT : 0) | PTE_USER | PTE_ACCESSED | rights);
  }

  private access(access: Access, number: number): void {
    const ofAsid = this.mmu.asid;
    const page = this.page(ofAsid, number);
    const va = number * PAGE + ((number * 37) % PAGE);
    const pa =
      access === 'read'
        ? this.mmu.translateRead(va)
        : access === 'write'
          ? this.mmu.translateWrite(va)
          : this.mmu.translateFetch(va);
    const allowed = page.present && (access !== 'write' || page.writable) && (access !== 'exec' || page.executable);
    this.count(access, number, page, allowed);
    expect(pa).toBe(allowed ? this.pfnOf(ofAsid, number) * PAGE + (va % PAGE) : -1);
  }

  /** The same access in the lists; adds to the expected counts. */
  private count(access: Access, number: number, page: Page, allowed: boolean): void {
    this.counts[COUNT_ACCESSES]++;
    if (this.isHit(access, number)) return;
    this.counts[COUNT_WALK_REFERENCES] += 4;
    if (!allowed) {
      this.counts[COUNT_FAULTS]++;
      return;
    }
    page.dirty ||= access === 'write';
    const grants = { read: true, write: page.writable && page.dirty, exec: page.executable };
    const ofAsid = this.mmu.asid;
    for (const one of this.levels) one.fill(ofAsid, number, this.pfnOf(ofAsid, number), grants);
  }

  /** Whether a level holds the page with that right; what the second holds then stands in the first too. */
  private isHit(access: Access, number: number): boolean {
    const ofAsid = this.mmu.asid;
    const [first, second] = this.levels as readonly [NaiveTlb, NaiveTlb | undefined];
    const own = first.find(ofAsid, number);
    if (own?.grants[access]) {
      first.touch(own);
      return true;
    }
    this.counts[own === undefined ? COUNT_L1_MISSES : COUNT_DIRTY_ASSISTS]++;
    if (own !== undefined || second === undefined) return false;
    const below = second.find(ofAsid, number);
    if (!below?.grants[access]) {
      this.counts[COUNT_L2_MISSES]++;
      return false;
    }
    second.touch(below);
    first.fill(ofAsid, number, below.pfn, below.grants);
    return true;
  }

  check(): void {
    expect([...this.mmu.counts]).toEqual([...this.counts]);
    expect(contents(this.mmu.l1)).toEqual((this.levels[0] as NaiveTlb).contents());
    if (this.mmu.l2 !== null) expect(contents(this.mmu.l2)).toEqual((this.levels[1] as NaiveTlb).contents());
  }
}

/** A small first level of 2 to `ways` ways and a larger second: hits of the second are many, and its sets fill up. */
function lru(sets: number, ways: number): fc.Arbitrary<TlbLevelConfig> {
  return fc.record({
    sets: fc.constantFrom(1, sets),
    ways: fc.integer({ min: 2, max: ways }),
    replacement: fc.constant('lru' as const),
  });
}

const small = geometry.filter(({ sets, ways }) => sets * ways <= 32);

describe('the MMU counts every hit, miss, walk and fault', () => {
  const named: [string, fc.Arbitrary<readonly TlbLevelConfig[]>][] = [
    [
      '16 x 4 and 128 x 12',
      fc.constant([
        { sets: 16, ways: 4, replacement: 'lru' },
        { sets: 128, ways: 12, replacement: 'lru' },
      ]),
    ],
    ['1024 x 1', fc.constant([{ sets: 1024, ways: 1, replacement: 'lru' }])],
    ['4 x 2', fc.constant([{ sets: 4, ways: 2, replacement: 'lru' }])],
    ['any one level', small.map((one) => [one])],
    ['any two levels', fc.tuple(small, small)],
    ['two levels of several ways, LRU', fc.tuple(lru(2, 4), lru(4, 12))],
  ];

  test.each(named)('with %s', (_name, config) => {
    fc.assert(
      fc.property(config, mmuSteps, (levels, steps) => {
        const tester = new MmuTester(levels);
        for (const step of steps) {
          tester.run(step);
          tester.check();
        }
      }),
      { numRuns: runs(60) },
    );
  });
});
