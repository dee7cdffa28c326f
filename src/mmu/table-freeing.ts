/**
 * Freeing the tables that map nothing any more.
 *
 * Place: the last part of unmapping a range, when its entries are empty. Which tables stay is told by the neighbouring mappings,
 * without a look at the entries of a table: one that reaches over a neighbour is kept for it.
 * Source: Linux mm/memory.c free_pgtables, free_pgd_range.
 */

import type { PageTables } from './page-tables.ts';

/**
 * After the entries of [start, end) are cleared: frees the tables that map part of it and
 * nothing outside [floor, ceiling), the ends of the neighbouring mappings. Returns tables freed.
 */
export function freeTables(
  tables: PageTables,
  root: number,
  start: number,
  end: number,
  floor: number,
  ceiling: number,
): number {
  const { tableSpan } = tables;
  // Where not even a lowest table fits between the neighbours, each of those above serves one of them.
  if (Math.ceil(floor / tableSpan) * tableSpan + tableSpan > ceiling || isBare(tables, root, start, end)) return 0;
  const before = tables.tableFrames;
  if (tables.levels > 1) freeBelow(tables, root, 0, 0, start, end, floor, ceiling);
  return before - tables.tableFrames;
}

/** One entry of the root is for all of [start, end), and it is empty. */
function isBare(tables: PageTables, root: number, start: number, end: number): boolean {
  const scale = tables.levelScale[0];
  const index = Math.floor(start * scale);
  return end * scale <= index + 1 && tables.isEmpty(root * tables.entriesPerTable + tables.indexAt(start, 0));
}

function freeBelow(
  tables: PageTables,
  table: number,
  level: number,
  base: number,
  start: number,
  end: number,
  floor: number,
  ceiling: number,
): void {
  const span = tables.levelSpan[level];
  const first = Math.max(0, Math.floor((start - base) / span)) | 0;
  const stop = Math.min(tables.entriesPerTable, Math.ceil((end - base) / span)) | 0;
  const entries = table * tables.entriesPerTable;
  for (
    let slot = nextUsed(tables, entries + first, entries + stop);
    slot < entries + stop;
    slot = nextUsed(tables, slot + 1, entries + stop)
  ) {
    const index = slot - entries;
    const childBase = base + index * span;
    const child = tables.frame(slot);
    if (level < tables.levels - 2) freeBelow(tables, child, level + 1, childBase, start, end, floor, ceiling);
    if (childBase >= floor && childBase + span <= ceiling) {
      tables.clear(slot);
      tables.freeTable(child);
    }
  }
}

/** The first slot in [from, end) that is not empty, or `end`. */
function nextUsed({ lanes, stride }: PageTables, from: number, end: number): number {
  const stop = end * stride;
  let at = from * stride;
  while (at < stop && lanes[at] === 0 && lanes[at + stride - 1] === 0) at += stride;
  return at / stride;
}
