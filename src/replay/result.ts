/**
 * What a replay found, as one object: the JSON of the command line and the source of its report.
 */

import type { MappingCount } from './mapping-tally.ts';
import type { Replay } from './session.ts';
import type { FaultCounts } from './truth-lines.ts';

export interface ProcessResult extends FaultCounts {
  readonly process: string;
  truth: FaultCounts | null;
}

export interface ReplayResult {
  readonly accesses: number;
  readonly processes: readonly ProcessResult[];
  readonly mappings: readonly MappingCount[];
}

export function resultOf(replay: Replay): ReplayResult {
  let accesses = 0;
  for (const { accessRunner } of replay.processes) accesses += accessRunner.counts.reduce((a, b) => a + b, 0);
  return {
    accesses,
    processes: replay.processes.filter((p) => !p.isThread).map((p) => ({ process: p.name, ...p.faults(), truth: null })),
    mappings: [],
  };
}
