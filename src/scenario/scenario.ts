/**
 * Scenarios: text files of system calls, loads and stores, in strace's own syntax.
 *
 * The entry of the package for them. `parseScenario` reads a whole file and finds everything that
 * is wrong with it before anything runs; `runScenario` runs it on whatever can carry out calls and
 * gives the lines that a real kernel would have printed. What runs the calls is a `Target`.
 */

import type { Scenario, Statement } from './ast.ts';
import { fail } from './lexer.ts';
import { checkNames } from './names.ts';
import { parseLine } from './parser.ts';
import { ScenarioRun, type Step } from './runner.ts';
import type { Target } from './target.ts';

export { type Arena, checkedArena, DEFAULT_ARENA, parseArena } from './arena.ts';
export type { CallStatement, DirectiveStatement, Scenario, Statement } from './ast.ts';
export { StepExplainer } from './explain-step.ts';
export { machineConfigOf } from './machine-directives.ts';
export { MachineTarget } from './machine-target.ts';
export type { Step } from './runner.ts';
export type {
  Answer,
  Bases,
  CallArgument,
  Directive,
  DirectiveHandler,
  DirectiveParameter,
  DirectiveScope,
  MapsEntry,
  SignalInfo,
  SmapsRecord,
  StatusRecord,
  Target,
  TargetCall,
  WaitStatus,
} from './target.ts';

/** The most calls of a scenario; directives do not count. */
export const STATEMENTS_MAX = 20_000;

/** The most processes, `main` among them. */
export const PROCESSES_MAX = 16;

/** The scenario in `text`. Throws `UserError`, with `fileName` and the line, for the first thing that is wrong. */
export function parseScenario(text: string, fileName: string): Scenario {
  const statements: Statement[] = [];
  const limits = new Limits(fileName);
  for (const [index, line] of text.split('\n').entries()) {
    const statement = parseLine(line, { file: fileName, line: index + 1 });
    if (!statement) continue;
    limits.count(statement);
    statements.push(statement);
  }
  checkNames(statements, fileName);
  return { file: fileName, statements };
}

/**
 * Runs a scenario and gives its output line by line, without line ends. Throws `UserError` at once
 * for a directive the target does not know, and while running for one whose words are wrong.
 */
export function runScenario(scenario: Scenario, target: Target): Iterable<string> {
  return new ScenarioRun(scenario, target).lines();
}

/** As `runScenario`, statement by statement, with what each asked of the target and what came of it. */
export function runSteps(scenario: Scenario, target: Target): Iterable<Step> {
  return new ScenarioRun(scenario, target).steps();
}

/** How much of what a scenario may have is used up. */
class Limits {
  private readonly file: string;
  private calls: number;
  private processes: number;

  constructor(file: string) {
    this.file = file;
    this.calls = 0;
    this.processes = 1;
  }

  count(statement: Statement): void {
    if (statement.kind !== 'call') return;
    const place = { file: this.file, line: statement.line };
    if (++this.calls > STATEMENTS_MAX) fail(place, `a scenario has at most ${STATEMENTS_MAX} statements; split it`);
    if (statement.shape.result === 'process') this.processes++;
    if (this.processes > PROCESSES_MAX) {
      fail(
        place,
        `a scenario has at most ${PROCESSES_MAX} processes, main among them; fork at most ${PROCESSES_MAX - 1} times`,
      );
    }
  }
}
