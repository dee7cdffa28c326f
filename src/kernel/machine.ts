/**
 * The machine: what `import { Machine } from 'faultline'` gives.
 *
 * Place: the public face of the kernel. Build it from a configuration, spawn processes, let them
 * run, look inside.
 */

import { UserError } from '../assert.ts';
import { type MachineConfig, type ResolvedConfig, resolveConfig } from '../config.ts';
import {
  COUNT_ACCESSES,
  COUNT_DIRTY_ASSISTS,
  COUNT_L1_MISSES,
  COUNT_L2_MISSES,
  COUNT_WALK_REFERENCES,
} from '../mmu/access-counts.ts';
import { TRACE_EVENT, type TraceRecord, type TraceSink } from '../trace.ts';
import { offsetOf, pageOf, type Word } from '../units.ts';
import { type Explanation, explain } from './explain.ts';
import { explanationLines } from './explain-text.ts';
import { checkMachine } from './invariants.ts';
import { Kernel } from './kernel.ts';
import type { MountFlags } from './namespace.ts';
import { narrate } from './narrate.ts';
import { Process } from './process.ts';
import { restoreGraph, type Snapshot, saveGraph } from './snapshot.ts';
import type { Task } from './task.ts';

/** Exact TLB and walk counts since the start, summed over CPUs. */
export interface TlbCounts {
  /** Translations asked for (an access that faults asks again). */
  readonly accesses: number;
  readonly l1Hits: number;
  readonly l1Misses: number;
  /** 0 in a machine with one level. */
  readonly l2Hits: number;
  readonly l2Misses: number;
  /** Page-table entries read by walks. */
  readonly walkReferences: number;
  /** First stores through a clean translation: the walker sets the dirty bit. */
  readonly dirtyAssists: number;
}

export class Machine {
  readonly config: ResolvedConfig;
  private readonly kernel: Kernel;

  /** Throws `UserError` for a configuration that cannot work. */
  constructor(config: MachineConfig = {}) {
    this.config = resolveConfig(config);
    this.kernel = new Kernel(this.config);
  }

  /** A new process with an empty address space (but for its stack) and descriptors 0, 1, 2 on /dev/null. */
  spawn(): Process {
    return new Process(this.kernel, this.kernel.spawn());
  }

  /** The processes that have not ended. */
  processes(): Process[] {
    return [...this.kernel.tasks.values()]
      .filter((task: Task) => !task.exited)
      .map((task) => new Process(this.kernel, task));
  }

  /** Simulated nanoseconds since the start. */
  get timeNs(): number {
    const { clock, costs } = this.kernel.parts;
    const { accesses, l2Hits, walkReferences } = this.tlbCounts();
    return (
      clock.nowNs + accesses * costs.tlbHitNs + l2Hits * costs.secondTlbHitNs + walkReferences * costs.walkReferenceNs
    );
  }

  tlbCounts(): TlbCounts {
    const total = new Float64Array(6);
    for (const cpu of this.kernel.parts.cpus) cpu.mmu.counts.forEach((count, place) => (total[place] += count));
    const twoLevels = this.config.tlb.length === 2;
    const l1Misses = total[COUNT_L1_MISSES];
    const l2Misses = twoLevels ? total[COUNT_L2_MISSES] : 0;
    return {
      accesses: total[COUNT_ACCESSES],
      l1Hits: total[COUNT_ACCESSES] - l1Misses,
      l1Misses,
      l2Hits: twoLevels ? l1Misses - l2Misses : 0,
      l2Misses,
      walkReferences: total[COUNT_WALK_REFERENCES],
      dirtyAssists: total[COUNT_DIRTY_ASSISTS],
    };
  }

  /** The counters, named as in /proc/vmstat where Linux has the name. */
  vmstat(): Record<string, number> {
    const { counters, cache, pool, tables } = this.kernel.parts;
    return {
      ...counters.toRecord(),
      nr_free_pages: pool.freeFrames,
      nr_file_pages: cache.pages,
      nr_dirty: cache.dirtyPages,
      nr_page_table_pages: tables.tableFrames,
    };
  }

  /** Sends trace records to `sink` from now on. */
  attach(sink: TraceSink): void {
    this.kernel.parts.trace.attach(sink);
  }

  detach(sink: TraceSink): void {
    this.kernel.parts.trace.detach(sink);
  }

  /** Hands the sinks what is still in the buffer: accesses that did not fault leave their records there. */
  drainTrace(): void {
    this.kernel.parts.trace.drain();
  }

  /** Everything about an address as a process sees it, and what an access there would do now. Changes nothing. */
  explain(process: Process, address: Word): Explanation & { readonly lines: readonly string[] } {
    const found = explain(this.kernel.parts, process.task, address);
    return { ...found, lines: explanationLines(found) };
  }

