/**
 * Simpler and simpler variants of something that shows a difference.
 *
 * Place: between a difference that was found and its report. Whoever can ask the targets takes a variant with `next`, tries it, and
 * says `keep` if it still differs; so the trying may take its time, wait for another program, and stop whenever it likes. First
 * fast-check shrinks the list of drawn calls, then statements are taken out of the text and what stays is cut down.
 */
import type fc from 'fast-check';
import { UserError } from '../assert.ts';
import { parseScenario } from '../scenario/scenario.ts';
import { keptCalls } from './arbitraries.ts';
import type { DrawnCall } from './scenario-writer.ts';
import { simplerStatements } from './simpler-statements.ts';

export interface Simplification<T> {
  /** The simplest so far that differs. */
  readonly best: T;
  /** The next variant to try; undefined when there is none. */
  next(): T | undefined;
  /** Goes on from the variant that `next` gave last. */
  keep(): void;
}

/** Takes calls out of a drawn list as fast-check does; the arguments of those that stay are simplified as text. */
export class CallsSimplification implements Simplification<readonly DrawnCall[]> {
  best: readonly DrawnCall[];
  private readonly arbitrary: fc.Arbitrary<DrawnCall[]>;
  private variants: Iterator<fc.Value<DrawnCall[]>>;
  private tried: fc.Value<DrawnCall[]> | undefined;

  constructor(calls: readonly DrawnCall[]) {
    this.best = calls;
    this.arbitrary = keptCalls(calls.length);
    this.variants = this.arbitrary.shrink([...calls], undefined);
    this.tried = undefined;
  }

  next(): readonly DrawnCall[] | undefined {
    const { done, value } = this.variants.next();
    this.tried = done ? undefined : value;
    return this.tried?.value;
  }

  keep(): void {
    if (this.tried === undefined) return;
    this.best = this.tried.value;
    this.variants = this.arbitrary.shrink(this.tried.value, this.tried.context);
  }
}

/** Makes the text of a scenario simpler until nothing can be taken away. */
export class TextSimplification implements Simplification<string> {
  best: string;
  private variants: Iterator<string>;
  private tried: string;
  /** No variant is tried twice. */
  private readonly seen: Set<string>;

  constructor(text: string) {
    this.best = text;
    this.variants = variantsOf(text);
    this.tried = text;
    this.seen = new Set([text]);
  }

  next(): string | undefined {
    for (;;) {
      const { done, value } = this.variants.next();
      if (done) return undefined;
      if (this.seen.has(value) || !parses(value)) continue;
      this.seen.add(value);
      this.tried = value;
      return value;
    }
  }

  keep(): void {
    this.best = this.tried;
    this.variants = variantsOf(this.best);
  }
}

/** Without a name that others use, a scenario is none. */
function parses(text: string): boolean {
  try {
    parseScenario(text, 'scenario');
    return true;
  } catch (error) {
    if (error instanceof UserError) return false;
    throw error;
  }
}

/** Texts with something taken away, the largest parts first. */
function* variantsOf(text: string): Generator<string, undefined, undefined> {
  const lines = text.split('\n').filter((line) => line !== '');
  yield joined(lines);
  for (let size = lines.length >> 1; size >= 1; size >>= 1) {
    for (let end = lines.length; end > 0; end -= size) {
      yield joined([...lines.slice(0, Math.max(0, end - size)), ...lines.slice(end)]);
    }
  }
  yield joined(moveDown(lines));
  for (const [index, line] of lines.entries()) {
    for (const simpler of simplerStatements(line))
      yield joined(lines.map((old, place) => (place === index ? simpler : old)));
  }
  return undefined;
}

const IN_ARENA = /\bA(?:\+0x([0-9a-f]+))?\b/g;

/** The same in the first pages of the arena. */
function moveDown(lines: readonly string[]): string[] {
  const offsets = lines.flatMap((line) =>
    [...line.matchAll(IN_ARENA)].map(([, offset]) => Number.parseInt(offset ?? '0', 16)),
  );
  const first = Math.min(...offsets);
  const down = first - (first % 4096);
  return lines.map((line) =>
    line.replace(IN_ARENA, (_, offset: string | undefined) => {
      const left = Number.parseInt(offset ?? '0', 16) - down;
      return left === 0 ? 'A' : `A+0x${left.toString(16)}`;
    }),
  );
}

function joined(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join('');
}
