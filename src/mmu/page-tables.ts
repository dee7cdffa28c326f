/**
 * Page tables in simulated RAM: reading and editing entries, making and freeing tables.
 *
 * Place: the kernel edits translations here, the walker (walk.ts) reads the same bytes. An entry
 * is named by its *slot*: table frame * entries per table + index, a small integer for any entry
 * size. It knows no VMA and flushes no TLB: whoever narrows an entry must.
 * Invariant: a table is freed only when none of its entries is in use.
 * Source: Linux mm/pgalloc, mm/memory.c (pmd_alloc, free_pgtables).
 */

import type { PageTableScheme } from '../scheme.ts';
import { type FrameAllocator, ZONE_LOW } from './buddy.ts';
import { PTE_EXEC, PTE_PRESENT, type SchemeCodes, schemeCodes } from './entry-codes.ts';
import { FRAME_TABLE, type FrameTable } from './frames.ts';
import type { Ram } from './ram.ts';

/** Frame bits in the high lane of an 8-byte entry (bits 51 to 32). */
const HIGH_FRAME_MASK = 0xfffff;

/** Tables kept in mind: on x86-64 those of 128 MiB. */
const SPANS = 64;

export class PageTables {
  readonly scheme: PageTableScheme;
  readonly codes: SchemeCodes;
  readonly levels: number;
  readonly pageSize: number;
  readonly pageShift: number;
  readonly entriesPerTable: number;
  /** log2 of the bytes one entry of each level maps, root first. */
  readonly levelShift: readonly number[];
  /** Bytes that one lowest-level table maps (2 MiB on x86-64). */
  readonly tableSpan: number;
  /** pageSize - 1 and tableSpan - 1: `va & mask` is the offset inside, in one integer operation. */
  readonly pageMask: number;
  readonly spanMask: number;
  private readonly ram: Ram;
  private readonly frames: FrameTable;
  private readonly allocator: FrameAllocator;
  /** Float64Array(levels): 2^-levelShift, so that `(va * scale) & mask` is the index at a level. */
  readonly levelScale: Float64Array;
  /** Float64Array(levels): bytes that one entry of each level maps. */
  readonly levelSpan: Float64Array;
  /** The entries as words: two to an entry of 8 bytes, else one (`stride`). */
  readonly lanes: Uint32Array | Uint8Array;
  readonly stride: number;
  /** log2 of `stride`. */
  private readonly strideShift: number;
  // Cached from codes: read at each walk.
  private readonly decode: Uint16Array;
  private readonly decodeMask: number;
  private readonly noExecuteHigh: number;
  readonly frameShift: number;
  readonly indexMask: number;
  private readonly spanShift: number;
  /**
   * The tables reached lately, as a paging-structure cache has them, by the low bits of which span of addresses a
   * table maps. Float64Array(SPANS): start of the span + root's frame (a root lies in the low zone, so that its number
   * is below the bytes of a span), -1 = none. Int32Array(SPANS): first slot of the table.
   */
  private readonly spanKey: Float64Array;
  private readonly spanSlot: Int32Array;
  /** The address whose entry is looked for, set by whoever calls a method named after it: a field and no argument, for the reason that `Mmu.va` is one. */
  sought: number;
  readonly frameMaskLow: number;
  /** Frames below 4 GiB. */
  private readonly frames32: number;
  /** What frame >> 0 beyond the low lane counts: 2^(32 - frameShift). Frames below it have no bit there. */
  readonly highScale: number;
  /** Table frames in use, root tables included. */
  tableFrames: number;
  /** Tables freed since the start: whoever remembers where tables stand asks whether it is still the same. */
  tablesFreed: number;
  /** Bytes that the missing table would map, after a `lookup` that gave -1. */
  missingSpan: number;

