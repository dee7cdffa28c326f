/**
 * VMAs as pictures: one letter a page, `|` where two mappings touch without being one.
 *
 *   w  rw-p anonymous      r  r--p anonymous    n  ---p anonymous    x  r-xp anonymous
 *   f  r--p of a file      g  the same file, 16 pages further on     s  rw-s of the file
 *
 * A capital is a page that was stored to (W) or, of a file, that private copies were made of (F). In `before` runs of one letter are
 * one mmap each; what is stored to is stored to at once, before the next mapping comes. Everything runs as a scenario, so that the
 * same pictures can be taken of a real kernel.
 */
import { MachineTarget } from '../../src/scenario/machine-target.ts';
import { parseScenario, runScenario } from '../../src/scenario/scenario.ts';

const PAGE = 4096;
const PROT: Readonly<Record<string, string>> = {
  w: 'PROT_READ|PROT_WRITE',
  r: 'PROT_READ',
  n: 'PROT_NONE',
  x: 'PROT_READ|PROT_EXEC',
  f: 'PROT_READ',
  F: 'PROT_READ|PROT_WRITE',
  g: 'PROT_READ',
  s: 'PROT_READ|PROT_WRITE',
};
const PERMS: Readonly<Record<string, string>> = { 'rw-p': 'w', 'r--p': 'r', '---p': 'n', 'r-xp': 'x', 'rw-s': 's' };

/** Where a mask has stars: first page and pages. */
function stars(mask: string): { page: number; pages: number } {
  const match = /^[^*]*(\*+)[^*]*$/.exec(mask);
  if (match === null) throw new Error(`'${mask}' must have one run of stars`);
  return { page: mask.indexOf('*'), pages: (match[1] as string).length };
}

function address(page: number): string {
  return page === 0 ? 'A' : `A+${page}*${PAGE}`;
}

function range(mask: string): string {
  const { page, pages } = stars(mask);
  return `${address(page)}, ${pages}*${PAGE}`;
}

/** The statement that maps pages of one letter at `page`. */
function mmap(letter: string, page: number, pages: number): string {
  const kind = letter.toLowerCase();
  const prot = PROT[letter] ?? PROT[kind];
  if ('fgs'.includes(kind)) {
    const offset = kind === 'g' ? page + 16 : page;
    return `mmap(${address(page)}, ${pages}*${PAGE}, ${prot}, ${kind === 's' ? 'MAP_SHARED' : 'MAP_PRIVATE'}|MAP_FIXED, fd, ${offset}*${PAGE})`;
  }
  return `mmap(${address(page)}, ${pages}*${PAGE}, ${prot}, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED, -1, 0)`;
}

/** Statements that bring about the picture `before`; `|` and runs of equal letters say what is one mmap. */
function setUp(before: string): string[] {
  const lines = ['fd = open("f", O_RDWR|O_CREAT)', `ftruncate(fd, 64*${PAGE})`];
  let page = 0;
  for (const [run] of before.matchAll(/\||([a-zA-Z*])\1*| +/g)) {
    if (run === '|') continue;
    const letter = run[0] as string;
    if (letter !== ' ' && letter !== '*') {
      lines.push(mmap(letter, page, run.length));
      if (letter !== letter.toLowerCase()) lines.push(`copyout(${address(page)}, fill(1, ${run.length * PAGE}))`);
      if (letter === 'F') lines.push(`mprotect(${address(page)}, ${run.length}*${PAGE}, PROT_READ)`);
    }
    page += run.length;
  }
  return lines;
}

/** The lines of the last `maps()` as a picture; ends in ` (ERRNO)` if the statement before it failed. */
function draw(output: readonly string[]): string {
  const lastStatement = output.filter((line) => !line.startsWith('  ')).at(-1) as string;
  const maps = output.slice(output.lastIndexOf(lastStatement) + 1);
  let picture = '';
  let end = 0;
  for (const line of maps) {
    const [, from, to, perms, path] = /^ {2}A(?:\+0x([0-9a-f]+))?-A\+0x([0-9a-f]+) (\S{4}) \S+ ?(.*)$/.exec(
      line,
    ) as unknown as string[];
    const first = Number.parseInt(from ?? '0', 16) / PAGE;
    const last = Number.parseInt(to as string, 16) / PAGE;
    if (end > 0 && first === end) picture += '|';
    const letter = path === 'f' && perms !== 'rw-s' ? 'f' : (PERMS[perms as string] as string);
    picture += ' '.repeat(first - end) + letter.repeat(last - first);
    end = last;
  }
  const failed = / -> = -1 ([A-Z]+)$/.exec(output.at(-maps.length - 2) ?? '');
  return failed ? `${picture} (${failed[1]})` : picture;
}

/** The picture after `statements` were run on what `before` shows. */
export function run(before: string, statements: readonly string[]): string {
  const text = [...setUp(before), ...statements, 'maps()'].join('\n');
  const target = new MachineTarget({ ram: '16M', invariants: 2 });
  return draw([...runScenario(parseScenario(text, 'picture.scn'), target)]);
}

/** A new mapping of kind `letter` over the stars of `before`. */
export function merge(before: string, letter = 'w'): string {
  const { page, pages } = stars(before.replaceAll('|', ''));
  return run(before, [mmap(letter, page, pages)]);
}

/** A new mapping over the stars of `mask`, whatever stands there. */
export function replace(before: string, mask: string, letter: string): string {
  const { page, pages } = stars(mask);
  return run(before, [mmap(letter, page, pages)]);
}

/** mprotect of the stars of `mask` to the rights of `letter`. */
export function protect(before: string, mask: string, letter: string): string {
  return run(before, [`mprotect(${range(mask)}, ${PROT[letter]})`]);
}

export function unmap(before: string, mask: string): string {
  return run(before, [`munmap(${range(mask)})`]);
}

export function advise(before: string, mask: string, advice: string): string {
  return run(before, [`madvise(${range(mask)}, ${advice})`]);
}

/** mremap of the stars of `from` to those of `to`. */
export function move(before: string, from: string, to: string): string {
  const target = stars(to);
  return run(before, [
    `mremap(${range(from)}, ${target.pages}*${PAGE}, MREMAP_MAYMOVE|MREMAP_FIXED, ${address(target.page)})`,
  ]);
}

/** mremap of the stars of `mask` in place by `more` pages. */
export function grow(before: string, mask: string, more: number): string {
  const { pages } = stars(mask);
  return run(before, [`mremap(${range(mask)}, ${pages + more}*${PAGE}, 0)`]);
}
