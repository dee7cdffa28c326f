/**
 * The parts of a statement's text, to change one and put it together again.
 *
 * Place: under what spoils statements (odd-arguments.ts) and what simplifies them (reduce.ts). Text only: whether the result is a
 * statement is for the parser of src/scenario to say.
 */

export interface StatementParts {
  /** `c1: ` or empty. */
  readonly who: string;
  /** `p1 = ` or empty. */
  readonly bind: string;
  readonly call: string;
  readonly args: readonly string[];
}

const STATEMENT = /^((?:\w+: *)?)((?:\w+ *= *)?)(\w+)\((.*)\)$/s;

/** The parts of a call; undefined for anything else. */
export function partsOf(text: string): StatementParts | undefined {
  const match = STATEMENT.exec(text.trim());
  if (match === null) return undefined;
  const [, who, bind, call, args] = match;
  return { who, bind, call, args: splitArguments(args) };
}

export function joinParts({ who, bind, call, args }: StatementParts): string {
  return `${who}${bind}${call}(${args.join(', ')})`;
}

/** With the argument at `place` changed. */
export function withArgument(parts: StatementParts, place: number, argument: string): StatementParts {
  return { ...parts, args: parts.args.map((old, index) => (index === place ? argument : old)) };
}

/** Cuts at the commas that stand in no parentheses and no string. */
function splitArguments(text: string): string[] {
  const pieces = text.match(/"(?:\\.|[^"\\])*"|[^"]/gs) ?? [];
  const args = [''];
  let depth = 0;
  for (const piece of pieces) {
    if (piece === '(') depth++;
    if (piece === ')') depth--;
    if (piece === ',' && depth === 0) args.push('');
    else args[args.length - 1] += piece;
  }
  const trimmed = args.map((argument) => argument.trim());
  return trimmed.length === 1 && trimmed[0] === '' ? [] : trimmed;
}
