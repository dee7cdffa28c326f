/**
 * What the property-test kit throws: a scenario to which an implementation and Linux give different answers.
 */
import type { AnswerLines } from './compare.ts';

/** The message shows the scenario with both answers side by side. */
export class Counterexample extends Error {
  override readonly name = 'Counterexample';
  /** In the language of scenarios: `faultline run` and a real kernel's driver take it. */
  readonly scenario: string;
  /** The answers to the call that differs: Linux's lines, then the implementation's. */
  readonly answers: readonly AnswerLines[];

  constructor(message: string, scenario: string, answers: readonly AnswerLines[]) {
    super(message);
    this.scenario = scenario;
    this.answers = answers;
  }
}
