/**
 * The machine's counters, named as in /proc/vmstat where Linux has the name.
 *
 * One Float64Array indexed by the constants below: counting is one add, reading them all is one
 * loop. Each counter that can be recounted from state is checked by kernel/invariants.ts.
 */

export const PGFAULT = 0;
export const PGMAJFAULT = 1;
export const PGALLOC = 2;
export const PGFREE = 3;
export const PGPGIN = 4;
export const PGPGOUT = 5;
export const NR_TLB_REMOTE_FLUSH = 6;
export const NR_TLB_LOCAL_FLUSH_ONE = 7;
export const NR_TLB_LOCAL_FLUSH_ALL = 8;
export const NR_DIRTIED = 9;
export const NR_WRITTEN = 10;
export const COW_COPIED = 11;
export const COW_REUSED = 12;
export const ZERO_FILLED = 13;
export const FAULT_AROUND_MAPPED = 14;
export const SYSCALLS = 15;
export const BYTES_COPIED = 16;
export const BYTES_ZEROED = 17;
export const SIGNALS = 18;
export const CONTEXT_SWITCHES = 19;
export const OOM_FAILURES = 20;

export const COUNTER_NAMES: readonly string[] = [
  'pgfault',
  'pgmajfault',
  'pgalloc',
  'pgfree',
  'pgpgin',
  'pgpgout',
  'nr_tlb_remote_flush',
  'nr_tlb_local_flush_one',
  'nr_tlb_local_flush_all',
  'nr_dirtied',
  'nr_written',
  'cow_copied',
  'cow_reused',
  'zero_filled',
  'fault_around_mapped',
  'syscalls',
  'bytes_copied',
  'bytes_zeroed',
  'signals',
  'context_switches',
  'oom_failures',
];

/** The counters of one machine: `values[PGFAULT]` and so on. */
export class Counters {
  /** Float64Array(COUNTER_NAMES.length), indexed by the constants of this file. */
  readonly values: Float64Array;

  constructor() {
    this.values = new Float64Array(COUNTER_NAMES.length);
  }

  add(counter: number, amount: number): void {
    this.values[counter] = this.values[counter] + amount;
  }

  get(counter: number): number {
    return this.values[counter];
  }

  /** All counters by name. */
  toRecord(): Record<string, number> {
    return Object.fromEntries(COUNTER_NAMES.map((name, index) => [name, this.values[index]]));
  }
}
