/**
 * Writes docs/reference: a page for each call, and a list of them. `npm run docs`.
 *
 * test/unit/reference.test.ts fails while a page says anything else than this would write, or is missing.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type CallComment, readCallComments } from './reference/call-comments.ts';
import { methodName, pageName, renderPage } from './reference/page.ts';
import { readRecordings } from './reference/recordings.ts';

const ROOT = new URL('../', import.meta.url);
export const REFERENCE = new URL('docs/reference/', ROOT);

/** File name -> text of every page, `README.md` among them. */
export function referencePages(): Map<string, string> {
  const comments = readCallComments(ROOT);
  const sources = { root: ROOT, recordings: readRecordings(ROOT), methods: methodsOfProcess(comments) };
  const pages = new Map(comments.map((comment) => [pageName(comment), renderPage(comment, sources)]));
  return pages.set('README.md', list(comments));
}

function list(comments: readonly CallComment[]): string {
  const rows = comments
    .flatMap((comment) => comment.names.map((name) => ({ name, comment })))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, comment }) => `| [${name}](${pageName(comment)}) | ${firstSentence(comment.text)} |`);
  return [
    '# The calls',
    '',
    'Made by `npm run docs` from the comments above the functions that define the calls; how to write one stands in',
    '[docs/README.md](../README.md).',
    '',
    '| call | |',
    '|---|---|',
    ...rows,
    '',
  ].join('\n');
}

function firstSentence(text: string): string {
  const paragraph = text.split('\n\n')[0].replaceAll('\n', ' ');
  return /^.*?[.:](?= |$)/.exec(paragraph)?.[0].replace(/:$/, '.') ?? paragraph;
}

/** How the methods of `Process` are declared, parameters and result, on one line. */
function methodsOfProcess(comments: readonly CallComment[]): Map<string, string> {
  const files = ['process', 'process-memory', 'process-atomics', 'process-files', 'process-tasks'].map(
    (name) => `src/kernel/${name}.ts`,
  );
  const source = files.map((path) => readFileSync(new URL(path, ROOT), 'utf8')).join('\n');
  const methods = new Map<string, string>();
  for (const name of comments.flatMap(({ names }) => names.map(methodName))) {
    const [, declaration] = new RegExp(`^  (${name}\\([^{]*?\\): .*) \\{$`, 'm').exec(source) ?? [];
    if (declaration !== undefined) methods.set(name, declaration.replace(/\s+/g, ' '));
  }
  return methods;
}

/** Writes what differs and removes pages of calls that are no more. */
function writePages(): void {
  const pages = referencePages();
  mkdirSync(REFERENCE, { recursive: true });
  for (const name of readdirSync(REFERENCE)) if (!pages.has(name)) rmSync(new URL(name, REFERENCE));
  for (const [name, text] of pages) writeFileSync(new URL(name, REFERENCE), text);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writePages();
