/**
 * What counts as the same where two implementations need only do as POSIX says.
 *
 * Place: rules of a comparison, over the table (posix-table.ts) and the circumstances of each call. Where answers differ and the
 * standard allows both, or leaves open what a call has done, the targets have parted: the comparison takes the call out of the
 * scenario and runs it again without, on all. So nothing is compared that depends on a choice, and what comes behind is.
 */
import type { Arena, Scenario } from '../scenario/scenario.ts';
import { type AnswerLines, isEqual, type Judge, type Rules, type Verdict } from './compare.ts';
import { type Circumstance, circumstancesOf } from './posix-circumstances.ts';
import type { Outcome, Row } from './posix-row.ts';
import { ERRORS, LOOKING_CALLS, ROWS, STANDARD_CALLS } from './posix-table.ts';

export interface PosixOptions {
  readonly fs: 'tmpfs' | 'ext4';
  readonly arena: Arena;
}

/** The rules of IEEE Std 1003.1-2024 for targets whose files and arena are there. */
export function posixRules({ fs, arena }: PosixOptions): Rules {
  return (scenario: Scenario): Judge => {
    const circumstances = circumstancesOf(scenario, { fs }, arena);
    return (index, one, other) => judge(circumstances[index], plain(one), plain(other));
  };
}

const STANDARD: ReadonlySet<string> = new Set(STANDARD_CALLS);

function judge(circumstance: Circumstance | undefined, one: AnswerLines, other: AnswerLines): Verdict {
  const same = isEqual(one, other);
  if (circumstance === undefined) return same ? 'same' : 'different';
  const { call } = circumstance;
  if (LOOKING_CALLS.has(call)) return 'same';
  if (!STANDARD.has(call)) return same ? 'same' : 'parted';
  const outcomes = [outcomeOf(one), outcomeOf(other)];
  const rows = ROWS.filter((row) => fits(row, circumstance, outcomes));
  if (rows.some(({ effect }) => effect === 'unknown')) return 'parted';
  if (same || areErrorsOf(call, outcomes)) return 'same';
  if (rows.length === 0) return 'different';
  return rows.some(({ effect }) => effect === 'none') || outcomes.every(isError) ? 'same' : 'parted';
}

function fits(row: Row, circumstance: Circumstance, outcomes: readonly Outcome[]): boolean {
  if (!row.calls.includes(circumstance.call)) return false;
  const accepted = row.accepts === 'any' || outcomes.every((outcome) => row.accepts.includes(outcome));
  return accepted && row.when(circumstance);
}

function isError(outcome: Outcome): boolean {
  return /^E[A-Z0-9]+$/.test(outcome);
}

function areErrorsOf(call: string, outcomes: readonly Outcome[]): boolean {
  return outcomes.every((outcome) => ERRORS[call]?.includes(outcome));
}

function outcomeOf([first]: AnswerLines): Outcome {
  const [, errno, signal] = /^= -1 ([A-Z0-9]+)|^--- (SIG[A-Z]+) /.exec(first) ?? [];
  // One number on Linux, with one name.
  if (errno === 'EOPNOTSUPP') return 'ENOTSUP';
  if (errno !== undefined || signal !== undefined) return errno ?? signal;
  return first.startsWith('= ') ? 'success' : first;
}

/** Without what the standard does not promise: si_addr may be inaccurate, and an address that cannot be formed has no si_code of its own. */
function plain([first, ...more]: AnswerLines): AnswerLines {
  return [first.replace(/, si_addr=[^}]*/, '').replace('si_code=SI_KERNEL', 'si_code=SEGV_MAPERR'), ...more];
}
