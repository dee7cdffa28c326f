/**
 * What came of each call of a scenario on one target, as it was printed.
 *
 * Place: between targets and the comparison. A target in this process is asked call by call; what another program printed is taken
 * apart by the statements it repeats. Whatever it printed becomes an answer: garbage, silence and an early end are answers that
 * differ, not failures of the comparison.
 */
import {
  type CallStatement,
  runSteps,
  type Scenario,
  type Statement,
  type Step,
  type Target,
} from '../scenario/scenario.ts';

export interface Transcript {
  /** For each call of the scenario the lines that were printed, the first without the statement itself. */
  readonly answers: readonly (readonly string[])[];
  /** Which of them are not specified, and so are not compared. */
  readonly open: ReadonlySet<number>;
  /** What was printed behind the last answer. */
  readonly rest: readonly string[];
}

/** A target that may say that it does not know what the last call comes to. */
export interface CheckableTarget extends Target {
  readonly isSpecified?: boolean;
}

/** The calls of a scenario, in order; directives are no calls. */
export function callsOf(scenario: Scenario): readonly CallStatement[] {
  return scenario.statements.filter((statement) => statement.kind === 'call');
}

/** Calls that change nothing: where one of them is not specified, what follows is. */
const ONLY_LOOKING: ReadonlySet<string> = new Set([
  'mincore',
  'smaps',
  'vmflags',
  'pagemap',
  'status',
  'maps',
  'fstat',
]);

/** Whether what comes behind a call that is not specified is not either. */
export function isLostAfter({ shape }: CallStatement): boolean {
  // mincore that stores what it found does more than look.
  return !ONLY_LOOKING.has(shape.name) || shape.parameters.some(({ name }) => name === 'vec');
}

/** Runs the calls of a scenario on a target of this process. What the target throws is its answer to the call that it was at. */
export function recordTranscript(scenario: Scenario, target: CheckableTarget): Transcript {
  const answers: (readonly string[])[] = [];
  const open = new Set<number>();
  let isLost = false;
  try {
    for (const step of runSteps(knownTo(target, scenario), target)) {
      if (step.statement.kind !== 'call') continue;
      const isOpen = step.answer !== undefined && target.isSpecified === false;
      if (isOpen || isLost) open.add(answers.length);
      isLost ||= isOpen && isLostAfter(step.statement);
      answers.push(answerOf(step, step.statement));
    }
  } catch (error) {
    answers.push([`(the target failed: ${error instanceof Error ? error.message : String(error)})`]);
  }
  return { answers: filledUp(answers, scenario, '(no answer)'), open, rest: [] };
}

/** Most directives speak to the simulated machine; who does not know one passes over it, as a real kernel's driver does. */
function knownTo({ directives }: Target, { file, statements }: Scenario): Scenario {
  const isKnown = (statement: Statement): boolean =>
    statement.kind === 'call' || (directives?.has(statement.words[0]) ?? false);
  return { file, statements: statements.filter(isKnown) };
}

/** The lines of a step, the first without its statement. */
export function answerOf(step: Step, statement: CallStatement): readonly string[] {
  const [first, ...more] = step.lines;
  return [first.slice(prefixOf(statement).length), ...more];
}

/** What a line of output begins with, up to the answer. */
function prefixOf({ line, who, text }: CallStatement): string {
  return `${line} ${who} ${text} -> `;
}

function filledUp(answers: readonly (readonly string[])[], scenario: Scenario, missing: string): (readonly string[])[] {
  const calls = callsOf(scenario);
  return calls.map((_, index) => answers[index] ?? [missing]);
}

const NOTHING: ReadonlySet<number> = new Set();

/** How a program ended that was asked a scenario. */
export interface End {
  readonly words: string;
  /** It did not end as it should, even if all answers are there. */
  readonly isFailure: boolean;
}

/** Takes apart what a program printed for a scenario. `end` stands for the answers that are missing. */
export function readTranscript(scenario: Scenario, output: string, end: End): Transcript {
  const reader = new OutputReader(scenario);
  const lines = output.split('\n');
  if (lines[lines.length - 1] === '') lines.pop();
  for (const line of lines) reader.take(line.endsWith('\r') ? line.slice(0, -1) : line);
  return reader.transcript(end);
}

class OutputReader {
  private readonly scenario: Scenario;
  private readonly calls: readonly CallStatement[];
  private readonly answers: string[][];
  /** Lines that are no answers, since the last answer. */
  private strange: string[];
  /** The call whose answer comes next. */
  private next: number;

  constructor(scenario: Scenario) {
    this.scenario = scenario;
    this.calls = callsOf(scenario);
    this.answers = [];
    this.strange = [];
    this.next = 0;
  }

  take(line: string): void {
    const call = this.calls.findIndex((statement, index) => index >= this.next && line.startsWith(prefixOf(statement)));
    if (call >= 0) this.begin(call, line.slice(prefixOf(this.calls[call]).length));
    else if (this.isContinuation(line)) this.answers[this.next - 1].push(line);
    else this.strange.push(line);
  }

  private isContinuation(line: string): boolean {
    return line.startsWith('  ') && this.next > 0 && this.strange.length === 0;
  }

  private begin(call: number, answer: string): void {
    for (; this.next < call; this.next++) this.answers[this.next] = this.withStrange('(no answer)');
    this.answers[call] = this.withStrange(answer);
    this.next = call + 1;
  }

  /** Strange lines stand before the answer that they kept waiting. */
  private withStrange(answer: string): string[] {
    const lines = [...this.strange, answer];
    this.strange = [];
    return lines;
  }

  transcript({ words, isFailure }: End): Transcript {
    const missing = `(no answer: ${words})`;
    const isComplete = this.next === this.calls.length;
    if (!isComplete) this.answers[this.next] = this.withStrange(missing);
    const rest = isComplete ? [...this.strange, ...(isFailure ? [`(${words})`] : [])] : [];
    return { answers: filledUp(this.answers, this.scenario, missing), open: NOTHING, rest };
  }
}
