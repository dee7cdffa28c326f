/**
 * A CPU: its MMU and the address space it runs.
 *
 * Place: the access engine runs a task's accesses on its CPU; the flusher reaches every CPU whose
 * TLB may hold an address space.
 */

import type { Mmu } from '../mmu/mmu.ts';
import type { AddressSpace } from './vma.ts';

export class Cpu {
  readonly id: number;
  readonly mmu: Mmu;
  /** Address space whose root is loaded; null before the first task. */
  current: AddressSpace | null;
  /** Task that ran last. */
  taskId: number;

  constructor(id: number, mmu: Mmu) {
    this.id = id;
    this.mmu = mmu;
    this.current = null;
    this.taskId = 0;
  }
}
