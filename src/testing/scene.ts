/**
 * The stage on which a random scenario is written: processes, files, descriptors, and the next numbers to choose by.
 *
 * Place: shared by the writers of statements (write-*.ts), one for each scenario. They read it to aim and change it as if each call
 * succeeded. Names and values come from counters here, so that every store is told from every other.
 */
import { Draws } from './draws.ts';
import { type Base, MemorySketch, type Range } from './memory-sketch.ts';

export interface SketchedFile {
  /** '' for a segment, which has none. */
  path: string;
  /** Not on the file system of the other files: a memfd, an object of shm_open, a segment. */
  readonly memory: boolean;
  /** In bytes. */
  size: number;
  /** It can be opened by its path (of an object of shm_open: its name). */
  linked: boolean;
}

/** A System V segment by the name that its identifier was bound to. */
export interface SketchedSegment {
  readonly name: string;
  readonly key: string;
  /** Index among the scenario's files. */
  readonly file: number;
}

export interface Descriptor {
  readonly name: string;
  /** Index among the scenario's files. */
  readonly file: number;
  readonly read: boolean;
  readonly write: boolean;
  /** Writes go to the end, whatever offset is given. */
  readonly append: boolean;
}

/** A descriptor of what is no regular file. */
export interface OtherDescriptor {
  readonly name: string;
  readonly kind: 'zero' | 'device' | 'proc' | 'directory' | 'terminal' | 'stream' | 'named';
  readonly write: boolean;
  /** Of a pipe or socket without O_NONBLOCK. */
  readonly waits?: boolean;
}

export interface SketchedProcess {
  readonly name: string;
  /** Threads of one process have the same. */
  readonly group: string;
  /** Who forked it; undefined for `main`. */
  readonly parent: string | undefined;
  /** The child that it waits for (vfork): while there is one, it makes no calls. */
  child?: SketchedProcess;
  readonly memory: MemorySketch;
  descriptors: readonly Descriptor[];
  others: readonly OtherDescriptor[];
}

/** What a scenario is to be made of. */
export interface SceneOptions {
  /** The calls it may make; all if absent. */
  readonly calls?: ReadonlySet<string>;
  /** File system of its files: it decides what of a file can be asked. */
  readonly fs: 'tmpfs' | 'ext4';
  /** 'shown': bytes are never transferred between a file and the program's memory, but shown or written out. */
  readonly transfers?: 'shown';
  /** Pages of the arena that are used. */
  readonly arenaPages: number;
  /** Huge pages are asked for, by scenarios that may make any call; the machine may have some, or none. */
  readonly hugePages?: 'asked';
  /** How many of a hundred choices are careless, so that calls fail. */
  readonly slips: number;
}

/** Alive at a time, and over the whole scenario. */
const PROCESSES_MAX = 6;
const FORKS_MAX = 12;
const FILES_MAX = 4;
const SEGMENTS_MAX = 4;

export class Scene {
  readonly options: SceneOptions;
  readonly files: SketchedFile[];
  segments: readonly SketchedSegment[];
  /** Those that have not ended; `main` first. */
  processes: readonly SketchedProcess[];
  /** Children that have ended and whose parents have not asked. */
  ended: readonly SketchedProcess[];
  /** Words that somebody may wait for: the beginning of the arguments of futex. */
  waits: readonly string[];
  /** Processes that made a call which may have waited, and were not asked since what came of it. */
  waiters: ReadonlySet<SketchedProcess>;
  /** What write-huge.ts has made: addresses, descriptors and identifiers by name. */
  hugePlaces: readonly string[];
  hugeFiles: readonly string[];
  hugeSegments: readonly string[];
  /** Numbers of the slots in which it has put something. */
  hugeSlots: ReadonlySet<number>;
  /** Directories beside the files. */
  directories: readonly string[];
  /** Memory of MAP_DROPPABLE was asked for, wherever it may have gone since. */
  hasDroppable: boolean;
  /** The process that makes the next call. */
  me: SketchedProcess;
  draws: Draws;
  /** Kinds of places where file or shared memory may have come to lie. */
  private readonly mixed: Set<string>;
  private forks: number;
  private names: number;
  private value: number;

