/**
 * The property-test kit: the entry of the package for it.
 *
 * `checkImplementation` compares an implementation of memory with the specification on random scenarios and throws the smallest one that
 * shows a difference. Below it, for those who want to build something else: arbitraries for fast-check, commands for its model
 * runner, targets, and the comparison. See README.md.
 */

export { machines, type ScenarioOptions, scenarios } from './arbitraries.ts';
export { type CheckOptions, type CheckReport, checkImplementation } from './check-implementation.ts';
export { CallCommand, callCommands, modelAndReal } from './commands.ts';
export {
  ANY_PROCESSOR_RULES,
  type Difference,
  findDifference,
  type Judge,
  LINUX_RULES,
  type Rules,
  type Verdict,
} from './compare.ts';
export { Counterexample } from './counterexample.ts';
export type { AccessSize, Fault, Implementation, Result } from './implementation.ts';
export { callsOf, ImplementationTarget } from './implementation-target.ts';
export { type PosixOptions, posixRules } from './posix-rules.ts';
export type { Profile } from './scenario-choices.ts';
export { showDifference } from './show-difference.ts';
export { type ModelOptions, RunningTarget, SpecModel } from './spec-model.ts';
export { SpecTarget } from './spec-target.ts';
export { recordTranscript, type Transcript } from './transcript.ts';
