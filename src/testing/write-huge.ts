/**
 * Random calls on memory of huge pages: mappings, memory files and segments of them, and what cuts, drops, moves and fills them.
 *
 * Place: writers of statements. Such memory lies in slots of its own, far from what the others aim at, or where the kernel puts it;
 * nothing of it is in the sketch, so that each call strikes what happens to be there. The pool is small: who gets the last page
 * is half of what there is to find.
 */
import type { Weighted } from './draws.ts';
import type { Scene } from './scene.ts';

const HUGE = 0x20_0000;
const FIRST_SLOT = 0x1000_0000;
const SLOTS = 6;

type Write = (scene: Scene) => string;

function slotText(number: number): string {
  return `A+0x${(FIRST_SLOT + number * HUGE).toString(16)}`;
}

/** A slot to put something in. */
function target(scene: Scene): string {
  const number = scene.draws.below(SLOTS);
  scene.hugeSlots = new Set([...scene.hugeSlots, number]);
  return slotText(number);
}

/** A slot in which something was put: mostly, for where nothing is there is little to find. */
function slot(scene: Scene): string {
  const used = [...scene.hugeSlots];
  return slotText(used.length > 0 && scene.draws.chance(85) ? scene.draws.pick(used) : scene.draws.below(SLOTS));
}

/** A slot, or what the kernel placed. */
function place(scene: Scene): string {
  const { hugePlaces } = scene;
  return hugePlaces.length > 0 && scene.draws.chance(25) ? scene.draws.pick(hugePlaces) : slot(scene);
}

const PAGES: readonly Weighted<number>[] = [
  [6, 1],
  [4, 2],
  [1, 3],
];

/** In bytes: whole huge pages, carelessly less or more. */
function length(scene: Scene): string {
  const bytes = scene.draws.weigh(PAGES) * HUGE;
  return `0x${(scene.slips() ? bytes + scene.draws.pick([-1, -4096, 1, 4096]) : bytes).toString(16)}`;
}

function offset(scene: Scene): string {
  const bytes = scene.draws.below(3) * HUGE;
  return scene.slips() ? `0x${(bytes + 4096).toString(16)}` : bytes === 0 ? '0' : `0x${bytes.toString(16)}`;
}

const PROTECTIONS: readonly Weighted<string>[] = [
  [8, 'PROT_READ|PROT_WRITE'],
  [3, 'PROT_READ'],
  [1, 'PROT_NONE'],
];

const EXTRAS: readonly Weighted<string>[] = [
  [10, ''],
  [4, '|MAP_NORESERVE'],
  [1, '|MAP_POPULATE'],
  [1, '|MAP_LOCKED'],
  [1, '|MAP_HUGE_2MB'],
  [1, '|MAP_HUGE_1GB'],
];

/** Where a mapping goes: upon a slot, or where the kernel likes. */
function placed(scene: Scene): { readonly address: string; readonly fixed: string; readonly name: string } {
  if (scene.draws.chance(75)) return { address: target(scene), fixed: '|MAP_FIXED', name: '' };
  const bound = scene.freshName('h');
  scene.notePlaced({ base: bound, file: -1, shared: true });
  scene.hugePlaces = [...scene.hugePlaces, bound];
  return { address: scene.draws.chance(70) ? 'NULL' : place(scene), fixed: '', name: `${bound} = ` };
}

function mapping(scene: Scene, kind: string, descriptor: string, from: string): string {
  const { address, fixed, name } = placed(scene);
  const shared = scene.draws.chance(45) ? 'MAP_SHARED' : 'MAP_PRIVATE';
  const prot = scene.draws.weigh(PROTECTIONS);
  const flags = `${shared}${kind}${fixed}${scene.draws.weigh(EXTRAS)}`;
  return `${name}mmap(${address}, ${length(scene)}, ${prot}, ${flags}, ${descriptor}, ${from})`;
}

function mapMemory(scene: Scene): string {
  return mapping(scene, '|MAP_ANONYMOUS|MAP_HUGETLB', '-1', '0');
}

function mapFile(scene: Scene): string {
  return scene.hugeFiles.length === 0
    ? newFile(scene)
    : mapping(scene, '', scene.draws.pick(scene.hugeFiles), offset(scene));
}

const FILES_MAX = 3;

function newFile(scene: Scene): string {
  if (scene.hugeFiles.length >= FILES_MAX) return mapFile(scene);
  const name = scene.freshName('g');
  scene.hugeFiles = [...scene.hugeFiles, name];
  const flags = `MFD_HUGETLB${scene.draws.pick(['', '|MFD_ALLOW_SEALING', '|MFD_HUGE_2MB'])}`;
  return `${name} = memfd_create("${name}", ${flags})\nftruncate(${name}, 0x${(scene.draws.below(4) * HUGE).toString(16)})`;
}

const MODES = ['0', 'FALLOC_FL_KEEP_SIZE', 'FALLOC_FL_PUNCH_HOLE|FALLOC_FL_KEEP_SIZE'] as const;

const SEALS = ['F_SEAL_SHRINK', 'F_SEAL_GROW', 'F_SEAL_WRITE', 'F_SEAL_FUTURE_WRITE'] as const;

