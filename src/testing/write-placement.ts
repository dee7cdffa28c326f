/**
 * Random mmap calls about where the kernel puts things: odd hints, low addresses, lengths about 2 MiB, stacks, memory that may be dropped.
 *
 * Place: writers of statements. What is large is never writable, so that no scenario fills a small machine; the sketch knows of its first
 * pages only, and later calls strike there.
 */
import { addressText, PAGE } from './aim.ts';
import type { Weighted } from './draws.ts';
import type { Base, Mapping } from './memory-sketch.ts';
import type { Descriptor, Scene } from './scene.ts';

const KNOWN_PAGES_MAX = 3;

/** In pages. */
const LARGE = [512, 511, 513, 1024, 1536, 700] as const;
const SMALL = [1, 2, 3] as const;

/** Beyond user space, not aligned, below what may be chosen, where the kernel itself would not begin. */
const ODD_HINTS = [
  '0x10000',
  '0x1000',
  '0xfff',
  '0x1',
  '0x8000',
  '0x7fffffffe000',
  '0x7ffffffff000',
  '0x800000000000',
  '-4096',
  '-1',
  'BRK',
] as const;

const LOW_HINTS = [
  'NULL',
  'NULL',
  '0x40000000',
  '0x40003001',
  '0x7fffe000',
  '0x7ffff000',
  '0x80000000',
  '0x20000000',
] as const;

/** For MAP_FIXED, below what a hint may name. */
const LOW_PLACES = ['0x10000', '0xf000', '0x8000', '0x1000', '0x20000'] as const;

/** MAP_FIXED there is refused, or gives an error number for an address. */
const NO_PLACES = ['0x800', '-1', '-12', '-17', '-4095', '-4096', '0x7ffffffff000', '0x800000000000'] as const;

type Write = (scene: Scene) => string;

interface Placed {
  readonly address: string;
  readonly pages: number;
  readonly prot: string;
  readonly flags: string;
  readonly descriptor?: Descriptor;
  readonly filePage?: number;
}

const PLAIN: Mapping = {
  read: true,
  write: false,
  mayWrite: true,
  shared: false,
  file: -1,
  fd: '-1',
  filePage: 0,
  locked: false,
  guarded: false,
  extra: '',
};

function text({ address, pages, prot, flags, descriptor, filePage = 0 }: Placed): string {
  const anonymous = descriptor === undefined ? '|MAP_ANONYMOUS' : '';
  const offset = filePage === 0 ? '0' : `${filePage}*${PAGE}`;
  return `mmap(${address}, ${pages}*${PAGE}, ${prot}, ${flags}${anonymous}, ${descriptor?.name ?? '-1'}, ${offset})`;
}

/** Notes what begins at `base`, of which only the first pages are aimed at. */
function note(scene: Scene, base: Base, { pages, prot, flags, descriptor, filePage = 0 }: Placed): void {
  const shared = flags.startsWith('MAP_SHARED');
  const content = descriptor === undefined ? {} : { file: descriptor.file, fd: descriptor.name, filePage };
  const mapping = { ...PLAIN, ...content, shared, read: prot.includes('READ'), write: prot.includes('WRITE') };
  const range = { ...mapping, base, start: 0, end: Math.min(pages, KNOWN_PAGES_MAX) };
  scene.notePlaced(range);
  scene.me.memory.map(range);
  if (flags.includes('MAP_DROPPABLE')) scene.hasDroppable = true;
}

function named(scene: Scene, placed: Placed): string {
  const name = scene.freshName('p');
  note(scene, name, placed);
  return `${name} = ${text(placed)}`;
}

function length(scene: Scene): Pick<Placed, 'pages' | 'prot'> {
  const isLarge = scene.draws.chance(40);
  const pages = scene.draws.pick(isLarge ? LARGE : SMALL);
  const prots = isLarge ? ['PROT_NONE', 'PROT_READ'] : ['PROT_READ|PROT_WRITE', 'PROT_READ'];
  return { pages, prot: scene.draws.pick(prots) };
}

