/**
 * Reads the documentation of calls out of the comments above their functions.
 *
 * A comment is a page if its first line is `@call NAME...`. What follows is Markdown, up to the tags, each at most once:
 *
 *     @errors            then a line `ERRNO: when` each, in the order in which they win; or `@errors none`
 *     @flags PREFIX...   the constants the call takes, by name or by the beginning of it (`MAP_`)
 *     @differs           what is otherwise than on Linux
 *
 * A line that is indented by two blanks more goes on with the one before. Where the text stands is told in docs/README.md.
 */
import { readdirSync, readFileSync } from 'node:fs';

export interface DocumentedError {
  readonly errno: string;
  readonly when: string;
}

export interface CallComment {
  /** The calls it is about; the page is named after the first. */
  readonly names: readonly string[];
  /** Markdown. The first paragraph says what the calls are for. */
  readonly text: string;
  /** The first that applies wins. */
  readonly errors: readonly DocumentedError[];
  readonly flags: readonly string[];
  readonly differs: string;
  /** Where it stands: path in the repository and line. */
  readonly source: string;
}

const FOLDERS = ['src/spec', 'src/kernel', 'src/scenario'];
const TAGS = ['errors', 'flags', 'differs'] as const;
type Tag = (typeof TAGS)[number];

/** All of them, in the order of the files. Throws for one that does not keep to the form. */
export function readCallComments(root: URL): CallComment[] {
  return FOLDERS.flatMap((folder) =>
    readdirSync(new URL(`${folder}/`, root))
      .filter((name) => name.endsWith('.ts'))
      .sort()
      .flatMap((name) => commentsIn(readFileSync(new URL(`${folder}/${name}`, root), 'utf8'), `${folder}/${name}`)),
  );
}

/** Those of one file. */
export function commentsIn(source: string, path: string): CallComment[] {
  return [...source.matchAll(/^( *)\/\*\*\n((?:\1 \*.*\n)+?)\1 \*\//gm)].flatMap((match) => {
    const lines = (match[2] as string).split('\n').map((line) => line.replace(/^ *\* ?/, ''));
    if (!lines[0].startsWith('@call ')) return [];
    const line = source.slice(0, match.index).split('\n').length;
    return [parse(lines, `${path}:${line}`)];
  });
}

function parse(lines: readonly string[], source: string): CallComment {
  const names = lines[0].split(' ').slice(1);
  const parts = new Map<Tag | 'text', string[]>([['text', []]]);
  let current: Tag | 'text' = 'text';
  for (const line of lines.slice(1)) {
    const [, tag, rest = ''] = /^@(\w+) ?(.*)$/.exec(line) ?? [];
    if (tag !== undefined) {
      current = tagOf(tag, source);
      if (parts.has(current)) throw new Error(`${source}: @${tag} stands twice; once is enough`);
    }
    const part = parts.get(current) ?? [];
    part.push(tag === undefined ? line : rest);
    parts.set(current, part);
  }
  const errors = parts.get('errors');
  if (errors === undefined)
    throw new Error(`${source}: there is no @errors; write 'ERRNO: when' lines or '@errors none'`);
  return {
    names,
    text: textOf(parts.get('text')),
    errors: errorsOf(errors, source),
    flags: textOf(parts.get('flags'))
      .split(/\s+/)
      .filter((word) => word !== ''),
    differs: textOf(parts.get('differs')),
    source,
  };
}

function tagOf(word: string, source: string): Tag {
  const tag = TAGS.find((known) => known === word);
  if (tag === undefined) throw new Error(`${source}: @${word} is no tag; the tags are ${TAGS.join(', ')}`);
  return tag;
}

function textOf(lines: readonly string[] = []): string {
  return lines.join('\n').trim();
}

function errorsOf(lines: readonly string[], source: string): DocumentedError[] {
  const errors: DocumentedError[] = [];
  for (const line of lines.filter((text) => text.trim() !== '' && text !== 'none')) {
    const [, errno, when] = /^(E[A-Z0-9]+): +(.*)$/.exec(line) ?? [];
    const last = errors.at(-1);
    if (errno !== undefined) errors.push({ errno, when });
    else if (line.startsWith('  ') && last !== undefined) {
      errors[errors.length - 1] = { ...last, when: `${last.when} ${line.trim()}` };
    } else throw new Error(`${source}: '${line}' is no error; write 'ERRNO: when', and go on two blanks further in`);
  }
  return errors;
}
