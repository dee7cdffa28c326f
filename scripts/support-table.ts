/**
 * Puts the table of calls and flags (src/support.ts) between its markers in README.md: `npx tsx scripts/support-table.ts`.
 *
 * test/unit/support-table.test.ts fails while the README says anything else.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SUPPORT, type SupportGroup, type SupportRow } from '../src/support.ts';

const BEGIN = '<!-- support table: made by scripts/support-table.ts from src/support.ts -->';
const END = '<!-- end of the support table -->';
const README = new URL('../README.md', import.meta.url);

function line(row: SupportRow): string {
  const note = [row.errno, row.note].filter((part) => part !== undefined && part !== '').join(', ');
  return `| ${row.names.map((name) => `\`${name}\``).join(' ')} | ${row.support} | ${note} |`;
}

function lines(group: SupportGroup): string[] {
  return [`| **${group.title}** | | |`, ...group.rows.map(line)];
}

/** The table as Markdown, markers included. */
export function supportTable(): string {
  return [BEGIN, '', '| call or flag | support | note |', '|---|---|---|', ...SUPPORT.flatMap(lines), '', END].join(
    '\n',
  );
}

/** `readme` with the present table between its markers; throws if they are not there, once each and in order. */
export function withSupportTable(readme: string): string {
  const [before, rest, ...more] = readme.split(BEGIN);
  const [, after, ...others] = rest?.split(END) ?? [];
  if (after === undefined || more.length + others.length > 0)
    throw new Error(`README.md must have '${BEGIN}' and '${END}' once each`);
  return before + supportTable() + after;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(README, withSupportTable(readFileSync(README, 'utf8')));
}
