/**
 * The rows: what each benchmark is called, what it compares, and the ratios it must and shall reach.
 *
 * A ratio is ours / theirs in operations per second, so that larger is better. Floors and goals come from measurements of a
 * minimal prototype beside the same kernel; they are ratios because only those carry from one host to another.
 */

/** What a row needs beside Node: nothing; Linux and a C compiler; a directory on a disk as well; Valgrind as well. */
export type Needs = 'node' | 'kernel' | 'disk' | 'valgrind';

export interface BenchRow<Name extends string = string> {
  readonly name: Name;
  /** Section of the report: 1 the kernel, 2 the language, 3 traces. */
  readonly section: 1 | 2 | 3;
  /** Ours / theirs. */
  readonly what: string;
  /** What is counted per second, on both sides. */
  readonly unit: string;
  readonly floor: number;
  readonly goal: number;
  readonly needs: Needs;
  /** The program of native/ that it runs, without `.c`; '' for none. */
  readonly program: string;
  /** Processes of Node the pairs are spread over; more than one where memory layout moves the result. */
  readonly processes: number;
  /** Alternating pairs in each process. */
  readonly pairs: number;
}

/** A row whose subject the machine does not have yet. */
export interface PendingRow<Name extends string = string> {
  readonly name: Name;
  readonly section: 1 | 2 | 3;
  readonly what: string;
  readonly status: 'not yet';
}

export type Row = BenchRow | PendingRow;

const PAIRS = 7;

function bench<Name extends string>(
  section: 1 | 2 | 3,
  name: Name,
  what: string,
  unit: string,
  bounds: readonly [floor: number, goal: number],
  more: Partial<Omit<BenchRow, 'name'>> = {},
): BenchRow<Name> {
  const [floor, goal] = bounds;
  const usual = section === 1 ? { needs: 'kernel' as const, program: name } : { needs: 'node' as const, program: '' };
  return { section, name, what, unit, floor, goal, ...usual, processes: 1, pairs: PAIRS, ...more };
}

function notYet<Name extends string>(section: 1 | 2 | 3, name: Name, what: string): PendingRow<Name> {
  return { section, name, what, status: 'not yet' };
}

// biome-ignore format: a table
export const ROWS = [
  bench(1, 'anon-write-fault', 'private anonymous write fault, 256 MiB page by page, each page zeroed', 'faults/s', [1.0, 1.5]),
  bench(1, 'anon-write-fault-tables', "the same in a machine without page contents (contents: 'tables')", 'faults/s', [3, 6], { program: 'anon-write-fault' }),
  bench(1, 'file-read', 'loads from a mapped, cached file with fault-around (folios of one page)', 'pages/s', [1.0, 1.5]),
  bench(1, 'cow-break', 'copy-on-write break after fork, one page copied', 'breaks/s', [1.2, 2]),
  bench(1, 'fork-exit-wait', 'fork + exit + wait of a process with 64 MiB touched', 'forks/s', [5, 8]),
  bench(1, 'map-pair-few', 'mmap + munmap, a process with few mappings', 'pairs/s', [2, 5], { program: 'map-pair' }),
  bench(1, 'map-pair-many', 'mmap + munmap, a process with 60,000 mappings', 'pairs/s', [0.8, 1.5], { program: 'map-pair' }),
  bench(1, 'mprotect-untouched', 'mprotect that splits and merges, 16 untouched pages', 'calls/s', [2, 4], { program: 'mprotect' }),
  bench(1, 'mprotect-touched', 'mprotect that splits and merges, 16 touched pages', 'calls/s', [2, 4], { program: 'mprotect' }),
  bench(1, 'munmap-touched', 'munmap of touched pages', 'pages/s', [2, 5]),
  bench(1, 'msync', 'msync(MS_SYNC) of 16,384 dirty pages on the ext4-like file system', 'pages/s', [1.0, 2], { needs: 'disk' }),
  notYet(1, 'reclaim', 'reclaim of clean file pages'),
  notYet(1, 'large-folios', 'faults that map large folios'),

  bench(2, 'load8-direct', "load8 on TLB hits, preset 'direct', 64 to 1,024 pages / raw reads", 'loads/s', [0.25, 0.4]),
  bench(2, 'load8-direct-64mib', "load8 over 64 MiB at random, preset 'direct' / raw reads", 'loads/s', [0.12, 0.2], { processes: 3, pairs: 3 }),
  bench(2, 'load8-default', 'load8, default two-level TLB, 64 to 1,024 pages at random / raw reads', 'loads/s', [0.05, 0.10]),
  bench(2, 'replay-decoded', 'touchRun of decoded addresses, default TLB / raw replay', 'accesses/s', [0.15, 0.3]),
  bench(2, 'anon-fault-fill', 'anonymous write faults / buffer.fill of 4 KiB', 'pages/s', [0.45, 0.6]),
  bench(2, 'cow-copywithin', 'copy-on-write breaks / copyWithin of 4 KiB', 'pages/s', [0.35, 0.5]),
  bench(2, 'trace-ring', 'write faults with the trace ring on / off', 'faults/s', [0.85, 0.95]),
  bench(2, 'one-observer', 'write faults with one observer / none', 'faults/s', [0.8, 0.9]),

  bench(3, 'replay-text', 'whole replay from a text trace / readline and a parse loop over the same file', 'lines/s', [3, 6], { pairs: 5 }),
  bench(3, 'replay-lackey', "the same on a lackey trace / the rate at which valgrind's lackey writes it", 'lines/s', [2, 5], { needs: 'valgrind', program: 'traced', pairs: 5 }),
  notYet(3, 'policies-libcachesim', 'page-reference policies / libCacheSim on the same trace'),
  notYet(3, 'policies-ostep', "the same / OSTEP's paging-policy.py"),
] as const satisfies readonly Row[];

/** Names of the rows that are measured. */
export type BenchName = Extract<(typeof ROWS)[number], BenchRow>['name'];

export function isPending(row: Row): row is PendingRow {
  return 'status' in row;
}
