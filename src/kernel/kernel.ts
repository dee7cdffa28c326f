/**
 * The kernel: the one place that builds the machine's parts and wires them together.
 *
 * It makes tasks and hands out narrow parts; it passes itself to nobody. What a call does stands in
 * the call's own file; `finishCall` is what every public call ends with: due alarms, trace sinks,
 * and at level 2 the whole-machine check.
 */

import { assert, UserError } from '../assert.ts';
import { Clock } from '../clock.ts';
import type { ResolvedConfig } from '../config.ts';
import { Counters } from '../counters.ts';
import { BlockDevice } from '../disk/block-device.ts';
import { BlockAllocator } from '../disk/block-map.ts';
import { latencyModel } from '../disk/latency.ts';
import { O_LARGEFILE, O_RDWR } from '../flags.ts';
import { FrameAllocator } from '../mmu/buddy.ts';
import { FrameTable } from '../mmu/frames.ts';
import { Mmu } from '../mmu/mmu.ts';
import { PageTables } from '../mmu/page-tables.ts';
import { Ram } from '../mmu/ram.ts';
import { TlbLevel } from '../mmu/tlb.ts';
import { PageCache } from '../pagecache/page-cache.ts';
import { Rng } from '../rng.ts';
import { addressBits } from '../scheme.ts';
import { Trace } from '../trace.ts';
import { AccessEngine } from './access.ts';
import { AnonVmas } from './anon-vma.ts';
import { Asids } from './asids.ts';
import { BlockIo } from './block-io.ts';
import { Commitments } from './commitments.ts';
import { Cpu } from './cpu.ts';
import { standardMounts } from './devices.ts';
import { EntryRuns } from './entry-runs.ts';
import { Exiter } from './exit.ts';
import { FaultHandler } from './fault.ts';
import { FdTable } from './fd-table.ts';
import { LockWaiters } from './file-lock.ts';
import { FilePages } from './file-pages.ts';
import { fork, newThread, vfork } from './fork.ts';
import { FramePool } from './frame-pool.ts';
import { Ext4 } from './fs-ext4.ts';
import { Hugetlbfs } from './fs-hugetlb.ts';
import { Tmpfs } from './fs-tmpfs.ts';
import { Futexes } from './futex-queues.ts';
import { PagePinner } from './gup.ts';
import { HugePools } from './huge-pool.ts';
import { Hugetlb } from './hugetlb.ts';
import { Inodes } from './inodes.ts';
import { Limits } from './limits.ts';
import { accountPages } from './memory-limits.ts';
import { Mm } from './mm.ts';
import { Namespace } from './namespace.ts';
import { OpenFile } from './open-file.ts';
import { OpenFiles } from './open-files.ts';
import { OwnerTable } from './owners.ts';
import { PageMapper } from './page-mapper.ts';
import { Placement } from './placement.ts';
import { Populator } from './populate.ts';
import { Rmap } from './rmap.ts';
import { SharedMemory } from './shared-memory.ts';
import { ShmDirectory } from './shm-open.ts';
import { ShmSegments } from './shm-segments.ts';
import { Signals } from './signals.ts';
import { StackGrowth } from './stack-growth.ts';
import { Task, ThreadGroup } from './task.ts';
import { TlbFlusher } from './tlb-flush.ts';
import { Truncator } from './truncate.ts';
import { Unmapper } from './unmap.ts';
import { VM_ACCOUNT, VM_GROWSDOWN, VM_MAYEXEC, VM_MAYREAD, VM_MAYWRITE, VM_READ, VM_WRITE } from './vm-flags.ts';
import { VmaOps } from './vma-ops.ts';
import { Waits } from './waits.ts';
import { Writeback } from './writeback.ts';
import { Zapper } from './zap.ts';

/** Share of RAM that has contents when only page tables have: the low zone. */
const LOW_ZONE_BYTES_MAX = 2 ** 30;
const STANDARD_DESCRIPTORS = 3;

/** Everything that stands still while the machine runs: built once, shared by the calls. */
export type KernelParts = ReturnType<typeof buildParts>;

function buildMachineRoom(config: ResolvedConfig) {
  const { pageSize } = config;
  const lowBytes =
    config.contents === 'all'
      ? config.ramBytes
      : Math.min(config.ramBytes, Math.max(pageSize * 64, Math.min(LOW_ZONE_BYTES_MAX, config.ramBytes / 8)));
  const contentBytes = Math.floor(lowBytes / pageSize) * pageSize;
  const ram = new Ram(contentBytes, pageSize);
  const frames = new FrameTable(config.ramBytes / pageSize);
  const allocator = new FrameAllocator(frames, contentBytes / pageSize);
  const tables = new PageTables(config.scheme, ram, frames, allocator);
  const rng = new Rng(config.seed);
  const trace = new Trace();
  const canonicalEnd = canonicalLimit(config);
  const cpus = Array.from({ length: config.cpus }, (_, id) => {
    const [l1, l2] = config.tlb.map((level, depth) => new TlbLevel(level, rng.stream(`tlb.${id}.${depth}`)));
    return new Cpu(id, new Mmu(tables, ram, l1, l2 ?? null, canonicalEnd, trace));
  });
  return { config, pageSize, canonicalEnd, ram, frames, allocator, tables, rng, trace, cpus };
}

