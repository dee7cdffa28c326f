/**
 * How the calls of scenarios are made by somebody's own implementation.
 *
 * Place: under the adapter (implementation-target.ts). A table: which methods a call of the language takes, and how arguments and
 * results are translated. Copies between bytes and the program's memory are made of loads and stores here, upwards. Processes are not
 * the business of this file, and transfers between a file and the program's memory are no call of an implementation: what is left
 * of one that faults half-way is for a kernel to say.
 */
import { errnoName } from '../errno.ts';
import type { Answer, CallArgument } from '../scenario/scenario.ts';
import type { AccessSize, Fault, Implementation, Result } from './implementation.ts';

export type Method = keyof Implementation;

type Run = (implementation: Implementation, args: readonly CallArgument[]) => Answer;

/** How a call of the language is made. It is made only where all methods that it needs are there. */
export interface CallRow {
  readonly needs: readonly Method[];
  readonly run: Run;
}

const DONE: Answer = { kind: 'value', value: 0n };

export function resultAnswer(result: Result): Answer {
  if (result < 0) return { kind: 'errno', errno: errnoName(-Number(result)) };
  return { kind: 'value', value: BigInt(result) };
}

/**
 * A call whose arguments and result are passed on. `kinds` has a letter an argument: i an int, f a long that holds flags, w an
 * unsigned 64-bit word, s a string or bytes.
 */
function plain(method: Method, kinds: string): CallRow {
  const run: Run = (implementation, args) => {
    const call = implementation[method] as (...args: unknown[]) => Result;
    const passed = [...kinds].map((kind, index) => argumentOf(kind, args[index]));
    return resultAnswer(call.apply(implementation, passed));
  };
  return { needs: [method], run };
}

function argumentOf(kind: string, argument: CallArgument): unknown {
  if (kind === 'i') return Number(BigInt.asIntN(32, argument as bigint));
  return kind === 'f' ? Number(BigInt.asIntN(64, argument as bigint)) : argument;
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
  return { needs: ['load'], run };
}

function storeRow(size: AccessSize): CallRow {
  const run: Run = (implementation, [address, value]) => {
    const fault = implementation.store?.(address as bigint, size, BigInt.asUintN(8 * size, value as bigint));
    return fault === undefined ? DONE : faultAnswer(fault);
  };
  return { needs: ['store'], run };
}

/** How the next bytes of a copy are moved: an aligned word lies in one page, so that it faults where its first byte does. */
function stepAt(address: bigint, left: number): 1 | 8 {
  return left >= 8 && address % 8n === 0n ? 8 : 1;
}

function copyIn(implementation: Implementation, address: bigint, bytes: Uint8Array): Fault | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let index = 0; index < bytes.length; ) {
    const at = address + BigInt(index);
    const step = stepAt(at, bytes.length - index);
    const got = load(implementation, at, step);
    if (typeof got !== 'bigint') return got;
    if (step === 8) view.setBigUint64(index, got, true);
    else bytes[index] = Number(got);
    index += step;
  }
  return undefined;
}

function copyOut(implementation: Implementation, address: bigint, bytes: Uint8Array): Fault | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let index = 0; index < bytes.length; ) {
    const at = address + BigInt(index);
    const step = stepAt(at, bytes.length - index);
    const value = step === 8 ? view.getBigUint64(index, true) : BigInt(bytes[index]);
    const fault = implementation.store?.(at, step, value);
    if (fault !== undefined) return fault;
    index += step;
  }
  return undefined;
}

const copyInRow: CallRow = {
  needs: ['load'],
  run: (implementation, [address, length]) => {
    const bytes = new Uint8Array(Number(length));
    const fault = copyIn(implementation, address as bigint, bytes);
    return fault === undefined ? { kind: 'bytes', bytes } : faultAnswer(fault);
  },
};

