/**
 * Compares what targets answered to the calls of a scenario.
 *
 * Place: over transcripts. What a target does not specify is not compared; what counts as the same is said by `Rules`. Where answers may
 * differ and both be right, or a target does not have a call, the targets have parted: what follows on one cannot be compared
 * with what follows on the other. `Comparison` then takes the call out of the scenario, which is run again without it on all.
 */
import { type CallStatement, parseScenario, type Scenario } from '../scenario/scenario.ts';
import { callsOf, type Transcript } from './transcript.ts';
import { withoutCalls } from './without-calls.ts';

/**
 * `same`: both are right, and what follows can be compared. `parted`: both are right, but what follows depends on which it was.
 * `different`: one is wrong.
 */
export type Verdict = 'same' | 'parted' | 'different';

/** The lines of an answer, the first without the statement: `= 0`. */
export type AnswerLines = readonly string[];

/** Judges the answers of two targets to the call with an index. Told of every call in order, equal answers too. */
export type Judge = (index: number, one: AnswerLines, other: AnswerLines) => Verdict;

/** What answers count as the same, for a scenario. */
export type Rules = (scenario: Scenario) => Judge;

/** Every answer is that of Linux on x86-64. */
export const LINUX_RULES: Rules = () => (_index, one, other) => (isEqual(one, other) ? 'same' : 'different');

/**
 * Every answer is that of Linux, on whatever processor: an address that x86-64 cannot form (it has more than 48 significant bits) is
 * one where nothing is, and one that Linux mistakes for an error number is refused in any way.
 */
export const ANY_PROCESSOR_RULES: Rules = (scenario) => {
  const calls = callsOf(scenario);
  return (index, one, other) => {
    if (isEqual(withoutForm(one), withoutForm(other))) return 'same';
    return isMistaken(calls[index]?.text ?? '') && isFailure(one) && isFailure(other) ? 'same' : 'different';
  };
};

