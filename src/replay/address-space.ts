/**
 * One address space of the replay: the simulated process and everything that threads and vfork children share
 * with it.
 *
 * Place: traced-process.ts makes one at execve and at fork. Faults are the machine's counts of the process;
 * what a vfork child caused in its parent's address space is taken off again (`discount`).
 */

import { type Process, SyscallError } from '../index.ts';
import type { CallContext, Heap } from './call-context.ts';
import type { Descriptors } from './descriptors.ts';
import { MappingTally } from './mapping-tally.ts';
import { outOfMemory } from './out-of-memory.ts';
import type { RecordedFiles } from './recorded-files.ts';
import { SimDescriptors } from './sim-descriptors.ts';
import type { FaultCounts } from './truth-lines.ts';

/** What a machine's answer -4 to a touch means: no frame left. */
export const TOUCH_OOM = -4;

export class AddressSpace {
  readonly process: Process;
  readonly sims: SimDescriptors;
  readonly files: RecordedFiles;
  readonly heap: Heap;
  readonly segments: Map<number, number>;
  readonly tally: MappingTally;
  private discountedMinor: number;
  private discountedMajor: number;
  /** Pages resident at the most, as seen before each call. */
  peakResident: number;
  /** Pages resident at the end; undefined while it lives. */
  finalResident: number | undefined;

  constructor(process: Process, sims: SimDescriptors, files: RecordedFiles) {
    this.process = process;
    this.sims = sims;
    this.files = files;
    this.heap = { start: undefined, end: 0 };
    this.segments = new Map();
    this.tally = new MappingTally(process, files);
    this.discountedMinor = 0;
    this.discountedMajor = 0;
    this.peakResident = 0;
    this.finalResident = undefined;
  }

  static of(process: Process, files: RecordedFiles): AddressSpace {
    return new AddressSpace(process, new SimDescriptors(process), files);
  }

  context(descriptors: Descriptors): CallContext {
    const { process, sims, files, heap, segments } = this;
    return { process, sims, descriptors, files, heap, segments };
  }

  /** The address space of a forked child. */
  fork(): AddressSpace {
    const child = this.forkProcess();
    const copy = new AddressSpace(child, this.sims.copyFor(child), this.files);
    copy.heap.start = this.heap.start;
    copy.heap.end = this.heap.end;
    for (const [end, name] of this.tally.special) copy.tally.special.set(end, name);
    for (const [id, bytes] of this.segments) copy.segments.set(id, bytes);
    copy.mappingsChanged();
    return copy;
  }

  private forkProcess(): Process {
    try {
      return this.process.fork();
    } catch (error) {
      if (error instanceof SyscallError) outOfMemory('a forked process');
      throw error;
    }
  }

  faults(): FaultCounts {
    return {
      minorFaults: this.process.minorFaults - this.discountedMinor,
      majorFaults: this.process.majorFaults - this.discountedMajor,
    };
  }

  /** Faults that were somebody else's do not count here. */
  discount({ minorFaults, majorFaults }: FaultCounts): void {
    this.discountedMinor += minorFaults;
    this.discountedMajor += majorFaults;
  }

  mappingsChanged(): void {
    this.tally.heapStart = this.heap.start ?? 0;
    this.tally.heapEnd = this.heap.end;
    this.tally.invalidate();
  }

  get ended(): boolean {
    return this.finalResident !== undefined;
  }

  residentPages(): number {
    return this.process.task.mm.rss.reduce((sum, pages) => sum + pages, 0);
  }

  /** Before anything that may take pages away. */
  noteResident(): void {
    this.peakResident = Math.max(this.peakResident, this.residentPages());
  }

  /** The process has ended. */
  end(): void {
    if (this.finalResident !== undefined) return;
    this.noteResident();
    this.finalResident = this.residentPages();
    this.process.exit(0);
  }
}
