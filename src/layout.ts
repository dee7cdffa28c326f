/**
 * Where things stand in an address space: a configuration by itself, with defaults for every page-table scheme.
 *
 * Place: words; part of config.ts. The numbers of x86-64 are Linux's without randomisation; other spaces have them in proportion.
 */

import { UserError } from './assert.ts';
import { addressBits, type PageTableScheme } from './scheme.ts';
import { KIB, MIB } from './units.ts';

/** Where a new process's mappings stand, in bytes. */
export interface LayoutConfig {
  /** First address beyond user space (TASK_SIZE). */
  readonly userEnd: number;
  /** Mappings without an address are placed downwards from here. */
  readonly mmapBase: number;
  /** Lowest address for MAP_FIXED (vm.mmap_min_addr). */
  readonly mmapMin: number;
  /** Lowest address that is chosen, or grown down to, or that a hint may name (CONFIG_LSM_MMAP_MIN_ADDR). */
  readonly placedMin: number;
  readonly stackTop: number;
  /** Pages of stack mapped at the start. */
  readonly stackPages: number;
  readonly brkStart: number;
  /** Huge-page alignment of large anonymous mappings, in bytes; 0 for none. */
  readonly hugeAlign: number;
  /** Pages kept free below a growing stack (stack_guard_gap). */
  readonly stackGuardPages: number;
}

function defaultLayout(scheme: PageTableScheme): LayoutConfig {
  const pageSize = 1 << scheme.pageShift;
  const span = 2 ** addressBits(scheme);
  if (span > 2 ** 32) return wideLayout(scheme, pageSize, span / 2);
  const userEnd = (span / 4) * 3;
  const isReal = pageSize >= 4 * KIB;
  const stackPages = Math.min(33, Math.max(2, span / pageSize / 128));
  const stackRoom = Math.max(2 * stackPages * pageSize, span / 16);
  return {
    userEnd,
    mmapBase: userEnd - stackRoom,
    mmapMin: pageSize,
    placedMin: isReal ? LSM_MIN : pageSize,
    stackTop: userEnd,
    stackPages,
    brkStart: span / 16,
    hugeAlign: 0,
    stackGuardPages: Math.min(256, span / pageSize / 256),
  };
}

/** The user's half of more than 32 bits of address: 47 bits on x86-64, whose numbers these are there. */
function wideLayout(scheme: PageTableScheme, pageSize: number, half: number): LayoutConfig {
  const hugeAlign = pageSize * 2 ** (scheme.levels.at(-1) as number);
  return {
    userEnd: half - pageSize,
    mmapBase: half - Math.ceil(STACK_ROOM / hugeAlign) * hugeAlign,
    mmapMin: pageSize,
    placedMin: LSM_MIN,
    stackTop: half - pageSize,
    stackPages: 33,
    brkStart: Math.ceil((half * 2) / 3 / HEAP_ALIGN) * HEAP_ALIGN,
    hugeAlign,
    stackGuardPages: 256,
  };
}

/** Kept above mmap_base for the stack and what lies around it. */
const STACK_ROOM = 132 * MIB;
const HEAP_ALIGN = 64 * KIB;
const LSM_MIN = 64 * KIB;

/** The layout of a scheme with what `given` says otherwise. Throws `UserError` for an address that cannot be. */
export function resolveLayout(given: Partial<LayoutConfig> | undefined, scheme: PageTableScheme): LayoutConfig {
  const layout = { ...defaultLayout(scheme), ...given };
  const pageSize = 1 << scheme.pageShift;
  for (const name of ['userEnd', 'mmapBase', 'stackTop', 'brkStart'] as const) {
    const value = layout[name];
    if (!Number.isSafeInteger(value) || value % pageSize !== 0 || value > 2 ** addressBits(scheme)) {
      throw new UserError(
        `configuration: layout.${name} is ${value}; it must be page-aligned and inside the address space`,
      );
    }
  }
  return layout;
}
