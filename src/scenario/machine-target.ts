/**
 * Runs the calls of a scenario on the simulated machine.
 *
 * Place: the adapter between the scenario language and the package's public face. The machine
 * starts as the language's README says: an empty address space, no capability, caught signals.
 * It knows nothing of how answers are printed.
 */

import {
  BUS_ADRALN,
  BUS_ADRERR,
  BUS_MCEERR_AR,
  SEGV_ACCERR,
  SEGV_MAPERR,
  SI_KERNEL,
  SI_USER,
  SIGBUS,
  SIGKILL,
  SIGPIPE,
  SIGSEGV,
  SIGXFSZ,
} from '../flags.ts';
import {
  type FileTimes,
  Machine,
  type MachineConfig,
  type SignalInfo as MachineSignal,
  type WaitStatus as MachineWait,
  type Process,
  SignalError,
} from '../index.ts';
import { type Arena, arenaOf } from './arena.ts';
import { HANDLER_DEFAULT, HANDLER_IGNORE } from './constants.ts';
import { Arguments, fileStatus, pair, recordLock, result } from './machine-answers.ts';
import { ATOMIC_HANDLERS, processVm, runFirstInstruction, usageOf } from './machine-atomics.ts';
import { machineDirectives } from './machine-directives.ts';
import * as proc from './machine-proc.ts';
import { SHM_HANDLERS } from './machine-shm.ts';
import type { Answer, Bases, Directive, SignalInfo, Target, TargetCall, WaitStatus } from './target.ts';

const SIGNAL_NAMES: ReadonlyMap<number, string> = new Map([
  [SIGSEGV, 'SIGSEGV'],
  [SIGBUS, 'SIGBUS'],
  [SIGXFSZ, 'SIGXFSZ'],
  [SIGPIPE, 'SIGPIPE'],
  [SIGKILL, 'SIGKILL'],
]);

const CODE_NAMES: ReadonlyMap<string, string> = new Map([
  [`${SIGSEGV}/${SEGV_MAPERR}`, 'SEGV_MAPERR'],
  [`${SIGSEGV}/${SEGV_ACCERR}`, 'SEGV_ACCERR'],
  [`${SIGBUS}/${BUS_ADRALN}`, 'BUS_ADRALN'],
  [`${SIGBUS}/${BUS_ADRERR}`, 'BUS_ADRERR'],
  [`${SIGBUS}/${BUS_MCEERR_AR}`, 'BUS_MCEERR_AR'],
]);

function signalName(signal: number): string {
  return SIGNAL_NAMES.get(signal) ?? `SIG${signal}`;
}

function describeSignal(info: MachineSignal): SignalInfo {
  const name = signalName(info.signal);
  if (info.code === SI_USER) return { name, code: 'SI_USER' };
  const code =
    info.code === SI_KERNEL ? 'SI_KERNEL' : (CODE_NAMES.get(`${info.signal}/${info.code}`) ?? String(info.code));
  return { name, code, address: BigInt.asUintN(64, BigInt(info.address)) };
}

type CallHandler = (target: MachineTarget, process: Process, args: Arguments) => Answer;

const DONE: Answer = { kind: 'value', value: 0n };

function shownBytes(moved: number | 'waiting', bytes: Uint8Array): Answer {
  return moved === 'waiting' || moved < 0 ? result(moved) : { kind: 'bytes', bytes: bytes.subarray(0, moved) };
}

function transfer(process: Process, args: Arguments, positioned: boolean): Answer {
  const shown = args.count === (positioned ? 3 : 2);
  const offset = positioned ? args.number(args.count - 1) : undefined;
  if (!shown)
    return result(process.sys.read(args.number(0), { address: args.number(1), length: args.number(2) }, offset));
  const bytes = new Uint8Array(Number(args.number(1)));
  return shownBytes(process.sys.read(args.number(0), { bytes }, offset), bytes);
}

function send(process: Process, args: Arguments, positioned: boolean): Answer {
  const offset = positioned ? args.number(args.count - 1) : undefined;
  const buffer = args.isBytes(1) ? { bytes: args.bytes(1) } : { address: args.number(1), length: args.number(2) };
  return result(process.sys.write(args.number(0), buffer, offset));
}

function residency(process: Process, args: Arguments): Answer {
  if (args.count === 3) return result(process.sys.mincoreInto(args.number(0), args.number(1), args.number(2)));
  const found = process.sys.mincore(args.number(0), args.number(1));
  return typeof found === 'number' ? result(found) : { kind: 'residency', pages: found };
}

function waitStatus(status: MachineWait): WaitStatus {
  if (!status.exited) return { state: 'running' };
  return status.signal === 0
    ? { state: 'exited', code: status.exitCode }
    : { state: 'killed', signal: signalName(status.signal) };
}

