/**
 * The files of a recorded run, as files of the simulated machine.
 *
 * Each file that the log opens or maps gets one file on the machine's root file system, all pages that
 * existed before the run in the page cache (the recordings are warm). A log seldom says how large a file is:
 * `bytes` grows with what the log shows (an mmap, a read) until something says it exactly (a stat in the
 * strace, a read that came to the end, O_TRUNC, a failed lookup before O_CREAT); from then on only the
 * program's own calls change it.
 * Place: descriptors and mappings name these; nobody else creates files in the machine.
 */

import { UserError } from '../assert.ts';
import { O_CREAT, O_EXCL } from '../flags.ts';
import type { Machine } from '../index.ts';
import { outOfMemory } from './out-of-memory.ts';

export class RecordedFile {
  /** Name on the machine's root file system; of a memory file only a key. */
  readonly simPath: string;
  /** As the log names it; undefined if it does not. */
  readonly path: string | undefined;
  bytes: number;
  /** `bytes` is the size, not a lower bound of it. */
  exact: boolean;
  /** Memory file (memfd_create): lives in no directory. */
  readonly memory: boolean;

  constructor(simPath: string, path: string | undefined, memory: boolean) {
    this.simPath = simPath;
    this.path = path;
    this.bytes = 0;
    this.exact = false;
    this.memory = memory;
  }
}

/** Paths whose files are no pages on a disk. */
const PSEUDO = /^\/(?:proc|sys|dev)(?:\/|$)/;

export class RecordedFiles {
  private readonly machine: Machine;
  /** Sizes that the strace knows, by path; empty without a strace. */
  private readonly sizes: ReadonlyMap<string, number>;
  private readonly byPath: Map<string, RecordedFile>;
  private readonly bySimPath: Map<string, RecordedFile>;
  /** Paths that a call did not find. */
  private readonly absent: Set<string>;
  private made: number;

  constructor(machine: Machine, sizes: ReadonlyMap<string, number>) {
    this.machine = machine;
    this.sizes = sizes;
    this.byPath = new Map();
    this.bySimPath = new Map();
    this.absent = new Set();
    this.made = 0;
  }

  /** The file that a successful open gave, or undefined for a device, a directory of the kernel and the like. */
  open(path: string | undefined, flags: number): RecordedFile | undefined {
    if (path !== undefined && PSEUDO.test(path)) return undefined;
    const creates = (flags & O_CREAT) !== 0;
    const isNew = creates && ((flags & O_EXCL) !== 0 || (path !== undefined && this.absent.has(path)));
    const known = path === undefined || isNew ? undefined : this.byPath.get(path);
    const file = known ?? this.make(path);
    if (path !== undefined) this.absent.delete(path);
    if (isNew) file.exact = true;
    // The first size in the strace may be one that the program's own writes made: trust it for files that
    // were there before.
    if (!creates && path !== undefined) this.learnSize(file, this.sizes.get(path));
    return file;
  }

  /** The file behind a mapping of the program's image. */
  image(path: string): RecordedFile {
    return this.byPath.get(path) ?? this.make(path);
  }

  /** A file that the log maps without having shown how it was opened. */
  unnamed(): RecordedFile {
    return this.make(undefined);
  }

  memoryFile(name: string): RecordedFile {
    const file = new RecordedFile(`/m${++this.made}`, `/memfd:${name}`, true);
    file.exact = true;
    return file;
  }

  private make(path: string | undefined): RecordedFile {
    const file = new RecordedFile(`/f${++this.made}`, path, false);
    this.machine.createFile(file.simPath, 0, { cached: false });
    if (path !== undefined) this.byPath.set(path, file);
    this.bySimPath.set(file.simPath.slice(1), file);
    return file;
  }

  /** What a mapping of the machine shows (a file's base name) as the recorded path. */
  recordedPath(simName: string): string | undefined {
    return this.bySimPath.get(simName)?.path;
  }

  /** The log shows that the file has at least `bytes`. */
  atLeast(file: RecordedFile, bytes: number): void {
    if (file.memory || bytes <= file.bytes) return;
    this.cache(file, bytes);
    file.bytes = bytes;
  }

  private cache(file: RecordedFile, bytes: number): void {
    try {
      this.machine.createFile(file.simPath, bytes, { cached: true });
    } catch (error) {
      if (error instanceof UserError) outOfMemory(`the ${bytes} bytes of ${file.path ?? 'a file'} in the page cache`);
      throw error;
    }
  }

  /** A mapping of `bytes`: a file whose size nobody knows is taken to be as large. */
  mapped(file: RecordedFile, bytes: number): void {
    if (!file.exact) this.atLeast(file, bytes);
  }

  /** Something says exactly how large the file is. A smaller size than what is mapped already is not believed. */
  learnSize(file: RecordedFile, bytes: number | undefined): void {
    if (bytes === undefined || file.exact || bytes < file.bytes) return;
    this.atLeast(file, bytes);
    file.exact = true;
  }

  /** A lookup of `path` found nothing. */
  notFound(path: string): void {
    this.absent.add(path);
    this.byPath.delete(path);
  }

  renamed(from: string, to: string): void {
    const file = this.byPath.get(from);
    this.notFound(from);
    this.absent.delete(to);
    if (file !== undefined) this.byPath.set(to, file);
  }

  /** Every file with a name or not, for sync(2). */
  all(): Iterable<RecordedFile> {
    return this.bySimPath.values();
  }
}
