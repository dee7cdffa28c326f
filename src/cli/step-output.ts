/**
 * What `faultline run` prints for a statement: the lines of the language, with explanations, or JSON.
 *
 * Place: between the runner, which knows what happened, and the stream. Pure text.
 */
import type { TraceRecord } from '../index.ts';
import type { Step } from '../scenario/scenario.ts';

const INDENT = '    ';

/** The lines of a step, and those that explain it deeper indented. */
export function asText(step: Step, explanation: readonly string[]): string {
  return [...step.lines, ...explanation.map((line) => INDENT + line)].map((line) => `${line}\n`).join('');
}

/** The comments of a scenario that have a line of their own, in order. */
export class Comments {
  private readonly lines: readonly string[];
  private next: number;

  constructor(source: string) {
    this.lines = source.split('\n');
    this.next = 0;
  }

  /** Those between the line asked for last and `line`, counted from 1; a blank line before a group of them. */
  before(line: number): string {
    const between = this.lines.slice(this.next, line - 1).map((text) => text.trim());
    const isFirst = this.next === 0;
    this.next = line;
    const comments = between.filter((text) => text.startsWith('#'));
    if (comments.length === 0) return '';
    return `${isFirst ? '' : '\n'}${comments.join('\n')}\n`;
  }
}

/**
 * One object on one line: `line`, `who` (`%` for a directive), `statement`, `result`, `details` (further lines of output), `answer`,
 * and with explanations `explanation` and `trace`. 64-bit numbers of an answer are strings such as "0x7ffff7bfd000", bytes are
 * hexadecimal digits.
 */
export function asJson(step: Step, explanation: readonly string[] | undefined, trace: readonly TraceRecord[]): string {
  const { statement, lines } = step;
  const who = statement.kind === 'call' ? statement.who : '%';
  const [first, ...rest] = lines;
  const object = {
    line: statement.line,
    who,
    statement: statement.text,
    result: first.slice(`${statement.line} ${who} ${statement.text} -> `.length),
    ...(rest.length === 0 ? {} : { details: rest.map((line) => line.trim()) }),
    ...(step.answer === undefined ? {} : { answer: step.answer }),
    ...(step.notRun === undefined ? {} : { answer: { kind: step.notRun } }),
    ...(explanation === undefined ? {} : { explanation, trace }),
  };
  return `${JSON.stringify(object, plain)}\n`;
}

/** Values that JSON has no words for. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return `0x${value.toString(16)}`;
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
}