/** What the last call came to that waited, with the signal that it was told of. */
function waited(process: Process): Answer {
  const answer: Answer =
    process.waitBytes === null ? result(process.waitResult) : { kind: 'bytes', bytes: process.waitBytes };
  const signal = process.task.waited?.signal ?? null;
  return (answer.kind === 'errno' || answer.kind === 'value') && signal !== null
    ? { ...answer, signal: describeSignal(signal) }
    : answer;
}

const HANDLERS: Readonly<Record<string, CallHandler>> = {
  open: (_t, p, a) => result(p.sys.open(a.text(0), a.number(1), a.number(2))),
  dup: (_t, p, a) => result(p.sys.dup(a.number(0))),
  pipe: (_t, p, a) => pair(p.sys.pipe(a.number(0))),
  socketpair: (_t, p, a) => pair(p.sys.socketpair(a.number(0))),
  memfd_create: (_t, p, a) => result(p.sys.memfdCreate(a.text(0), a.number(1))),
  close: (_t, p, a) => result(p.sys.close(a.number(0))),
  unlink: (_t, p, a) => result(p.sys.unlink(a.text(0))),
  rename: (_t, p, a) => result(p.sys.rename(a.text(0), a.text(1))),
  mkdir: (_t, p, a) => result(p.sys.mkdir(a.text(0), a.number(1))),
  link: (_t, p, a) => result(p.sys.link(a.text(0), a.text(1))),
  symlink: (_t, p, a) => result(p.sys.symlink(a.text(0), a.text(1))),
  chmod: (_t, p, a) => result(p.sys.chmod(a.text(0), a.number(1))),
  fchmod: (_t, p, a) => result(p.sys.fchmod(a.number(0), a.number(1))),
  times: (t, p, a) => t.times(p, a.number(0)),
  fstat_mode: (_t, p, a) => fileStatus(p.sys.fstatMode(a.number(0))),
  rmdir: (_t, p, a) => result(p.sys.rmdir(a.text(0))),
  flock: (_t, p, a) => result(p.sys.flock(a.number(0), a.number(1))),
  fcntl: (_t, p, a) => (a.count === 6 ? recordLock(p, a) : result(p.sys.fcntl(a.number(0), a.number(1), a.number(2)))),
  truncate: (_t, p, a) => result(p.sys.truncate(a.text(0), a.number(1))),
  ftruncate: (_t, p, a) => result(p.sys.ftruncate(a.number(0), a.number(1))),
  fallocate: (_t, p, a) => result(p.sys.fallocate(a.number(0), a.number(1), a.number(2), a.number(3))),
  fsync: (_t, p, a) => result(p.sys.fsync(a.number(0))),
  fdatasync: (_t, p, a) => result(p.sys.fsync(a.number(0))),
  sync: (_t, p) => result(p.sys.sync()),
  syncfs: (_t, p, a) => result(p.sys.syncfs(a.number(0))),
  sync_file_range: (_t, p, a) => result(p.sys.syncFileRange(a.number(0), a.number(1), a.number(2), a.number(3))),
  posix_fadvise: (_t, p, a) => result(p.sys.posixFadvise(a.number(0), a.number(1), a.number(2), a.number(3))),
  readahead: (_t, p, a) => result(p.sys.readahead(a.number(0), a.number(1), a.number(2))),
  pread: (_t, p, a) => transfer(p, a, true),
  read: (_t, p, a) => transfer(p, a, false),
  pwrite: (_t, p, a) => send(p, a, true),
  write: (_t, p, a) => send(p, a, false),
  readv: (_t, p, a) => result(p.sys.readv(a.number(0), a.number(1), a.number(2))),
  preadv: (_t, p, a) => result(p.sys.readv(a.number(0), a.number(1), a.number(2), a.number(3))),
  writev: (_t, p, a) => result(p.sys.writev(a.number(0), a.number(1), a.number(2))),
  pwritev: (_t, p, a) => result(p.sys.writev(a.number(0), a.number(1), a.number(2), a.number(3))),
  lseek: (_t, p, a) => result(p.sys.lseek(a.number(0), a.number(1), a.number(2))),
  fstat: (_t, p, a) => {
    const size = p.sys.fstat(a.number(0));
    return size < 0 ? result(size) : { kind: 'size', size: BigInt(size) };
  },
  mmap: (_t, p, a) => result(p.sys.mmap(a.number(0), a.number(1), a.number(2), a.number(3), a.number(4), a.number(5))),
  mremap: (_t, p, a) => result(p.sys.mremap(a.number(0), a.number(1), a.number(2), a.number(3), a.number(4))),
  munmap: (_t, p, a) => result(p.sys.munmap(a.number(0), a.number(1))),
  mprotect: (_t, p, a) => result(p.sys.mprotect(a.number(0), a.number(1), a.number(2))),
  msync: (_t, p, a) => result(p.sys.msync(a.number(0), a.number(1), a.number(2))),
  madvise: (_t, p, a) => result(p.sys.madvise(a.number(0), a.number(1), a.number(2))),
  mlock: (_t, p, a) => result(p.sys.mlock2(a.number(0), a.number(1), 0)),
  mlock2: (_t, p, a) => result(p.sys.mlock2(a.number(0), a.number(1), a.number(2))),
  munlock: (_t, p, a) => result(p.sys.munlock(a.number(0), a.number(1))),
  mlockall: (_t, p, a) => result(p.sys.mlockall(a.number(0))),
  munlockall: (_t, p) => result(p.sys.munlockall()),
  mseal: (_t, p, a) => result(p.sys.mseal(a.number(0), a.number(1), a.number(2))),
  mincore: (_t, p, a) => residency(p, a),
  brk: (_t, p, a) => result(p.sys.brk(a.number(0))),
  sbrk: (_t, p, a) => result(p.sys.sbrk(a.number(0))),
  ...SHM_HANDLERS,
  load8: (_t, p, a) => result(p.load8(a.number(0))),
  load16: (_t, p, a) => result(p.load16(a.number(0))),
  load32: (_t, p, a) => result(p.load32(a.number(0))),
  load64: (_t, p, a) => result(p.load64(a.number(0))),
  store8: (_t, p, a) => stored(() => p.store8(a.number(0), Number(a.number(1) & 0xffn))),
  store16: (_t, p, a) => stored(() => p.store16(a.number(0), Number(a.number(1) & 0xffffn))),
  store32: (_t, p, a) => stored(() => p.store32(a.number(0), Number(a.number(1) & 0xffffffffn))),
  store64: (_t, p, a) => stored(() => p.store64(a.number(0), a.number(1))),
  ...ATOMIC_HANDLERS,
  copyin: (_t, p, a) => ({ kind: 'bytes', bytes: p.copyIn(a.number(0), Number(a.number(1))) }),
  copyout: (_t, p, a) => stored(() => p.copyOut(a.number(0), a.bytes(1))),
  sigaction: (t, p, a) => t.setHandler(p, Number(a.number(0)), a.number(1)),
  prlimit: (t, p, a) => result(p.sys.prlimit(t.idOf(a.number(0)), a.number(1), a.number(2))),
  prctl: (_t, p, a) => result(p.sys.prctl(a.number(0), a.number(1), a.number(2), a.number(3), a.number(4))),
  setrlimit: (_t, p, a) => result(p.sys.setrlimit(Number(a.number(0)), a.number(1))),
  fork: (t, p, a) => t.fork(p, Number(a.number(0))),
  vfork: (t, p, a) => t.adopt(p.sys.vfork().id, Number(a.number(0))),
  execve: (t, p, a) => t.execve(p, a.text(0)),
  kill: (t, p, a) => result(p.sys.kill(t.idOf(a.number(0)), a.number(1))),
  getrusage: (_t, p, a) => usageOf(p, a.text(0)),
  thread: (t, p, a) => t.adopt(p.sys.thread().id, Number(a.number(0))),
  exit_thread: (_t, p, a) => stored(() => p.exitThread(a.number(0))),
  process_madvise: (t, p, a) =>
    result(p.sys.processMadvise(t.idOf(a.number(0)), a.number(1), a.number(2), a.number(3), a.number(4))),
  process_vm_readv: (t, p, a) => processVm(p, 'read', t.idOf(a.number(0)), a),
  process_vm_writev: (t, p, a) => processVm(p, 'write', t.idOf(a.number(0)), a),
  waited: (_t, p) => waited(p),
  exit: (_t, p, a) => stored(() => p.exit(a.number(0))),
  wait: (t, p, a) => t.wait(p, Number(a.number(0))),
  maps: (_t, p) => proc.maps(p),
  smaps: (_t, p, a) => proc.smaps(p, a.number(0)),
  vmflags: (_t, p, a) => proc.vmFlags(p, a.number(0)),
  pagemap: (t, p, a) => proc.pagemap(p, t.machine.config.pageSize, a.number(0), a.number(1)),
  status: (_t, p, a) => proc.status(p, a.count === 0 ? undefined : a.text(0)),
};

