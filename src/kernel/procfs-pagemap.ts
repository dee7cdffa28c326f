/**
 * /proc/PID/pagemap: what the page table holds for each page of a range, as a reader without privilege sees it.
 *
 * Such a reader gets no frame numbers. Read from the entries themselves: what a VMA allows plays no part.
 * Source: Linux Documentation/admin-guide/mm/pagemap.rst, fs/proc/task_mmu.c pte_to_pagemap_entry.
 */

import { PTE_GUARD, PTE_PRESENT, PTE_PROT_NONE } from '../mmu/entry-codes.ts';
import { FRAME_ANON, type FrameTable } from '../mmu/frames.ts';
import type { PageTables } from '../mmu/page-tables.ts';
import { offsetOf, pageOf, toCount, type Word } from '../units.ts';
import type { Mm } from './mm.ts';

/** One page of /proc/PID/pagemap. */
export interface PagemapPage {
  /** Bit 63: an entry names a frame, the page of zeros included. */
  readonly present: boolean;
  /** Bit 62. A guard has it too. */
  readonly swapped: boolean;
  /** Bit 61: of a file or of shared memory, not anonymous. */
  readonly file: boolean;
  /** Bit 58: MADV_GUARD_INSTALL. */
  readonly guard: boolean;
  /** Bit 56: this entry is the only one for the frame. */
  readonly exclusive: boolean;
}

export interface PagemapParts {
  readonly tables: PageTables;
  readonly frames: FrameTable;
  readonly zeroPfn: number;
}

const ABSENT: PagemapPage = { present: false, swapped: false, file: false, guard: false, exclusive: false };
const GUARD: PagemapPage = { ...ABSENT, swapped: true, guard: true };
const ZERO: PagemapPage = { ...ABSENT, present: true };

/** The pages that [address, address + length) touches; none from `userEnd` on. */
export function pagemapOf(
  parts: PagemapParts,
  mm: Mm,
  address: Word,
  length: Word,
  userEnd: number,
): readonly PagemapPage[] {
  const { pageSize } = mm;
  const first = pageOf(address, pageSize);
  const wanted = Math.ceil((offsetOf(address, pageSize) + toCount(length)) / pageSize);
  const count = Math.max(0, Math.min(wanted, userEnd / pageSize - first));
  return Array.from({ length: count }, (_, page) => pageAt(parts, mm, (first + page) * pageSize));
}

function pageAt({ tables, frames, zeroPfn }: PagemapParts, mm: Mm, va: number): PagemapPage {
  const slot = tables.lookup(mm.root, va);
  const flags = slot < 0 ? 0 : tables.flags(slot);
  if (flags & PTE_GUARD) return GUARD;
  if (!(flags & (PTE_PRESENT | PTE_PROT_NONE))) return ABSENT;
  const pfn = tables.frame(slot);
  if (pfn === zeroPfn) return ZERO;
  return { ...ZERO, file: !frames.has(pfn, FRAME_ANON), exclusive: frames.mapcount[pfn] === 1 };
}
