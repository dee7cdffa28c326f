/**
 * The specification's mappings as pictures: one letter a page, `|` where two touch without being one, blank for
 * nothing.
 *
 *   o  readable and writable, nothing stored in it yet      x  the same, but only readable
 *   A  a family of anonymous pages, as any capital          a  family A, inherited through fork
 *
 * Private anonymous memory, numbered by its address. These pictures show families, which no call can show; what they
 * come to is drawn by test/helpers/vma-pictures.ts.
 */
import { addRange, changeFlags, ensureFamily } from '../../../src/spec/merge.ts';
import { FIRST_PROCESS, initialState } from '../../../src/spec/spec.ts';
import type { Process, State, Vma } from '../../../src/spec/state.ts';
import { VM_READ, VM_WRITE } from '../../../src/spec/vm-flags.ts';

const PAGE = 4096n;
const READ_WRITE = VM_READ | VM_WRITE;
/** The family that a store makes if it takes none from a neighbour. */
const NEW_FAMILY = 'N';

interface Scene {
  readonly state: State;
  readonly process: Process;
}

function mapping(letter: string, page: number, pages: number): Vma {
  const family = /[a-z]/i.test(letter) && !'ox'.includes(letter) ? letter.toUpperCase() : undefined;
  return {
    start: BigInt(page) * PAGE,
    end: BigInt(page + pages) * PAGE,
    flags: letter === 'x' ? VM_READ : READ_WRITE,
    pgoff: BigInt(page),
    file: undefined,
    zero: undefined,
    anonVma: family?.charCodeAt(0),
    inherited: family !== undefined && letter !== family,
    keeps: false,
  };
}

/** The runs of equal letters, `|` parting them too, with their place. */
function* runsOf(picture: string): Generator<{ letter: string; page: number; pages: number }> {
  let page = 0;
  for (const [run] of picture.matchAll(/\||([^|])\1*/g)) {
    if (run === '|') continue;
    yield { letter: run[0], page, pages: run.length };
    page += run.length;
  }
}

function sceneOf(picture: string): Scene {
  const state = initialState({ maxMapCount: 100 });
  state.nextNumber = NEW_FAMILY.charCodeAt(0);
  const process = state.processes.get(FIRST_PROCESS) as Process;
  for (const { letter, page, pages } of runsOf(picture)) {
    if (!' *'.includes(letter)) process.vmas.push(mapping(letter, page, pages));
  }
  return { state, process };
}

function letterOf(vma: Vma): string {
  if (vma.anonVma === undefined) return vma.flags === READ_WRITE ? 'o' : 'x';
  const capital = String.fromCharCode(vma.anonVma);
  return vma.inherited ? capital.toLowerCase() : capital;
}

function draw({ process }: Scene): string {
  let picture = '';
  let end = 0n;
  for (const vma of process.vmas) {
    const gap = Number((vma.start - end) / PAGE);
    if (gap === 0 && picture !== '') picture += '|';
    picture += ' '.repeat(gap) + letterOf(vma).repeat(Number((vma.end - vma.start) / PAGE));
    end = vma.end;
  }
  return picture;
}

function starsIn(mask: string): { page: number; pages: number } {
  const stars = [...runsOf(mask)].find(({ letter }) => letter === '*');
  if (!stars) throw new Error(`'${mask}' has no stars`);
  return stars;
}

/** A new mapping over the stars of the picture. */
export function merge(picture: string): string {
  const scene = sceneOf(picture);
  const { page, pages } = starsIn(picture);
  addRange(scene.process, mapping('o', page, pages));
  return draw(scene);
}

/** The same for what moves there with its pages, of the family that the letter says. */
export function moveIn(picture: string, letter: string): string {
  const scene = sceneOf(picture);
  const { page, pages } = starsIn(picture);
  addRange(scene.process, mapping(letter, page, pages));
  return draw(scene);
}

/**
 * The stars of the mask, which are part of one mapping, become readable and writable (`o`) or only readable (`x`).
 */
export function change(picture: string, mask: string, letter: 'o' | 'x'): string {
  const scene = sceneOf(picture);
  const { state, process } = scene;
  const { page, pages } = starsIn(mask);
  const start = BigInt(page) * PAGE;
  const vma = process.vmas.find((other) => other.start <= start && other.end > start) as Vma;
  changeFlags(state, process, vma, start, start + BigInt(pages) * PAGE, letter === 'o' ? READ_WRITE : VM_READ);
  return draw(scene);
}

/** The first store into the mapping at the star of the mask. */
export function touch(picture: string, mask: string): string {
  const scene = sceneOf(picture);
  const start = BigInt(starsIn(mask).page) * PAGE;
  const vma = scene.process.vmas.find((other) => other.start <= start && other.end > start) as Vma;
  ensureFamily(scene.state, scene.process, vma);
  return draw(scene);
}
