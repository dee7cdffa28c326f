/**
 * Turns a list of drawn numbers into the text of a scenario.
 *
 * Place: under the arbitraries (arbitraries.ts): fast-check draws and shrinks tuples of numbers, here each becomes a statement. The
 * scene remembers roughly what is there, so that most calls succeed; any list of tuples, whatever was taken out of it, gives a
 * scenario that parses and that a driver on a real kernel does not refuse.
 */
import { addressText, PAGE, usableEnd } from './aim.ts';
import { DRAW_LIMIT } from './draws.ts';
import { spoil } from './odd-arguments.ts';
import { asPosix } from './posix-dialect.ts';
import { scalePages } from './scale-pages.ts';
import { CALLS_OF, PROFILES, type Profile, type StatementKind } from './scenario-choices.ts';
import { Scene, type SceneOptions, type SketchedProcess } from './scene.ts';
import {
  isReadable,
  writeAtomic,
  writeCopyIn,
  writeCopyOut,
  writeFetch,
  writeLoad,
  writeProcessVm,
  writeStore,
} from './write-access.ts';
import * as files from './write-files.ts';
import { hugeContents, writeHuge } from './write-huge.ts';
import { writeFileLock, writeWaited } from './write-locks.ts';
import { writeMmap, writeMunmap } from './write-mmap.ts';
import { writeMremap } from './write-mremap.ts';
import * as names from './write-names.ts';
import * as others from './write-others.ts';
import { writePath } from './write-paths.ts';
import { writePlaced } from './write-placement.ts';
import * as proc from './write-proc.ts';
import * as processes from './write-process.ts';
import * as ranges from './write-ranges.ts';
import * as seals from './write-seals.ts';
import * as shm from './write-shm.ts';
import * as threads from './write-threads.ts';
import { writeVector } from './write-vectors.ts';

/** One drawn operation: which kind of statement, then what its arguments are made of. Whole numbers from 0 to 999. */
export type DrawnCall = readonly number[];

/** How many numbers the most demanding statement is made of. */
export const NUMBERS_PER_CALL = 18;

export interface WriterOptions extends Omit<SceneOptions, 'slips'> {
  readonly profile: Profile;
  /** 'posix': without flags that only Linux has. */
  readonly dialect?: 'posix';
  /** Bytes of a page of the machine that it is for; 4096 if absent. */
  readonly pageSize?: number;
}

const WRITERS: Readonly<Record<StatementKind, (scene: Scene) => string | null>> = {
  load: writeLoad,
  store: writeStore,
  atomic: writeAtomic,
  fetch: writeFetch,
  copyin: writeCopyIn,
  copyout: writeCopyOut,
  mmapAnon: (scene) => writeMmap(scene, 'anon'),
  mmapFile: (scene) => writeMmap(scene, 'file'),
  placed: writePlaced,
  munmap: writeMunmap,
  mprotect: ranges.writeMprotect,
  mremap: writeMremap,
  msync: ranges.writeMsync,
  madvise: ranges.writeMadvise,
  mincore: ranges.writeMincore,
  lock: ranges.writeLock,
  lockAll: ranges.writeLockAll,
  mseal: seals.writeMseal,
  break: processes.writeBreak,
  fork: processes.writeFork,
  thread: threads.writeThread,
  exec: threads.writeExec,
  kill: threads.writeKill,
  vfork: threads.writeVfork,
  exitThread: threads.writeExitThread,
  futex: threads.writeFutex,
  waited: writeWaited,
  processVm: writeProcessVm,
  exit: processes.writeExit,
  wait: processes.writeWait,
  maps: proc.writeMaps,
  smaps: proc.writeSmaps,
  vmflags: proc.writeVmFlags,
  pagemap: proc.writePagemap,
  status: proc.writeStatus,
  pwrite: files.writePwrite,
  pread: files.writePread,
  write: files.writeWrite,
  read: files.writeRead,
  ftruncate: files.writeFtruncate,
  fallocate: files.writeFallocate,
  fsync: files.writeFsync,
  pageCache: files.writePageCache,
  vector: writeVector,
  lseek: files.writeLseek,
  open: files.writeOpen,
  dup: files.writeDup,
  close: files.writeClose,
  unlink: files.writeUnlink,
  fstat: files.writeFstat,
  seal: seals.writeSeal,
  fcntl: seals.writeFcntl,
  rename: names.writeRename,
  directory: names.writeDirectory,
  path: writePath,
  fileLock: writeFileLock,
  other: others.writeOther,
  useOther: others.writeUseOther,
  limit: processes.writeLimit,
  sigaction: processes.writeSigaction,
  segment: shm.writeSegment,
  shmName: shm.writeShmName,
  remapPages: shm.writeRemapPages,
  huge: writeHuge,
};

/** The kinds of statements that the options allow, each as often as it weighs. */
export function kindsOf({ profile, calls, hugePages }: WriterOptions): readonly StatementKind[] {
  const kinds = tableOf(PROFILES[profile].weights, (call) => calls?.has(call) ?? true);
  return hugePages === undefined || calls !== undefined ? kinds.filter((kind) => kind !== 'huge') : kinds;
}

