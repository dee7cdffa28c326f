/**
 * Random calls that treat a range of memory as it lies: mprotect, msync, madvise, mincore, mlock and its kin.
 *
 * Place: writers of statements.
 */
import { addressText, aim, findRange, lengthText, usableEnd } from './aim.ts';
import type { Weighted } from './draws.ts';
import type { Mapping, Range, Span } from './memory-sketch.ts';
import type { Scene } from './scene.ts';
import { findPlace, isReadable, isWritable } from './write-access.ts';
import { chooseProtection } from './write-mmap.ts';

/** Address and length of a call. */
export function spanText(scene: Scene, { base, start, end }: Span): string {
  return `${addressText(base, start)}, ${lengthText(scene, end - start)}`;
}

export function writeMprotect(scene: Scene): string {
  const span = aim(scene, () => true);
  const mayWrite = scene.me.memory.within(span).every((range) => range.mayWrite);
  const { text, read, write } = chooseProtection(scene, mayWrite);
  scene.me.memory.change(span, { read, write });
  return `mprotect(${spanText(scene, span)}, ${text})`;
}

const MSYNC_FLAGS: readonly Weighted<string>[] = [
  [5, 'MS_SYNC'],
  [3, 'MS_ASYNC'],
  [2, 'MS_SYNC|MS_INVALIDATE'],
  [1, '0'],
  [1, 'MS_ASYNC|MS_INVALIDATE'],
  [1, 'MS_INVALIDATE'],
];

export function writeMsync(scene: Scene): string {
  const flags = scene.draws.weigh(MSYNC_FLAGS);
  const span = aim(scene, ({ locked }) => !locked || !flags.includes('INVALIDATE'));
  return `msync(${spanText(scene, span)}, ${flags})`;
}

export function writeMincore(scene: Scene): string {
  const span = aim(scene, () => true);
  const isInto = scene.options.transfers !== 'shown' && scene.draws.chance(20);
  const vector = isInto ? findPlace(scene, 8, isWritable) : undefined;
  return `mincore(${[spanText(scene, span), ...(vector ? [vector.text] : [])].join(', ')})`;
}

/** An advice, the memory it works on, and what it changes that the sketch knows of. */
interface Advice {
  readonly name: string;
  readonly fits: (range: Range) => boolean;
  readonly change?: Partial<Mapping>;
}

const anything = (): boolean => true;
const isUnlocked = ({ locked }: Range): boolean => !locked;
const isPrivateAnon = ({ file, shared }: Range): boolean => file < 0 && !shared;

/**
 * Left out are those whose effect depends on how much memory is free or on what the kernel does in the background: MADV_FREE,
 * MADV_PAGEOUT of files, MADV_COLLAPSE. Where something may be dropped MADV_PAGEOUT drops it at once, or when the kernel comes to it.
 */
const ADVICE: readonly Weighted<Advice>[] = [
  [6, { name: 'MADV_DONTNEED', fits: isUnlocked }],
  [3, { name: 'MADV_WILLNEED', fits: anything }],
  [2, { name: 'MADV_NORMAL', fits: anything }],
  [2, { name: 'MADV_RANDOM', fits: anything }],
  [2, { name: 'MADV_SEQUENTIAL', fits: anything }],
  [3, { name: 'MADV_DONTFORK', fits: anything }],
  [2, { name: 'MADV_DOFORK', fits: anything }],
  [3, { name: 'MADV_WIPEONFORK', fits: isPrivateAnon }],
  [2, { name: 'MADV_KEEPONFORK', fits: isPrivateAnon }],
  [4, { name: 'MADV_POPULATE_READ', fits: isReadable }],
  [4, { name: 'MADV_POPULATE_WRITE', fits: ({ write, guarded }) => write && !guarded }],
  [2, { name: 'MADV_DONTDUMP', fits: anything }],
  [2, { name: 'MADV_DODUMP', fits: anything }],
  [3, { name: 'MADV_GUARD_INSTALL', fits: isUnlocked, change: { guarded: true } }],
  [3, { name: 'MADV_GUARD_REMOVE', fits: ({ guarded }) => guarded, change: { guarded: false } }],
  [2, { name: 'MADV_DONTNEED_LOCKED', fits: anything }],
  [3, { name: 'MADV_REMOVE', fits: ({ shared, locked, mayWrite }) => shared && !locked && mayWrite }],
  [1, { name: 'MADV_HUGEPAGE', fits: anything }],
  [1, { name: 'MADV_NOHUGEPAGE', fits: anything }],
  [1, { name: 'MADV_MERGEABLE', fits: isPrivateAnon }],
  [1, { name: 'MADV_UNMERGEABLE', fits: isPrivateAnon }],
  [1, { name: 'MADV_COLD', fits: isUnlocked }],
  [1, { name: 'MADV_PAGEOUT', fits: (range) => isUnlocked(range) && isPrivateAnon(range) }],
];

export function writeMadvise(scene: Scene): string | null {
  const { name, fits, change } = scene.draws.weigh(ADVICE);
  if (name === 'MADV_PAGEOUT' && scene.hasDroppable) return null;
  const touches = name.startsWith('MADV_POPULATE');
  const range = findRange(scene, (candidate) => fits(candidate) && (!touches || isWhole(scene, candidate)));
  if (range === undefined && !scene.slips()) return null;
  const span = aim(scene, (candidate) => candidate === range);
  if (change !== undefined) scene.me.memory.change(span, change);
  if (scene.allows('process_madvise') && scene.draws.chance(10)) {
    const other = scene.draws.chance(80) ? scene.me : scene.draws.pick(scene.processes);
    return `process_madvise(${other.name}, ${spanText(scene, span)}, ${name}, 0)`;
  }
  return `madvise(${spanText(scene, span)}, ${name})`;
}

/** All of it lies before the end of its file. */
function isWhole(scene: Scene, range: Range): boolean {
  return usableEnd(scene, range) === range.end;
}

const LOCKS: readonly Weighted<string>[] = [
  [4, 'mlock'],
  [4, 'munlock'],
  [2, 'mlock2'],
];

export function writeLock(scene: Scene): string | null {
  const calls = LOCKS.filter(([, call]) => scene.allows(call));
  const call = scene.draws.weigh(calls);
  const fits = (range: Range): boolean => call === 'munlock' || (isReadable(range) && isWhole(scene, range));
  const span = aim(scene, fits);
  scene.me.memory.change(span, { locked: call !== 'munlock' });
  const flags = call === 'mlock2' ? `, ${scene.draws.pick(['MLOCK_ONFAULT', '0'])}` : '';
  return `${call}(${spanText(scene, span)}${flags})`;
}

const LOCK_ALL: readonly Weighted<string>[] = [
  [2, 'munlockall()'],
  [1, 'mlockall(MCL_CURRENT)'],
  [1, 'mlockall(MCL_FUTURE)'],
  [1, 'mlockall(MCL_CURRENT|MCL_FUTURE|MCL_ONFAULT)'],
  [1, 'mlockall(MCL_CURRENT|MCL_ONFAULT)'],
];

export function writeLockAll(scene: Scene): string {
  const text = scene.draws.weigh(LOCK_ALL.filter(([, call]) => scene.allows(call.slice(0, call.indexOf('(')))));
  const locked = text.includes('CURRENT');
  if (locked || text.startsWith('mun'))
    for (const range of scene.me.memory.ranges) scene.me.memory.change(range, { locked });
  return text;
}
