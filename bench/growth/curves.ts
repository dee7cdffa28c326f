/**
 * The curves: which operation is measured as which amount grows.
 *
 * A curve has one number for each size: nanoseconds for one operation, or for one page of it, or for one mapping of it, so that 'flat'
 * is what each of them should be. The amounts and their ends are those that a user's program may reach: vm.max_map_count, an ArrayBuffer
 * of 4 GiB, a large server's RAM.
 */

/** What grows. */
export interface Amount {
  readonly name: string;
  /** Heading of its plot, and the axis below. */
  readonly title: string;
  readonly axis: string;
  readonly sizes: readonly number[];
}

export interface Curve<Name extends string = string> {
  readonly name: Name;
  readonly amount: AmountName;
  readonly what: string;
  /** What the nanoseconds are for. */
  readonly per: string;
}

const MIB = 1024 * 1024;

export const AMOUNTS = {
  vmas: { name: 'vmas', title: 'Mappings of a process', axis: 'VMAs', sizes: [10, 100, 1000, 10_000, 60_000] },
  touched: {
    name: 'touched',
    title: 'Memory touched, with contents',
    axis: 'MiB touched',
    sizes: [4, 64, 512, 3584],
  },
  tables: {
    name: 'tables',
    title: 'Memory touched, page tables only',
    axis: 'MiB touched',
    sizes: [64, 1024, 8192, 65_536],
  },
  sharers: { name: 'sharers', title: 'Processes that share a file', axis: 'processes', sizes: [1, 4, 16, 64] },
  cpus: { name: 'cpus', title: 'CPUs that run a process', axis: 'CPUs', sizes: [1, 2, 4, 8] },
  cache: {
    name: 'cache',
    title: "Pages in a file's cache",
    axis: 'pages cached',
    sizes: [1000, 10_000, 100_000, 1_000_000],
  },
} as const satisfies Record<string, Amount>;

export type AmountName = keyof typeof AMOUNTS;

/** Bytes of a size in MiB. */
export function mebibytes(size: number): number {
  return size * MIB;
}

function curve<Name extends string>(name: Name, amount: AmountName, what: string, per: string): Curve<Name> {
  return { name, amount, what, per };
}

// biome-ignore format: a table
export const CURVES = [
  curve('vmas-map-pair', 'vmas', 'mmap + munmap, half of them where the kernel likes, half in a hole', 'pair'),
  curve('vmas-mprotect', 'vmas', 'mprotect that merges three mappings, and that splits them again', 'call'),
  curve('vmas-fault', 'vmas', 'first store to a page of a mapping at random', 'fault'),
  curve('vmas-msync', 'vmas', 'store to a page of a file mapping at random, and msync of that page', 'page'),

  curve('touched-load', 'touched', 'load at random', 'load'),
  curve('touched-fault', 'touched', 'first store to pages given up before, 16 in a row here and there', 'fault'),
  curve('touched-munmap', 'touched', 'munmap of 256 pages here and there', 'page'),
  curve('touched-fork', 'touched', 'fork + exit + wait', 'page touched'),

  curve('tables-load', 'tables', 'load at random', 'load'),
  curve('tables-fault', 'tables', 'first store to pages given up before, 16 in a row here and there', 'fault'),
  curve('tables-munmap', 'tables', 'munmap of 256 pages here and there', 'page'),

  curve('sharers-fault', 'sharers', 'load from a page that all others map', 'page'),
  curve('sharers-cow', 'sharers', 'store to a private page that all others share, one page copied', 'fault'),
  curve('sharers-writeback', 'sharers', 'msync of pages that all have stored to', 'page and process'),
  curve('sharers-truncate', 'sharers', 'ftruncate of pages that all map', 'page and process'),

  curve('cpus-load', 'cpus', 'load by the threads of a process in turn, 1,000 each', 'load'),
  curve('cpus-fault', 'cpus', 'first store by the threads in turn, 16 pages each', 'fault'),
  curve('cpus-munmap', 'cpus', 'munmap of 16 pages that every CPU has in its TLB', 'call and CPU'),

  curve('cache-lookup', 'cache', 'mincore of a page at random', 'call'),
  curve('cache-read', 'cache', 'read of a page at random', 'page'),
  curve('cache-fault', 'cache', 'load at random from a mapping: a fault that maps 16 pages', 'fault'),
  curve('cache-fsync', 'cache', 'stores to 4 pages at random, and fsync', 'page'),
  curve('cache-append', 'cache', 'write of 64 pages at the end', 'page'),
  curve('cache-truncate', 'cache', 'ftruncate by 64 pages', 'page'),
  curve('cache-punch', 'cache', 'a hole punched at random', 'page'),
] as const satisfies readonly Curve[];

export type CurveName = (typeof CURVES)[number]['name'];

/** What is measured at one size. */
export interface Grown {
  /** Operations of one run. */
  readonly operations: number;
  readonly run: () => unknown;
  /** Set-up of each run, not measured. */
  readonly before?: () => void;
  /** After the last run: proves that the work was done. */
  readonly finish: () => void;
}

/** Builds a curve's subject at a size. */
export type Grow = (size: number) => Grown;