/** MAP_FIXED at one of the last 4095 addresses. */
function isMistaken(text: string): boolean {
  const [, address] = /\bmmap\(-(\d+),.*MAP_FIXED/.exec(text) ?? [];
  return address !== undefined && Number(address) <= 4095;
}

function isFailure([first]: AnswerLines): boolean {
  return first.startsWith('= -1 ');
}

const NOT_FORMED = '--- SIGSEGV {si_code=SI_KERNEL, si_addr=NULL} ---';
const NOTHING_THERE = /^--- SIGSEGV \{si_code=SEGV_MAPERR, si_addr=0x([0-9a-f]+)\} ---/;

function withoutForm([first, ...more]: AnswerLines): AnswerLines {
  const [text, address] = NOTHING_THERE.exec(first) ?? [];
  if (text === undefined || BigInt.asIntN(48, BigInt(`0x${address}`)) === BigInt.asIntN(64, BigInt(`0x${address}`)))
    return [first, ...more];
  return [NOT_FORMED + first.slice(text.length), ...more];
}

export function isEqual(one: AnswerLines, other: AnswerLines): boolean {
  return one.length === other.length && one.every((line, index) => line === other[index]);
}

export interface Difference {
  /** Index among the calls of the scenario. */
  readonly call: number;
  /** Undefined for what was printed behind the last answer. */
  readonly statement: CallStatement | undefined;
  /** By target. */
  readonly answers: readonly AnswerLines[];
}

/** Calls that look at memory: what one of them shows, another may show as well. */
const ACCESS = /^(load|store|copy|cas|fetch)/;

/** Whether two differences may be one mistake: that of a smaller scenario must not be another. */
export function isAlike(one: Difference, other: Difference): boolean {
  const [first, second] = [one, other].map(({ statement }) => statement?.shape.name ?? '');
  return first === second || (ACCESS.test(first) && ACCESS.test(second));
}

/** What a driver answers to a call that it does not run, to save itself. */
const REFUSED = '= refused';
/** What an implementation answers to a call that it does not have: Linux has all of them. */
export const NOT_THERE = '= -1 ENOSYS';

type Outcome =
  | { readonly kind: 'same' }
  | { readonly kind: 'different'; readonly difference: Difference }
  /** The calls to be taken out. */
  | { readonly kind: 'parted'; readonly calls: readonly number[] };

/** The first difference between the transcripts, which are compared with the first of them; undefined if there is none. */
export function findDifference(
  scenario: Scenario,
  transcripts: readonly Transcript[],
  rules: Rules,
): Difference | undefined {
  const outcome = compare(scenario, transcripts, rules);
  return outcome.kind === 'different' ? outcome.difference : undefined;
}

function compare(scenario: Scenario, transcripts: readonly Transcript[], rules: Rules): Outcome {
  const missing = callsOf(scenario).flatMap((_, call) => (isMissing(call, transcripts) ? [call] : []));
  if (missing.length > 0) return { kind: 'parted', calls: missing };
  const judge = rules(scenario);
  const parted: number[] = [];
  for (const [call, statement] of callsOf(scenario).entries()) {
    const verdict = judgeAll(call, transcripts, judge);
    if (verdict === 'parted') parted.push(call);
    // Behind a parting a difference means nothing, while further partings may as well be taken out at once.
    if (verdict !== 'different' || parted.length > 0) continue;
    return { kind: 'different', difference: { call, statement, answers: answersTo(call, transcripts) } };
  }
  if (parted.length > 0) return { kind: 'parted', calls: parted };
  const rests = transcripts.map(({ rest }) => rest);
  if (rests.every(({ length }) => length === 0)) return { kind: 'same' };
  return { kind: 'different', difference: { call: callsOf(scenario).length, statement: undefined, answers: rests } };
}

function answersTo(call: number, transcripts: readonly Transcript[]): readonly AnswerLines[] {
  return transcripts.map(({ answers }) => answers[call]);
}

/** Whether some target did not run the call and the others may have. */
function isMissing(call: number, transcripts: readonly Transcript[]): boolean {
  const firsts = answersTo(call, transcripts).map(([first]) => first);
  if (firsts.every((first) => first === firsts[0])) return false;
  return transcripts.some(({ open }, place) => {
    return firsts[place] === NOT_THERE || (firsts[place] === REFUSED && !open.has(call));
  });
}

function judgeAll(call: number, transcripts: readonly Transcript[], judge: Judge): Verdict {
  const [first, ...others] = transcripts.filter(({ open }) => !open.has(call)).map(({ answers }) => answers[call]);
  const verdicts = others.map((other) => judge(call, first, other));
  return (
    verdicts.find((verdict) => verdict === 'different') ?? verdicts.find((verdict) => verdict === 'parted') ?? 'same'
  );
}

/** More are not worth the time: what was not compared by then is left. */
const REPETITIONS_MAX = 12;

/** What a scenario came to. */
export interface Compared {
  /** As it was run in the end: the lines of calls that were taken out are empty. */
  readonly text: string;
  readonly scenario: Scenario;
  readonly difference: Difference | undefined;
  /** How many calls were taken out. */
  readonly takenOut: number;
}

/** One scenario on several targets, however often it must be run. Ask all targets `scenario`, until `settle` is content. */
export class Comparison {
  text: string;
  scenario: Scenario;
  private difference: Difference | undefined;
  private takenOut: number;
  private readonly file: string;
  private readonly rules: Rules;
  private repetitions: number;

  /** Throws `UserError` for a text that is no scenario. */
  constructor(text: string, rules: Rules, file = 'scenario') {
    this.text = text;
    this.scenario = parseScenario(text, file);
    this.difference = undefined;
    this.takenOut = 0;
    this.file = file;
    this.rules = rules;
    this.repetitions = 0;
  }

  get result(): Compared {
    const { text, scenario, difference, takenOut } = this;
    return { text, scenario, difference, takenOut };
  }

  /** Whether targets that gave these answers would agree. */
  agrees(transcripts: readonly Transcript[]): boolean {
    return compare(this.scenario, transcripts, this.rules).kind === 'same';
  }

  /** Whether the transcripts decide. If not, `scenario` has fewer calls than before and is to be run again. */
  settle(transcripts: readonly Transcript[]): boolean {
    const outcome = compare(this.scenario, transcripts, this.rules);
    if (outcome.kind === 'different') this.difference = outcome.difference;
    if (outcome.kind !== 'parted' || ++this.repetitions > REPETITIONS_MAX) return true;
    const before = callsOf(this.scenario).length;
    this.text = withoutCalls(this.text, this.scenario, outcome.calls);
    this.scenario = parseScenario(this.text, this.file);
    this.takenOut += before - callsOf(this.scenario).length;
    return false;
  }
}
