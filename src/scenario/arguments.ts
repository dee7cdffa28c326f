/**
 * The arguments of a statement to the values a target gets, or the reason why it is not run.
 */

import type { Argument, CallStatement } from './ast.ts';
import type { ParameterKind } from './calls.ts';
import type { Environment } from './environment.ts';
import { evaluate, evaluateData, type Lookup, TRANSFER_MAX } from './evaluate.ts';
import type { CallArgument } from './target.ts';

/** A value, or `unbound` (a name in it has none) or `refused` (more bytes than one transfer may have). */
type Evaluated = { readonly value: CallArgument } | { readonly reason: 'unbound' | 'refused' };

/** All arguments but the names that the call binds, or the reason of the first that has no value. */
export function evaluateArguments(
  statement: CallStatement,
  environment: Environment,
): { readonly values: readonly CallArgument[] } | { readonly reason: 'unbound' | 'refused' } {
  const values: CallArgument[] = [];
  for (const [index, argument] of statement.args.entries()) {
    if (argument.kind === 'fresh') continue;
    const evaluated = evaluateArgument(argument, statement.shape.parameters[index].kind, environment);
    if ('reason' in evaluated) return evaluated;
    values.push(evaluated.value);
  }
  return { values };
}

function evaluateArgument(
  argument: Exclude<Argument, { kind: 'fresh' }>,
  kind: ParameterKind,
  environment: Environment,
): Evaluated {
  const lookup: Lookup = (name) => environment.value(name);
  switch (argument.kind) {
    case 'string':
      return { value: argument.value };
    case 'process':
      return bound(environment.process(argument.name));
    case 'number':
      return limited(bound(evaluate(argument.expression, lookup)), kind);
    case 'data': {
      const data = evaluateData(argument.pieces, lookup);
      if (data === 'unbound') return { reason: 'unbound' };
      return data === 'too-long' ? { reason: 'refused' } : { value: data };
    }
  }
}

function bound(value: bigint | number | undefined): Evaluated {
  return value === undefined ? { reason: 'unbound' } : { value: BigInt(value) };
}

function limited(evaluated: Evaluated, kind: ParameterKind): Evaluated {
  const tooLong = kind === 'transfer' && 'value' in evaluated && (evaluated.value as bigint) > TRANSFER_MAX;
  return tooLong ? { reason: 'refused' } : evaluated;
}
