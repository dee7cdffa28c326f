/**
 * One process (or thread) of the recorded run: its log, played on its simulated address space.
 *
 * Place: session.ts decides who runs; this reads its log until it needs bytes, waits for another process, or
 * ends. Accesses go to access-runner.ts, calls to call-runner.ts; what makes and ends address spaces is here:
 * execve, fork, vfork, threads, exit, and whom a process waits for.
 */

import type { Process } from '../index.ts';
import { AccessBatch, WRITE } from './access-batch.ts';
import { AccessRunner } from './access-runner.ts';
import { AddressSpace } from './address-space.ts';
import { failAt } from './bad-line.ts';
import { CallRunner, type KernelAreas } from './call-runner.ts';
import type { Descriptors } from './descriptors.ts';
import { type ForkRequest, forkRequest, makesChild } from './fork-flags.ts';
import { type Image, mapImage } from './image.ts';
import type { AddressRange, EventReader, LogEvent, RecordedCall } from './log-event.ts';
import { LINE_CONTINUE, LINE_PAUSE, LogScanner, type LogSink, SCAN_ENDED, SCAN_PAUSED } from './log-scanner.ts';
import type { RecordedFiles } from './recorded-files.ts';
import type { StraceCalls } from './strace-log.ts';
import { syscallNumber } from './syscall-numbers.ts';
import type { FaultCounts } from './truth-lines.ts';

export type ForkEvent = Extract<LogEvent, { kind: 'fork' }>;

/** What a process needs from the session. */
export interface SessionServices {
  readonly files: RecordedFiles;
  readonly straceFile: string | undefined;
  newProcess(): Process;
  /** Brings fault kinds up to date. */
  drainTrace(): void;
  /** Sets a process's fault counts by kind to none. */
  forgetFaults(process: Process): void;
  /** What the last execve of a process mapped; throws `UserError` if no file says. */
  imageOf(name: string): Image;
  straceOf(pid: number): StraceCalls | undefined;
  /** Puts a child into the run. */
  adopt(fork: ForkEvent, birth: Birth): TracedProcess;
}

/** What a process starts with. */
export interface Birth {
  /** Undefined: an execve comes first. */
  readonly space: AddressSpace | undefined;
  readonly descriptors: Descriptors;
  readonly strace: StraceCalls | undefined;
  readonly areas: KernelAreas;
  readonly isThread: boolean;
  /** `space` is the parent's until an execve. */
  readonly borrows: boolean;
  /** Accesses that are the recorder's own, in the parent. */
  readonly hidden: Readonly<AddressRange>;
}

const numberOf = (name: string): number => syscallNumber(name) as number;
const NR_WAIT4 = numberOf('wait4');
const NR_WAITID = numberOf('waitid');
const NR_READ = numberOf('read');
const NR_EXIT_GROUP = numberOf('exit_group');
const P_PID = 1;
/** Calls in which a process may have waited for another: the others get their turn first. */
const YIELDING: ReadonlySet<number> = new Set(
  [
    'futex',
    'poll',
    'ppoll',
    'select',
    'pselect6',
    'epoll_wait',
    'epoll_pwait',
    'nanosleep',
    'clock_nanosleep',
    'sched_yield',
  ].map(numberOf),
);

export class TracedProcess implements LogSink {
  readonly name: string;
  readonly scanner: LogScanner;
  readonly isThread: boolean;
  readonly accessRunner: AccessRunner;
  private readonly calls: CallRunner;
  private readonly events: EventReader;
  private readonly services: SessionServices;
  private descriptors: Descriptors;
  /** Undefined before the first execve. */
  space: AddressSpace | undefined;
  /** `space` belongs to the parent, who waits; its faults when the borrowing began. */
  private borrowed: FaultCounts | undefined;
  /** Faults in a borrowed address space. */
  private ownFaults: FaultCounts;
  /** Children by the pid that the log gives them. */
  private readonly children: Map<number, TracedProcess>;
  private pendingFork: ForkEvent | undefined;
  /** A call that waits for another process. */
  private stalled: { readonly call: RecordedCall; readonly line: number } | undefined;
  /** What it waits for; undefined when it can run. */
  waiting: (() => boolean) | undefined;
  ended: boolean;
  /** Its log is read to the end. */
  exhausted: boolean;
  /** It has left its parent's address space. */
  released: boolean;
  /** Its log has come to the exit, which waits for threads. */
  private ending: boolean;
  /** The address space that it had at its end. */
  last: AddressSpace | undefined;

