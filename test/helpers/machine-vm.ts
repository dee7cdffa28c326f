/** The simulated machine behind the interface of the property-test kit: an implementation that has every call and is right. */
import { Machine, type MachineConfig, type Process, SIGBUS, SIGSEGV, SignalError } from '../../src/index.ts';
import type { MapsEntry } from '../../src/scenario/scenario.ts';
import type { AccessSize, Fault, Implementation, Result } from '../../src/testing/testing.ts';

const CODES: ReadonlyMap<number, Fault['code']> = new Map([
  [1, 'SEGV_MAPERR'],
  [2, 'SEGV_ACCERR'],
]);

function faultOf(error: unknown): Fault {
  if (!(error instanceof SignalError)) throw error;
  const { address, code } = error;
  if (error.signal === SIGBUS) return { signal: 'SIGBUS', code: 'BUS_ADRERR', address };
  return { signal: 'SIGSEGV', code: CODES.get(code) ?? 'SI_KERNEL', address };
}

export class MachineVm implements Implementation {
  readonly process: Process;
  private readonly machine: Machine;

  constructor(machine: Machine, process: Process) {
    this.machine = machine;
    this.process = process;
    for (const signal of [SIGSEGV, SIGBUS]) process.sys.sigaction(signal, () => 'abandon');
  }

  static start<T extends MachineVm>(
    this: new (
      machine: Machine,
      process: Process,
    ) => T,
    config: MachineConfig = {},
  ): T {
    const machine = new Machine({ ram: '16M', layout: { stackPages: 0 }, ...config });
    return new this(machine, machine.spawn());
  }

  mmap(address: bigint, length: bigint, prot: number, flags: number, fd: number, offset: bigint): Result {
    return this.process.sys.mmap(address, length, BigInt(prot), BigInt(flags), fd, offset);
  }
  munmap(address: bigint, length: bigint): Result {
    return this.process.sys.munmap(address, length);
  }
  mprotect(address: bigint, length: bigint, prot: number): Result {
    return this.process.sys.mprotect(address, length, BigInt(prot));
  }
  mremap(old: bigint, oldLength: bigint, newLength: bigint, flags: number, to: bigint): Result {
    return this.process.sys.mremap(old, oldLength, newLength, BigInt(flags), to);
  }
  msync(address: bigint, length: bigint, flags: number): Result {
    return this.process.sys.msync(address, length, flags);
  }
  madvise(address: bigint, length: bigint, advice: number): Result {
    return this.process.sys.madvise(address, length, advice);
  }
  mlock(address: bigint, length: bigint): Result {
    return this.process.sys.mlock2(address, length, 0);
  }
  mlock2(address: bigint, length: bigint, flags: number): Result {
    return this.process.sys.mlock2(address, length, flags);
  }
  munlock(address: bigint, length: bigint): Result {
    return this.process.sys.munlock(address, length);
  }
  mlockall(flags: number): Result {
    return this.process.sys.mlockall(flags);
  }
  munlockall(): Result {
    return this.process.sys.munlockall();
  }
  mseal(address: bigint, length: bigint, flags: bigint): Result {
    return this.process.sys.mseal(address, length, flags);
  }
  brk(address: bigint): Result {
    return this.process.sys.brk(address);
  }
  mincore(address: bigint, length: bigint): Uint8Array | number {
    return this.process.sys.mincore(address, length);
  }
  maps(): MapsEntry[] {
    return this.process
      .maps()
      .map((line) => ({ ...line, start: BigInt(line.start), end: BigInt(line.end), offset: BigInt(line.offset) }));
  }
  load(address: bigint, size: AccessSize): Result | Fault {
    const { process } = this;
    try {
      if (size === 8) return process.load64(address);
      if (size === 4) return process.load32(address);
      return size === 2 ? process.load16(address) : process.load8(address);
    } catch (error) {
      return faultOf(error);
    }
  }
  store(address: bigint, size: AccessSize, value: bigint): Fault | undefined {
    const { process } = this;
    try {
      if (size === 8) process.store64(address, value);
      else if (size === 4) process.store32(address, Number(value));
      else if (size === 2) process.store16(address, Number(value));
      else process.store8(address, Number(value));
      return undefined;
    } catch (error) {
      return faultOf(error);
    }
  }
  open(path: string, flags: number, mode: number): Result {
    return this.process.sys.open(path, flags, mode);
  }
  memfd_create(name: string, flags: number): Result {
    return this.process.sys.memfdCreate(name, flags);
  }
  dup(fd: number): Result {
    return this.process.sys.dup(fd);
  }
  close(fd: number): Result {
    return this.process.sys.close(fd);
  }
  unlink(path: string): Result {
    return this.process.sys.unlink(path);
  }
  ftruncate(fd: number, length: bigint): Result {
    return this.process.sys.ftruncate(fd, length);
  }
  fallocate(fd: number, mode: number, offset: bigint, length: bigint): Result {
    return this.process.sys.fallocate(fd, mode, offset, length);
  }
  fstat(fd: number): Result {
    return this.process.sys.fstat(fd);
  }
  fsync(fd: number): Result {
    return this.process.sys.fsync(fd);
  }
  fdatasync(fd: number): Result {
    return this.process.sys.fsync(fd);
  }
  lseek(fd: number, offset: bigint, whence: number): Result {
    return this.process.sys.lseek(fd, offset, whence);
  }
  read(fd: number, length: number): Uint8Array | number {
    const bytes = new Uint8Array(length);
    const moved = this.process.sys.read(fd, { bytes }) as number;
    return moved < 0 ? moved : bytes.subarray(0, moved);
  }
  pread(fd: number, length: number, offset: bigint): Uint8Array | number {
    const bytes = new Uint8Array(length);
    const moved = this.process.sys.read(fd, { bytes }, offset) as number;
    return moved < 0 ? moved : bytes.subarray(0, moved);
  }
  write(fd: number, bytes: Uint8Array): Result {
    return this.process.sys.write(fd, { bytes }) as number;
  }
  pwrite(fd: number, bytes: Uint8Array, offset: bigint): Result {
    return this.process.sys.write(fd, { bytes }, offset) as number;
  }
  fork(): MachineVm | number {
    const child = this.process.sys.fork();
    if (typeof child === 'number') return child;
    const [made] = this.machine.processes().filter(({ id }) => id === child.id);
    return new (this.constructor as typeof MachineVm)(this.machine, made);
  }
  exit(code: number): void {
    this.process.exit(code);
  }
}
