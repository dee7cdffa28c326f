/**
 * Somebody's own implementation of memory as a target.
 *
 * Place: the adapter of the property-test kit. An implementation is an object with the calls it has, one method each; there is one object
 * for each process. Scenarios are then made of those calls alone. Byte copies are made of loads and stores here, in the order in
 * which a driver on a real kernel makes them.
 *
 * Results are those of the system calls: a number that is not negative, or minus the error number. An access gives its value, or the
 * fault that stopped it.
 */
import { errnoName } from '../errno.ts';
import type { Answer, CallArgument, MapsEntry, Target, TargetCall, WaitStatus } from '../scenario/scenario.ts';

/** A number or address, 0, or minus the error number. */
export type Result = number | bigint;

/** A signal that stopped an access, and that the program catches. */
export interface Fault {
  readonly signal: 'SIGSEGV' | 'SIGBUS';
  readonly code: 'SEGV_MAPERR' | 'SEGV_ACCERR' | 'BUS_ADRERR';
  /** si_addr */
  readonly address: number | bigint;
}

/** In bytes. */
export type AccessSize = 1 | 2 | 4 | 8;

/** Lengths and offsets are what the program passed, which may be nonsense: any unsigned 64-bit number. */
export interface Implementation {
  mmap?(address: bigint, length: bigint, prot: number, flags: number, fd: number, offset: bigint): Result;
  munmap?(address: bigint, length: bigint): Result;
  mprotect?(address: bigint, length: bigint, prot: number): Result;
  mremap?(old: bigint, oldLength: bigint, newLength: bigint, flags: number, newAddress: bigint): Result;
  msync?(address: bigint, length: bigint, flags: number): Result;
  madvise?(address: bigint, length: bigint, advice: number): Result;
  mlock?(address: bigint, length: bigint): Result;
  munlock?(address: bigint, length: bigint): Result;
  /** The break after the call. */
  brk?(address: bigint): Result;
  /** A byte a page, or minus the error number. */
  mincore?(address: bigint, length: bigint): Uint8Array | number;
  maps?(): readonly MapsEntry[];
  load?(address: bigint, size: AccessSize): Result | Fault;
  /** Nothing when it is done. */
  store?(address: bigint, size: AccessSize, value: bigint): Fault | undefined;
  open?(path: string, flags: number, mode: number): Result;
  memfd_create?(name: string, flags: number): Result;
  dup?(fd: number): Result;
  close?(fd: number): Result;
  unlink?(path: string): Result;
  ftruncate?(fd: number, length: bigint): Result;
  /** The size, or minus the error number. */
  fstat?(fd: number): Result;
  fsync?(fd: number): Result;
  lseek?(fd: number, offset: bigint, whence: number): Result;
  /** What was read, or minus the error number. */
  pread?(fd: number, length: number, offset: bigint): Uint8Array | number;
  pwrite?(fd: number, data: Uint8Array, offset: bigint): Result;
  /** The child's memory. */
  fork?(): Implementation | number;
  exit?(code: number): void;
  /** Throws if the implementation's own invariants do not hold; called after each call. */
  check?(): void;
}

/** Where the arena and the break are at the start. */
export interface Layout {
  readonly arena: bigint;
  readonly brk: bigint;
}

const LAYOUT: Layout = { arena: 0x1000_0000_0000n, brk: 0x5555_5556_0000n };

/** The calls of scenarios that an implementation can answer: those it has methods for, and those that are made of them here. */
export function callsOf(implementation: Implementation): string[] {
  const has = (method: keyof Implementation): boolean => typeof implementation[method] === 'function';
  return Object.entries(CALLS).flatMap(([call, { method }]) => (has(method) ? [call] : []));
}

/** One process as the adapter sees it. */
interface Living {
  readonly implementation: Implementation;
  readonly parent: number | undefined;
  status: WaitStatus;
  reaped: boolean;
}