  constructor(name: string, log: string, events: EventReader, services: SessionServices, birth: Birth) {
    this.name = name;
    this.scanner = new LogScanner(log, this);
    this.isThread = birth.isThread;
    this.accessRunner = new AccessRunner(log, events.hidden);
    this.calls = new CallRunner(log, services.straceFile, birth.strace, birth.areas);
    this.events = events;
    this.services = services;
    this.descriptors = birth.descriptors;
    this.space = birth.space;
    this.borrowed = birth.borrows ? birth.space?.faults() : undefined;
    this.ownFaults = { minorFaults: 0, majorFaults: 0 };
    this.children = new Map();
    this.pendingFork = undefined;
    this.stalled = undefined;
    this.waiting = undefined;
    this.ended = false;
    this.exhausted = false;
    this.released = false;
    this.ending = false;
    this.last = undefined;
  }

  /** Goes on until it needs bytes, pauses or ends; a SCAN_* result. */
  run(): number {
    this.waiting = undefined;
    if (this.ending) this.finish();
    const { stalled } = this;
    this.stalled = undefined;
    if (stalled !== undefined && this.finishCall(stalled.call, stalled.line) === LINE_PAUSE) return SCAN_PAUSED;
    const result = this.scanner.run();
    if (result === SCAN_ENDED) this.exhausted = true;
    return result;
  }

  accesses(batch: AccessBatch): void {
    if (this.events.startsImage()) this.exec();
    const { space } = this;
    if (space === undefined) {
      failAt(
        this.scanner.file,
        batch.firstLine,
        'accesses before the program has an address space: a log of a first process begins with #EXEC',
      );
    }
    if (space.ended) return;
    if (this.accessRunner.begins(space, batch)) {
      this.services.drainTrace();
      this.services.forgetFaults(space.process);
    }
    this.accessRunner.run(space, batch);
    this.services.drainTrace();
  }

  line(text: string, line: number): number {
    let result = LINE_CONTINUE;
    for (const event of this.events.read(text, line)) if (this.handle(event, line) === LINE_PAUSE) result = LINE_PAUSE;
    return result;
  }

  private handle(event: LogEvent, line: number): number {
    if (event.kind === 'call') return this.beginCall(event.call, line);
    if (event.kind === 'exit') return this.end();
    if (event.kind === 'exec') this.exec();
    else if (event.kind === 'fork') this.pendingFork = event;
    else if (event.kind === 'access') this.accesses(AccessBatch.single(event.what, event.va, event.size, line));
    else if (event.kind === 'signal' && event.attempt) this.accessRunner.attempt();
    else this.accessRunner.signalDelivered();
    return LINE_CONTINUE;
  }

  private exec(): void {
    const { services } = this;
    const image = services.imageOf(this.name);
    this.leaveSpace();
    const space = AddressSpace.of(services.newProcess(), services.files);
    this.descriptors = this.descriptors.copy();
    this.descriptors.exec();
    mapImage(space.process, space.sims, services.files, image);
    for (const { path, end } of image.mappings) if (path.startsWith('[')) space.tally.special.set(end, path);
    space.process.resetFaults();
    this.space = space;
    this.calls.areas = { rseq: 0, vdso: image.hiddenVdso };
    this.accessRunner.begin(image);
  }

