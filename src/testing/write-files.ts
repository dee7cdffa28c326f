/**
 * Random calls on descriptors: open and close, transfers, sizes, holes, positions.
 *
 * Place: writers of statements.
 */
import { PAGE } from './aim.ts';
import type { Weighted } from './draws.ts';
import { CALLS_OF } from './scenario-choices.ts';
import type { Descriptor, Scene, SketchedFile } from './scene.ts';
import { findPlace, isReadable, isWritable, type Place } from './write-access.ts';

/** What a file may be opened with once it is there. */
const REOPEN_FLAGS: readonly Weighted<string>[] = [
  [3, 'O_RDWR'],
  [3, 'O_RDONLY'],
  [2, 'O_WRONLY'],
  [2, 'O_RDWR|O_APPEND'],
  [1, 'O_RDWR|O_TRUNC'],
  [1, 'O_RDWR|O_CREAT'],
];

/** Lengths of files and offsets in them, about their pages' ends. */
const SIZES = [4096, 0, 8192, 100, 12288, 4095, 4097, 16384, 2048, 6000, 12289, 28672] as const;

const TRANSFER_LENGTHS = [4096, 1, 64, 100, 5000, 10000] as const;
const BUFFER_LENGTHS = [64, 4096, 16, 6000, 8192] as const;

/** A descriptor of this process; `fits` unless the choice is careless. Undefined if it has none. */
export function chooseDescriptor(scene: Scene, fits: (descriptor: Descriptor) => boolean): Descriptor | undefined {
  const { descriptors } = scene.me;
  const fitting = scene.slips() ? descriptors : descriptors.filter(fits);
  return fitting.length === 0 ? undefined : scene.draws.pick(fitting);
}

export const forReading = ({ read }: Descriptor): boolean => read;
export const forWriting = ({ write }: Descriptor): boolean => write;
const any = (): boolean => true;

function addDescriptor(scene: Scene, descriptor: Omit<Descriptor, 'name'>): string {
  const name = scene.freshName('fd');
  scene.me.descriptors = [...scene.me.descriptors, { ...descriptor, name }];
  return name;
}

const READ_WRITE = { read: true, write: true, append: false } as const;

export function writeOpen(scene: Scene): string | null {
  const again = scene.files.flatMap((file, index) => (file.linked && !file.memory ? [index] : []));
  const isNew = scene.canOpen && (again.length === 0 || scene.draws.chance(50));
  if (!scene.allows('open')) return isNew && scene.allows('memfd_create') ? newMemoryFile(scene) : null;
  if (!isNew) return again.length === 0 ? null : reopen(scene, scene.draws.pick(again));
  return scene.allows('memfd_create') && scene.draws.chance(30) ? newMemoryFile(scene) : newFile(scene);
}

export function newFile(scene: Scene): string {
  const path = `f${scene.files.length}.dat`;
  const file = scene.addFile({ path, memory: false, size: 0, linked: true });
  return `${addDescriptor(scene, { file, ...READ_WRITE })} = open("${path}", O_RDWR|O_CREAT, 0644)`;
}

export function newMemoryFile(scene: Scene): string {
  const path = `m${scene.files.length}`;
  const file = scene.addFile({ path, memory: true, size: 0, linked: false });
  return `${addDescriptor(scene, { file, ...READ_WRITE })} = memfd_create("${path}", ${scene.draws.weigh(MEMFD_FLAGS)})`;
}

const MEMFD_FLAGS: readonly Weighted<string>[] = [
  [4, '0'],
  [4, 'MFD_ALLOW_SEALING'],
  [1, 'MFD_NOEXEC_SEAL'],
  [1, 'MFD_EXEC|MFD_ALLOW_SEALING'],
];

function reopen(scene: Scene, file: number): string {
  const flags = scene.draws.weigh(REOPEN_FLAGS);
  if (flags.includes('TRUNC')) scene.files[file].size = 0;
  const name = addDescriptor(scene, {
    file,
    read: !flags.includes('WRONLY'),
    write: !flags.includes('RDONLY'),
    append: flags.includes('APPEND'),
  });
  return `${name} = open("${scene.files[file].path}", ${flags})`;
}

export function writeDup(scene: Scene): string | null {
  const descriptor = chooseDescriptor(scene, any);
  return descriptor === undefined ? null : `${addDescriptor(scene, descriptor)} = dup(${descriptor.name})`;
}

