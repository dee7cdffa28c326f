/**
 * The file RESULTS.md: a part for each kind of run, each with the machine that it was measured on. A run writes its own part anew and
 * leaves the others as they were.
 */
import type { MachineFacts } from './host.ts';

export const PARTS = ['ratios', 'growth'] as const;
export type Part = (typeof PARTS)[number];

/** How each part is made. */
const COMMANDS: Readonly<Record<Part, string>> = { ratios: 'npm run bench', growth: 'npm run bench -- --growth' };

const HEAD = `# Results

What each row and curve measures and how to read it stands in [README.md](README.md). Ratio = ours / theirs in operations per second, the
median over alternating pairs; spread = half the distance of its quartiles. Production setting: \`invariants: 0\`.
`;

function mark(part: Part): string {
  return `<!-- ${part} -->\n`;
}

/** A part of a file that `resultsFile` wrote, or what is to be run for it. */
function partOf(file: string, part: Part): string {
  const start = file.indexOf(mark(part));
  if (start < 0) return `Not measured yet: \`${COMMANDS[part]}\`.\n`;
  const ends = PARTS.map((other) => file.indexOf(mark(other), start + 1)).filter((place) => place >= 0);
  return file.slice(start + mark(part).length, Math.min(file.length, ...ends)).trim();
}

/** The file with `parts`, measured on `machine`, and the other parts of the file `before`. */
export function resultsFile(before: string, parts: ReadonlyMap<Part, string>, machine: MachineFacts): string {
  const texts = PARTS.map((part) => {
    const fresh = parts.get(part);
    const text =
      fresh === undefined ? partOf(before, part) : `${machineText(machine, COMMANDS[part])}\n\n${fresh.trim()}`;
    return `${mark(part)}${text.trim()}\n`;
  });
  return [HEAD, ...texts].join('\n');
}

function machineText(machine: MachineFacts, command: string): string {
  const { cpu, cpus, memoryGiB, os, virtualised, node, v8, compiler, valgrind, diskFileSystem, pinned } = machine;
  return [
    `By \`${command}\` on:`,
    '',
    `- ${cpus} CPUs (${cpu})${virtualised ? ', virtualised' : ''}, ${memoryGiB} GiB of memory; ${os}`,
    `- Node ${node} (V8 ${v8})`,
    `- ${compiler === '' ? 'no C compiler' : `${compiler}, -O2`}; ${valgrind === '' ? 'no Valgrind' : valgrind}`,
    `- native msync on ${diskFileSystem === '' ? 'no disk file system found' : diskFileSystem}`,
    `- ${pinned ? 'everything on one and the same CPU' : 'not bound to a CPU'}`,
    `- load average ${machine.loadBefore} before and ${machine.loadAfter} after; 1 of it is the benchmarks themselves`,
  ].join('\n');
}
