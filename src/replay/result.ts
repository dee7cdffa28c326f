/**
 * What a replay found, as one object: the JSON of the command line and the source of its report.
 *
 * Place: made by session.ts when all logs have ended. The kernel's counts are put beside the predicted ones
 * here and have no influence on them.
 */

import type { Machine, TlbCounts } from '../index.ts';
import { FETCH, MODIFY, READ, WRITE } from './access-batch.ts';
import type { FaultKind, FaultKinds, KindCount } from './fault-kinds.ts';
import type { MappingCount } from './mapping-tally.ts';
import type { RecordedRun } from './recorded-run.ts';
import type { TracedProcess } from './traced-process.ts';
import type { FaultCounts } from './truth-lines.ts';

/** Mappings kept. */
const MAPPINGS_MAX = 32;

export interface ProcessResult extends FaultCounts {
  /** 'p0' */
  readonly process: string;
  /** Path of its program; '' if no file says. */
  readonly program: string;
  readonly faultsByKind: Readonly<Partial<Record<FaultKind, KindCount>>>;
  /** Stores to write-protected private pages, copied or taken over. */
  readonly cowBreaks: number;
  readonly peakResidentPages: number;
  readonly finalResidentPages: number;
  /** The kernel's counts, or null where none were recorded. */
  readonly truth: FaultCounts | null;
}

export interface ReplayResult {
  /** File of the first process's log, in the folder. */
  readonly log: string;
  readonly condensed: boolean;
  readonly accesses: number;
  readonly fetches: number;
  readonly loads: number;
  readonly stores: number;
  /** A load and a store by one instruction, counted once. */
  readonly modifies: number;
  /** Null for condensed logs, which leave out most hits. */
  readonly tlb: TlbCounts | null;
  readonly processes: readonly ProcessResult[];
  /** The busiest mappings by accesses, at most 32. */
  readonly mappings: readonly (MappingCount & { readonly process: string })[];
  readonly simulatedNs: number;
  /** Accesses that no mapping allowed although the log shows no signal, and where the first stands. */
  readonly lostAccesses: number;
  readonly firstLost: string | null;
}

export interface ResultParts {
  readonly run: RecordedRun;
  readonly machine: Machine;
  readonly kinds: FaultKinds;
  readonly processes: readonly TracedProcess[];
  /** Path of a process's program. */
  programOf(name: string): string;
  /** By process number. */
  readonly truth: ReadonlyMap<number, FaultCounts>;
}

export function resultOf(parts: ResultParts): ReplayResult {
  const { run, machine, processes } = parts;
  const counts = [0, 0, 0, 0];
  for (const { accessRunner } of processes) accessRunner.counts.forEach((count, kind) => (counts[kind] += count));
  return {
    log: run.logs.get('p0') as string,
    condensed: run.condensed,
    accesses: counts.reduce((sum, count) => sum + count, 0),
    fetches: counts[FETCH],
    loads: counts[READ],
    stores: counts[WRITE],
    modifies: counts[MODIFY],
    tlb: run.condensed ? null : machine.tlbCounts(),
    processes: processes.filter(({ isThread }) => !isThread).map((process) => processResult(parts, process)),
    mappings: busiestMappings(processes),
    simulatedNs: machine.timeNs,
    lostAccesses: processes.reduce((sum, { accessRunner }) => sum + accessRunner.lost, 0),
    firstLost: processes.map(({ accessRunner }) => accessRunner.firstLost).find((place) => place !== undefined) ?? null,
  };
}

function busiestMappings(processes: readonly TracedProcess[]): ReplayResult['mappings'] {
  const all = processes.flatMap((process) => mappingsOf(process));
  return all.sort((a, b) => b.accesses - a.accesses).slice(0, MAPPINGS_MAX);
}

function mappingsOf({ name, last, isThread }: TracedProcess): (MappingCount & { readonly process: string })[] {
  return isThread || last === undefined ? [] : last.tally.busiest().map((count) => ({ process: name, ...count }));
}

function processResult(parts: ResultParts, process: TracedProcess): ProcessResult {
  const faults = process.faults();
  const kinds = kindsOf(parts.kinds, process, faults);
  const breaks = (['cowCopy', 'cowZero', 'cowReuse'] as const).map((kind) => kinds[kind]);
  return {
    process: process.name,
    program: parts.programOf(process.name),
    ...faults,
    faultsByKind: kinds,
    cowBreaks: breaks.reduce((sum, count) => sum + (count?.minor ?? 0) + (count?.major ?? 0), 0),
    peakResidentPages: process.last?.peakResident ?? 0,
    finalResidentPages: process.last?.finalResident ?? 0,
    truth: parts.truth.get(Number(process.name.slice(1))) ?? null,
  };
}

function kindsOf(
  kinds: FaultKinds,
  process: TracedProcess,
  faults: FaultCounts,
): Partial<Record<FaultKind, KindCount>> {
  const task = process.last?.process.id;
  if (task === undefined) return {};
  return Object.fromEntries(kinds.countsOf(task, { minor: faults.minorFaults, major: faults.majorFaults }));
}
