import { describe, expect, test } from 'vitest';
import {
  PTE_ACCESSED,
  PTE_DIRTY,
  PTE_EXEC,
  PTE_GUARD,
  PTE_LEAF,
  PTE_PRESENT,
  PTE_PROT_NONE,
  PTE_SWAP,
  PTE_USER,
  PTE_WRITE,
  schemeCodes,
} from '../../../src/mmu/entry-codes.ts';
import { type PageTableScheme, SV32, TINY, X86_64 } from '../../../src/scheme.ts';
import { machineRoom, SCHEMES } from '../../helpers/machine-room.ts';

const RIGHTS = [PTE_WRITE, PTE_USER, PTE_EXEC, PTE_ACCESSED, PTE_DIRTY];
const ALL = PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_EXEC | PTE_ACCESSED | PTE_DIRTY;

/** Every combination of `bits`. */
function combinations(bits: readonly number[]): number[] {
  return Array.from({ length: 2 ** bits.length }, (_, choice) =>
    bits.reduce((flags, bit, place) => (choice & (1 << place) ? flags | bit : flags), 0),
  );
}

/** What a scheme makes of flags, as its header tells it: bits that it lacks are implied. */
function kept(scheme: PageTableScheme, flags: number): number {
  const { bits } = scheme;
  let result = flags & (PTE_PRESENT | PTE_WRITE);
  const implied = (position: number, flag: number): number => (position < 0 ? flag : flags & flag);
  result |= implied(bits.user, PTE_USER) | implied(bits.accessed, PTE_ACCESSED);
  result |= bits.executable < 0 && bits.noExecute < 0 ? PTE_EXEC : flags & PTE_EXEC;
  if (bits.dirty < 0 ? flags & PTE_WRITE : flags & PTE_DIRTY) result |= PTE_DIRTY;
  if (bits.leaf >= 0 ? flags & PTE_LEAF : bits.readable >= 0) result |= PTE_LEAF;
  return result;
}

describe.each(SCHEMES.map((scheme) => [scheme.name, scheme] as const))('an entry of %s', (_name, scheme) => {
  const { tables, scheme: same } = machineRoom(scheme, 64);
  const slot = tables.entriesPerTable;
  const frames = [0, 1, 2 ** (same.frameBits - 1), 2 ** same.frameBits - 1];

  test.each(frames)('gives back every combination of rights with frame %i', (pfn) => {
    for (const rights of combinations([...RIGHTS, PTE_LEAF])) {
      const flags = PTE_PRESENT | rights;
      tables.set(slot, pfn, flags);
      expect([tables.flags(slot), tables.frame(slot)], `flags ${flags}`).toEqual([kept(scheme, flags), pfn]);
      expect(tables.isEmpty(slot)).toBe(false);
    }
  });

  test('without rights but with a frame is invisible to the hardware', () => {
    for (const rights of combinations(RIGHTS)) {
      tables.set(slot, 5, PTE_PROT_NONE | rights);
      const dirty = scheme.bits.dirty >= 0 ? rights & PTE_DIRTY : 0;
      expect([tables.flags(slot), tables.frame(slot)]).toEqual([PTE_PROT_NONE | dirty, 5]);
      expect(tables.isEmpty(slot)).toBe(false);
    }
  });

  test.each([
    ['a swap slot', PTE_SWAP, 5],
    ['a guard marker', PTE_GUARD, 0],
  ])('can be %s', (_what, flag, frame) => {
    tables.set(slot, frame, flag);
    expect([tables.flags(slot), tables.frame(slot)]).toEqual([flag, frame]);
    expect(tables.isEmpty(slot)).toBe(false);
  });

  test('cleared is empty and says nothing', () => {
    tables.set(slot, 3, ALL);
    tables.clear(slot);
    expect([tables.flags(slot), tables.isEmpty(slot)]).toEqual([0, true]);
  });

  test('leaves its neighbours alone', () => {
    tables.set(slot - 1, 1, ALL);
    tables.set(slot + 1, 2, PTE_PRESENT | PTE_USER);
    const before = [
      tables.rawLow(slot - 1),
      tables.rawHigh(slot - 1),
      tables.rawLow(slot + 1),
      tables.rawHigh(slot + 1),
    ];
    tables.set(slot, 2 ** same.frameBits - 1, ALL);
    tables.clear(slot);
    expect([
      tables.rawLow(slot - 1),
      tables.rawHigh(slot - 1),
      tables.rawLow(slot + 1),
      tables.rawHigh(slot + 1),
    ]).toEqual(before);
  });
});