/** The scenario that the drawn calls stand for, with the lines that show what is left in the end. */
export function writeScenario(calls: readonly DrawnCall[], options: WriterOptions): string {
  const writer = new ScenarioWriter(options);
  for (const call of calls) writer.add(call);
  const lines = [...writer.lines, ...writer.everything()];
  const text = (options.dialect === 'posix' ? lines.map(asPosix) : lines).map((line) => `${line}\n`).join('');
  return scalePages(text, options.pageSize ?? PAGE);
}

/** Writes statement by statement. Each is written as if those before it had succeeded. */
export class ScenarioWriter {
  readonly lines: string[];
  private readonly scene: Scene;
  private readonly table: readonly StatementKind[];

  constructor({ profile, ...options }: WriterOptions) {
    this.lines = [];
    this.scene = new Scene({ ...options, slips: PROFILES[profile].slips });
    this.table = kindsOf({ profile, ...options });
    if (this.table.includes('mmapFile') || this.table.includes('pwrite')) this.beginWithFile();
  }

  private beginWithFile(): void {
    const { scene } = this;
    if (scene.allows('open')) this.lines.push(files.newFile(scene));
    else if (scene.allows('memfd_create')) this.lines.push(files.newMemoryFile(scene));
    else return;
    if (!scene.allows('pwrite')) return;
    this.lines.push(`pwrite(${scene.me.descriptors[0].name}, fill(${scene.freshValue()}, 3*4096+100), 0)`);
    scene.files[0].size = 3 * PAGE + 100;
  }

  /** Adds the statement that a drawn call stands for; none where there is nothing sensible to write. */
  add([kind = 0, ...numbers]: DrawnCall): void {
    const text = this.statement(this.table[Math.floor((kind * this.table.length) / DRAW_LIMIT)], numbers);
    if (text !== null) this.lines.push(text);
  }

  /** The next statement, of a kind that the options allow; null where there is nothing sensible to write. */
  statement(kind: StatementKind, numbers: readonly number[]): string | null {
    const { scene } = this;
    scene.begin(numbers);
    scene.chooseProcess();
    const text = this.write(kind);
    if (text === null) return null;
    const lines = text.split('\n');
    const last = lines.length - 1;
    if (scene.slips()) lines[last] = spoil(scene.draws, lines[last]);
    return lines.map((line) => saidBy(scene.me, line)).join('\n');
  }

  /** What cannot be written for lack of memory makes some instead. */
  private write(kind: StatementKind): string | null {
    const { scene } = this;
    const text = WRITERS[kind](scene);
    if (text !== null || !NEEDS_MEMORY.has(kind) || scene.me.memory.ranges.length > 2) return text;
    return scene.allows('mmap') ? writeMmap(scene, 'anon') : null;
  }

  /** Statements that show everything that is left: mappings, memory, files. */
  everything(): string[] {
    const { scene } = this;
    const [main] = scene.processes;
    return [
      ...scene.processes.flatMap((process) => [
        ...(scene.waiters.has(process) && this.table.includes('waited') ? [saidBy(process, 'waited()')] : []),
        ...(scene.allows('maps') ? [saidBy(process, 'maps()')] : []),
        ...(scene.allows('copyin') ? this.memoryOf(process) : []),
        ...hugeContents(scene).map((line) => saidBy(process, line)),
      ]),
      ...main.descriptors.flatMap(({ name, read }) => [
        ...(scene.allows('fstat') ? [`fstat(${name})`] : []),
        ...(read && scene.allows('pread') ? [`pread(${name}, 65536, 0)`] : []),
      ]),
    ];
  }

  /** Copies of the first pages of each range that can be read. */
  private memoryOf(process: SketchedProcess): string[] {
    return process.memory.ranges.filter(isReadable).flatMap((range) => {
      const pages = Math.min(usableEnd(this.scene, range) - range.start, COPIED_PAGES_MAX);
      if (pages < 1) return [];
      return [saidBy(process, `copyin(${addressText(range.base, range.start)}, ${pages * PAGE})`)];
    });
  }
}

const COPIED_PAGES_MAX = 5;

const NEEDS_MEMORY: ReadonlySet<StatementKind> = new Set<StatementKind>([
  'load',
  'store',
  'copyin',
  'copyout',
  'mremap',
  'madvise',
]);

function saidBy({ name }: SketchedProcess, text: string): string {
  return name === 'main' ? text : `${name}: ${text}`;
}

/** Each kind as often as it weighs, without those of which no call is allowed. */
function tableOf(
  weights: Readonly<Partial<Record<StatementKind, number>>>,
  allows: (call: string) => boolean,
): readonly StatementKind[] {
  const kinds = Object.entries(weights) as [StatementKind, number][];
  return kinds
    .filter(([kind]) => CALLS_OF[kind].some(allows))
    .flatMap(([kind, weight]) => Array<StatementKind>(weight).fill(kind));
}