export class ImplementationTarget implements Target {
  readonly base: { readonly arena: bigint; readonly brk: bigint };
  private readonly processes: Map<number, Living>;

  constructor(implementation: Implementation, layout: Partial<Layout> = {}) {
    this.base = { ...LAYOUT, ...layout };
    this.processes = new Map();
    this.add(0, implementation, undefined);
  }

  private add(number: number, implementation: Implementation, parent: number | undefined): void {
    this.processes.set(number, { implementation, parent, status: { state: 'running' }, reaped: false });
  }

  isAlive(process: number): boolean {
    return this.processes.get(process)?.status.state === 'running';
  }

  call(process: number, { name, args }: TargetCall): Answer {
    const living = this.processes.get(process) as Living;
    const answer = this.perform(process, living, name, args);
    living.implementation.check?.();
    return answer;
  }

  private perform(process: number, living: Living, name: string, args: readonly CallArgument[]): Answer {
    if (name === 'fork') return this.fork(process, living, Number(args[0]));
    if (name === 'wait') return this.wait(process, Number(args[0]));
    if (name === 'exit') living.status = { state: 'exited', code: Number((args[0] as bigint) & 0xffn) };
    const call = CALLS[name];
    if (call === undefined || living.implementation[call.method] === undefined)
      return { kind: 'errno', errno: 'ENOSYS' };
    return call.run(living.implementation, args);
  }

  private fork(parent: number, { implementation }: Living, number: number): Answer {
    const child = implementation.fork?.() ?? -38;
    if (typeof child === 'number') return resultAnswer(child);
    this.add(number, child, parent);
    return { kind: 'value', value: BigInt(number) };
  }

  private wait(process: number, number: number): Answer {
    const child = this.processes.get(number);
    if (child === undefined || child.parent !== process || child.reaped) return { kind: 'errno', errno: 'ECHILD' };
    child.reaped = child.status.state !== 'running';
    return { kind: 'status', status: child.status };
  }
}

type Run = (implementation: Implementation, args: readonly CallArgument[]) => Answer;

/** How a call of the language is made; `method` is what it takes. Only called where the method is there. */
interface CallRow {
  readonly method: keyof Implementation;
  readonly run: Run;
}

/** A call whose arguments and result are passed on: `kinds` has a letter an argument, i an int and w a 64-bit word, s a string. */
function plain(method: keyof Implementation, kinds: string): CallRow {
  const run: Run = (implementation, args) => {
    const call = implementation[method] as (...args: unknown[]) => Result;
    return resultAnswer(
      call.apply(
        implementation,
        [...kinds].map((kind, index) => argumentOf(kind, args[index])),
      ),
    );
  };
  return { method, run };
}

function argumentOf(kind: string, argument: CallArgument): unknown {
  return kind === 'i' ? Number(BigInt.asIntN(32, argument as bigint)) : argument;
}

function resultAnswer(result: Result): Answer {
  if (result < 0) return { kind: 'errno', errno: errnoName(-Number(result)) };
  return { kind: 'value', value: BigInt(result) };
}

function faultAnswer({ signal, code, address }: Fault): Answer {
  return { kind: 'signal', signal: { name: signal, code, address: BigInt(address) }, outcome: 'caught' };
}

function load(implementation: Implementation, address: bigint, size: AccessSize): bigint | Fault {
  const got = implementation.load?.(address, size) ?? 0n;
  return typeof got === 'object' ? got : BigInt(got);
}

function loadRow(size: AccessSize): CallRow {
  const run: Run = (implementation, [address]) => {
    const got = load(implementation, address as bigint, size);
    return typeof got === 'bigint' ? { kind: 'value', value: got } : faultAnswer(got);
  };
  return { method: 'load', run };
}

function storeRow(size: AccessSize): CallRow {
  const run: Run = (implementation, [address, value]) => {
    const fault = implementation.store?.(address as bigint, size, BigInt.asUintN(8 * size, value as bigint));
    return fault === undefined ? { kind: 'value', value: 0n } : faultAnswer(fault);
  };
  return { method: 'store', run };
}

