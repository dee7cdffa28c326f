/**
 * Parses a `%` line: words that speak to the simulated machine and never to a real kernel.
 *
 * Words are separated by blanks; a part in double quotes, with the escapes of strings, may hold
 * blanks and `#`. What the words mean is the target's business.
 */

import type { DirectiveStatement, Place } from './ast.ts';
import { textOf } from './bytes.ts';
import { fail, skipBlanks, stringAt } from './lexer.ts';

const PLAIN = /[^ \t\r\v\f"#]+/y;

/** The directive on a line that begins with `%`. */
export function parseDirective(line: string, place: Place): DirectiveStatement {
  const words: string[] = [];
  const start = skipBlanks(line, 1);
  let column = start;
  let end = start;
  while (column < line.length && line[column] !== '#') {
    const word = wordAt(line, column, place);
    words.push(word.text);
    end = word.end;
    column = skipBlanks(line, end);
  }
  if (words.length === 0) fail(place, 'a directive needs a name behind the %; write % name arguments');
  return { kind: 'directive', line: place.line, text: line.slice(start, end), words };
}

/** The word at `start`, of plain and quoted parts without a blank between them, and the column behind it. */
function wordAt(line: string, start: number, place: Place): { text: string; end: number } {
  let text = '';
  let column = start;
  for (;;) {
    const part = partAt(line, column, place);
    if (part === undefined) return { text, end: column };
    text += part.text;
    column = part.end;
  }
}

function partAt(line: string, start: number, place: Place): { text: string; end: number } | undefined {
  if (line[start] === '"') {
    const string = stringAt(line, start, place);
    return { text: textOf(string.bytes), end: string.end };
  }
  PLAIN.lastIndex = start;
  const text = PLAIN.exec(line)?.[0];
  return text === undefined ? undefined : { text, end: start + text.length };
}
