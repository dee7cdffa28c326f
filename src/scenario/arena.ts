/**
 * The arena: the stretch of free addresses that a scenario calls `A`.
 *
 * Place: under the targets, which say where it is, and the printing of addresses. Elsewhere than by default it lies for
 * implementations whose address space is smaller than x86-64's. Below it and behind it nothing is mapped either.
 */
import { UserError } from '../assert.ts';

export interface Arena {
  readonly base: bigint;
  /** In bytes. */
  readonly size: bigint;
}

export const DEFAULT_ARENA: Arena = { base: 0x1000_0000_0000n, size: 1n << 30n };

/**
 * The arena of a machine by the end of its user space: the default on x86-64; an eighth up where there are more than 32 bits of address,
 * else a quarter of all, far from the heap and from where the kernel places mappings.
 */
export function arenaOf(userEnd: number): Arena {
  const span = 2 ** Math.ceil(Math.log2(userEnd));
  return { base: BigInt(span > 2 ** 32 ? span / 8 : span / 4), size: DEFAULT_ARENA.size };
}

const PAGE = 4096n;
/** What random scenarios need: the pages they use, and room behind for lengths that reach too far. */
const SIZE_MIN = 48n * PAGE;
/** Room below for addresses just before the arena, above the lowest that can be mapped. */
const BASE_MIN = 0x2_0000n;
/** Where the programs of Linux on x86-64 begin. */
const END_MAX = 0x5555_0000_0000n;

/** The arena that `BASE:SIZE` means: addresses and bytes, as C numbers or with K, M or G behind. Throws `UserError`. */
export function parseArena(text: string): Arena {
  const [, base, size] = /^([^:]+):([^:]+)$/.exec(text) ?? [];
  const arena = { base: amount(base), size: amount(size) };
  if (arena.base === undefined || arena.size === undefined)
    throw new UserError(`--arena is '${text}'; write BASE:SIZE, such as 0x10000000:16M`);
  return checkedArena({ base: arena.base, size: arena.size });
}

/** Throws `UserError` for an arena that no scenario can use. */
export function checkedArena(arena: Arena): Arena {
  const { base, size } = arena;
  const fail = (sentence: string): never => {
    throw new UserError(`the arena is ${arenaText(arena)}; ${sentence}`);
  };
  if (base % PAGE !== 0n || size % PAGE !== 0n) fail('its base and size must be multiples of 4096');
  if (size < SIZE_MIN) fail(`its size must be at least ${SIZE_MIN / 1024n}K`);
  if (base < BASE_MIN || base + size > END_MAX)
    fail(`it must lie between 0x${BASE_MIN.toString(16)} and 0x${END_MAX.toString(16)}, where the program begins`);
  return arena;
}

/** `0x10000000:0x1000000` */
export function arenaText({ base, size }: Arena): string {
  return `0x${base.toString(16)}:0x${size.toString(16)}`;
}

const UNITS: Readonly<Record<string, bigint>> = { '': 1n, K: 1n << 10n, M: 1n << 20n, G: 1n << 30n };

function amount(text: string | undefined): bigint | undefined {
  const [, digits, unit = ''] = /^(0x[0-9a-f]+|\d+)([KMG]?)$/i.exec(text ?? '') ?? [];
  return digits === undefined ? undefined : BigInt(digits) * UNITS[unit.toUpperCase()];
}
