/**
 * Expressions and data to numbers and bytes: 64-bit unsigned arithmetic that wraps, on bigint.
 *
 * An environment gives names their values; a name that has none makes the whole expression
 * `undefined` ("unbound"), never an error. The environment is shared by all processes of a
 * scenario. Knows nothing of calls.
 */

import type { Expression, Piece } from './ast.ts';

/** The most bytes in one transfer. */
export const TRANSFER_MAX = 256 * 1024;

/** What a name stands for: a value, or undefined if it has none. */
export type Lookup = (name: string) => bigint | undefined;

/** No name has a value: what is left are the expressions that are constant. */
export const NO_NAMES: Lookup = () => undefined;

const MASK = 0xffff_ffff_ffff_ffffn;

/** The value in [0, 2^64), or undefined if a name in it has none. */
export function evaluate(expression: Expression, lookup: Lookup): bigint | undefined {
  switch (expression.kind) {
    case 'number':
      return expression.value;
    case 'name':
      return lookup(expression.name);
    case 'unary':
      return applyAll(expression.operators, evaluate(expression.operand, lookup));
    case 'product':
      return fold(expression.factors, lookup, 1n, (left, right) => left * right);
    case 'alternatives':
      return fold(expression.operands, lookup, 0n, (left, right) => left | right);
    case 'sum':
      return sum(expression, lookup);
  }
}

function applyAll(operators: readonly string[], value: bigint | undefined): bigint | undefined {
  if (value === undefined) return undefined;
  return operators.reduceRight((operand, operator) => (operator === '-' ? -operand : ~operand) & MASK, value);
}

function fold(
  operands: readonly Expression[],
  lookup: Lookup,
  start: bigint,
  combine: (left: bigint, right: bigint) => bigint,
): bigint | undefined {
  let total = start;
  for (const operand of operands) {
    const value = evaluate(operand, lookup);
    if (value === undefined) return undefined;
    total = combine(total, value) & MASK;
  }
  return total;
}

function sum(expression: Expression & { kind: 'sum' }, lookup: Lookup): bigint | undefined {
  let total = 0n;
  for (const term of expression.terms) {
    const value = evaluate(term.value, lookup);
    if (value === undefined) return undefined;
    total = (term.sign === '-' ? total - value : total + value) & MASK;
  }
  return total;
}

/** The names that occur in an expression, in order, each as often as it is written. */
export function namesIn(expression: Expression): string[] {
  switch (expression.kind) {
    case 'number':
      return [];
    case 'name':
      return [expression.name];
    case 'unary':
      return namesIn(expression.operand);
    case 'product':
      return expression.factors.flatMap(namesIn);
    case 'alternatives':
      return expression.operands.flatMap(namesIn);
    case 'sum':
      return expression.terms.flatMap((term) => namesIn(term.value));
  }
}

/** A piece of data whose numbers are known. */
interface Run {
  readonly bytes: Uint8Array;
  readonly times: bigint;
}

function runOf(piece: Piece, lookup: Lookup): Run | undefined {
  if (piece.kind === 'text') {
    const times = piece.times === undefined ? 1n : evaluate(piece.times, lookup);
    return times === undefined ? undefined : { bytes: piece.bytes, times };
  }
  const byte = evaluate(piece.byte, lookup);
  const count = evaluate(piece.count, lookup);
  if (byte === undefined || count === undefined) return undefined;
  return { bytes: Uint8Array.of(Number(byte & 0xffn)), times: count };
}

/**
 * The bytes of some data; `unbound` if a name in it has no value, `too-long` if it has more than
 * `TRANSFER_MAX` bytes. The byte of `fill` counts modulo 256.
 */
export function evaluateData(pieces: readonly Piece[], lookup: Lookup): Uint8Array | 'unbound' | 'too-long' {
  const runs: Run[] = [];
  for (const piece of pieces) {
    const run = runOf(piece, lookup);
    if (run === undefined) return 'unbound';
    runs.push(run);
  }
  const length = runs.reduce((total, run) => total + BigInt(run.bytes.length) * run.times, 0n);
  return length > BigInt(TRANSFER_MAX) ? 'too-long' : join(runs, Number(length));
}

function join(runs: readonly Run[], length: number): Uint8Array {
  const data = new Uint8Array(length);
  let offset = 0;
  for (const run of runs) {
    const end = offset + run.bytes.length * Number(run.times);
    if (run.bytes.length === 1) data.fill(run.bytes[0], offset, end);
    else for (let at = offset; at < end; at += run.bytes.length) data.set(run.bytes, at);
    offset = end;
  }
  return data;
}