  constructor(scheme: PageTableScheme, ram: Ram, frames: FrameTable, allocator: FrameAllocator) {
    this.scheme = scheme;
    this.codes = schemeCodes(scheme);
    this.ram = ram;
    this.frames = frames;
    this.allocator = allocator;
    this.levels = scheme.levels.length;
    this.pageShift = scheme.pageShift;
    // Shifts, not powers: a power is a double to the compiler, and so is whatever is computed from it.
    this.pageSize = 1 << scheme.pageShift;
    this.lanes = scheme.entryBytes === 1 ? ram.u8 : ram.u32;
    this.stride = scheme.entryBytes === 8 ? 2 : 1;
    this.strideShift = this.stride - 1;
    this.decode = this.codes.decode;
    this.decodeMask = this.codes.decodeMask;
    this.noExecuteHigh = this.codes.noExecuteHigh;
    this.frameShift = scheme.frameShift;
    this.entriesPerTable = this.pageSize / scheme.entryBytes;
    this.indexMask = this.entriesPerTable - 1;
    const shifts: number[] = [];
    let shift = scheme.pageShift;
    for (const bits of [...scheme.levels].reverse()) {
      shifts.unshift(shift);
      shift += bits;
    }
    this.levelShift = shifts;
    this.levelScale = Float64Array.from(shifts, (levelShift) => 2 ** -levelShift);
    this.levelSpan = Float64Array.from(shifts, (levelShift) => 2 ** levelShift);
    this.tableSpan = this.pageSize * this.entriesPerTable;
    this.pageMask = this.pageSize - 1;
    this.spanMask = this.tableSpan - 1;
    // All 32 bits are -1: a small integer, which 0xffffffff is not.
    const usedLow = scheme.entryBytes === 1 ? (1 << scheme.frameBits) - 1 : -1;
    this.frameMaskLow = usedLow;
    this.frames32 = 1 << (32 - scheme.pageShift);
    this.highScale = scheme.frameShift === 0 ? 2 ** 32 : 1 << (32 - scheme.frameShift);
    this.tableFrames = 0;
    this.tablesFreed = 0;
    this.missingSpan = 0;
    this.spanShift = scheme.pageShift + (scheme.levels.at(-1) as number);
    this.spanKey = new Float64Array(SPANS).fill(-1);
    this.spanSlot = new Int32Array(SPANS);
    this.sought = 0;
  }

  /** Entries have a bit that forbids execution, rather than one that allows it, or none. */
  get hasNoExecute(): boolean {
    return this.codes.noExecuteHigh !== 0;
  }

  /**
   * The low lane of an entry: the whole of it unless entries have 8 bytes. A signed number of 32 bits: unsigned, one with the
   * highest bit would be put into a box of 16 bytes wherever V8 does not inline this.
   */
  rawLow(slot: number): number {
    return this.lanes[slot << this.strideShift] | 0;
  }

  /** The high lane of an entry, signed as the low one; 0 if it has none. */
  rawHigh(slot: number): number {
    return this.strideShift === 1 ? this.lanes[(slot << 1) + 1] | 0 : 0;
  }

  private writeRaw(slot: number, low: number, high: number): void {
    this.lanes[slot << this.strideShift] = low;
    if (this.strideShift === 1) this.lanes[(slot << 1) + 1] = high;
  }

  /** PTE_* flags of an entry; 0 = empty. */
  flags(slot: number): number {
    return this.flagsOf(this.rawLow(slot), this.rawHigh(slot));
  }

  /** As `flags`, by the two lanes of the entry. */
  flagsOf(low: number, high: number): number {
    const flags = this.decode[low & this.decodeMask];
    if (this.noExecuteHigh === 0 || !(flags & PTE_PRESENT)) return flags;
    return high & this.noExecuteHigh ? flags : flags | PTE_EXEC;
  }

  /** Frame number of an entry (or its swap slot). */
  frame(slot: number): number {
    return this.frameOf(this.rawLow(slot), this.rawHigh(slot));
  }

  /** As `frame`, by the two lanes of the entry. */
  frameOf(low: number, high: number): number {
    const below = (low & this.frameMaskLow) >>> this.frameShift;
    const above = high & HIGH_FRAME_MASK;
    return above === 0 ? below : below + above * this.highScale;
  }

  /**
   * Physical address of a frame as the TLB keeps it, in 32 bits so that a hit computes with integers. Frames beyond 4 GiB
   * have no contents (a buffer ends there): all get the last page below.
   */
  baseOf(pfn: number): number {
    return ((pfn < this.frames32 ? pfn : this.frames32 - 1) << this.pageShift) >>> 0;
  }

  set(slot: number, pfn: number, flags: number): void {
    const { encodeLow, encodeHigh } = this.codes;
    const low = encodeLow[flags] | (pfn << this.frameShift);
    this.writeRaw(slot, low, pfn < this.highScale ? encodeHigh[flags] : encodeHigh[flags] | (pfn / this.highScale));
  }

  /** Copies an entry that names a frame, and takes PTE_WRITE, PTE_ACCESSED or PTE_DIRTY bits (as raw masks) away from the copy and from the original. */
  copyEntry(from: number, to: number, fromCopy: number, fromOriginal: number): void {
    const low = this.rawLow(from);
    const high = this.rawHigh(from);
    this.writeRaw(to, low & ~fromCopy, high);
    if (low & fromOriginal) this.writeRaw(from, low & ~fromOriginal, high);
  }

