/**
 * The kernel's own counts of a recorded run (truth.jsonl), to be shown beside a prediction.
 *
 * One JSON record per line: `exec`, `fork`, `vfork`, `clone`, `signal`, `exit`, `reaped`, `total`. A process has
 * proc, the K of pK; its faults are those between its last execve (or its making) and its exit.
 * Place: read by the report only, never by a prediction.
 */

import { UserError } from '../assert.ts';
import { failAt, quoted } from './bad-line.ts';

export interface FaultCounts {
  readonly minorFaults: number;
  readonly majorFaults: number;
}

interface TruthRecord {
  readonly ev: string;
  readonly proc?: number;
  readonly tgid?: number;
  readonly pid?: number;
  readonly minflt?: number;
  readonly majflt?: number;
}

/** Counts by process number (the K of pK). Throws `UserError` with file and line. */
export function parseTruth(file: string, text: string): Map<number, FaultCounts> {
  const starts = new Map<number, FaultCounts>();
  const counts = new Map<number, FaultCounts>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '') continue;
    const record = parseRecord(file, index + 1, line);
    if (record.proc === undefined) continue;
    const { minflt, majflt } = record;
    if (minflt === undefined || majflt === undefined) continue;
    if (record.ev === 'exec') starts.set(record.proc, { minorFaults: minflt, majorFaults: majflt });
    // A thread's exit carries the counts of its whole group, as its leader's does: the leader's comes last.
    if (record.ev === 'exit' && record.pid === record.tgid)
      counts.set(record.proc, since(starts.get(record.proc), minflt, majflt));
  }
  return counts;
}

function since(start: FaultCounts | undefined, minor: number, major: number): FaultCounts {
  return { minorFaults: minor - (start?.minorFaults ?? 0), majorFaults: major - (start?.majorFaults ?? 0) };
}

function parseRecord(file: string, number: number, line: string): TruthRecord {
  try {
    const record: unknown = JSON.parse(line);
    if (typeof record === 'object' && record !== null && 'ev' in record) return record as TruthRecord;
  } catch (error) {
    if (error instanceof UserError) throw error;
  }
  failAt(
    file,
    number,
    `${quoted(line)} is no record of the kernel's counts: right would be {"ev":"exit","proc":0,"minflt":128,"majflt":0,...}`,
  );
}
