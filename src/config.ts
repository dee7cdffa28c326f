/**
 * The configuration of a machine: one typed record, its defaults, and its checks.
 *
 * Place: the only way in which a user shapes a machine. `resolveConfig` fills in what is left out
 * and refuses what cannot work with one sentence naming the field. The resolved record is frozen
 * and handed to the rooms; none of them has defaults of its own.
 */

import { UserError } from './assert.ts';
import { type CostTable, DEFAULT_COSTS } from './cost.ts';
import { type LayoutConfig, resolveLayout } from './layout.ts';
import { PAGES_16K, PAGES_64K, type PageTableScheme, SV32, TINY, validateScheme, X86_32, X86_64 } from './scheme.ts';
import { GIB, KIB, MIB, parseSize } from './units.ts';

/** Geometry of one TLB level. */
export interface TlbLevelConfig {
  /** Number of sets, a power of two. */
  readonly sets: number;
  /** Entries per set, 1 to 64. */
  readonly ways: number;
  readonly replacement: 'lru' | 'fifo' | 'random';
}

/** How long a block request takes. */
export interface DiskConfig {
  readonly model: 'ssd' | 'hdd' | 'instant';
  /** Blocks of one page each. */
  readonly blocks: number;
}

/** vm.overcommit_*: which demands for memory are refused. Sizes in bytes. */
export interface OvercommitConfig {
  /** 0: only a demand for more than there is at all; 1: none; 2: what goes beyond CommitLimit. */
  readonly mode: 0 | 1 | 2;
  /** Share of RAM in CommitLimit, in percent; unused if `kbytes` is not 0. */
  readonly ratio: number;
  /** That share in KiB; 0 = by `ratio`. */
  readonly kbytes: number;
  /** Swap that counts towards CommitLimit. */
  readonly swapBytes: number;
  /**
   * RAM and swap as mode 0 sees them. Differs: by default that of a large machine, since programs map much more than
   * the small machines of examples have and never touch it.
   */
  readonly heuristicBytes: number;
  /** Kept free for root (admin_reserve_kbytes) and against one large process (user_reserve_kbytes), in mode 2. */
  readonly adminReserve: number;
  readonly userReserve: number;
}

/** kernel.shmmax, shmall (pages), shmmni. */
export interface ShmConfig {
  readonly max: bigint;
  readonly all: bigint;
  readonly segments: number;
}
/** Page-table schemes that have a name. */
export type SchemeName = 'x86-64' | 'x86-32' | 'sv32' | 'pages-16k' | 'pages-64k' | 'tiny';

/** What `new Machine(...)` takes; everything may be left out. */
export interface MachineConfig {
  /** 'x86-64' (default), 32 bits: 'x86-32', 'sv32', wider pages: 'pages-16k', 'pages-64k', 'tiny', or a scheme of your own. */
  readonly scheme?: SchemeName | PageTableScheme;
  /** Bytes of physical memory, as a number or '64M'. Default 64 MiB (tiny: all it can address). */
  readonly ram?: number | string;
  /** 'tables': only page tables have contents, so that RAM may exceed 4 GiB. Default 'all'. */
  readonly contents?: 'all' | 'tables';
  readonly cpus?: number;
  /** Seed of every random choice. */
  readonly seed?: string | number;
  /** File system of the root directory. */
  readonly fs?: 'tmpfs' | 'ext4';
  /** 'default' (two levels, LRU), 'direct' (1,024 entries, direct-mapped), or the levels themselves. */
  readonly tlb?: 'default' | 'direct' | readonly TlbLevelConfig[];
  /** Window of fault-around in bytes (fault_around_bytes); a page = off; default 64 KiB, or a page if that is more. */
  readonly faultAroundBytes?: number;
  /** Window of read-around and largest window of read-ahead in bytes (read_ahead_kb); default 128 KiB, 0 = off. */
  readonly readAheadBytes?: number;
  readonly disk?: Partial<DiskConfig>;
  readonly layout?: Partial<LayoutConfig>;
  readonly costs?: Partial<CostTable>;
  /** 0 off, 1 local checks, 2 the whole machine after each operation. */
  readonly invariants?: 0 | 1 | 2;
  /** Mappings per process (vm.max_map_count). */
  readonly maxMapCount?: number;
  /** Open files of the whole system (fs.file-max): beyond, ENFILE. */
  readonly filesMax?: number;
  readonly overcommit?: Partial<OvercommitConfig>;
  /** Huge pages set aside at the start (vm.nr_hugepages): 2 MiB each on x86-64. */
  readonly hugePages?: number;
  /** Limits of System V shared memory. */
  readonly shm?: Partial<ShmConfig>;
  /** Soft limits at the start, in bytes; Infinity = none. */
  readonly memlockLimit?: number;
  readonly stackLimit?: number;
}

