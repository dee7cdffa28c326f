/**
 * Random calls on what is no regular file: devices, pipes, sockets, directories, descriptors of O_PATH.
 *
 * Place: writers of statements. These descriptors are kept apart from those of files, so that the writers about files need not know of
 * them. `main` reads from
 * no pipe or socket that lets it wait: it writes to them, and closes them. An implementation without pipes is not asked for devices either.
 */
import { addressText, freeSpan, lengthText } from './aim.ts';
import type { Weighted } from './draws.ts';
import type { OtherDescriptor, Scene } from './scene.ts';
import { findPlace, isReadable, isWritable } from './write-access.ts';
import { chooseProtection } from './write-mmap.ts';

/** A statement that opens something, written with the name that it binds. */
interface Opening {
  readonly call: string;
  readonly kind: OtherDescriptor['kind'];
  readonly write: boolean;
}

const OPENINGS: readonly Weighted<Opening>[] = [
  [6, { call: 'open("/dev/zero", O_RDWR)', kind: 'zero', write: true }],
  [2, { call: 'open("/dev/zero", O_RDONLY)', kind: 'zero', write: false }],
  [2, { call: 'open("/dev/null", O_RDWR)', kind: 'device', write: true }],
  [1, { call: 'open("/dev/full", O_RDWR)', kind: 'device', write: true }],
  [1, { call: 'open("/dev/random", O_WRONLY)', kind: 'device', write: true }],
  [1, { call: 'open("/proc/uptime", O_RDONLY)', kind: 'proc', write: false }],
  [1, { call: 'open(".", O_RDONLY|O_DIRECTORY)', kind: 'directory', write: false }],
  [1, { call: 'open(".", O_PATH)', kind: 'directory', write: false }],
  [1, { call: 'open("/dev/ptmx", O_RDWR|O_NONBLOCK)', kind: 'terminal', write: true }],
];

/** How many a process keeps. */
const OTHERS_MAX = 5;

function add(scene: Scene, descriptor: OtherDescriptor): void {
  scene.me.others = [...scene.me.others, descriptor];
}

export function writeOther(scene: Scene): string | null {
  if (scene.me.others.length >= OTHERS_MAX) return writeUseOther(scene);
  if (scene.draws.chance(35)) return scene.draws.chance(70) ? writePair(scene, 'pipe') : writePair(scene, 'socketpair');
  if (!scene.allows('open')) return null;
  const { call, kind, write } = scene.draws.weigh(OPENINGS);
  const name = scene.freshName('fd');
  add(scene, { name, kind, write });
  return `${name} = ${call}`;
}

const PIPE_FLAGS: readonly Weighted<string>[] = [
  [5, ''],
  [3, ', O_NONBLOCK'],
  [1, ', O_DIRECT'],
  [1, ', O_CLOEXEC'],
];

const SOCKET_FLAGS: readonly Weighted<string>[] = [
  [3, ''],
  [2, ', O_NONBLOCK'],
];

function writePair(scene: Scene, call: 'pipe' | 'socketpair'): string | null {
  if (!scene.allows(call)) return null;
  const [first, second] = [scene.freshName('fd'), scene.freshName('fd')];
  const flags = scene.draws.weigh(call === 'pipe' ? PIPE_FLAGS : SOCKET_FLAGS);
  const waits = !flags.includes('NONBLOCK');
  add(scene, { kind: 'stream', waits, name: first, write: call === 'socketpair' });
  add(scene, { kind: 'stream', waits, name: second, write: true });
  return `${call}(${first}, ${second}${flags})`;
}

type Use = (scene: Scene, descriptor: OtherDescriptor) => string | null;

const LENGTHS = [10, 1, 100, 4096, 5000, 0] as const;

/** What fills a pipe, and empties it. */
const LONG_LENGTHS = [65536, 70000, 61440, 8192] as const;

const USES: readonly Weighted<readonly [call: string, use: Use]>[] = [
  [6, ['mmap', map]],
  [4, ['write', write]],
  [4, ['read', read]],
  [1, ['pread', (scene, { name, kind }) => (isShown(kind) ? `pread(${name}, ${length(scene)}, 0)` : null)]],
  [1, ['pwrite', (_scene, { name }) => `pwrite(${name}, "abc", 100)`]],
  [
    1,
    ['lseek', (scene, { name }) => `lseek(${name}, ${length(scene)}, ${scene.draws.pick(['SEEK_SET', 'SEEK_CUR'])})`],
  ],
  [1, ['ftruncate', (_scene, { name }) => `ftruncate(${name}, 0)`]],
  [1, ['fallocate', (_scene, { name }) => `fallocate(${name}, 0, 0, 4096)`]],
  [1, ['fsync', (_scene, { name }) => `fsync(${name})`]],
  [1, ['fcntl', (_scene, { name }) => `fcntl(${name}, F_GETFL)`]],
  [1, ['fcntl', setNonblocking]],
  [2, ['fstat_mode', (_scene, { name }) => `fstat_mode(${name})`]],
  [1, ['fchmod', fchmod]],
  [1, ['close', close]],
];

