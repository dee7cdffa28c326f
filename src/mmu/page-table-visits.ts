/**
 * Every table, every entry: for checks and reports, not for hot paths.
 *
 * Place: the invariant checker, /proc and tests read whole address spaces with these; nobody edits anything here.
 */

import type { PageTables } from './page-tables.ts';

/** Tables in use below and including the root. */
export function countTables(tables: PageTables, root: number): number {
  return countBelow(tables, root, 0);
}

function countBelow(tables: PageTables, table: number, level: number): number {
  if (level === tables.levels - 1) return 1;
  let count = 1;
  for (let index = 0; index < tables.entriesPerTable; index++) {
    const slot = table * tables.entriesPerTable + index;
    if (!tables.isEmpty(slot)) count += countBelow(tables, tables.frame(slot), level + 1);
  }
  return count;
}

type Visit = (va: number, slot: number) => void;

/** Calls `visit(va, slot)` for each non-empty lowest-level entry, upwards. */
export function forEachEntry(tables: PageTables, root: number, visit: Visit): void {
  visitTable(tables, root, 0, 0, visit);
}

function visitTable(tables: PageTables, table: number, level: number, base: number, visit: Visit): void {
  const span = 2 ** tables.levelShift[level];
  for (let index = 0; index < tables.entriesPerTable; index++) {
    const slot = table * tables.entriesPerTable + index;
    if (tables.isEmpty(slot)) continue;
    if (level === tables.levels - 1) visit(base + index * span, slot);
    else visitTable(tables, tables.frame(slot), level + 1, base + index * span, visit);
  }
}