function stored(run: () => void): Answer {
  run();
  return DONE;
}

/** The machine notes what a handler was told of. */
function catchSignal(process: Process, signal: number): number {
  return process.sys.sigaction(signal, () => 'abandon');
}

export class MachineTarget implements Target {
  readonly base: Bases;
  readonly directives: ReadonlyMap<string, Directive>;
  readonly machine: Machine;
  private readonly processes: Map<number, Process>;
  /** Those that run another program. */
  private readonly programs: Set<number>;
  private readonly timesAsked: Map<number, FileTimes>;

  constructor(config: MachineConfig, arena?: Arena) {
    this.machine = new Machine({ ...config, layout: { stackPages: 0, ...config.layout } });
    const { pageSize, layout } = this.machine.config;
    const place = arena ?? arenaOf(layout.userEnd);
    this.base = {
      arena: place.base,
      arenaSize: place.size,
      brk: BigInt(layout.brkStart),
      pageSize: BigInt(pageSize),
      userEnd: BigInt(layout.userEnd),
    };
    this.processes = new Map();
    this.programs = new Set();
    this.timesAsked = new Map();
    const main = this.machine.spawn();
    this.processes.set(0, main);
    for (const signal of [SIGSEGV, SIGBUS, SIGXFSZ, SIGPIPE]) catchSignal(main, signal);
    this.directives = machineDirectives(this);
  }

