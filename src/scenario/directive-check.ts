/**
 * Checks the words of a directive before anything runs: how many, and what each is.
 *
 * Place: between the target, which says what its directives take, and the runner. What only running
 * can show (a name whose call failed) is left to the runner.
 */

import type { DirectiveStatement, Place } from './ast.ts';
import { evaluate, NO_NAMES, namesIn } from './evaluate.ts';
import { parseExpression } from './expression-parser.ts';
import { fail } from './lexer.ts';
import type { Bound } from './names.ts';
import { nearestWord } from './suggest.ts';
import type { Directive, DirectiveParameter } from './target.ts';

/** Throws `UserError` for the first word that cannot be right. */
export function checkDirective(statement: DirectiveStatement, directive: Directive, bound: Bound, place: Place): void {
  const { parameters } = directive;
  if (parameters === undefined) return;
  const [name, ...words] = statement.words;
  const least = parameters.filter((parameter) => !parameter.optional).length;
  if (words.length < least || words.length > parameters.length) {
    const count = `${words.length} ${words.length === 1 ? 'word' : 'words'}`;
    fail(place, `${name} has ${count} behind it; it is written ${signatureOf(name, parameters)}, each without blanks`);
  }
  for (const [index, word] of words.entries()) checkWord(word, parameters[index], bound, place);
}

/** The directive as the documentation writes it: `% explain ADDRESS [PROCESS]`. */
export function signatureOf(name: string, parameters: readonly DirectiveParameter[]): string {
  const words = parameters.map((parameter) => {
    const shown = parameter.name.toUpperCase();
    return parameter.optional ? `[${shown}]` : shown;
  });
  return ['%', name, ...words].join(' ');
}

function checkWord(word: string, parameter: DirectiveParameter, bound: Bound, place: Place): void {
  if (parameter.kind === 'process') {
    if (!bound.processes.has(word)) fail(place, `there is no process ${word}; ${hint(word, bound.processes)}`);
  }
  const { choices } = parameter;
  if (choices !== undefined && !choices.includes(word)) {
    const near = nearestWord(word, choices);
    fail(
      place,
      `there is no ${parameter.name} ${word}; ${near ? `did you mean ${near}?` : `choose one of ${choices.join(', ')}`}`,
    );
  }
  if (parameter.kind !== 'number') return;
  const expression = parseExpression(word, place);
  const value = evaluate(expression, NO_NAMES);
  if (parameter.below !== undefined && value !== undefined && value >= parameter.below) {
    fail(place, `${parameter.name} is ${value}; it must be below ${parameter.below}`);
  }
  for (const name of namesIn(expression)) {
    if (!bound.values.has(name)) fail(place, `${name} is not bound by any line; ${hint(name, bound.values)}`);
  }
}

function hint(word: string, known: ReadonlySet<string>): string {
  const near = nearestWord(word, known);
  return near ? `did you mean ${near}?` : `there are ${[...known].join(', ')}`;
}
