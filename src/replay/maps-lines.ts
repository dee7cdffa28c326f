/**
 * Lines of /proc/PID/maps: the first mappings of a program, which no system call of its own made.
 *
 *   555555554000-555555558000 r--p 00000000 fe:00 260601     /usr/bin/ls
 *   START-END                 PERM OFFSET   DEV   INODE      PATH or [name] or nothing
 *
 * Comment lines (#) and the vsyscall page, which is outside user space, are left out.
 */

import { PROT_EXEC, PROT_READ, PROT_WRITE } from '../flags.ts';
import { failAt, quoted } from './bad-line.ts';

export interface MapsLine {
  /** Page-aligned; [start, end). */
  readonly start: number;
  readonly end: number;
  /** PROT_* bits. */
  readonly prot: number;
  readonly shared: boolean;
  /** Bytes into the file. */
  readonly offset: number;
  /** Absolute path, `[stack]` and the like, or '' for anonymous memory. */
  readonly path: string;
}

const LINE = /^([0-9a-f]+)-([0-9a-f]+) ([r-][w-][x-][ps]) ([0-9a-f]+) [0-9a-f]+:[0-9a-f]+ \d+(?: +(.*))?$/;
const PAGE = 4096;

/** The mappings of a whole maps file, by address. Throws `UserError` with file and line. */
export function parseMaps(file: string, text: string): MapsLine[] {
  const mappings: MapsLine[] = [];
  const lines = text.split('\n');
  for (const [index, line] of lines.entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const mapping = parseLine(file, index + 1, line);
    if (mapping.path === '[vsyscall]') continue;
    const previous = mappings[mappings.length - 1];
    if (previous !== undefined && mapping.start < previous.end) {
      failAt(
        file,
        index + 1,
        `the mapping at ${line.split('-')[0]} begins inside the one above it; mappings are listed by address and do not overlap`,
      );
    }
    mappings.push(mapping);
  }
  return mappings;
}

function parseLine(file: string, number: number, line: string): MapsLine {
  const match = LINE.exec(line);
  if (match === null) {
    failAt(
      file,
      number,
      `${quoted(line)} is no line of /proc/PID/maps: right would be '555555554000-555555558000 r--p 00000000 fe:00 260601  /usr/bin/ls'`,
    );
  }
  const start = Number.parseInt(match[1], 16);
  const end = Number.parseInt(match[2], 16);
  if (start % PAGE !== 0 || end % PAGE !== 0 || end <= start)
    failAt(file, number, `${match[1]}-${match[2]} is no range of whole pages`);
  const perms = match[3];
  return {
    start,
    end,
    prot: (perms[0] === 'r' ? PROT_READ : 0) | (perms[1] === 'w' ? PROT_WRITE : 0) | (perms[2] === 'x' ? PROT_EXEC : 0),
    shared: perms[3] === 's',
    offset: Number.parseInt(match[4], 16),
    path: match[5] ?? '',
  };
}
