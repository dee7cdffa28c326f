/**
 * Random `mmap` and `munmap` calls.
 *
 * Place: writers of statements. Half of the new mappings lie beside or upon others, and most of those take after their neighbour, so
 * that they merge with it or just do not. Where the kernel chooses the address, a name stands for it from then on.
 */
import { addressText, aim, anywhere, findRange, freeSpan, lengthText, PAGE, stretchOf } from './aim.ts';
import type { Weighted } from './draws.ts';
import type { Mapping, Range, Span } from './memory-sketch.ts';
import type { Descriptor, Scene } from './scene.ts';

const PAGES_MAX = 5;

interface Protection {
  readonly text: string;
  readonly read: boolean;
  readonly write: boolean;
}

const READ_WRITE: Protection = { text: 'PROT_READ|PROT_WRITE', read: true, write: true };
const READ: Protection = { text: 'PROT_READ', read: true, write: false };

/** PROT_EXEC alone is left out: whether it can be read depends on the processor's protection keys. */
const PROTECTIONS: readonly Weighted<Protection>[] = [
  [12, READ_WRITE],
  [5, READ],
  [2, { text: 'PROT_NONE', read: false, write: false }],
  [1, { text: 'PROT_WRITE', read: false, write: true }],
  [1, { text: 'PROT_READ|PROT_EXEC', read: true, write: false }],
  [1, { text: 'PROT_READ|PROT_WRITE|PROT_EXEC', read: true, write: true }],
];

const READ_ONLY: readonly Weighted<Protection>[] = PROTECTIONS.filter(([, { write }]) => !write);

const EXTRAS_ANON: readonly Weighted<string>[] = [
  [3, '|MAP_POPULATE'],
  [2, '|MAP_NORESERVE'],
  [2, '|MAP_STACK'],
  [2, '|MAP_LOCKED'],
  [2, '|MAP_GROWSDOWN'],
  [1, '|MAP_POPULATE|MAP_NONBLOCK'],
  [1, '|MAP_32BIT'],
];

const EXTRAS_OTHER: readonly Weighted<string>[] = [
  [3, '|MAP_POPULATE'],
  [2, '|MAP_NORESERVE'],
  [2, '|MAP_LOCKED'],
  [1, '|MAP_POPULATE|MAP_NONBLOCK'],
  [1, '|MAP_STACK'],
  [1, '|MAP_32BIT'],
];

/** One of the protections; `mayWrite` says whether those that write would succeed. */
export function chooseProtection(scene: Scene, mayWrite: boolean): Protection {
  return scene.draws.weigh(mayWrite || scene.slips() ? PROTECTIONS : READ_ONLY);
}

type Placement = 'free' | 'over' | 'kernel' | 'hint' | 'noreplace';

const PLACEMENTS: readonly Weighted<Placement>[] = [
  [8, 'free'],
  [5, 'over'],
  [2, 'kernel'],
  [1, 'hint'],
  [1, 'noreplace'],
];

/** Where a mapping is asked for, and whether the kernel may put it elsewhere. */
interface Target {
  readonly span: Span;
  readonly flag: '' | '|MAP_FIXED' | '|MAP_FIXED_NOREPLACE';
  /** The name that stands for where it came to lie. */
  readonly bind?: string;
}

function chooseTarget(scene: Scene): Target {
  const placement = scene.draws.weigh(PLACEMENTS);
  const pages = 1 + scene.draws.below(PAGES_MAX);
  if (placement === 'kernel') return { span: { base: scene.freshName('p'), start: 0, end: pages }, flag: '' };
  if (placement === 'over') return { span: spanOver(scene, pages), flag: '|MAP_FIXED' };
  const span = (scene.slips() ? undefined : freeSpan(scene, pages)) ?? spanOver(scene, pages);
  if (placement === 'hint') return { span, flag: '', bind: scene.freshName('p') };
  return { span, flag: placement === 'free' ? '|MAP_FIXED' : '|MAP_FIXED_NOREPLACE' };
}

/** Pages upon a mapping, some perhaps before or behind it. */
function spanOver(scene: Scene, pages: number): Span {
  const range = findRange(scene, () => true);
  if (range === undefined) return anywhere(scene);
  const shift = scene.draws.below(range.end - range.start + 1) - 1;
  const start = Math.max(0, range.start + shift);
  return { base: range.base, start, end: start + pages };
}

/** What lies right before or behind `span`. */
function neighbourOf(scene: Scene, { base, start, end }: Span): Range | undefined {
  return scene.me.memory.ranges.find((range) => range.base === base && (range.end === start || range.start === end));
}

