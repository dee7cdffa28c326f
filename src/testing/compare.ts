/**
 * The first call of a scenario to which targets give answers that differ.
 *
 * Place: over transcripts. What a target does not specify, or a driver refused to run, is not compared; what counts as the same is
 * said by `Rules`.
 */
import type { CallStatement, Scenario } from '../scenario/scenario.ts';
import { callsOf, type Transcript } from './transcript.ts';

/**
 * What may be said of two answers that are not equal: `accepted` both are right; `parted` both are right, but what follows depends on
 * it and cannot be compared; `different` one is wrong.
 */
export type Verdict = 'accepted' | 'parted' | 'different';

export type Rules = (call: CallStatement, one: readonly string[], other: readonly string[]) => Verdict;

/** Every answer is that of Linux. */
export const LINUX_RULES: Rules = () => 'different';

export interface Difference {
  /** Index among the calls of the scenario. */
  readonly call: number;
  /** Undefined for what was printed behind the last answer. */
  readonly statement: CallStatement | undefined;
  /** By target. */
  readonly answers: readonly (readonly string[])[];
}

/** What a driver answers to a call that it does not run, to save itself. */
const REFUSED = '= refused';

/** The first difference between the transcripts, which are compared with the first of them; undefined if there is none. */
export function findDifference(
  scenario: Scenario,
  transcripts: readonly Transcript[],
  rules: Rules,
): Difference | undefined {
  for (const [call, statement] of callsOf(scenario).entries()) {
    const verdict = judge(statement, call, transcripts, rules);
    if (verdict === 'parted') return undefined;
    if (verdict === 'different') return { call, statement, answers: transcripts.map(({ answers }) => answers[call]) };
  }
  const rests = transcripts.map(({ rest }) => rest);
  if (rests.every(({ length }) => length === 0)) return undefined;
  return { call: callsOf(scenario).length, statement: undefined, answers: rests };
}

function judge(
  statement: CallStatement,
  call: number,
  transcripts: readonly Transcript[],
  rules: Rules,
): Verdict | undefined {
  const known = transcripts.filter(({ open }) => !open.has(call)).map(({ answers }) => answers[call]);
  if (known.some(([first]) => first === REFUSED)) return 'parted';
  const verdicts = known.slice(1).map((answer) => judgePair(statement, known[0], answer, rules));
  return verdicts.find((verdict) => verdict === 'different') ?? verdicts.find((verdict) => verdict === 'parted');
}

function judgePair(
  statement: CallStatement,
  one: readonly string[],
  other: readonly string[],
  rules: Rules,
): Verdict | undefined {
  const same = one.length === other.length && one.every((line, index) => line === other[index]);
  return same ? undefined : rules(statement, one, other);
}