/** A configuration with nothing left out. */
export interface ResolvedConfig {
  readonly scheme: PageTableScheme;
  readonly pageSize: number;
  readonly ramBytes: number;
  readonly contents: 'all' | 'tables';
  readonly cpus: number;
  readonly seed: string;
  readonly fs: 'tmpfs' | 'ext4';
  readonly tlb: readonly TlbLevelConfig[];
  readonly faultAroundPages: number;
  readonly readAheadPages: number;
  readonly disk: DiskConfig;
  readonly layout: LayoutConfig;
  readonly costs: CostTable;
  readonly invariants: 0 | 1 | 2;
  readonly maxMapCount: number;
  readonly filesMax: number;
  readonly overcommit: OvercommitConfig;
  readonly hugePages: number;
  readonly shm: ShmConfig;
  readonly memlockLimit: number;
  readonly stackLimit: number;
}

const TLB_PRESETS: Readonly<Record<string, readonly TlbLevelConfig[]>> = {
  default: [
    { sets: 16, ways: 4, replacement: 'lru' },
    { sets: 128, ways: 12, replacement: 'lru' },
  ],
  direct: [{ sets: 1024, ways: 1, replacement: 'lru' }],
};

const SCHEMES: Readonly<Record<string, PageTableScheme>> = {
  'x86-64': X86_64,
  'x86-32': X86_32,
  sv32: SV32,
  'pages-16k': PAGES_16K,
  'pages-64k': PAGES_64K,
  tiny: TINY,
};

/** The names of `MachineConfig.scheme`. */
export const SCHEME_NAMES = Object.keys(SCHEMES) as readonly SchemeName[];

/** An ArrayBuffer of Node 20 ends at 4 GiB. */
const CONTENTS_LIMIT = 4096 * MIB;

function fail(sentence: string): never {
  throw new UserError(`configuration: ${sentence}`);
}

function isPowerOfTwo(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0 && Number.isInteger(Math.log2(value));
}

function resolveScheme(scheme: MachineConfig['scheme']): PageTableScheme {
  const found = typeof scheme === 'string' ? SCHEMES[scheme] : (scheme ?? X86_64);
  if (!found)
    fail(`scheme is '${String(scheme)}'; choose one of ${Object.keys(SCHEMES).join(', ')} or pass a scheme object`);
  validateScheme(found);
  return found;
}

function resolveRam(config: MachineConfig, scheme: PageTableScheme): number {
  const pageSize = 1 << scheme.pageShift;
  const largest = 2 ** scheme.frameBits * pageSize;
  const ram =
    typeof config.ram === 'string'
      ? parseSize(config.ram, 'configuration: ram')
      : (config.ram ?? Math.min(64 * MIB, largest));
  if (!Number.isSafeInteger(ram) || ram % pageSize !== 0 || ram < 8 * pageSize) {
    fail(`ram is ${ram} bytes; it must be a whole number of pages of ${pageSize} bytes, at least 8`);
  }
  if (ram > largest) fail(`ram is ${ram} bytes, but entries of scheme '${scheme.name}' can name only ${largest}`);
  if (config.contents !== 'tables' && ram > CONTENTS_LIMIT) {
    fail(
      `ram is ${ram} bytes; with contents: 'all' it can be at most ${CONTENTS_LIMIT} (4G), or choose contents: 'tables'`,
    );
  }
  return ram;
}

function resolveTlb(tlb: MachineConfig['tlb']): readonly TlbLevelConfig[] {
  const levels = typeof tlb === 'string' || tlb === undefined ? TLB_PRESETS[tlb ?? 'default'] : tlb;
  if (!levels) fail(`tlb is '${String(tlb)}'; choose 'default', 'direct' or give one or two levels`);
  if (levels.length < 1 || levels.length > 2) fail(`tlb has ${levels.length} levels; it can have one or two`);
  for (const level of levels) {
    if (!isPowerOfTwo(level.sets)) fail(`tlb sets is ${level.sets}; it must be a power of two`);
    if (!Number.isInteger(level.ways) || level.ways < 1 || level.ways > 64)
      fail(`tlb ways is ${level.ways}; it must be 1 to 64`);
    if (!['lru', 'fifo', 'random'].includes(level.replacement))
      fail(`tlb replacement is '${level.replacement}'; choose lru, fifo or random`);
  }
  return levels;
}

function resolveCosts(costs: Partial<CostTable> | undefined): CostTable {
  const merged = { ...DEFAULT_COSTS, ...costs };
  for (const [name, value] of Object.entries(merged)) {
    if (!(name in DEFAULT_COSTS)) fail(`costs has no entry '${name}'`);
    if (!(value >= 0 && Number.isFinite(value))) fail(`costs.${name} is ${value}; it must be nanoseconds, 0 or more`);
  }
  return merged;
}

