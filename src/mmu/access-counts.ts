/**
 * What the MMU counts, as places in `Mmu.counts`. Every access is a hit of the first level, a hit of the second, or a walk.
 */

export const COUNT_ACCESSES = 0;
export const COUNT_L1_MISSES = 1;
export const COUNT_L2_MISSES = 2;
export const COUNT_WALK_REFERENCES = 3;
export const COUNT_FAULTS = 4;
export const COUNT_DIRTY_ASSISTS = 5;
/** How many there are. */
export const COUNTS = 6;
