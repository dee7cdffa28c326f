/**
 * Descriptors of a simulated process for recorded files: one per file and access mode, opened when first
 * needed.
 *
 * The recorded program's own descriptors stand in descriptors.ts; these here only give the machine's calls
 * something to name. Files keep their name on the machine for ever, so a full table is emptied and filled
 * again (but for memory files, which have none).
 */

import { O_ACCMODE, O_RDWR, RLIMIT_NOFILE } from '../flags.ts';
import type { Process } from '../index.ts';
import type { RecordedFile } from './recorded-files.ts';

const DESCRIPTORS_MAX = 4096;
/** 0, 1 and 2 are there from the start; one stays free. */
const HELD_MAX = DESCRIPTORS_MAX - 4;

interface Held {
  readonly fd: number;
  readonly memory: boolean;
}

export class SimDescriptors {
  private readonly process: Process;
  /** By simPath and access mode. */
  private readonly held: Map<string, Held>;

  constructor(process: Process) {
    this.process = process;
    this.held = new Map();
    process.sys.setrlimit(RLIMIT_NOFILE, DESCRIPTORS_MAX);
  }

  /** For a forked child, whose simulated table is a copy of this one. */
  copyFor(child: Process): SimDescriptors {
    const copy = new SimDescriptors(child);
    for (const [key, held] of this.held) copy.held.set(key, held);
    return copy;
  }

  /** A descriptor with the access mode of `flags` (O_*), or -1 if there is none to be had. */
  of(file: RecordedFile, flags: number): number {
    const mode = file.memory ? O_RDWR : flags & O_ACCMODE;
    const key = `${file.simPath} ${mode}`;
    const known = this.held.get(key);
    if (known !== undefined) return known.fd;
    if (this.held.size >= HELD_MAX) this.closeAll();
    const { sys } = this.process;
    const fd = file.memory ? sys.memfdCreate('memory', 0) : sys.open(file.simPath, mode, 0);
    if (fd < 0) return -1;
    this.held.set(key, { fd, memory: file.memory });
    return fd;
  }

  private closeAll(): void {
    for (const [key, { fd, memory }] of this.held) {
      if (memory) continue;
      this.process.sys.close(fd);
      this.held.delete(key);
    }
  }
}