export function writeClose(scene: Scene): string | null {
  const { descriptors } = scene.me;
  if (descriptors.length < 2) return null;
  const closed = scene.draws.pick(descriptors);
  scene.me.descriptors = descriptors.filter((descriptor) => descriptor !== closed);
  return `close(${closed.name})`;
}

export function writeUnlink(scene: Scene): string | null {
  const linked = scene.files.filter((file) => file.linked && !file.memory);
  if (linked.length === 0) return null;
  const file = scene.draws.pick(linked);
  file.linked = false;
  return `unlink("${file.path}")`;
}

/** An offset in or about a file. */
function offsetIn(scene: Scene, { size }: SketchedFile): number {
  return scene.draws.chance(40) ? Math.max(0, size - scene.draws.pick([0, 1, 100, 4096])) : scene.draws.pick(SIZES);
}

function grow(file: SketchedFile, end: number): void {
  file.size = Math.max(file.size, end);
}

/** Bytes that are shown or written out in the scenario. */
export function writePread(scene: Scene): string | null {
  const descriptor = chooseDescriptor(scene, forReading);
  if (descriptor === undefined) return null;
  const offset = offsetIn(scene, scene.files[descriptor.file]);
  return throughMemory(scene, descriptor, 'pread', offset) ?? `pread(${descriptor.name}, ${length(scene)}, ${offset})`;
}

export function writePwrite(scene: Scene): string | null {
  const descriptor = chooseDescriptor(scene, forWriting);
  if (descriptor === undefined) return null;
  const file = scene.files[descriptor.file];
  const offset = offsetIn(scene, file);
  const fromMemory = throughMemory(scene, descriptor, 'pwrite', offset);
  if (fromMemory !== undefined) return fromMemory;
  const bytes = length(scene);
  grow(file, descriptor.append ? file.size + bytes : offset + bytes);
  return `pwrite(${descriptor.name}, fill(${scene.freshValue()}, ${bytes}), ${offset})`;
}

export function writeRead(scene: Scene): string | null {
  const descriptor = chooseDescriptor(scene, forReading);
  return descriptor === undefined ? null : `read(${descriptor.name}, ${length(scene)})`;
}

export function writeWrite(scene: Scene): string | null {
  const descriptor = chooseDescriptor(scene, forWriting);
  if (descriptor === undefined) return null;
  const bytes = length(scene);
  const file = scene.files[descriptor.file];
  grow(file, file.size + bytes);
  return `write(${descriptor.name}, fill(${scene.freshValue()}, ${bytes}))`;
}

function length(scene: Scene): number {
  return scene.draws.pick(TRANSFER_LENGTHS);
}

/** A transfer that goes through the program's memory, in a third of the cases. */
function throughMemory(
  scene: Scene,
  descriptor: Descriptor,
  call: 'pread' | 'pwrite',
  offset: number,
): string | undefined {
  if (scene.options.transfers === 'shown' || !scene.draws.chance(35)) return undefined;
  const bytes = scene.draws.pick(BUFFER_LENGTHS);
  const place = findPlace(scene, bytes, call === 'pread' ? isWritable : isReadable);
  if (place === undefined) return undefined;
  const from = harmlessOffset(scene, descriptor, place, offset);
  if (from === undefined) return undefined;
  const moved = Math.min(bytes, place.room);
  if (call === 'pwrite') grow(scene.files[descriptor.file], from + moved);
  return `${call}(${descriptor.name}, ${place.text}, ${moved}, ${from})`;
}

/**
 * The offset for a transfer with memory that may be a mapping of the same file: then it is as far into its page as the memory is into
 * its own, so that bytes are copied onto themselves or not at all. What comes of a copy onto bytes that are still to be copied
 * depends on the processor.
 */
function harmlessOffset(scene: Scene, { append }: Descriptor, place: Place, offset: number): number | undefined {
  if (scene.isPlain(place.base)) return offset;
  return append ? undefined : offset - (offset % PAGE) + place.offset;
}

export function writeFtruncate(scene: Scene): string | null {
  const descriptor = chooseDescriptor(scene, forWriting);
  if (descriptor === undefined) return null;
  const file = scene.files[descriptor.file];
  file.size = offsetIn(scene, file);
  const hasPath = file.linked && !file.memory;
  const byPath = hasPath && scene.allows('truncate') && (!scene.allows('ftruncate') || scene.draws.chance(25));
  return byPath ? `truncate("${file.path}", ${file.size})` : `ftruncate(${descriptor.name}, ${file.size})`;
}

const FALLOCATE_MODES: readonly Weighted<string>[] = [
  [3, '0'],
  [2, 'FALLOC_FL_KEEP_SIZE'],
  [4, 'FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE'],
];

