/**
 * What each step costs on the simulated clock, in nanoseconds.
 *
 * Place: part of the configuration; the machine adds these up, so that effective access time,
 * mmap against read() and TLB pressure yield numbers. The defaults describe a server of about 2020
 * at 3 GHz without virtualisation; each names its source. They move the clock, never the answers.
 */

export interface CostTable {
  /** An access whose translation is in the first TLB level: one L1 cache hit, 4-5 cycles (Intel optimisation manual). */
  readonly tlbHitNs: number;
  /** Extra for a second-level TLB hit: 7 cycles (Skylake, Intel optimisation manual). */
  readonly secondTlbHitNs: number;
  /** Each entry read by a walk, mostly from the L2 cache: 12-14 cycles (same). */
  readonly walkReferenceNs: number;
  /** Exception entry and return with mitigations (LMBench-style measurements, about 0.3 us). */
  readonly trapNs: number;
  /** System-call entry and return (getpid loop, about 0.1 us). */
  readonly syscallNs: number;
  /** Work of one minor fault beside trap, zeroing and copying (perf of do_anonymous_page, about 0.4 us). */
  readonly faultNs: number;
  /** Each byte zeroed by the kernel: about 10 GB/s to memory. */
  readonly zeroByteNs: number;
  /** Each byte copied by the kernel: about 8 GB/s from and to memory. */
  readonly copyByteNs: number;
  /** Work per page mapped by fault-around or populated (filemap_map_pages, about 25 ns). */
  readonly mapPageNs: number;
  /** One INVLPG (about 120 ns on bare metal). */
  readonly flushPageNs: number;
  /** One inter-processor interrupt, sent and acknowledged (about 1.5 us). */
  readonly ipiNs: number;
  /** A context switch with a new address space (about 1.2 us, LMBench). */
  readonly contextSwitchNs: number;
}

export const DEFAULT_COSTS: CostTable = {
  tlbHitNs: 1.5,
  secondTlbHitNs: 2.5,
  walkReferenceNs: 4.5,
  trapNs: 300,
  syscallNs: 100,
  faultNs: 400,
  zeroByteNs: 0.1,
  copyByteNs: 0.125,
  mapPageNs: 25,
  flushPageNs: 120,
  ipiNs: 1500,
  contextSwitchNs: 1200,
};