/** What is mapped: of a neighbour's kind more often than not. */
function chooseMapping(scene: Scene, span: Span, content: 'anon' | 'file'): Mapping & { readonly prot: string } {
  const neighbour = neighbourOf(scene, span);
  const isAttached = neighbour !== undefined && neighbour.file >= 0 && neighbour.fd === '-1';
  const alike = neighbour !== undefined && !isAttached && neighbour.file >= 0 === (content === 'file');
  if (alike && scene.draws.chance(60)) return takeAfter(neighbour, span);
  const descriptor = content === 'file' ? chooseDescriptor(scene) : undefined;
  const shared = scene.draws.chance(descriptor === undefined ? 15 : 55);
  const mayWrite = descriptor === undefined || !shared || descriptor.write;
  const { text, read, write } = chooseProtection(scene, mayWrite);
  return {
    prot: text,
    read,
    write,
    mayWrite,
    shared,
    ...contentOf(scene, descriptor),
    locked: false,
    guarded: false,
    extra: chooseExtra(scene, descriptor === undefined && !shared),
  };
}

function contentOf(scene: Scene, descriptor: Descriptor | undefined): Pick<Mapping, 'file' | 'fd' | 'filePage'> {
  if (descriptor === undefined) return { file: -1, fd: '-1', filePage: 0 };
  return { file: descriptor.file, fd: descriptor.name, filePage: scene.draws.below(3) };
}

/** A file that can be mapped: `mmap` wants one that may be read. */
function chooseDescriptor(scene: Scene): Descriptor | undefined {
  const { descriptors } = scene.me;
  const fitting = scene.slips() ? descriptors : descriptors.filter(({ read }) => read);
  return fitting.length === 0 ? undefined : scene.draws.pick(fitting);
}

function chooseExtra(scene: Scene, privateAnonymous: boolean): string {
  if (!scene.draws.chance(12)) return '';
  return scene.draws.weigh(privateAnonymous ? EXTRAS_ANON : EXTRAS_OTHER);
}

function takeAfter(neighbour: Range, span: Span): Mapping & { readonly prot: string } {
  const filePage = neighbour.file < 0 ? 0 : Math.max(0, neighbour.filePage + span.start - neighbour.start);
  return { ...neighbour, filePage, prot: protectionText(neighbour), locked: false, guarded: false };
}

function protectionText({ read, write }: Mapping): string {
  if (read && write) return READ_WRITE.text;
  if (read) return READ.text;
  return write ? 'PROT_WRITE' : 'PROT_NONE';
}

export function writeMmap(scene: Scene, content: 'anon' | 'file'): string | null {
  const { span, flag, bind } = chooseTarget(scene);
  const { prot, ...mapping } = chooseMapping(scene, span, content);
  if (content === 'file' && mapping.file < 0) return null;
  const range: Range = { ...landing(scene, span, flag, bind), ...mapping };
  scene.notePlaced({ ...span, ...mapping });
  scene.notePlaced(range);
  scene.me.memory.map(range);
  const name = bind ?? (flag === '' ? span.base : undefined);
  const address = name === span.base ? 'NULL' : addressText(span.base, span.start);
  const flags = `${sharingText(scene, mapping)}${mapping.file < 0 ? '|MAP_ANONYMOUS' : ''}${flag}${mapping.extra}`;
  const offset = mapping.filePage === 0 ? '0' : `${mapping.filePage}*${PAGE}`;
  const call = `mmap(${address}, ${lengthText(scene, span.end - span.start)}, ${prot}, ${flags}, ${mapping.fd}, ${offset})`;
  return name === undefined ? call : `${name} = ${call}`;
}

/** Where a mapping comes to lie: a hint is taken if the place is free. */
function landing(scene: Scene, span: Span, flag: string, bind: string | undefined): Span {
  if (flag !== '' || bind === undefined || scene.me.memory.isFree(span)) return span;
  return { base: bind, start: 0, end: span.end - span.start };
}

function sharingText(scene: Scene, { shared, file }: Mapping): string {
  if (!shared) return 'MAP_PRIVATE';
  return file >= 0 && scene.draws.chance(10) ? 'MAP_SHARED_VALIDATE' : 'MAP_SHARED';
}

export function writeMunmap(scene: Scene): string {
  const span = aim(scene, () => true);
  scene.me.memory.unmap(span);
  scene.noteFreed(span.base);
  return `munmap(${addressText(span.base, span.start)}, ${lengthText(scene, span.end - span.start)})`;
}

/** A stretch of `range` as the arguments of a call: where it is and how long. */
export function stretchText(scene: Scene, range: Range): { readonly span: Span; readonly text: string } {
  const span = stretchOf(scene, range);
  return { span, text: `${addressText(span.base, span.start)}, ${lengthText(scene, span.end - span.start)}` };
}