/** What is read can be told beforehand. */
function isShown(kind: OtherDescriptor['kind']): boolean {
  return kind !== 'proc' && kind !== 'terminal';
}

export function writeUseOther(scene: Scene): string | null {
  const { others } = scene.me;
  if (others.length === 0) return writeOther(scene);
  const descriptor = scene.draws.pick(others);
  const uses = USES.filter(([, [call]]) => scene.allows(call));
  return uses.length === 0 ? null : scene.draws.weigh(uses)[1](scene, descriptor);
}

function length(scene: Scene): number {
  return scene.draws.pick(LENGTHS);
}

/** A file may be mapped where the memory is: what comes of copying it onto itself depends on the processor. */
function mayUseMemory(scene: Scene, kind: OtherDescriptor['kind']): boolean {
  return scene.draws.chance(30) && kind !== 'named';
}

/** Of a pipe that lets one wait it is now and then a whole pipe full; a socket holds no fixed number of bytes. */
function streamLength(scene: Scene, { waits, write: isWritten }: OtherDescriptor, direction: 'read' | 'write'): number {
  const isPipe = waits === true && isWritten === (direction === 'write');
  if (isPipe && scene.mayWait) scene.noteWaiter();
  return isPipe && scene.mayWait && scene.draws.chance(30) ? scene.draws.pick(LONG_LENGTHS) : length(scene);
}

function read(scene: Scene, descriptor: OtherDescriptor): string | null {
  const { name, kind, waits } = descriptor;
  if (!isShown(kind) || (waits === true && !scene.mayWait)) return null;
  const bytes = streamLength(scene, descriptor, 'read');
  const place = mayUseMemory(scene, kind) ? findPlace(scene, bytes, isWritable) : undefined;
  return place === undefined ? `read(${name}, ${bytes})` : `read(${name}, ${place.text}, ${bytes})`;
}

/** A terminal would answer what is written to it. */
function write(scene: Scene, descriptor: OtherDescriptor): string | null {
  const { name, kind } = descriptor;
  if (kind === 'terminal') return null;
  const bytes = streamLength(scene, descriptor, 'write');
  const place = mayUseMemory(scene, kind) ? findPlace(scene, bytes, isReadable) : undefined;
  return place === undefined
    ? `write(${name}, fill(${scene.freshValue()}, ${bytes}))`
    : `write(${name}, ${place.text}, ${bytes})`;
}

/** It is the open file's, and so the other processes' too: `main` could come to wait if it were taken away. */
function setNonblocking(_scene: Scene, { name, kind }: OtherDescriptor): string | null {
  return kind === 'stream' ? `fcntl(${name}, F_SETFL, O_NONBLOCK)` : null;
}

/** Of the system's own devices the permissions stay as they are. */
function fchmod(scene: Scene, { name, kind }: OtherDescriptor): string | null {
  const mode = scene.draws.pick(['0600', '0', '0755', '06777', '0400']);
  return kind === 'named' || kind === 'stream' ? `fchmod(${name}, ${mode})` : null;
}

function close(scene: Scene, descriptor: OtherDescriptor): string {
  scene.me.others = scene.me.others.filter((other) => other !== descriptor);
  return `close(${descriptor.name})`;
}

/** /dev/zero becomes memory, anything else an error. */
function map(scene: Scene, { name, kind, write: mayWrite }: OtherDescriptor): string {
  const shared = scene.draws.chance(40);
  const { text, read: readable, write: writable } = chooseProtection(scene, mayWrite || !shared);
  const span = freeSpan(scene, 1 + scene.draws.below(3)) ?? { base: 'A', start: 0, end: 1 };
  const page = shared ? 0 : scene.draws.below(3);
  if (kind === 'zero') {
    const range = { ...span, read: readable, write: writable, mayWrite: mayWrite || !shared, shared };
    scene.notePlaced({ ...span, file: -1, shared });
    scene.me.memory.map({ ...range, file: -1, fd: name, filePage: 0, locked: false, guarded: false, extra: '' });
  }
  if (kind === 'named') scene.notePlaced({ ...span, file: 0, shared });
  const flags = `${shared ? 'MAP_SHARED' : 'MAP_PRIVATE'}|MAP_FIXED`;
  const where = `${addressText(span.base, span.start)}, ${lengthText(scene, span.end - span.start)}`;
  return `mmap(${where}, ${text}, ${flags}, ${name}, ${page * 4096})`;
}
