/**
 * The executable specification of the mapping calls: the entry of the package for it.
 *
 * `initialState` makes a machine with one process; `step` gives for a state and a call the next state and
 * the answer, as Linux on x86-64 would. States are immutable. See README.md for how to read it.
 */

export type { Answer, MapsLine, Signal, SignalCode } from './answer.ts';
export type { Call, CallName } from './calls.ts';
export { initialState } from './initial-state.ts';
export { type MountFlags, mount } from './mounts.ts';
export type { ProcessStatus, SignalName } from './process-status.ts';
export type { FileSystemName, Handler, Layout, Process, State, Vma } from './state.ts';
export { FIRST_PROCESS } from './state.ts';
export { isRunning, step } from './step.ts';