describe('an entry that points to a table', () => {
  test.each([
    ['x86-64: as Linux writes it, P W U A D', X86_64, 0x67],
    ['Sv32: V alone, or it would be a leaf', SV32, 0x01],
    ['tiny: P W', TINY, 0xc0],
  ])('%s', (_what, scheme, bits) => {
    const { tables } = machineRoom(scheme, 64);
    const root = tables.newTable();
    const slot = tables.ensure(root, 0);
    const pointer = root * tables.entriesPerTable;
    expect(tables.rawLow(pointer)).toBe(bits + tables.frame(pointer) * 2 ** scheme.frameShift);
    expect(tables.flags(pointer) & (PTE_PRESENT | PTE_LEAF)).toBe(PTE_PRESENT);
    expect(slot).toBeGreaterThan(pointer);
  });
});

describe('bits stand where the manuals put them', () => {
  /** Bits of an entry, highest lane first. */
  function raw(scheme: PageTableScheme, pfn: number, flags: number): string {
    const { tables } = machineRoom(scheme, 64);
    tables.set(40, pfn, flags);
    return ((BigInt(tables.rawHigh(40) >>> 0) << 32n) | BigInt(tables.rawLow(40) >>> 0)).toString(16);
  }

  test.each([
    ['everything', ALL, '1234567067'],
    ['a page that may not be executed', ALL & ~PTE_EXEC, '8000001234567067'],
    ['a page only read', PTE_PRESENT | PTE_USER | PTE_EXEC, '1234567005'],
    ['a page of the kernel', PTE_PRESENT | PTE_WRITE | PTE_EXEC, '1234567003'],
    ['a large page', ALL | PTE_LEAF, '12345670e7'],
    ['no rights', PTE_PROT_NONE, '1234567100'],
  ])('x86-64: %s', (_what, flags, bits) => {
    expect(raw(X86_64, 0x1234567, flags)).toBe(bits);
  });

  test.each([
    ['everything', ALL, '48d158df'],
    ['a page that may not be executed', ALL & ~PTE_EXEC, '48d158d7'],
    ['a page only read', PTE_PRESENT | PTE_USER | PTE_ACCESSED, '48d15853'],
    ['no rights', PTE_PROT_NONE, '48d15820'],
  ])('Sv32: %s', (_what, flags, bits) => {
    expect(raw(SV32, 0x123456, flags)).toBe(bits);
  });

  test.each([
    ['writable', ALL, 'ea'],
    ['only read', PTE_PRESENT, 'aa'],
    ['no rights', PTE_PROT_NONE, '6a'],
  ])('tiny: %s', (_what, flags, bits) => {
    expect(raw(TINY, 0x2a, flags)).toBe(bits);
  });
});

test('a scheme that cannot work is refused', () => {
  expect(() => schemeCodes({ ...SV32, levels: [10, 9] })).toThrow(/'sv32': a level of 9 bits/);
  expect(() => schemeCodes({ ...TINY, asidBits: 6 })).toThrow(/asidBits 6 is too many/);
  expect(() => schemeCodes({ ...TINY, asidBits: 1 })).toThrow(/asidBits 1 is too few/);
  expect(() => schemeCodes({ ...SV32, bits: { ...SV32.bits, softGuard: -1 } })).toThrow(/without bits for softSwap/);
  expect(() => schemeCodes({ ...X86_64, levels: [9, 9, 9, 9, 9] })).toThrow(/5 levels are too many; use at most 4/);
  expect(() => schemeCodes({ ...X86_64, frameBits: 41 })).toThrow(/ends at bit 52; it must end below bit 52/);
  expect(() => schemeCodes({ ...X86_64, bits: { ...X86_64.bits, noExecute: 62 } })).toThrow(/noExecute is bit 62/);
  expect(() => schemeCodes({ ...X86_64, bits: { ...X86_64.bits, dirty: 63 } })).toThrow(/dirty is bit 63/);
});