  /** Gives a borrowed address space back, or ends one of its own. */
  private leaveSpace(): void {
    const { space, borrowed } = this;
    if (borrowed !== undefined && space !== undefined) {
      const now = space.faults();
      this.ownFaults = {
        minorFaults: now.minorFaults - borrowed.minorFaults,
        majorFaults: now.majorFaults - borrowed.majorFaults,
      };
      space.discount(this.ownFaults);
    } else if (!this.isThread) space?.end();
    this.borrowed = undefined;
    this.space = undefined;
    this.released = true;
  }

  /** A call has returned: plays it now, or when the process that it waited for has come so far. */
  private beginCall(call: RecordedCall, line: number): number {
    const waiting = this.waitsFor(call);
    if (waiting === undefined || waiting()) return this.finishCall(call, line);
    this.stalled = { call, line };
    this.waiting = waiting;
    return LINE_PAUSE;
  }

  private waitsFor({ nr, args, result }: RecordedCall): (() => boolean) | undefined {
    if (result === undefined || result < 0) return undefined;
    const child = this.children.get(nr === NR_WAIT4 ? result : nr === NR_WAITID && args[0] === P_PID ? args[1] : -1);
    if (child !== undefined) return () => child.ended;
    const pipe = nr === NR_READ ? this.descriptors.get(args[0])?.pipe : undefined;
    if (pipe !== undefined) return () => pipe.bytes >= result;
    if (!YIELDING.has(nr)) return undefined;
    let asked = false;
    return () => {
      const before = asked;
      asked = true;
      return before;
    };
  }

  private finishCall(call: RecordedCall, line: number): number {
    const { space } = this;
    if (space === undefined || space.ended) return LINE_CONTINUE;
    const match = this.calls.match(call, line);
    if (this.pendingFork !== undefined && makesChild(call.nr)) {
      return this.fork(space, this.pendingFork, forkRequest(call, this.pendingFork.how, match?.detail), match?.result);
    }
    this.calls.run(space, this.descriptors, call, match?.detail);
    return call.nr === NR_EXIT_GROUP ? this.end() : LINE_CONTINUE;
  }

  private fork(space: AddressSpace, event: ForkEvent, request: ForkRequest, stracePid: number | undefined): number {
    this.pendingFork = undefined;
    const birth: Birth = {
      space: request.sharesMemory ? space : space.fork(),
      descriptors: request.sharesFiles ? this.descriptors : this.descriptors.copy(),
      strace: stracePid === undefined ? undefined : this.services.straceOf(stracePid),
      areas: request.isThread ? { ...this.calls.areas, rseq: 0 } : this.calls.areas,
      isThread: request.isThread,
      borrows: request.sharesMemory && !request.isThread,
      hidden: this.events.hidden,
    };
    const child = this.services.adopt(event, birth);
    this.children.set(event.child, child);
    if (request.parentTid !== 0) space.process.kernelTouch(request.parentTid, 4, WRITE);
    if (request.childTid !== 0) birth.space?.process.kernelTouch(request.childTid, 4, WRITE);
    if (!request.sharesMemory) {
      this.calls.touchRseq(space);
      child.calls.touchRseq(birth.space as AddressSpace);
    }
    if (!request.waits) return LINE_CONTINUE;
    this.waiting = () => child.released;
    return LINE_PAUSE;
  }

  /** The log says that the process has ended; its threads play their logs to the end first. */
  private end(): number {
    const threads = [...this.children.values()].filter(({ isThread, ended }) => isThread && !ended);
    if (threads.length > 0) {
      this.waiting = () => threads.every(({ ended }) => ended);
      this.ending = true;
      return LINE_PAUSE;
    }
    this.finish();
    return LINE_CONTINUE;
  }

  /** Nothing more comes from this log. */
  finish(): void {
    if (this.ended) return;
    this.ended = true;
    const { space } = this;
    if (this.borrowed === undefined) this.last = space;
    this.leaveSpace();
  }

  /** Minor and major faults since the last execve, or since it was made. */
  faults(): FaultCounts {
    const space = this.space ?? this.last;
    return space === undefined || this.borrowed !== undefined ? this.ownFaults : space.faults();
  }
}
