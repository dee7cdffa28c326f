/**
 * The memory lines of /proc/PID/status: sums over an address space, in KiB.
 *
 * The counts are those that the limits and faults keep in `Mm`; nothing is counted here but page tables.
 * Source: proc_pid_status(5); Linux fs/proc/task_mmu.c task_mem.
 */

import { countTables } from '../mmu/page-table-visits.ts';
import type { PageTables } from '../mmu/page-tables.ts';
import { KIB } from '../units.ts';
import { type Mm, RSS_ANON, RSS_FILE, RSS_SHMEM } from './mm.ts';

/** In KiB. */
export interface StatusFields {
  /** All mappings. */
  readonly VmSize: number;
  /** What counts against RLIMIT_MEMLOCK. */
  readonly VmLck: number;
  /** Pages that entries name: RssAnon + RssFile + RssShmem. */
  readonly VmRSS: number;
  readonly RssAnon: number;
  readonly RssFile: number;
  readonly RssShmem: number;
  /** Private, writable, not growing down (RLIMIT_DATA). */
  readonly VmData: number;
  /** Growing down. */
  readonly VmStk: number;
  /** Executable and neither writable nor growing down; no program has a text of its own here (VmExe). */
  readonly VmLib: number;
  /** Page tables without the root. */
  readonly VmPTE: number;
}

export function statusOf(tables: PageTables, mm: Mm): StatusFields {
  const kib = (pages: number): number => (pages * mm.pageSize) / KIB;
  const [anon, file, shmem] = [RSS_ANON, RSS_FILE, RSS_SHMEM].map((kind) => mm.rss[kind]);
  return {
    VmSize: kib(mm.totalPages),
    VmLck: kib(mm.lockedPages),
    VmRSS: kib(anon + file + shmem),
    RssAnon: kib(anon),
    RssFile: kib(file),
    RssShmem: kib(shmem),
    VmData: kib(mm.dataPages),
    VmStk: kib(mm.stackPages),
    VmLib: kib(mm.execPages),
    VmPTE: kib(countTables(tables, mm.root) - 1),
  };
}