  /** The process with a number of the runner's, if it is alive. */
  liveProcess(process: number): Process | undefined {
    const found = this.processes.get(process);
    return found?.alive ? found : undefined;
  }

  isAlive(process: number): boolean {
    return this.processes.get(process)?.alive ?? false;
  }

  call(processNumber: number, call: TargetCall): Answer {
    const process = this.processes.get(processNumber) as Process;
    const handler = HANDLERS[call.name];
    if (handler === undefined) return { kind: 'errno', errno: 'ENOSYS' };
    if (process.waiting) return { kind: 'waiting' };
    if (this.programs.has(process.id) && call.name !== 'maps') return { kind: 'executing' };
    process.task.caught = null;
    try {
      return this.withSignal(process, handler(this, process, new Arguments(call.args)));
    } catch (error) {
      if (!(error instanceof SignalError)) throw error;
      const isProgram = call.name === 'execve';
      if (error.signal === SIGKILL || isProgram) return { kind: 'killed', signal: signalName(error.signal) };
      return { kind: 'signal', signal: describeSignal(error), outcome: error.killed ? 'killed' : 'caught' };
    }
  }

  /** A call that came back may have raised a signal (SIGXFSZ), caught or deadly. */
  private withSignal(process: Process, answer: Answer): Answer {
    if (answer.kind === 'killed') return answer;
    if (process.task.group.killedBy === SIGKILL) return { kind: 'killed', signal: signalName(SIGKILL) };
    if (!process.alive && process.task.group.killedBy !== 0) {
      const signal = { name: signalName(process.task.group.killedBy), code: 'SI_USER' };
      return { kind: 'signal', signal, outcome: 'killed' };
    }
    const { caught } = process.task;
    if (caught === null || answer.kind !== 'errno' || answer.signal !== undefined) return answer;
    return { ...answer, signal: describeSignal(caught) };
  }

  setHandler(process: Process, signal: number, handler: bigint): Answer {
    if (handler === HANDLER_DEFAULT) return result(process.sys.sigaction(signal, 'default'));
    if (handler === HANDLER_IGNORE) return result(process.sys.sigaction(signal, 'ignore'));
    return result(catchSignal(process, signal));
  }

  /** Which times of a file are others than when a statement last asked. */
  times(process: Process, fd: bigint): Answer {
    const now = process.sys.fstatTimes(fd);
    if (typeof now === 'number') return result(now);
    const before = this.timesAsked.get(now.inode);
    this.timesAsked.set(now.inode, now);
    const changed = (['atime', 'mtime', 'ctime'] as const).filter((name) => now[`${name}Ns`] !== before?.[`${name}Ns`]);
    return { kind: 'times', changed };
  }

  fork(process: Process, childNumber: number): Answer {
    const child = process.sys.fork();
    if (typeof child === 'number') return result(child);
    return this.adopt(child.id, childNumber);
  }

  /** Gives a new process or thread the runner's number. */
  adopt(id: number, number: number): Answer {
    const [made] = this.machine.processes().filter((candidate) => candidate.id === id);
    this.processes.set(number, made);
    return { kind: 'value', value: BigInt(number) };
  }

  /** The machine's number of a process of the scenario. */
  idOf(process: bigint): number {
    return this.processes.get(Number(process))?.id ?? 0;
  }

  execve(process: Process, path: string): Answer {
    const entry = process.sys.execve(path);
    if (entry < 0) return result(entry);
    if (process.alive) {
      runFirstInstruction(process, entry);
      this.programs.add(process.id);
      return DONE;
    }
    return { kind: 'killed', signal: signalName(process.task.group.killedBy) };
  }

  wait(process: Process, childNumber: number): Answer {
    const child = this.processes.get(childNumber);
    const status = process.sys.wait(child?.id ?? 0);
    return typeof status === 'number' ? result(status) : { kind: 'status', status: waitStatus(status) };
  }
}
