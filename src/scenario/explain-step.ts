/**
 * Tells how a statement came to its result: the path of each access, and what the call changed.
 *
 * Place: beside the runner, for `faultline run --explain` and the page. The machine's trace records
 * of the statement become sentences (Machine.narrate); an access that hit the TLB leaves no record
 * and is told from the machine as it stands afterwards, which a hit does not change.
 */

import { type Machine, type Process, TRACE_EVENT, TraceCollector, type TraceRecord } from '../index.ts';
import type { Step } from './runner.ts';

/** What explanations are taken from. */
export interface ExplainedTarget {
  readonly machine: Machine;
  /** The process with a number of the runner's, if it is alive. */
  liveProcess(process: number): Process | undefined;
}

/** Listens to a machine while a scenario runs on it. */
export class StepExplainer {
  private readonly target: ExplainedTarget;
  private readonly collector: TraceCollector;

  constructor(target: ExplainedTarget) {
    this.target = target;
    this.collector = new TraceCollector(TRACE_EVENT);
    target.machine.attach(this.collector);
  }

  /** The records since the last step. */
  take(): TraceRecord[] {
    this.target.machine.drainTrace();
    return this.collector.take();
  }

  /** Lines about a step, from its records. */
  explain(step: Step, records: readonly TraceRecord[]): string[] {
    const lines = this.target.machine.narrate(records, (va) => nameOf(step, va));
    return records.some((record) => record.kind === 'tlb_miss') ? lines : [...this.hitLines(step), ...lines];
  }

  /** An access without a miss: where it went. */
  private hitLines(step: Step): string[] {
    const { call, answer } = step;
    const process = step.process === undefined ? undefined : this.target.liveProcess(step.process);
    if (call === undefined || process === undefined || answer?.kind === 'signal') return [];
    const access = /^(load|store|cas|fetchadd|fetch)(8|16|32|64)$/.exec(call.name)?.[1];
    if (access === undefined) return [];
    const va = call.args[0] as bigint;
    const entry = this.target.machine.explain(process, va).tlb[0]?.entry;
    if (!entry) return [];
    const name = nameOf(step, Number(va));
    const physical = entry.pa + Number(va % BigInt(this.target.machine.config.pageSize));
    return [
      `${access} at 0x${va.toString(16)}${name === '' ? '' : ` (${name})`}`,
      `  TLB hit in level 1, physical address 0x${physical.toString(16)}`,
    ];
  }
}

/** The address as the output prints it; '' if that is the plain number. */
function nameOf(step: Step, va: number): string {
  if (!Number.isSafeInteger(va) || va < 0) return '';
  const shown = step.address(BigInt(va));
  return shown.startsWith('0x') ? '' : shown;
}
