/**
 * Random calls on shared memory objects: System V segments, names of shm_open, remap_file_pages.
 *
 * Place: writers of statements. A segment is one of the scenario's files, of a fixed size and without a path, so that what aims at
 * mapped files aims at attachments too.
 */
import { addressText, aim, freeSpan, lengthText, PAGE } from './aim.ts';
import type { Weighted } from './draws.ts';
import type { Range } from './memory-sketch.ts';
import type { Descriptor, Scene, SketchedSegment } from './scene.ts';

const KEYS: readonly Weighted<string>[] = [
  [4, 'IPC_PRIVATE'],
  [3, '1'],
  [2, '2'],
];

const MODES: readonly Weighted<string>[] = [
  [12, '0600'],
  [3, '0700'],
  [1, '0400'],
  [1, '0'],
];

type SegmentCall = (scene: Scene) => string | null;

const SEGMENT_CALLS: readonly Weighted<readonly [call: string, write: SegmentCall]>[] = [
  [3, ['shmget', writeGet]],
  [6, ['shmat', writeAttach]],
  [3, ['shmdt', writeDetach]],
  [5, ['shmctl', writeControl]],
];

/** One of shmget, shmat, shmdt, shmctl; shmget as long as there is no segment. */
export function writeSegment(scene: Scene): string | null {
  const calls = SEGMENT_CALLS.filter(([, [call]]) => scene.allows(call));
  const [, write] = scene.draws.weigh(calls);
  return scene.segments.length === 0 ? (scene.allows('shmget') ? writeGet(scene) : null) : write(scene);
}

function writeGet(scene: Scene): string | null {
  const key = scene.draws.weigh(KEYS);
  const pages = 1 + scene.draws.below(5);
  const size = scene.draws.chance(20) ? `${pages * PAGE - scene.draws.pick([1, 100, 4095])}` : `${pages}*${PAGE}`;
  const exclusive = scene.draws.chance(15) ? '|IPC_EXCL' : '';
  if (!scene.canMakeSegment) return null;
  const name = scene.freshName('i');
  const same = key === 'IPC_PRIVATE' ? undefined : scene.segments.find((segment) => segment.key === key);
  const file = same?.file ?? scene.addFile({ path: '', memory: true, size: pages * PAGE, linked: false });
  scene.segments = [...scene.segments, { name, key, file }];
  return `${name} = shmget(${key}, ${size}, IPC_CREAT${exclusive}|${scene.draws.weigh(MODES)})`;
}

function pagesOf(scene: Scene, { file }: SketchedSegment): number {
  return Math.ceil(scene.files[file].size / PAGE);
}

const ATTACH_FLAGS: readonly Weighted<string>[] = [
  [8, '0'],
  [3, 'SHM_RDONLY'],
  [1, 'SHM_EXEC'],
  [1, 'SHM_RND'],
];

function writeAttach(scene: Scene): string {
  const segment = scene.draws.pick(scene.segments);
  const pages = pagesOf(scene, segment);
  const flags = scene.draws.weigh(ATTACH_FLAGS);
  const mapping = {
    read: true,
    write: flags !== 'SHM_RDONLY',
    mayWrite: flags !== 'SHM_RDONLY',
    shared: true,
    file: segment.file,
    fd: '-1',
    filePage: 0,
    locked: false,
    guarded: false,
    extra: '',
  };
  const place = (span: Pick<Range, 'base' | 'start' | 'end'>): void => {
    scene.notePlaced({ ...span, ...mapping });
    scene.me.memory.map({ ...span, ...mapping });
  };
  if (scene.draws.chance(35)) {
    const name = scene.freshName('p');
    place({ base: name, start: 0, end: pages });
    return `${name} = shmat(${segment.name}, NULL, ${flags})`;
  }
  const replaces = scene.draws.chance(30);
  const free = replaces ? undefined : freeSpan(scene, pages);
  const { base, start } = free ?? aim(scene, () => true);
  place({ base, start, end: start + pages });
  const offset = flags === 'SHM_RND' ? `+${scene.draws.pick([100, 4095])}` : '';
  return `shmat(${segment.name}, ${addressText(base, start)}${offset}, ${flags}${replaces ? '|SHM_REMAP' : ''})`;
}

/** An attachment, or a piece of one, by where it would begin. */
function writeDetach(scene: Scene): string | null {
  const isAttached = ({ file }: Range): boolean => scene.segments.some((segment) => segment.file === file);
  const attached = scene.me.memory.ranges.filter(isAttached);
  if (attached.length === 0) return null;
  const { base, start, filePage, file } = scene.draws.pick(attached);
  const first = start - filePage;
  for (const range of attached) {
    const same = range.base === base && range.file === file && range.start - range.filePage === first;
    if (same) scene.me.memory.unmap(range);
  }
  scene.noteFreed(base);
  return first < 0 ? null : `shmdt(${addressText(base, first)})`;
}

const COMMANDS: readonly Weighted<string>[] = [
  [12, 'IPC_STAT'],
  [4, 'IPC_RMID'],
  [2, 'SHM_LOCK'],
  [2, 'SHM_UNLOCK'],
  [2, 'IPC_SET'],
  [1, 'SHM_INFO'],
  [1, 'IPC_INFO'],
  [1, 'SHM_STAT'],
];

function writeControl(scene: Scene): string {
  const { name } = scene.draws.pick(scene.segments);
  const command = scene.draws.weigh(COMMANDS);
  const mode = command === 'IPC_SET' ? `, ${scene.draws.weigh(MODES)}` : '';
  return `shmctl(${name}, ${command}${mode})`;
}

const OPEN_FLAGS: readonly Weighted<string>[] = [
  [6, 'O_RDWR|O_CREAT'],
  [3, 'O_RDWR'],
  [2, 'O_RDONLY'],
  [1, 'O_RDWR|O_TRUNC'],
  [1, 'O_RDWR|O_CREAT|O_EXCL'],
];

/** Two names, so that they are found again. */
const NAMES = ['/s1', 's2'] as const;

/** shm_open or shm_unlink. */
export function writeShmName(scene: Scene): string | null {
  const path = scene.draws.pick(NAMES);
  const known = scene.files.findIndex((file) => file.path === path && file.linked);
  if (known >= 0 && scene.allows('shm_unlink') && scene.draws.chance(20)) {
    scene.files[known].linked = false;
    return `shm_unlink("${path}")`;
  }
  if (!scene.allows('shm_open') || (known < 0 && !scene.canOpen)) return null;
  const flags = known < 0 ? 'O_RDWR|O_CREAT' : scene.draws.weigh(OPEN_FLAGS);
  const file = known < 0 ? scene.addFile({ path, memory: true, size: 0, linked: true }) : known;
  if (flags.includes('TRUNC')) scene.files[file].size = 0;
  const write = !flags.includes('RDONLY');
  const descriptor: Descriptor = { name: scene.freshName('fd'), file, read: true, write, append: false };
  scene.me.descriptors = [...scene.me.descriptors, descriptor];
  return `${descriptor.name} = shm_open("${path}", ${flags})`;
}

export function writeRemapPages(scene: Scene): string {
  const span = aim(scene, ({ shared, mayWrite }) => shared && mayWrite);
  const filePage = scene.draws.below(6);
  const flags = scene.draws.chance(20) ? 'MAP_NONBLOCK' : '0';
  scene.me.memory.change(span, { filePage });
  const range = `${addressText(span.base, span.start)}, ${lengthText(scene, span.end - span.start)}`;
  return `remap_file_pages(${range}, 0, ${filePage}, ${flags})`;
}
