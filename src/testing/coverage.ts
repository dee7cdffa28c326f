/**
 * What a series of scenarios has reached: triples of call, flag and outcome.
 *
 * Place: beside the comparison. Only a measure for whoever sets the weights of the generator; nothing depends on it.
 */
import type { CallStatement, Scenario } from '../scenario/scenario.ts';
import { callsOf, type Transcript } from './transcript.ts';

/** Constants in a statement that are flags, advice and the like. */
const FLAG =
  /\b(?:MAP|PROT|MREMAP|MS|MADV|MCL|O|SEEK|FALLOC_FL|MFD|RLIMIT|SIG|F)_[A-Z0-9_]+|\bMLOCK_ONFAULT\b|\bSIG[A-Z]+\b/g;

/** `= -1 EINVAL`, `--- SIGSEGV {si_code=SEGV_MAPERR, ...` */
const FAILURE =
  /^= -1 ([A-Z0-9]+)|^--- (\w+) \{si_code=(\w+)|^\+\+\+ killed by (\w+)|^= (dead|unbound|refused|timeout)$/;

export class Coverage {
  /** `call flag outcome` -> how often. */
  private readonly counts: Map<string, number>;
  private calls: number;
  private successes: number;
  /** Calls that were taken out of their scenarios and not compared. */
  private takenOut: number;

  constructor() {
    this.counts = new Map();
    this.calls = 0;
    this.successes = 0;
    this.takenOut = 0;
  }

  add(scenario: Scenario, transcript: Transcript, takenOut: number): void {
    this.takenOut += takenOut;
    for (const [index, statement] of callsOf(scenario).entries()) this.addCall(statement, transcript.answers[index][0]);
  }

  private addCall(statement: CallStatement, answer: string): void {
    const outcome = outcomeOf(answer);
    this.calls++;
    if (outcome === 'ok') this.successes++;
    const flags = statement.text.match(FLAG) ?? ['-'];
    for (const flag of new Set(flags)) this.count(`${statement.shape.name} ${flag} ${outcome}`, 1);
  }

  private count(triple: string, times: number): void {
    this.counts.set(triple, (this.counts.get(triple) ?? 0) + times);
  }

  /** Takes in what another run has reached, from its `save()`. */
  merge(saved: SavedCoverage): void {
    for (const [triple, times] of saved.triples) this.count(triple, times);
    this.calls += saved.calls;
    this.successes += saved.successes;
    this.takenOut += saved.takenOut;
  }

  /** As plain data, to be merged elsewhere. */
  save(): SavedCoverage {
    return { triples: [...this.counts], calls: this.calls, successes: this.successes, takenOut: this.takenOut };
  }

  /** How many triples were reached. */
  get size(): number {
    return this.counts.size;
  }

  get callCount(): number {
    return this.calls;
  }

  get takenOutCount(): number {
    return this.takenOut;
  }

  /** Of all calls, 0 to 1. */
  get successShare(): number {
    return this.calls === 0 ? 0 : this.successes / this.calls;
  }

  /** Each triple with how often it was reached, by name. */
  lines(): string[] {
    return [...this.counts].map(([triple, times]) => `${triple} ${times}`).sort();
  }
}

export interface SavedCoverage {
  readonly triples: readonly (readonly [string, number])[];
  readonly calls: number;
  readonly successes: number;
  readonly takenOut: number;
}

function outcomeOf(answer: string): string {
  const match = FAILURE.exec(answer);
  if (match === null) return answer.startsWith('= ') ? 'ok' : 'garbage';
  const [, errno, signal, code, killer, notRun] = match;
  return errno ?? notRun ?? killer ?? `${signal}/${code}`;
}
