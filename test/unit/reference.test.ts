/** docs/reference is what `npm run docs` would write, has every call, and names every error that the kernel was seen to give. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { commentsIn, readCallComments } from '../../scripts/reference/call-comments.ts';
import { recordedErrors } from '../../scripts/reference/recordings.ts';
import { REFERENCE, referencePages } from '../../scripts/reference.ts';
import * as errno from '../../src/errno.ts';
import * as flags from '../../src/flags.ts';
import { CALLS } from '../../src/scenario/calls.ts';
import { SUPPORT } from '../../src/support.ts';

const ROOT = new URL('../../', import.meta.url);
const COMMENTS = readCallComments(ROOT);
const RECORDED = recordedErrors(ROOT);
const DOCUMENTED = COMMENTS.flatMap(({ names }) => names);

test('the pages are fresh (npm run docs writes them)', () => {
  const pages = referencePages();
  expect(readdirSync(REFERENCE).sort()).toEqual([...pages.keys()].sort());
  for (const [name, text] of pages) expect(readFileSync(new URL(name, REFERENCE), 'utf8'), name).toBe(text);
});

test('every call that the machine has, and every call of the scenario language, is documented once', () => {
  const rows = SUPPORT.flatMap((group) => group.rows).filter(({ support }) => support !== 'unsupported');
  const calls = rows.flatMap(({ names }) => names).filter((name) => /^[a-z]/.test(name));
  const missing = [...new Set([...calls, ...CALLS.map(({ name }) => name)])].filter(
    (name) => !DOCUMENTED.includes(name),
  );
  expect(missing, 'calls without a comment that begins with @call (docs/README.md tells how to write one)').toEqual([]);
  expect(DOCUMENTED.filter((name, place) => DOCUMENTED.indexOf(name) !== place)).toEqual([]);
});

describe.each(COMMENTS)('$names', ({ names, text, errors, flags: taken, differs }) => {
  test('the errors and flags it names exist', () => {
    expect(errors.map((error) => error.errno).filter((name) => !(name in errno))).toEqual([]);
    const constants = Object.keys(flags);
    const exists = (word: string): boolean =>
      constants.some((name) => (word.endsWith('_') ? name.startsWith(word) : name === word));
    expect(taken.filter((word) => !exists(word))).toEqual([]);
  });

  test('every error that was recorded is named', () => {
    const named = errors.map((error) => error.errno);
    const seen = names.flatMap((name) => [...(RECORDED.get(name) ?? [])]);
    expect(seen.filter((name) => !named.includes(name))).toEqual([]);
  });

  test('it begins with a paragraph, and its sentences end', () => {
    expect(text.split('\n\n')[0]).toMatch(/^[A-Z`].*[.:]$/s);
    for (const part of [differs, ...errors.map(({ when }) => when)]) expect(part).toMatch(/^$|\S$/);
  });
});

test('links of the pages lead to files', () => {
  for (const [name, page] of referencePages()) {
    for (const [, target] of page.matchAll(/\]\(([^)#]+)\)/g)) {
      expect({ name, target, there: existsSync(new URL(target, REFERENCE)) }).toEqual({ name, target, there: true });
    }
  }
});

describe('a comment', () => {
  const page = (lines: readonly string[]) =>
    commentsIn(['/**', ...lines.map((line) => ` * ${line}`.trimEnd()), ' */', ''].join('\n'), 'x.ts')[0];

  test('is read by its tags', () => {
    const lines = [
      '@call a b',
      'What it is.',
      '',
      'More.',
      '@errors',
      'EINVAL: one',
      '  and more',
      'ENOMEM: two',
      '@flags MAP_ X',
      '@differs So.',
    ];
    expect(page(lines)).toEqual({
      names: ['a', 'b'],
      text: 'What it is.\n\nMore.',
      errors: [
        { errno: 'EINVAL', when: 'one and more' },
        { errno: 'ENOMEM', when: 'two' },
      ],
      flags: ['MAP_', 'X'],
      differs: 'So.',
      source: 'x.ts:1',
    });
    expect(page(['@call a', 'What.', '@errors none']).errors).toEqual([]);
    expect(page(['What it is, no page.'])).toBeUndefined();
  });

  test('is refused where it does not keep to the form', () => {
    expect(() => page(['@call a', 'What.'])).toThrow('there is no @errors');
    expect(() => page(['@call a', 'What.', '@error none'])).toThrow('@error is no tag');
    expect(() => page(['@call a', '@errors', 'when it rains'])).toThrow("'when it rains' is no error");
    expect(() => page(['@call a', '@errors', '@errors'])).toThrow('@errors stands twice');
  });
});