function wholeNumber(name: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most)
    fail(`${name} is ${value}; it must be a whole number from ${least} to ${most}`);
  return value;
}

const RESERVE_SHARE = 32;

function resolveOvercommit(given: MachineConfig['overcommit'], ramBytes: number): OvercommitConfig {
  const share = Math.floor(ramBytes / RESERVE_SHARE);
  const overcommit: OvercommitConfig = {
    mode: 0,
    ratio: 50,
    kbytes: 0,
    swapBytes: 0,
    heuristicBytes: Math.max(ramBytes, 64 * GIB),
    adminReserve: Math.min(share, 8 * MIB),
    userReserve: Math.min(share, 128 * MIB),
    ...given,
  };
  for (const [name, value] of Object.entries(overcommit))
    wholeNumber(`overcommit.${name}`, value, 0, name === 'mode' ? 2 : Number.MAX_SAFE_INTEGER);
  return overcommit;
}

/** What Linux has: almost no limit. */
const SHM_HEADROOM = 2n ** 24n;

function resolveShm(given: MachineConfig['shm'], { wordBits }: PageTableScheme): ShmConfig {
  const noLimit = 2n ** BigInt(wordBits) - 1n - SHM_HEADROOM;
  const shm: ShmConfig = { max: noLimit, all: noLimit, segments: 4096, ...given };
  wholeNumber('shm.segments', shm.segments, 0, 32768);
  for (const name of ['max', 'all'] as const)
    if (typeof shm[name] !== 'bigint' || shm[name] < 0n || shm[name] >= 2n ** 64n)
      fail(`shm.${name} is ${String(shm[name])}; it must be a bigint from 0n to 2n ** 64n - 1n`);
  return shm;
}

/** Fills in defaults and checks; throws `UserError` naming the field that is wrong. */
export function resolveConfig(config: MachineConfig): ResolvedConfig {
  const scheme = resolveScheme(config.scheme);
  const pageSize = 1 << scheme.pageShift;
  // Windows are so many bytes on Linux, whatever the page size; those of a page of the blackboard scale with it.
  const isRealPage = pageSize >= 4 * KIB;
  const around = config.faultAroundBytes ?? (isRealPage ? Math.max(64 * KIB, pageSize) : 16 * pageSize);
  if (!isPowerOfTwo(around) || around < pageSize)
    fail(`faultAroundBytes is ${around}; it must be a power of two of at least one page (${pageSize})`);
  const readAhead = config.readAheadBytes ?? (isRealPage ? 128 * KIB : 32 * pageSize);
  if (!(readAhead >= 0 && Number.isSafeInteger(readAhead)))
    fail(`readAheadBytes is ${readAhead}; it must be a whole number of bytes, 0 or more`);
  if (config.fs !== undefined && config.fs !== 'tmpfs' && config.fs !== 'ext4')
    fail(`fs is '${String(config.fs)}'; choose tmpfs or ext4`);
  const disk: DiskConfig = { model: 'ssd', blocks: 262144, ...config.disk };
  if (!['ssd', 'hdd', 'instant'].includes(disk.model))
    fail(`disk.model is '${disk.model}'; choose ssd, hdd or instant`);
  wholeNumber('disk.blocks', disk.blocks, 1, 2 ** 32 - 2);
  const ramBytes = resolveRam(config, scheme);
  return {
    scheme,
    pageSize,
    ramBytes,
    contents: config.contents ?? 'all',
    // Every CPU's address space keeps its tag when the tags of all others are taken back, and one more must be free.
    cpus: wholeNumber('cpus', config.cpus ?? 1, 1, Math.min(64, 2 ** scheme.asidBits - 2)),
    seed: String(config.seed ?? 'faultline'),
    fs: config.fs ?? 'tmpfs',
    tlb: resolveTlb(config.tlb),
    faultAroundPages: around / pageSize,
    readAheadPages: Math.max(1, Math.floor(readAhead / pageSize)),
    disk,
    layout: resolveLayout(config.layout, scheme),
    costs: resolveCosts(config.costs),
    invariants: config.invariants ?? 1,
    maxMapCount: wholeNumber('maxMapCount', config.maxMapCount ?? 65530, 1, 2 ** 31 - 1),
    filesMax: wholeNumber('filesMax', config.filesMax ?? 2 ** 31 - 1, 1, 2 ** 31 - 1),
    hugePages: wholeNumber('hugePages', config.hugePages ?? 0, 0, 2 ** 20),
    overcommit: resolveOvercommit(config.overcommit, ramBytes),
    shm: resolveShm(config.shm, scheme),
    memlockLimit: config.memlockLimit ?? 8 * MIB,
    stackLimit: config.stackLimit ?? 8 * MIB,
  };
}
