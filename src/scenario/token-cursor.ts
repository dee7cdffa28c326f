/**
 * The tokens of one line with a place to read from: what the parsers of statements and expressions share.
 *
 * Never goes back. At the end every question answers "no", and a demand complains with the place.
 */

import type { Place } from './ast.ts';
import { fail, type Token } from './lexer.ts';

/** The most characters of a token that a message repeats. */
const SHOWN_MAX = 40;

export class TokenCursor {
  readonly place: Place;
  private readonly tokens: readonly Token[];
  private position: number;

  constructor(tokens: readonly Token[], place: Place) {
    this.tokens = tokens;
    this.place = place;
    this.position = 0;
  }

  /** The token `ahead` of the next one, undefined past the end. */
  peek(ahead = 0): Token | undefined {
    return this.tokens[this.position + ahead];
  }

  /** Takes the next token; undefined at the end. */
  take(): Token | undefined {
    const token = this.peek();
    if (token) this.position++;
    return token;
  }

  /** Whether the token `ahead` is the punctuation mark `text`. */
  isMark(text: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token?.kind === 'mark' && token.text === text;
  }

  /** Takes the mark `text` if it is next, and says whether it was. */
  accept(text: string): boolean {
    const found = this.isMark(text);
    if (found) this.position++;
    return found;
  }

  /** Takes the mark `text`, or complains that `what` is missing. */
  expect(text: string, what: string): void {
    if (!this.accept(text)) this.complain(`${what}, but here is ${this.describeNext()}`);
  }

  /** The next token as a message names it. */
  describeNext(): string {
    const token = this.peek();
    return token ? `'${shorten(token.text)}'` : 'the end of the line';
  }

  complain(message: string): never {
    return fail(this.place, message);
  }
}

/** The beginning of a long text. */
export function shorten(text: string): string {
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}...`;
}