  /** Lines that tell what trace records say; `name` may give an address a second name ('' for none). */
  narrate(records: readonly TraceRecord[], name: (va: number) => string = () => ''): string[] {
    const { tables, config, pageSize } = this.kernel.parts;
    const fileName = (owner: number): string => this.fileName(owner);
    return narrate(records, { tables, pageSize, twoTlbLevels: config.tlb.length === 2, name, fileName });
  }

  /** Base name of the file whose cache has the id `owner`, as long as a process has it open or mapped. */
  private fileName(owner: number): string {
    for (const task of this.kernel.tasks.values()) {
      if (task.exited) continue;
      for (const file of task.files.files()) if (file.inode.id === owner) return file.dentry.shown;
      for (const vma of task.mm.vmas) if (vma.file?.inode.id === owner) return vma.file.dentry.shown;
    }
    return 'the file';
  }

  /** Moves a process to another CPU, where it runs from now on. Throws `UserError` if there is no such CPU. */
  moveToCpu(process: Process, cpu: number): void {
    const { cpus, engine } = this.kernel.parts;
    if (!(cpu in cpus)) {
      const those = cpus.length === 1 ? 'only CPU 0' : `CPUs 0 to ${cpus.length - 1}`;
      throw new UserError(`there is no CPU ${cpu}; this machine has ${those}`);
    }
    process.task.cpu = cpus[cpu];
    if (engine.active === process.task) engine.active = null;
  }

  /**
   * Sets vm.overcommit_memory (0, 1, 2) and vm.overcommit_ratio (percent), from now on; what was promised stays. Throws
   * `UserError` for other numbers.
   */
  setOvercommit(mode: number, ratio: number): void {
    if (mode !== 0 && mode !== 1 && mode !== 2)
      throw new UserError(`there is no overcommit mode ${mode}; choose 0, 1 or 2`);
    if (!Number.isSafeInteger(ratio) || ratio < 0)
      throw new UserError(`the overcommit ratio is ${ratio}; it must be a whole number of percent, such as 50`);
    this.kernel.parts.commitments.set(mode, ratio);
  }

  /** Committed_AS and CommitLimit of /proc/meminfo, in bytes, and the mode and ratio they are held against. */
  commitments(): {
    readonly committedBytes: number;
    readonly limitBytes: number;
    readonly mode: number;
    readonly ratio: number;
  } {
    const { commitments, pageSize } = this.kernel.parts;
    const { pages, limit, mode, ratio } = commitments;
    return { committedBytes: pages * pageSize, limitBytes: limit * pageSize, mode, ratio };
  }

  /** Keeps the last event records in a ring without a sink. */
  traceRing(): void {
    this.kernel.parts.trace.enable(TRACE_EVENT);
  }

  /** Everything the machine is, as of now; for `restore` of this same machine. */
  snapshot(): Snapshot {
    return saveGraph(this.kernel);
  }

  /** Back to a snapshot: what runs from here equals what ran from there. Processes made later are gone. */
  restore(snapshot: Snapshot): void {
    const { tasks } = this.kernel;
    const known = [...tasks.values()];
    restoreGraph(snapshot);
    // Whoever holds a process that was made later finds it ended.
    for (const task of known) if (tasks.get(task.id) !== task) task.exited = true;
  }

  /** Checks every invariant of the whole machine; throws `InvariantError`. */
  check(): void {
    checkMachine(this.kernel);
  }

  /**
   * Mounts an empty file system, of the kind that files are on, at /NAME, or mounts it anew with other flags; false (EBUSY)
   * while something is open for writing on what is to become read-only. It is found by absolute paths only.
   */
  mount(name: string, flags: MountFlags): boolean {
    if (!/^[^/]+$/.test(name)) throw new UserError(`a mount is called '${name}'; it must be one name without slashes`);
    return this.kernel.parts.namespace.mountAt(name, flags) === 0;
  }

  /** Makes a file of `bytes` zeros on the root file system; `cached: true` puts all its pages into the page cache. */
  createFile(path: string, bytes: number, options: { readonly cached: boolean }): void {
    const { namespace, filePages, pageSize } = this.kernel.parts;
    const entry = namespace.create(path, 0o755);
    if (typeof entry === 'number')
      throw new UserError(`cannot create '${path}': its directory does not exist or the name is not usable`);
    entry.inode.setSize(pageOf(bytes, pageSize), offsetOf(bytes, pageSize));
    if (options.cached && !filePages.warm(entry.inode))
      throw new UserError(`RAM is too small to cache '${path}' (${bytes} bytes); configure more`);
  }

  /** Test hook: the `k`-th frame allocation from now on fails (0 = the next); negative = never. */
  failAllocation(k: number): void {
    this.kernel.parts.allocator.failCountdown = k;
  }
}
