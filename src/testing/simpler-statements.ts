/**
 * Statements that say less than a given one: another process, no name, fewer flags, smaller numbers, shorter data.
 *
 * Place: under the simplification of texts. Text only: nothing here knows what a call does. Each variant is simpler in the same sense as
 * all others, so that trying them in any order ends.
 */
import { joinParts, partsOf, type StatementParts, withArgument } from './statement-text.ts';

export function* simplerStatements(text: string): Generator<string, void, undefined> {
  const parts = partsOf(text);
  if (parts === undefined) return;
  if (parts.who !== '') yield joinParts({ ...parts, who: '' });
  if (parts.bind !== '' && parts.call !== 'fork') yield joinParts({ ...parts, bind: '' });
  for (const [place, argument] of parts.args.entries()) yield* simplerArguments(parts, place, argument);
}

function* simplerArguments(parts: StatementParts, place: number, argument: string): Generator<string, void, undefined> {
  for (const simpler of simplerTexts(argument)) yield joinParts(withArgument(parts, place, simpler));
}

function simplerTexts(argument: string): readonly string[] {
  const fill = /^fill\((\w+), (.+)\)$/.exec(argument);
  if (fill !== null) return lessLength(fill[2]).map((length) => `fill(${fill[1]}, ${length})`);
  if (argument.includes('"')) return [];
  const flags = argument.split('|');
  if (flags.length > 1)
    return flags.map((_, index) => flags.filter((_flag, other) => other !== index).join('|')).filter(isSure);
  return [...lessLength(argument), ...lessAddress(argument)];
}

/** PROT_EXEC alone is left out: whether it can be read depends on the processor's protection keys. */
function isSure(flags: string): boolean {
  return flags !== 'PROT_EXEC';
}

/** For a number, smaller ones that are as round. */
function lessLength(text: string): readonly string[] {
  const value = numberOf(text);
  if (value === undefined) return [];
  return [0, 1, 2, 4096, 8192, 12288].filter((smaller) => smaller < value).map(pagesText);
}

/** The value of `8192`, `2*4096`, `0x2000`. */
function numberOf(text: string): number | undefined {
  const factors = text.split('*');
  return factors.every((factor) => /^(\d+|0x[0-9a-f]+)$/i.test(factor))
    ? factors.reduce((product, factor) => product * Number(factor), 1)
    : undefined;
}

function pagesText(value: number): string {
  return value > 4096 && value % 4096 === 0 ? `${value / 4096}*4096` : String(value);
}

/** For `A+0x3005`: `A`, `A+0x5`, `A+0x3000`. */
function lessAddress(text: string): readonly string[] {
  const [, base, offset] = /^(\w+)\+0x([0-9a-f]+)$/.exec(text) ?? [];
  if (base === undefined) return /^(\w+)\+(.+)$/.test(text) ? [text.replace(/\+.*$/, '')] : [];
  const value = Number.parseInt(offset, 16);
  const inPage = value % 4096;
  const smaller = [0, inPage, value - inPage, (Math.floor(value / 4096) >> 1) * 4096].filter((less) => less < value);
  return [...new Set(smaller)].map((less) => (less === 0 ? base : `${base}+0x${less.toString(16)}`));
}
