/**
 * A scenario without some of its calls, and without those that cannot be made then.
 *
 * Place: under the comparison. The lines stay, empty, so that the others keep their numbers.
 */
import { namesIn } from '../scenario/evaluate.ts';
import { freshNames } from '../scenario/names.ts';
import type { CallStatement, Scenario } from '../scenario/scenario.ts';
import { callsOf } from './transcript.ts';

/** `text`, which is `scenario`, without the calls with these indexes, and without those that use a name which nothing binds any more. */
export function withoutCalls(text: string, scenario: Scenario, indexes: readonly number[]): string {
  const calls = callsOf(scenario);
  const gone = new Set(indexes.map((index) => calls[index]));
  for (let before = -1; before !== gone.size; ) {
    before = gone.size;
    const kept = calls.filter((call) => !gone.has(call));
    const bound = new Set(kept.flatMap(namesBound));
    const lost = new Set([...gone].flatMap(namesBound).filter((name) => !bound.has(name)));
    for (const call of kept) if (namesUsed(call).some((name) => lost.has(name))) gone.add(call);
  }
  const lines = new Set([...gone].map(({ line }) => line));
  return text
    .split('\n')
    .map((line, index) => (lines.has(index + 1) ? '' : line))
    .join('\n');
}

function namesBound(call: CallStatement): string[] {
  return call.bind === undefined ? freshNames(call) : [call.bind, ...freshNames(call)];
}

function namesUsed({ who, args }: CallStatement): string[] {
  return [who, ...args.flatMap(namesOf)];
}

function namesOf(argument: CallStatement['args'][number]): string[] {
  switch (argument.kind) {
    case 'process':
      return [argument.name];
    case 'number':
      return [...namesIn(argument.expression)];
    case 'data':
      return argument.pieces
        .flatMap((piece) => (piece.kind === 'fill' ? [piece.byte, piece.count] : [piece.times]))
        .flatMap((number) => (number === undefined ? [] : [...namesIn(number)]));
    case 'fresh':
    case 'string':
      return [];
  }
}