const KINDS: readonly Weighted<string>[] = [
  [8, 'MAP_PRIVATE'],
  [2, 'MAP_PRIVATE|MAP_STACK'],
  [2, 'MAP_PRIVATE|MAP_GROWSDOWN'],
  [2, 'MAP_PRIVATE|MAP_NORESERVE'],
  [2, 'MAP_DROPPABLE'],
];

function chosenByKernel(scene: Scene): string {
  return named(scene, { address: 'NULL', ...length(scene), flags: scene.draws.weigh(KINDS) });
}

/** Shared memory is never aligned to 2 MiB, and all of it might be made present: its large ones stay closed. */
function sharedMemory(scene: Scene): string {
  const { pages } = length(scene);
  return named(scene, { address: 'NULL', pages, prot: pages > 3 ? 'PROT_NONE' : 'PROT_READ', flags: 'MAP_SHARED' });
}

function atOddHint(scene: Scene): string {
  return named(scene, { address: scene.draws.pick(ODD_HINTS), ...length(scene), flags: scene.draws.weigh(KINDS) });
}

/** Hints on, above and below what the kernel placed before. */
function nearPlaced(scene: Scene): string {
  const placed = scene.me.memory.ranges.filter(({ base }) => /^[pm]\d/.test(base));
  if (placed.length === 0) return atOddHint(scene);
  const { base, start, end } = scene.draws.pick(placed);
  const { pages, prot } = length(scene);
  const page = scene.draws.pick([end, start - pages, start, start - 1, end + 256]);
  const address = page < 0 ? `${base}-0x${(-page * PAGE).toString(16)}` : addressText(base, page);
  return named(scene, { address, pages, prot, flags: scene.draws.weigh(KINDS) });
}

function below2GiB(scene: Scene): string {
  const flags = `${scene.draws.pick(['MAP_PRIVATE', 'MAP_PRIVATE|MAP_GROWSDOWN'])}|MAP_32BIT`;
  return named(scene, { address: scene.draws.pick(LOW_HINTS), ...length(scene), flags });
}

/** A file at an offset: one that could use huge pages is aligned with it. */
function ofFile(scene: Scene): string {
  const descriptors = scene.me.descriptors.filter(({ read }) => read);
  if (descriptors.length === 0) return chosenByKernel(scene);
  const descriptor = scene.draws.pick(descriptors);
  const address = scene.draws.chance(30) ? scene.draws.pick(ODD_HINTS) : 'NULL';
  const filePage = scene.draws.pick([0, 1, 511, 512]);
  const flags = scene.draws.pick(['MAP_PRIVATE', 'MAP_SHARED']);
  return named(scene, { address, pages: scene.draws.pick(LARGE), prot: 'PROT_READ', flags, descriptor, filePage });
}

function atLowPlace(scene: Scene): string {
  const address = scene.draws.pick(LOW_PLACES);
  const stack = scene.draws.pick(['', '|MAP_GROWSDOWN']);
  const placed = {
    address,
    pages: scene.draws.pick(SMALL),
    prot: 'PROT_READ|PROT_WRITE',
    flags: `MAP_PRIVATE|MAP_FIXED${stack}`,
  };
  note(scene, address, placed);
  return text(placed);
}

function atNoPlace(scene: Scene): string {
  const flags = `MAP_PRIVATE|${scene.draws.pick(['MAP_FIXED', 'MAP_FIXED_NOREPLACE'])}`;
  return text({ address: scene.draws.pick(NO_PLACES), pages: 1, prot: 'PROT_READ', flags });
}

const WRITERS: readonly Weighted<Write>[] = [
  [5, chosenByKernel],
  [4, nearPlaced],
  [3, below2GiB],
  [3, atOddHint],
  [3, ofFile],
  [2, atLowPlace],
  [1, sharedMemory],
  [1, atNoPlace],
];

export function writePlaced(scene: Scene): string {
  return scene.draws.weigh(WRITERS)(scene);
}
