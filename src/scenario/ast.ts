/**
 * What a scenario is once it has been read: statements, their arguments and the expressions in them.
 *
 * The parser builds these, the runner executes them; both know the shapes of the calls from
 * calls.ts. Plain data without methods. Sums, products and alternatives are lists rather than
 * nested pairs, so that only parentheses nest and a long line cannot exhaust the stack.
 */

import type { CallShape } from './calls.ts';

/** A line of a file, for messages. Lines count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

/** An operand of a sum with the sign before it; the first has `+`. */
export interface Term {
  readonly sign: '+' | '-';
  readonly value: Expression;
}

/** A 64-bit expression. Names of constants are numbers already; a `name` is a binding, `A` or `BRK`. */
export type Expression =
  | { readonly kind: 'number'; readonly value: bigint }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'unary'; readonly operators: readonly string[]; readonly operand: Expression }
  | { readonly kind: 'product'; readonly factors: readonly Expression[] }
  | { readonly kind: 'sum'; readonly terms: readonly Term[] }
  | { readonly kind: 'alternatives'; readonly operands: readonly Expression[] };

/** A part of some data: a string, repeated `times` if that is given, or `fill(byte, count)`. */
export type Piece =
  | { readonly kind: 'text'; readonly bytes: Uint8Array; readonly times: Expression | undefined }
  | { readonly kind: 'fill'; readonly byte: Expression; readonly count: Expression };

export type Argument =
  | { readonly kind: 'number'; readonly expression: Expression }
  | { readonly kind: 'data'; readonly pieces: readonly Piece[] }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'process'; readonly name: string }
  /** A name that the call binds to a value, as `name =` does. */
  | { readonly kind: 'fresh'; readonly name: string };

/** `who: bind = call(args)`. `text` is the statement as written, from behind `who:` to the closing parenthesis. */
export interface CallStatement {
  readonly kind: 'call';
  readonly line: number;
  readonly text: string;
  readonly who: string;
  readonly bind: string | undefined;
  readonly shape: CallShape;
  /** One for each parameter that was written or has a default. */
  readonly args: readonly Argument[];
}

/** `% words`. `text` is what stands behind the `%`, without the comment. There is at least one word. */
export interface DirectiveStatement {
  readonly kind: 'directive';
  readonly line: number;
  readonly text: string;
  readonly words: readonly string[];
}

export type Statement = CallStatement | DirectiveStatement;

/** A scenario that has been read and found right. */
export interface Scenario {
  readonly file: string;
  readonly statements: readonly Statement[];
}
