/** Tables of text cells: in columns for a terminal, in bars for Markdown. */

/** Rows of cells with columns in line: the first and the `leftAtEnd` last stand left, the others right. */
export function alignedTable(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  leftAtEnd: number,
): string {
  const lines = [headings, ...rows];
  const widths = headings.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const pad = (cell: string, column: number): string =>
    column === 0 || column >= headings.length - leftAtEnd ? cell.padEnd(widths[column]) : cell.padStart(widths[column]);
  return `${lines.map((line) => line.map(pad).join('  ').trimEnd()).join('\n')}\n`;
}

export function markdownTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  return [headings, headings.map(() => '---'), ...rows].map((line) => `| ${line.join(' | ')} |`).join('\n');
}