  constructor(options: SceneOptions) {
    this.options = options;
    this.files = [];
    this.segments = [];
    this.me = {
      name: 'main',
      group: 'main',
      parent: undefined,
      memory: new MemorySketch(),
      descriptors: [],
      others: [],
    };
    this.processes = [this.me];
    this.ended = [];
    this.waiters = new Set();
    this.hugePlaces = [];
    this.hugeFiles = [];
    this.hugeSegments = [];
    this.hugeSlots = new Set();
    this.directories = [];
    this.waits = [];
    this.hasDroppable = false;
    this.draws = new Draws([]);
    this.mixed = new Set();
    this.forks = 0;
    this.names = 0;
    this.value = 0;
  }

  /** Takes the numbers that the next statement is made of. */
  begin(numbers: readonly number[]): void {
    this.draws = new Draws(numbers);
    this.me = this.processes[0];
  }

  /** Lets another process make the call. */
  chooseProcess(): void {
    this.me = this.draws.pick(this.processes.filter((process) => !this.waitsForChild(process)));
  }

  /** Whether it may come to wait, perhaps for good. A scenario in which `main` does stands still. */
  get mayWait(): boolean {
    return this.me !== this.processes[0];
  }

  /** The call being written may wait. */
  noteWaiter(): void {
    this.waiters = new Set([...this.waiters, this.me]);
  }

  private waitsForChild({ child }: SketchedProcess): boolean {
    return child !== undefined && this.processes.includes(child);
  }

  allows(call: string): boolean {
    return this.options.calls?.has(call) ?? true;
  }

  /** A careless choice, now and then. */
  slips(): boolean {
    return this.draws.chance(this.options.slips);
  }

  freshName(prefix: string): string {
    return `${prefix}${++this.names}`;
  }

  /** The next byte to store. */
  freshValue(): string {
    this.value = (this.value % 250) + 1;
    return `0x${this.value.toString(16)}`;
  }

  get canFork(): boolean {
    return this.processes.length < PROCESSES_MAX && this.forks < FORKS_MAX;
  }

  addProcess(process: SketchedProcess): void {
    this.forks++;
    this.processes = [...this.processes, process];
  }

  /** Takes away those that end; a process has ended with the last of its threads. */
  remove(ends: (process: SketchedProcess) => boolean): void {
    const gone = this.processes.filter(ends);
    this.processes = this.processes.filter((process) => !ends(process));
    const groups = new Set(this.processes.map(({ group }) => group));
    const ended = gone.filter(({ name, group }) => name === group && !groups.has(group));
    this.ended = [...this.ended, ...ended];
  }

  get canOpen(): boolean {
    return this.files.filter(({ path }) => path !== '').length < FILES_MAX;
  }

  get canMakeSegment(): boolean {
    return this.segments.length < SEGMENTS_MAX;
  }

  addFile(file: SketchedFile): number {
    return this.files.push(file) - 1;
  }

  /** Notes that something was put at a place. */
  notePlaced({ base, file, shared }: Pick<Range, 'base' | 'file' | 'shared'>): void {
    if (file >= 0 || shared) this.mixed.add(kindOf(base));
  }

  /** Notes that memory at a place was given up: where the kernel places mappings it may put another there. */
  noteFreed(base: Base): void {
    if (kindOf(base) === PLACED) this.mixed.add(PLACED);
  }

  /** Whether nothing but private anonymous memory can be there: only of that is the residency the same everywhere. */
  isPlain(base: Base): boolean {
    return !this.mixed.has(kindOf(base));
  }
}

/** Mappings that the kernel placed lie side by side, so that what is true of one may be true of its neighbour. */
const PLACED = 'placed';

function kindOf(base: Base): string {
  return base === 'A' || base === 'BRK' ? base : PLACED;
}