/** tmpfs has none of these. */
const FALLOCATE_MODES_EXT4: readonly Weighted<string>[] = [
  ...FALLOCATE_MODES,
  [2, 'FALLOC_FL_ZERO_RANGE'],
  [1, 'FALLOC_FL_ZERO_RANGE|FALLOC_FL_KEEP_SIZE'],
  [1, 'FALLOC_FL_COLLAPSE_RANGE'],
  [1, 'FALLOC_FL_INSERT_RANGE'],
];

export function writeFallocate(scene: Scene): string | null {
  const descriptor = chooseDescriptor(scene, forWriting);
  if (descriptor === undefined) return null;
  const file = scene.files[descriptor.file];
  const all = (scene.options.fs === 'ext4' && !file.memory) || scene.slips();
  const mode = scene.draws.weigh(all ? FALLOCATE_MODES_EXT4 : FALLOCATE_MODES);
  const isShift = mode.includes('COLLAPSE') || mode.includes('INSERT');
  // Shifts go by whole blocks inside the file.
  const offset = isShift ? PAGE * scene.draws.below(3) : offsetIn(scene, file);
  const bytes = isShift ? PAGE : scene.draws.pick([4096, 8192, 1000, 1]);
  resize(file, mode, offset, bytes);
  return `fallocate(${descriptor.name}, ${mode}, ${offset}, ${bytes})`;
}

function resize(file: SketchedFile, mode: string, offset: number, bytes: number): void {
  if (mode.includes('COLLAPSE')) file.size = Math.max(0, file.size - bytes);
  else if (mode.includes('INSERT')) file.size += bytes;
  else if (!mode.includes('KEEP_SIZE')) grow(file, offset + bytes);
}

export function writeFsync(scene: Scene): string | null {
  const descriptor = chooseDescriptor(scene, any);
  const calls = ['fsync', 'fdatasync'].filter((call) => scene.allows(call));
  return descriptor === undefined ? null : `${scene.draws.pick(calls)}(${descriptor.name})`;
}

const SYNC_FLAGS = ['SYNC_FILE_RANGE_WRITE', 'SYNC_FILE_RANGE_WRITE|SYNC_FILE_RANGE_WAIT_AFTER', '0'] as const;

/** Not POSIX_FADV_DONTNEED: what goes depends on how far the disk is. */
const FILE_ADVICE = ['POSIX_FADV_WILLNEED', 'POSIX_FADV_RANDOM', 'POSIX_FADV_NORMAL', 'POSIX_FADV_NOREUSE'] as const;

/** What steers the cache of a file: write-back begun, pages read ahead. */
export function writePageCache(scene: Scene): string | null {
  const descriptor = chooseDescriptor(scene, forReading);
  if (descriptor === undefined) return null;
  const call = scene.draws.pick(CALLS_OF.pageCache.filter((name) => scene.allows(name)));
  const range = `${descriptor.name}, ${offsetIn(scene, scene.files[descriptor.file])}, ${scene.draws.pick(SIZES)}`;
  if (call === 'sync_file_range') return `${call}(${range}, ${scene.draws.pick(SYNC_FLAGS)})`;
  return call === 'posix_fadvise' ? `${call}(${range}, ${scene.draws.pick(FILE_ADVICE)})` : `${call}(${range})`;
}

const WHENCES: readonly Weighted<string>[] = [
  [3, 'SEEK_SET'],
  [2, 'SEEK_CUR'],
  [2, 'SEEK_END'],
  [4, 'SEEK_DATA'],
  [4, 'SEEK_HOLE'],
];

export function writeLseek(scene: Scene): string | null {
  const descriptor = chooseDescriptor(scene, any);
  if (descriptor === undefined) return null;
  const whence = scene.draws.weigh(WHENCES);
  const { size } = scene.files[descriptor.file];
  const inside = whence.endsWith('DATA') || whence.endsWith('HOLE');
  const offset = inside && size > 0 ? Math.min(offsetIn(scene, scene.files[descriptor.file]), size - 1) : 0;
  return `lseek(${descriptor.name}, ${inside ? offset : scene.draws.pick(SIZES)}, ${whence})`;
}

export function writeFstat(scene: Scene): string | null {
  const descriptor = chooseDescriptor(scene, any);
  const calls = ['fstat', 'times', 'fstat_mode'].filter((call) => scene.allows(call));
  return descriptor === undefined ? null : `${scene.draws.pick(calls)}(${descriptor.name})`;
}
