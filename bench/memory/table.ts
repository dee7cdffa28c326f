/**
 * The rows about the host's memory: what the machine keeps for each frame, and what an access or a fault allocates.
 *
 * Unlike ratios these figures are counted, not timed.
 */

export interface MemoryRow<Name extends string = string> {
  readonly name: Name;
  readonly what: string;
  readonly unit: string;
  /** The most that it may be. */
  readonly limit: number;
}

/** The frame table and all that belongs to a frame, in bytes beside its contents. */
const FRAME_LIMIT = 64;
/** A number that V8 puts on its heap takes 16 bytes: this is one in 160 operations, and more than what V8 does for itself meanwhile. */
const ALLOCATION_LIMIT = 0.1;

function frames<Name extends string>(name: Name, what: string): MemoryRow<Name> {
  return { name, what, unit: 'bytes/frame', limit: FRAME_LIMIT };
}

function allocated<Name extends string>(name: Name, what: string, operation: string): MemoryRow<Name> {
  return { name, what, unit: `bytes/${operation}`, limit: ALLOCATION_LIMIT };
}

// biome-ignore format: a table
export const MEMORY_ROWS = [
  frames('frames-fresh', 'a machine of 1 GiB, its contents apart'),
  frames('frames-anonymous', 'the same, all of it touched by a process'),
  frames('frames-cached', 'the same, all of it the cache of a file on the ext4-like file system, every page dirty'),
  frames('frames-tables', 'a machine without page contents, from 16 to 64 GiB'),

  allocated('alloc-load', '10 M loads that hit the TLB', 'load'),
  allocated('alloc-walk', '10 M loads that miss the TLB', 'load'),
  allocated('alloc-touch', '10 M accesses played by touch', 'access'),
  allocated('alloc-zero-fault', '10 M first loads of anonymous pages', 'fault'),
  allocated('alloc-anon-fault', '10 M first stores to anonymous pages', 'fault'),
  allocated('alloc-cow-fault', '10 M copy-on-write breaks', 'fault'),
  allocated('alloc-file-fault', '10 M loads that map 16 pages of a cached file', 'fault'),
  allocated('alloc-private-fault', '10 M stores to private pages of a cached file, each copied', 'fault'),
  allocated('alloc-shared-fault', '10 M first stores to shared pages of a cached file', 'fault'),
] as const satisfies readonly MemoryRow[];

export type MemoryName = (typeof MEMORY_ROWS)[number]['name'];

/** What was measured: a figure in the unit of the row, and how often V8 collected its young objects meanwhile. */
export interface MemoryFigure {
  readonly value: number;
  readonly collections: number;
}
