/**
 * Replaying recorded programs on the simulated machine: the entry `faultline/replay`.
 *
 * A host lists a folder (`recordedRun`), reads the strace into a `StraceLog`, makes a `Replay` and feeds it
 * the logs that it asks for; `result` and `formatReport` give what came of it. Nothing here reads files or
 * waits.
 */

export { UserError } from '../assert.ts';
export type { FaultKind, KindCount } from './fault-kinds.ts';
export { type LogKind, type RecordedRun, recordedRun } from './recorded-run.ts';
export { formatReport } from './report.ts';
export type { ProcessResult, ReplayResult } from './result.ts';
export { Replay, type ReplayOptions } from './session.ts';
export { StraceLog } from './strace-log.ts';
export { type FaultCounts, parseTruth } from './truth-lines.ts';