const copyOutRow: CallRow = {
  needs: ['store'],
  run: (implementation, [address, data]) => {
    const fault = copyOut(implementation, address as bigint, data as Uint8Array);
    return fault === undefined ? DONE : faultAnswer(fault);
  },
};

/** `read` and `pread`: the bytes are shown. */
function readRow(method: 'read' | 'pread'): CallRow {
  const run: Run = (implementation, [fd, length, ...position]) => {
    const call = implementation[method] as (...args: unknown[]) => Uint8Array | number;
    const got = call.apply(implementation, [argumentOf('i', fd), Number(length), ...position]);
    return typeof got === 'number' ? resultAnswer(got) : { kind: 'bytes', bytes: got };
  };
  return { needs: [method], run };
}

const sbrkRow: CallRow = {
  needs: ['brk'],
  run: (implementation, [increment]) => {
    const old = BigInt(implementation.brk?.(0n) ?? 0);
    const wanted = BigInt.asUintN(64, old + (increment as bigint));
    const reached = increment === 0n ? old : BigInt(implementation.brk?.(wanted) ?? 0);
    return reached === wanted ? { kind: 'value', value: old } : { kind: 'errno', errno: 'ENOMEM' };
  },
};

const mincoreRow: CallRow = {
  needs: ['mincore'],
  run: (implementation, [address, length]) => {
    const got = implementation.mincore?.(address as bigint, length as bigint) ?? 0;
    return typeof got === 'number' ? resultAnswer(got) : { kind: 'residency', pages: got };
  },
};

const fstatRow: CallRow = {
  needs: ['fstat'],
  run: (implementation, [fd]) => {
    const size = implementation.fstat?.(Number(BigInt.asIntN(32, fd as bigint))) ?? 0;
    return size < 0 ? resultAnswer(size) : { kind: 'size', size: BigInt(size) };
  },
};

/** The calls that one process makes of its implementation. */
export const CALL_ROWS: Readonly<Record<string, CallRow>> = {
  mmap: plain('mmap', 'wwffiw'),
  munmap: plain('munmap', 'ww'),
  mprotect: plain('mprotect', 'wwf'),
  mremap: plain('mremap', 'wwwfw'),
  msync: plain('msync', 'wwi'),
  madvise: plain('madvise', 'wwi'),
  mlock: plain('mlock', 'ww'),
  mlock2: plain('mlock2', 'wwi'),
  munlock: plain('munlock', 'ww'),
  mlockall: plain('mlockall', 'i'),
  munlockall: plain('munlockall', ''),
  mseal: plain('mseal', 'www'),
  brk: plain('brk', 'w'),
  sbrk: sbrkRow,
  mincore: mincoreRow,
  maps: { needs: ['maps'], run: (implementation) => ({ kind: 'maps', entries: implementation.maps?.() ?? [] }) },
  load8: loadRow(1),
  load16: loadRow(2),
  load32: loadRow(4),
  load64: loadRow(8),
  store8: storeRow(1),
  store16: storeRow(2),
  store32: storeRow(4),
  store64: storeRow(8),
  copyin: copyInRow,
  copyout: copyOutRow,
  open: plain('open', 'sii'),
  memfd_create: plain('memfd_create', 'si'),
  dup: plain('dup', 'i'),
  close: plain('close', 'i'),
  unlink: plain('unlink', 's'),
  rename: plain('rename', 'ss'),
  mkdir: plain('mkdir', 'si'),
  rmdir: plain('rmdir', 's'),
  fcntl: plain('fcntl', 'iiw'),
  ftruncate: plain('ftruncate', 'iw'),
  fallocate: plain('fallocate', 'iiww'),
  fstat: fstatRow,
  fsync: plain('fsync', 'i'),
  fdatasync: plain('fdatasync', 'i'),
  lseek: plain('lseek', 'iwi'),
  read: readRow('read'),
  pread: readRow('pread'),
  write: plain('write', 'is'),
  pwrite: plain('pwrite', 'isw'),
};
