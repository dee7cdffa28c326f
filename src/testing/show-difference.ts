/**
 * A difference as text: the statements that lead to it, then the answers side by side.
 *
 * Place: the report of a comparison. Pure text; what a program printed is shown with control characters escaped, cut where it is long.
 */
import type { CallStatement, Scenario } from '../scenario/scenario.ts';
import type { Difference } from './compare.ts';
import { callsOf, type Transcript } from './transcript.ts';

const INDENT = '    ';
const COLUMN_MAX = 100;
const LINES_MAX = 12;

/** Lines that show a scenario up to the call that differs, with the answers of the targets named `names`. */
export function showDifference(
  scenario: Scenario,
  transcripts: readonly Transcript[],
  difference: Difference,
  names: readonly string[],
): string[] {
  const before = callsOf(scenario)
    .slice(0, difference.call)
    .flatMap((statement, call) => [...showCall('  ', statement), ...agreed(transcripts[0].answers[call])]);
  const call = difference.statement === undefined ? ['> behind the last answer'] : showCall('> ', difference.statement);
  return [...before, ...call, ...sideBySide(difference.answers, names)];
}

function showCall(mark: string, { line, who, text }: CallStatement): string[] {
  return [`${mark}${line} ${who === 'main' ? '' : `${who}: `}${text}`];
}

/** What all targets answered, or the first where a difference was accepted. */
function agreed(answer: readonly string[]): string[] {
  return shortened(answer).map((line) => `${INDENT}  ${line}`);
}

/** A column for each target. Lines that are not the same in all columns have a mark. */
function sideBySide(answers: readonly (readonly string[])[], names: readonly string[]): string[] {
  const columns = answers.map((answer, index) => [
    names[index],
    ...shortened(answer.length === 0 ? ['(nothing)'] : answer),
  ]);
  const widths = columns.map((lines) => Math.max(...lines.map((line) => line.length)));
  const height = Math.max(...columns.map((lines) => lines.length));
  return Array.from({ length: height }, (_, row) => {
    const cells = columns.map((lines) => lines[row] ?? '');
    const isSame = cells.every((cell) => cell === cells[0]);
    const text = cells.map((cell, index) => cell.padEnd(widths[index])).join(' | ');
    return `${row === 0 || isSame ? INDENT : '>   '}  ${text}`.trimEnd();
  });
}

function shortened(lines: readonly string[]): string[] {
  const shown = lines.slice(0, LINES_MAX).map(printable);
  return lines.length > LINES_MAX ? [...shown, `(${lines.length - LINES_MAX} more lines)`] : shown;
}

function printable(line: string): string {
  const plain = line.replace(
    /[\p{Cc}\ufffd]/gu,
    (character) => `\\x${(character.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}`,
  );
  return plain.length <= COLUMN_MAX ? plain : `${plain.slice(0, COLUMN_MAX - 3)}...`;
}