  /** Points an entry above the lowest level to a table. */
  private setPointer(slot: number, table: number): void {
    const low = this.codes.pointerLow | (table << this.frameShift);
    this.writeRaw(slot, low, Math.floor(table / this.highScale));
  }

  clear(slot: number): void {
    this.writeRaw(slot, 0, 0);
  }

  isEmpty(slot: number): boolean {
    return this.rawLow(slot) === 0 && this.rawHigh(slot) === 0;
  }

  /** Index of `va` in the tables of `level` (0 = root). */
  indexAt(va: number, level: number): number {
    return (va * this.levelScale[level]) & this.indexMask;
  }

  /** As `indexAt`, of the address sought. */
  soughtIndex(level: number): number {
    return (this.sought * this.levelScale[level]) & this.indexMask;
  }

  /** Slot of the lowest-level entry for `va`, or -1 (and `missingSpan`) when a table on the way is missing. */
  lookup(root: number, va: number): number {
    this.sought = va;
    return this.find(root);
  }

  /** As `lookup`, for the address that the caller has put into `sought`. */
  find(root: number): number {
    const cached = this.cachedSought(root);
    if (cached >= 0) return cached;
    let table = root;
    for (let level = 0; level < this.levels - 1; level++) {
      const slot = table * this.entriesPerTable + this.soughtIndex(level);
      if (this.isEmpty(slot)) {
        this.missingSpan = this.levelSpan[level];
        return -1;
      }
      table = this.frame(slot);
    }
    return this.rememberSought(root, table);
  }

  /** Where the table ends that was missing when the last `lookup`, of `va`, gave -1. */
  missingEnd(va: number): number {
    const { missingSpan } = this;
    return (Math.floor(va / missingSpan) + 1) * missingSpan;
  }

  /** As `lookup`, making missing tables; -1 when no frame is left for one. */
  ensure(root: number, va: number): number {
    this.sought = va;
    return this.ensureSought(root);
  }

  /** As `ensure`, for the address that the caller has put into `sought`. */
  ensureSought(root: number): number {
    const cached = this.cachedSought(root);
    if (cached >= 0) return cached;
    let table = root;
    for (let level = 0; level < this.levels - 1; level++) {
      const slot = table * this.entriesPerTable + this.soughtIndex(level);
      if (this.isEmpty(slot)) {
        const made = this.newTable();
        if (made === 0) return -1;
        this.setPointer(slot, made);
        table = made;
      } else table = this.frame(slot);
    }
    return this.rememberSought(root, table);
  }

  /** As `cachedAt`, of the address sought. */
  cachedSought(root: number): number {
    return this.cachedAt(root, this.sought);
  }

  /**
   * Slot of the lowest-level entry for `va` (one that the scheme translates) if its table was reached lately, else -1: one compare
   * instead of a read at each level.
   */
  cachedAt(root: number, va: number): number {
    const low = va | 0;
    const span = (low >>> this.spanShift) & (SPANS - 1);
    // The table's key: the start of what it maps + the root's frame. Computed in place, here and where it is noted: from a call that V8 does
    // not inline a double comes in a box.
    if (this.spanKey[span] !== va - ((low & this.spanMask) - root)) return -1;
    return this.spanSlot[span] + ((low >>> this.pageShift) & this.indexMask);
  }

  /** Notes that the lowest-level table of the address sought is `table`; its slot for that address. */
  rememberSought(root: number, table: number): number {
    const { sought } = this;
    const low = sought | 0;
    const span = (low >>> this.spanShift) & (SPANS - 1);
    this.spanKey[span] = sought - ((low & this.spanMask) - root);
    this.spanSlot[span] = table * this.entriesPerTable;
    return this.spanSlot[span] + ((low >>> this.pageShift) & this.indexMask);
  }

  /** A zeroed table frame, or 0. */
  newTable(): number {
    const pfn = this.allocator.alloc(0, ZONE_LOW);
    if (pfn === 0) return 0;
    this.ram.zeroFrame(pfn);
    this.frames.set(pfn, FRAME_TABLE);
    this.tableFrames++;
    return pfn;
  }

  /** Frees a table in which no entry is in use; whoever points to it forgets it. */
  freeTable(pfn: number): void {
    this.tableFrames--;
    this.tablesFreed++;
    this.spanKey.fill(-1);
    this.frames.refcount[pfn] = 0;
    this.allocator.free(pfn, 0);
  }

  /** Frees the root itself; every other table must be gone. */
  freeRoot(root: number): void {
    this.freeTable(root);
  }
}