/** First address that no user access may use: half of a 64-bit space, all of a smaller one. */
function canonicalLimit(config: ResolvedConfig): number {
  const bits = addressBits(config.scheme);
  return bits > 32 ? 2 ** (bits - 1) : 2 ** bits;
}

function buildParts(config: ResolvedConfig) {
  const room = buildMachineRoom(config);
  const { ram, frames, allocator, tables, cpus, rng, trace, pageSize } = room;
  const { costs } = config;
  const clock = new Clock();
  const counters = new Counters();
  const owners = new OwnerTable();
  const pool = new FramePool(frames, allocator, counters, trace);
  ram.zeroFrame(pool.zeroPfn);
  const cache = new PageCache(frames, trace);
  const flusher = new TlbFlusher(cpus, clock, costs, counters, trace);
  const mapper = new PageMapper(frames, tables, pool, cache, owners, trace);
  const device = new BlockDevice(
    config.disk,
    pageSize,
    clock,
    latencyModel(config.disk, pageSize, rng.stream('disk')),
    trace,
  );
  const io = new BlockIo(clock, device, ram, frames, cache, owners, counters, trace);
  const filePages = new FilePages(frames, ram, pool, cache, io, config.readAheadPages);
  const rmap = new Rmap(frames, tables, owners, flusher);
  const runs = new EntryRuns(frames, tables, pool, mapper, trace);
  const zapper = new Zapper(frames, tables, mapper, runs, flusher, trace);
  const truncator = new Truncator(pageSize, filePages, cache, zapper);
  const writeback = new Writeback(pageSize, filePages, cache, rmap, io, counters, trace);
  const inodes = new Inodes(owners, clock);
  const lockWaiters = new LockWaiters();
  const openFiles = new OpenFiles(filePages, owners, lockWaiters, config.filesMax);
  const commitments = new Commitments(
    config.overcommit,
    pageSize,
    config.ramBytes / pageSize - config.hugePages * tables.entriesPerTable,
  );
  const memoryFs = new Tmpfs(pageSize, config.scheme.wordBits, filePages, truncator, cache, commitments);
  const rootFs =
    config.fs === 'tmpfs' ? memoryFs : new Ext4(device, new BlockAllocator(device), ram, truncator, writeback);
  const shmDirectory = new ShmDirectory(inodes, openFiles, memoryFs);
  const namespace = new Namespace(inodes, openFiles, rootFs, standardMounts(inodes, memoryFs));
  const randomBytes = rng.stream('dev.random');
  const hugePools = new HugePools(frames, pageSize, Math.log2(tables.entriesPerTable));
  hugePools.fill(pool, config.hugePages);
  const hugetlbFs = new Hugetlbfs(pageSize, config.scheme.wordBits, filePages, truncator, cache, commitments, zapper);
  const hugetlb = new Hugetlb(hugePools, hugetlbFs, inodes, openFiles);
  const sharedMemory = new SharedMemory(memoryFs, inodes, openFiles, commitments);
  const segments = new ShmSegments(config.shm, pageSize, sharedMemory, hugetlb);
  const anonVmas = new AnonVmas(owners);
  const vmaOps = new VmaOps(anonVmas, openFiles, config.maxMapCount, trace);
  const unmapper = new Unmapper(vmaOps, zapper, tables, trace);
  const placement = new Placement(config.layout, pageSize, config.scheme.wordBits);
  const faultParts = {
    frames,
    tables,
    ram,
    pool,
    cache,
    mapper,
    filePages,
    rmap,
    anonVmas,
    flusher,
    counters,
    trace,
    clock,
    costs,
    faultAroundPages: config.faultAroundPages,
  };
  const stackGrowth = new StackGrowth(config.layout.placedMin, anonVmas, trace);
  const faults = new FaultHandler(faultParts, stackGrowth, room.canonicalEnd);
  const populator = new Populator(tables, faults);
  const pinner = new PagePinner(frames, tables, pool, mapper, faults);
  const asids = new Asids(cpus, config.scheme.asidBits);
  const engine = new AccessEngine(ram, cpus[0].mmu, faults, flusher, asids, clock, costs, counters, trace);
  const futexes = new Futexes();
  const waits = new Waits();
  const exiter = new Exiter(unmapper, openFiles, tables, flusher, futexes, waits, cpus, engine);
  const signals = new Signals(exiter, counters, trace);
  return {
    ...room,
    costs,
    clock,
    counters,
    owners,
    pool,
    cache,
    flusher,
    mapper,
    runs,
    device,
    io,
    filePages,
    rmap,
    zapper,
    truncator,
    writeback,
    inodes,
    openFiles,
    memoryFs,
    namespace,
    shmDirectory,
    randomBytes,
    sharedMemory,
    hugetlb,
    commitments,
    segments,
    anonVmas,
    vmaOps,
    unmapper,
    placement,
    faultParts,
    stackGrowth,
    faults,
    populator,
    pinner,
    engine,
    futexes,
    waits,
    lockWaiters,
    exiter,
    signals,
    asids,
  };
}

