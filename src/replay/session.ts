/**
 * A replay: the processes of a recorded run on one simulated machine.
 *
 * Place: the entry's main class. A host (src/cli) asks `advance` which log must be read on, supplies bytes,
 * and in the end takes the result; nothing here reads or waits. One process runs at a time, until it needs
 * bytes or waits for another (its child's end, bytes in a pipe, a vfork child's execve): an order that
 * depends on the logs alone.
 */

import { UserError } from '../assert.ts';
import { Machine, type Process } from '../index.ts';
import { Descriptors } from './descriptors.ts';
import { FaultKinds } from './fault-kinds.ts';
import { type Image, imageOf, valgrindImage } from './image.ts';
import { LackeyEvents } from './lackey-events.ts';
import { SCAN_ENDED, SCAN_NEEDS_DATA } from './log-scanner.ts';
import { parseMaps } from './maps-lines.ts';
import { NstepEvents } from './nstep-events.ts';
import { RecordedFiles } from './recorded-files.ts';
import type { RecordedRun } from './recorded-run.ts';
import { type ReplayResult, resultOf } from './result.ts';
import type { StraceLog } from './strace-log.ts';
import { type Birth, type ForkEvent, type SessionServices, TracedProcess } from './traced-process.ts';
import type { FaultCounts } from './truth-lines.ts';

export interface ReplayOptions {
  /** The folder, for sentences. */
  readonly folder: string;
  /** Bytes of simulated RAM, as a number or '4G'. */
  readonly ram: number | string;
  /** Text of each maps-exec file, by process name. */
  readonly maps: ReadonlyMap<string, string>;
  /** The whole strace, if the run has one. */
  readonly strace: StraceLog | undefined;
}

export class Replay {
  readonly run: RecordedRun;
  readonly machine: Machine;
  readonly kinds: FaultKinds;
  /** In the order of their making. */
  readonly processes: TracedProcess[];
  private readonly options: ReplayOptions;
  private readonly services: SessionServices;
  private readonly images: Map<string, Image>;
  private current: TracedProcess;
  private readonly byLog: Map<string, TracedProcess>;
  private ended: boolean;

  /** Throws `UserError` for a malformed maps file or a RAM size that cannot be. */
  constructor(run: RecordedRun, options: ReplayOptions) {
    this.run = run;
    this.options = options;
    this.machine = new Machine({
      contents: 'tables',
      fs: 'ext4',
      ram: options.ram,
      stackLimit: Number.POSITIVE_INFINITY,
      invariants: 0,
    });
    this.kinds = new FaultKinds();
    this.machine.attach(this.kinds);
    this.processes = [];
    this.images = new Map();
    this.byLog = new Map();
    this.ended = false;
    this.services = this.makeServices();
    const { strace } = options;
    this.current = this.add('p0', {
      space: undefined,
      descriptors: Descriptors.standard(),
      strace: strace?.callsOf(strace.firstPid ?? 0),
      areas: { rseq: 0, vdso: undefined },
      isThread: false,
      borrows: false,
      hidden: { start: 0, end: 0 },
    });
  }

  private makeServices(): SessionServices {
    const { strace } = this.options;
    const native = this.run.kind === 'nstep';
    return {
      files: new RecordedFiles(this.machine, strace?.sizes ?? new Map()),
      straceFile: strace?.file,
      newProcess: (): Process => this.machine.spawn(),
      drainTrace: () => this.drainTrace(),
      forgetFaults: (process) => this.kinds.reset(process.id),
      imageOf: (name) => this.imageOf(name),
      // A run under Valgrind makes other calls than a native one: its strace gives sizes, but is not walked along.
      straceOf: (pid) => (native ? strace?.callsOf(pid) : undefined),
      adopt: (fork, birth) => this.adopt(fork, birth),
    };
  }

  private imageOf(name: string): Image {
    const known = this.images.get(name);
    if (known !== undefined) return known;
    const file = this.run.maps.get(name);
    const text = this.options.maps.get(name);
    if (file === undefined || text === undefined) {
      throw new UserError(
        `${this.options.folder} has no truth/${name}.maps-exec, which says what the execve of ${name} mapped`,
      );
    }
    const mappings = parseMaps(`${this.options.folder}/${file}`, text);
    const image = this.run.kind === 'nstep' ? imageOf(mappings) : valgrindImage(mappings);
    this.images.set(name, image);
    return image;
  }

  private adopt(fork: ForkEvent, birth: Birth): TracedProcess {
    return this.add(fork.log ?? `p${this.processes.length}`, birth);
  }

  private add(name: string, birth: Birth): TracedProcess {
    const file = this.run.logs.get(name);
    if (file === undefined) {
      throw new UserError(
        `${this.options.folder} holds no log of process ${name}, which the log of its parent names; record every process, or copy all logs`,
      );
    }
    const path = `${this.options.folder}/${file}`;
    const events = this.run.kind === 'nstep' ? new NstepEvents(path) : new LackeyEvents(path, birth.hidden);
    const strace = this.run.kind === 'nstep' ? birth.strace : undefined;
    const process = new TracedProcess(name, path, events, this.services, { ...birth, strace });
    this.processes.push(process);
    this.byLog.set(file, process);
    return process;
  }

  /** Runs until a log must be read on; its file in the folder, or undefined at the end. */
  advance(): string | undefined {
    while (!this.ended) {
      const result = this.current.run();
      if (result === SCAN_NEEDS_DATA) return this.run.logs.get(this.current.name);
      if (result === SCAN_ENDED) this.current.finish();
      this.next();
    }
    return undefined;
  }

  /** The next bytes of a log, or its end. */
  supply(file: string, chunk: Uint8Array | undefined): void {
    const scanner = this.byLog.get(file)?.scanner;
    if (chunk === undefined) scanner?.end();
    else scanner?.push(chunk);
  }

  /**
   * Who runs now: the first that waits for nothing, beginning behind the current one; if all wait, the first
   * of them.
   */
  private next(): void {
    const place = this.processes.indexOf(this.current) + 1;
    const order = [...this.processes.slice(place), ...this.processes.slice(0, place)].filter(
      (process) => !process.exhausted,
    );
    if (order.length === 0) this.ended = true;
    else this.current = order.find(({ waiting }) => waiting === undefined || waiting()) ?? order[0];
  }

  /**
   * What came of it, once `advance` has given undefined; with the kernel's counts by process number, if there
   * are some.
   */
  result(truth: ReadonlyMap<number, FaultCounts>): ReplayResult {
    this.drainTrace();
    const { run, machine, kinds, processes } = this;
    return resultOf({ run, machine, kinds, processes, truth, programOf: (name) => this.programOf(name) });
  }

  /** The first file that its image maps; a forked child has its parent's. */
  private programOf(name: string): string {
    const image = this.images.get(name) ?? this.images.get('p0');
    return image?.mappings.find(({ path }) => path.startsWith('/'))?.path ?? '';
  }

  /** Lets the sinks have what the trace holds, so that it stays small between system calls. */
  private drainTrace(): void {
    this.machine.detach(this.kinds);
    this.machine.attach(this.kinds);
  }
}
