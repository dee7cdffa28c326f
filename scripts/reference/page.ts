/**
 * One page of the reference: a call, or a few that belong together, as Markdown.
 *
 * Made of the comment above the function, of the tables of calls and flags, of the methods of `Process`, and of what was recorded.
 */
import { existsSync } from 'node:fs';
import { formsOf, signatureOf } from '../../src/scenario/calls.ts';
import { SUPPORT, type SupportRow } from '../../src/support.ts';
import type { CallComment } from './call-comments.ts';
import { bestScenarios, type Recording, SCENARIOS, shownFailure } from './recordings.ts';

export interface PageSources {
  readonly root: URL;
  readonly recordings: readonly Recording[];
  /** Method of `Process` -> how it is declared. */
  readonly methods: ReadonlyMap<string, string>;
}

/** From docs/reference to the root of the repository. */
const UP = '../../';

export function pageName({ names }: CallComment): string {
  return `${names[0]}.md`;
}

export function renderPage(comment: CallComment, sources: PageSources): string {
  const { names, text, differs } = comment;
  const sections = [
    `# ${names.join(', ')}`,
    text,
    usage(comment, sources),
    '## Errors',
    errors(comment, sources),
    ...section('## Flags', flags(comment)),
    ...section('## Differences from Linux', [notes(comment), differs].filter((part) => part !== '').join('\n\n')),
    '## Where it is proved',
    evidence(comment, sources),
  ];
  return `${sections.join('\n\n')}\n`;
}

function section(title: string, text: string): string[] {
  return text === '' ? [] : [title, text];
}

function usage({ names }: CallComment, { methods }: PageSources): string {
  const inScenarios = names.flatMap((name) => formsOf(name).map(signatureOf));
  const inPrograms = names.flatMap((name) => methods.get(methodName(name)) ?? []);
  return [
    ...block('In a scenario:', 'text', inScenarios),
    ...block('In a program, on a `Process`:', 'ts', [...new Set(inPrograms)]),
  ].join('\n\n');
}

function block(title: string, language: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : [title, `\`\`\`${language}\n${lines.join('\n')}\n\`\`\``];
}

/** `memfd_create` is `memfdCreate`. mlock takes the flags of mlock2. */
export function methodName(call: string): string {
  return call.replace('mlock2', 'mlock').replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function errors({ names, errors: documented }: CallComment, { recordings }: PageSources): string {
  if (documented.length === 0) return 'It gives no error.';
  const rows = documented.map(({ errno, when }, index) => `| ${index + 1} | ${errno} | ${when} |`);
  const table = ['The first that applies wins.', '', '| | errno | when |', '|---|---|---|', ...rows].join('\n');
  const seen = [...new Set(documented.map(({ errno }) => errno))].flatMap((errno) => {
    const stem = shownFailure(recordings, names, errno);
    return stem === undefined ? [] : [`${errno} in ${scenarioLink(stem)}`];
  });
  return seen.length === 0 ? table : `${table}\n\nRecorded from the kernel: ${seen.join(', ')}.`;
}

function scenarioLink(stem: string): string {
  return `[${stem}](${UP}${SCENARIOS}${stem}.scn)`;
}

/** Rows of the support table with the flags of this call, each cut to these. */
function flags({ flags: prefixes }: CallComment): string {
  const takes = (name: string): boolean =>
    prefixes.some((prefix) => (prefix.endsWith('_') ? name.startsWith(prefix) : name === prefix));
  const rows = SUPPORT.flatMap(({ rows: all }) => all)
    .map((row) => ({ ...row, names: row.names.filter(takes) }))
    .filter((row) => row.names.length > 0);
  if (rows.length === 0) return '';
  const lines = rows.map(
    (row) => `| ${row.names.map((name) => `\`${name}\``).join(' ')} | ${row.support} | ${noteOf(row)} |`,
  );
  return ['| flag | support | note |', '|---|---|---|', ...lines].join('\n');
}

function noteOf({ errno, note }: SupportRow): string {
  return [errno, note].filter((part) => part !== undefined && part !== '').join(', ');
}

/** What the support table says of the calls themselves. */
function notes({ names }: CallComment): string {
  const rows = SUPPORT.flatMap(({ rows: all }) => all).filter((row) => row.support !== 'supported');
  const found = rows.filter((row) => row.names.some((name) => names.includes(name)));
  return found
    .map((row) => `In the [table of calls](${UP}README.md#calls-and-flags): ${row.support}, ${row.note}.`)
    .join('\n\n');
}

function evidence({ names, source }: CallComment, { root, recordings }: PageSources): string {
  const scenarios = bestScenarios(recordings, names).map((stem) => `- ${scenarioLink(stem)}`);
  const paths = names.flatMap((name) => [`test/syscall/cases/${name}.cases`, `test/unit/kernel/${name}.test.ts`]);
  const tests = paths.filter((path) => existsSync(new URL(path, root))).map((path) => `- [${path}](${UP}${path})`);
  const file = source.slice(0, source.indexOf(':'));
  const intro =
    scenarios.length === 0
      ? 'No scenario can make the call; it is tested on the machine.'
      : 'Scenarios, each with what Linux 6.18 answered beside it:';
  return [intro, '', ...scenarios, ...tests, '', `Defined in [${file}](${UP}${file}).`]
    .join('\n')
    .replace(/\n{3,}/g, '\n\n');
}