export class Kernel {
  readonly parts: KernelParts;
  readonly tasks: Map<number, Task>;
  private lastTaskId: number;
  private lastMmId: number;

  constructor(config: ResolvedConfig) {
    this.parts = buildParts(config);
    this.tasks = new Map();
    this.lastTaskId = 0;
    this.lastMmId = 0;
  }

  /** A first task with an empty address space but for its stack, and /dev/null three times. */
  spawn(): Task {
    const { parts } = this;
    const { config, cpus, tables, asids } = parts;
    const guard = config.layout.stackGuardPages * config.pageSize;
    const mm = new Mm(++this.lastMmId, config.pageSize, config.scheme.wordBits, guard, parts.commitments);
    mm.root = tables.newTable();
    if (mm.root === 0)
      throw new UserError(
        `a machine with ${config.ramBytes} bytes of RAM has no frame left for a process; configure more`,
      );
    asids.assign(mm);
    mm.startBrk = config.layout.brkStart;
    mm.brk = mm.startBrk;
    const id = ++this.lastTaskId;
    const group = new ThreadGroup(id, null, new Limits(config.memlockLimit, config.stackLimit));
    const task = new Task(id, group, mm, new FdTable(), cpus[(id - 1) % cpus.length]);
    this.openStandardDescriptors(task);
    if (config.layout.stackPages > 0) this.mapStack(task);
    this.tasks.set(id, task);
    return task;
  }

  private openStandardDescriptors(task: Task): void {
    const entry = this.parts.namespace.lookup('/dev/null');
    assert(typeof entry !== 'number', 'there is no /dev/null');
    for (let fd = 0; fd < STANDARD_DESCRIPTORS; fd++) {
      task.files.install(new OpenFile(entry.inode, O_RDWR | O_LARGEFILE, entry.dentry), 0, STANDARD_DESCRIPTORS);
    }
  }

  private mapStack(task: Task): void {
    const { layout, pageSize } = this.parts.config;
    const flags = VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | VM_GROWSDOWN | VM_ACCOUNT;
    const start = layout.stackTop - layout.stackPages * pageSize;
    const range = {
      start,
      end: layout.stackTop,
      flags,
      pgoff: start / pageSize,
      file: null,
      anonVma: null,
      copiedFrom: null,
    };
    const vma = this.parts.vmaOps.mapNewRange(task.mm, range);
    vma.name = '[stack]';
    accountPages(task.mm, flags, layout.stackPages);
  }

  /** A child of `parent`, or a negative errno. */
  fork(parent: Task): Task | number {
    const child = fork(this.parts, parent, this.lastTaskId + 1, this.lastMmId + 1);
    if (typeof child === 'number') return child;
    this.lastMmId = child.mm.id;
    return this.enlist(child);
  }

  /** For an address space that is made elsewhere. */
  takeMmId(): number {
    return ++this.lastMmId;
  }

  /** A child of `parent` in the same address space; the parent waits. */
  vfork(parent: Task): Task {
    const child = this.enlist(vfork(parent, this.lastTaskId + 1));
    this.parts.engine.active = null;
    return child;
  }

  /** Another thread of the process of `task`. */
  thread(task: Task): Task {
    return this.enlist(newThread(task, this.lastTaskId + 1));
  }

  /** A task that has been waited for: nobody finds it by its number any more, and what it held may go. */
  release(task: Task): void {
    this.tasks.delete(task.id);
  }

  /** Gives a new task a place in the table and a CPU. */
  private enlist(task: Task): Task {
    const { cpus } = this.parts;
    this.lastTaskId = task.id;
    task.cpu = cpus[(task.id - 1) % cpus.length];
    this.tasks.set(task.id, task);
    return task;
  }
}