const copyIn: Run = (implementation, [address, length]) => {
  const bytes = new Uint8Array(Number(length));
  for (let index = 0; index < bytes.length; index++) {
    const got = load(implementation, (address as bigint) + BigInt(index), 1);
    if (typeof got !== 'bigint') return faultAnswer(got);
    bytes[index] = Number(got);
  }
  return { kind: 'bytes', bytes };
};

const copyOut: Run = (implementation, [address, data]) => {
  for (const [index, byte] of (data as Uint8Array).entries()) {
    const fault = implementation.store?.((address as bigint) + BigInt(index), 1, BigInt(byte));
    if (fault !== undefined) return faultAnswer(fault);
  }
  return { kind: 'value', value: 0n };
};

function bytesAnswer(kind: 'bytes' | 'residency', got: Uint8Array | number): Answer {
  if (typeof got === 'number') return resultAnswer(got);
  return kind === 'bytes' ? { kind, bytes: got } : { kind, pages: got };
}

/** Forms that move bytes through the program's memory are left out: `callsOf` does not tell them from the others. */
const CALLS: Readonly<Record<string, CallRow>> = {
  mmap: plain('mmap', 'wwiiiw'),
  munmap: plain('munmap', 'ww'),
  mprotect: plain('mprotect', 'wwi'),
  mremap: plain('mremap', 'wwwiw'),
  msync: plain('msync', 'wwi'),
  madvise: plain('madvise', 'wwi'),
  mlock: plain('mlock', 'ww'),
  munlock: plain('munlock', 'ww'),
  brk: plain('brk', 'w'),
  mincore: {
    method: 'mincore',
    run: (implementation, [address, length]) =>
      bytesAnswer('residency', implementation.mincore?.(address as bigint, length as bigint) ?? 0),
  },
  maps: { method: 'maps', run: (implementation) => ({ kind: 'maps', entries: implementation.maps?.() ?? [] }) },
  load8: loadRow(1),
  load16: loadRow(2),
  load32: loadRow(4),
  load64: loadRow(8),
  store8: storeRow(1),
  store16: storeRow(2),
  store32: storeRow(4),
  store64: storeRow(8),
  copyin: { method: 'load', run: copyIn },
  copyout: { method: 'store', run: copyOut },
  open: plain('open', 'sii'),
  memfd_create: plain('memfd_create', 'si'),
  dup: plain('dup', 'i'),
  close: plain('close', 'i'),
  unlink: plain('unlink', 's'),
  ftruncate: plain('ftruncate', 'iw'),
  fstat: {
    method: 'fstat',
    run: (implementation, [fd]) => {
      const size = implementation.fstat?.(Number(fd)) ?? 0;
      return size < 0 ? resultAnswer(size) : { kind: 'size', size: BigInt(size) };
    },
  },
  fsync: plain('fsync', 'i'),
  lseek: plain('lseek', 'iwi'),
  pread: {
    method: 'pread',
    run: (implementation, [fd, length, offset]) =>
      bytesAnswer('bytes', implementation.pread?.(Number(fd), Number(length), offset as bigint) ?? 0),
  },
  pwrite: {
    method: 'pwrite',
    run: (implementation, [fd, data, offset]) =>
      resultAnswer(implementation.pwrite?.(Number(fd), data as Uint8Array, offset as bigint) ?? 0),
  },
  fork: { method: 'fork', run: () => ({ kind: 'errno', errno: 'ENOSYS' }) },
  wait: { method: 'fork', run: () => ({ kind: 'errno', errno: 'ENOSYS' }) },
  exit: {
    method: 'exit',
    run: (implementation, [code]) => {
      implementation.exit?.(Number(code));
      return { kind: 'value', value: 0n };
    },
  },
};
