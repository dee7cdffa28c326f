/**
 * The one sentence for a line of the user's that cannot be right: file, line, what, what would be.
 */

import { UserError } from '../assert.ts';

/** Longest quotation of a line in a sentence, in characters. */
const QUOTED_MAX = 80;

/** A line as a sentence shows it: shortened, and without characters that would spoil a terminal. */
export function quoted(text: string): string {
  const shown = text.length > QUOTED_MAX ? `${text.slice(0, QUOTED_MAX)}...` : text;
  return `'${shown.replace(/[^\x20-\x7e]/g, '?')}'`;
}

/** Throws `UserError` for line `line` (from 1) of `file`. */
export function failAt(file: string, line: number, message: string): never {
  throw new UserError(`${file}:${line}: ${message}`);
}
