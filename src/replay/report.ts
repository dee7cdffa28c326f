/**
 * The report of a replay as text for people.
 *
 * Place: src/cli prints it. Numbers come from result.ts; nothing is counted here. Lines fit into 100 columns but for
 * long paths.
 */

import { FAULT_KINDS, type FaultKind } from './fault-kinds.ts';
import type { ProcessResult, ReplayResult } from './result.ts';

/** Mappings shown. */
const MAPPINGS_SHOWN = 8;

/** 1234567 -> '1,234,567' */
function grouped(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(?:\d{3})+$)/g, ',');
}

function percent(part: number, whole: number): string {
  return whole === 0 ? '-' : `${((100 * part) / whole).toFixed(2)}%`;
}

/** Rows as columns: the first left-aligned, the others right-aligned but for those named in `left`. */
function table(rows: readonly (readonly string[])[], left: readonly number[] = []): string[] {
  const widths = rows.reduce<number[]>(
    (found, row) => row.map((cell, column) => Math.max(found[column] ?? 0, cell.length)),
    [],
  );
  return rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 || left.includes(column) ? cell.padEnd(widths[column]) : cell.padStart(widths[column]),
      )
      .join('  ')
      .trimEnd(),
  );
}

export function formatReport(folder: string, result: ReplayResult): string {
  const sections = [
    [`${folder}: ${result.log}${result.condensed ? ' (condensed: faults are exact, hit ratios are not)' : ''}`],
    accessLines(result),
    faultLines(result.processes),
    result.processes.flatMap(kindLines),
    mappingLines(result),
    [`simulated time  ${(result.simulatedNs / 1e6).toFixed(3)} ms`],
  ];
  if (result.lostAccesses > 0) {
    sections.push([
      `${grouped(result.lostAccesses)} accesses lay in no mapping that allows them; the first: ${result.firstLost ?? ''}`,
    ]);
  }
  return `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n`;
}

function accessLines({ accesses, fetches, loads, stores, modifies, tlb }: ReplayResult): string[] {
  const lines = [
    `accesses  ${grouped(accesses)}: ${grouped(fetches)} fetches, ${grouped(loads)} loads, ${grouped(stores)} stores, ${grouped(modifies)} modifies`,
  ];
  if (tlb === null) return lines;
  const level = (name: string, hits: number, misses: number): string[] => [
    name,
    grouped(hits),
    grouped(misses),
    percent(misses, hits + misses),
  ];
  const rows = [['TLB', 'hits', 'misses', 'missed'], level('level 1', tlb.l1Hits, tlb.l1Misses)];
  if (tlb.l2Hits + tlb.l2Misses > 0) rows.push(level('level 2', tlb.l2Hits, tlb.l2Misses));
  return [...lines, '', ...table(rows), `page-table entries read by walks  ${grouped(tlb.walkReferences)}`];
}

function faultLines(processes: readonly ProcessResult[]): string[] {
  const withTruth = processes.some(({ truth }) => truth !== null);
  const header = [
    'process',
    'minor',
    'major',
    ...(withTruth ? ['kernel minor', 'major', 'difference'] : []),
    'COW breaks',
    'peak pages',
    'final pages',
    'program',
  ];
  const rows = processes.map((process) => {
    const { truth } = process;
    const difference =
      truth === null ? 0 : process.minorFaults + process.majorFaults - truth.minorFaults - truth.majorFaults;
    const beside =
      truth === null ? ['-', '-', '-'] : [grouped(truth.minorFaults), grouped(truth.majorFaults), signed(difference)];
    return [
      process.process,
      grouped(process.minorFaults),
      grouped(process.majorFaults),
      ...(withTruth ? beside : []),
      grouped(process.cowBreaks),
      grouped(process.peakResidentPages),
      grouped(process.finalResidentPages),
      process.program,
    ];
  });
  return table([header, ...rows], [header.length - 1]);
}

function signed(value: number): string {
  if (value === 0) return 'equal';
  return value > 0 ? `+${grouped(value)}` : `-${grouped(-value)}`;
}

function kindLines({ process, faultsByKind }: ProcessResult): string[] {
  const rows = (Object.keys(FAULT_KINDS) as FaultKind[]).flatMap((kind) => {
    const count = faultsByKind[kind];
    return count === undefined ? [] : [[process, grouped(count.minor), grouped(count.major), FAULT_KINDS[kind]]];
  });
  return rows.length === 0 ? [] : table([['faults', 'minor', 'major', 'what'], ...rows], [3]);
}

function mappingLines({ mappings, accesses }: ReplayResult): string[] {
  const rows = mappings
    .slice(0, MAPPINGS_SHOWN)
    .map(({ process, name, perms, start, accesses: count }) => [
      process,
      grouped(count),
      percent(count, accesses),
      start.toString(16),
      perms,
      name,
    ]);
  return table([['busiest', 'accesses', 'share', 'at', 'rights', 'mapping'], ...rows], [4, 5]);
}