const FILE_CALLS: readonly Weighted<(scene: Scene, file: string) => string>[] = [
  [4, (scene, file) => `ftruncate(${file}, ${scene.draws.below(4) === 0 ? '0' : length(scene)})`],
  [4, (scene, file) => `fallocate(${file}, ${scene.draws.pick(MODES)}, ${offset(scene)}, ${length(scene)})`],
  [3, (scene, file) => `pread(${file}, 2, ${offset(scene)})`],
  [1, (_scene, file) => `fstat(${file})`],
  [1, (scene, file) => `lseek(${file}, ${offset(scene)}, ${scene.draws.pick(['SEEK_DATA', 'SEEK_HOLE', 'SEEK_END'])})`],
  [1, (scene, file) => `pwrite(${file}, "x", ${offset(scene)})`],
  [1, (scene, file) => `fcntl(${file}, F_ADD_SEALS, ${scene.draws.pick(SEALS)})`],
  [1, (_scene, file) => `close(${file})`],
];

function callOnFile(scene: Scene): string {
  if (scene.hugeFiles.length === 0) return newFile(scene);
  return scene.draws.weigh(FILE_CALLS)(scene, scene.draws.pick(scene.hugeFiles));
}

/** An address in memory of huge pages: at a beginning, or somewhere. */
function address(scene: Scene): string {
  return `${place(scene)}+0x${scene.draws.pick([0, 0, 1, 0x1000, 0x1f_ffff, HUGE, HUGE + 0x1000]).toString(16)}`;
}

function access(scene: Scene): string {
  const where = address(scene);
  return scene.draws.chance(60) ? `store8(${where}, ${scene.freshValue()})` : `load8(${where})`;
}

const ADVICE: readonly Weighted<string>[] = [
  [5, 'MADV_DONTNEED'],
  [4, 'MADV_REMOVE'],
  [2, 'MADV_POPULATE_WRITE'],
  [2, 'MADV_POPULATE_READ'],
  [1, 'MADV_DONTFORK'],
  [1, 'MADV_DOFORK'],
  [1, 'MADV_FREE'],
  [1, 'MADV_COLD'],
  [1, 'MADV_GUARD_INSTALL'],
  [1, 'MADV_GUARD_REMOVE'],
  [1, 'MADV_WIPEONFORK'],
  [1, 'MADV_HUGEPAGE'],
  [1, 'MADV_COLLAPSE'],
];

const RANGE_CALLS: readonly Weighted<(scene: Scene, range: string) => string>[] = [
  [6, (_scene, range) => `munmap(${range})`],
  [4, (scene, range) => `mprotect(${range}, ${scene.draws.weigh(PROTECTIONS)})`],
  [6, (scene, range) => `madvise(${range}, ${scene.draws.weigh(ADVICE)})`],
  [1, (_scene, range) => `mlock(${range})`],
  [1, (_scene, range) => `munlock(${range})`],
  [1, (scene, range) => `msync(${range}, ${scene.draws.pick(['MS_SYNC', 'MS_INVALIDATE'])})`],
  [1, (_scene, range) => `mseal(${range}, 0)`],
  [1, (_scene, range) => `remap_file_pages(${range}, 0, 0, 0)`],
];

function callOnRange(scene: Scene): string {
  return scene.draws.weigh(RANGE_CALLS)(scene, `${place(scene)}, ${length(scene)}`);
}

function residency(scene: Scene): string {
  return scene.draws.chance(50) ? `vmflags(${place(scene)})` : `mincore(${place(scene)}, 0x1000)`;
}

function move(scene: Scene): string {
  const bytes = length(scene);
  const other = scene.draws.chance(25) ? length(scene) : bytes;
  const flags = scene.draws.pick(['MREMAP_MAYMOVE|MREMAP_FIXED', 'MREMAP_MAYMOVE|MREMAP_FIXED', 'MREMAP_MAYMOVE', '0']);
  const to = flags.includes('FIXED') ? `, ${target(scene)}` : '';
  return `mremap(${place(scene)}, ${bytes}, ${other}, ${flags}${to})`;
}

const SEGMENTS_MAX = 3;

function segment(scene: Scene): string {
  const { hugeSegments } = scene;
  if (hugeSegments.length < SEGMENTS_MAX && scene.draws.chance(40)) {
    const made = scene.freshName('k');
    scene.hugeSegments = [...hugeSegments, made];
    const extra = scene.draws.chance(25) ? '|SHM_NORESERVE' : '';
    return `${made} = shmget(IPC_PRIVATE, ${length(scene)}, IPC_CREAT|SHM_HUGETLB${extra}|0600)`;
  }
  if (hugeSegments.length === 0) return mapMemory(scene);
  const name = scene.draws.pick(hugeSegments);
  return scene.draws.pick([
    `shmat(${name}, ${target(scene)}, 0)`,
    `shmat(${name}, ${target(scene)}, SHM_REMAP)`,
    `shmdt(${slot(scene)})`,
    `shmctl(${name}, IPC_RMID)`,
    `shmctl(${name}, IPC_STAT)`,
    'shmctl(0, SHM_INFO)',
  ]);
}

const WRITERS: readonly Weighted<Write>[] = [
  [8, access],
  [5, mapMemory],
  [5, mapFile],
  [5, callOnRange],
  [3, callOnFile],
  [2, move],
  [2, segment],
  [1, newFile],
  [1, residency],
];

export function writeHuge(scene: Scene): string {
  return scene.draws.weigh(WRITERS)(scene);
}

/** Loads that show what the slots in which something was put hold in the end. */
export function hugeContents({ hugeSlots }: Scene): string[] {
  return Array.from(hugeSlots, (number) => `load8(${slotText(number)})`);
}
