/**
 * What names mean while a scenario runs: one environment, shared by all its processes.
 *
 * A name holds a value or a process or, after a call that failed, nothing.
 */

import { MAIN } from './constants.ts';

/** The number of the process `main`. */
export const MAIN_PROCESS = 0;

export class Environment {
  private readonly values: Map<string, bigint>;
  private readonly processes: Map<string, number>;

  /** Only `A`, `BRK` and `main` mean something at the start. */
  constructor(base: { readonly arena: bigint; readonly brk: bigint }) {
    this.values = new Map([
      ['A', base.arena],
      ['BRK', base.brk],
    ]);
    this.processes = new Map([[MAIN, MAIN_PROCESS]]);
  }

  /** The value of a name, in [0, 2^64), undefined if it has none. */
  value(name: string): bigint | undefined {
    return this.values.get(name);
  }

  /** The process a name stands for, undefined if it stands for none. */
  process(name: string): number | undefined {
    return this.processes.get(name);
  }

  bindValue(name: string, value: bigint): void {
    this.unbind(name);
    this.values.set(name, BigInt.asUintN(64, value));
  }

  bindProcess(name: string, process: number): void {
    this.unbind(name);
    this.processes.set(name, process);
  }

  unbind(name: string): void {
    this.values.delete(name);
    this.processes.delete(name);
  }
}
