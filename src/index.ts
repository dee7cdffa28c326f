/**
 * Faultline: a computer's memory system that behaves as Linux on x86-64 does.
 *
 * The public face of the machine, and nothing else. Scenarios, replay, the specification and the
 * test kit are entries of their own ('faultline/scenario' and so on).
 */

export { InvariantError, UserError } from './assert.ts';
export type { DiskConfig, LayoutConfig, MachineConfig, ResolvedConfig, TlbLevelConfig } from './config.ts';
export type { CostTable } from './cost.ts';
export { SignalError, SyscallError } from './kernel/errors.ts';
export type { WaitStatus } from './kernel/exit.ts';
export { Machine, type TlbCounts } from './kernel/machine.ts';
export { Process } from './kernel/process.ts';
export type { MapsLine, SmapsFields } from './kernel/procfs.ts';
export type { Snapshot } from './kernel/snapshot.ts';
export type { Disposition, SignalHandler, SignalInfo } from './kernel/task.ts';
export type { PageTableScheme } from './scheme.ts';
export { decodeRecord, type RecordName, TRACE_EVENT, TRACE_STATE, type TraceRecord, type TraceSink } from './trace.ts';
export { parseSize, type Word } from './units.ts';
