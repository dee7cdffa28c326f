/**
 * What somebody's own implementation of memory looks like to the property-test kit.
 *
 * Place: the interface that a user of the kit writes an adapter for. An implementation is an object with the calls it has, one method
 * each, and there is one object for each process; scenarios are then made of those calls alone. Nothing of Faultline's own is in here.
 *
 * Results are those of the system calls: a number that is not negative, or minus the error number. An access gives its value, or the
 * fault that stopped it.
 */
import type { MapsEntry } from '../scenario/scenario.ts';

/** A number or address, 0, or minus the error number. */
export type Result = number | bigint;

/** A signal that stopped an access. */
export interface Fault {
  readonly signal: 'SIGSEGV' | 'SIGBUS';
  /**
   * For an address that x86-64 cannot form (more than 48 significant bits) SI_KERNEL with address 0, as there, and SEGV_MAPERR are
   * both right.
   */
  readonly code: 'SEGV_MAPERR' | 'SEGV_ACCERR' | 'BUS_ADRERR' | 'SI_KERNEL';
  /** si_addr */
  readonly address: number | bigint;
}

/** In bytes. */
export type AccessSize = 1 | 2 | 4 | 8;

/**
 * All methods may be left out. Addresses, lengths and offsets are what the program passed, which may be nonsense: any unsigned 64-bit number.
 * `prot`, `flags`, `advice` and descriptors are signed.
 */
export interface Implementation {
  mmap?(address: bigint, length: bigint, prot: number, flags: number, fd: number, offset: bigint): Result;
  munmap?(address: bigint, length: bigint): Result;
  mprotect?(address: bigint, length: bigint, prot: number): Result;
  mremap?(old: bigint, oldLength: bigint, newLength: bigint, flags: number, newAddress: bigint): Result;
  msync?(address: bigint, length: bigint, flags: number): Result;
  madvise?(address: bigint, length: bigint, advice: number): Result;
  mlock?(address: bigint, length: bigint): Result;
  mlock2?(address: bigint, length: bigint, flags: number): Result;
  munlock?(address: bigint, length: bigint): Result;
  mlockall?(flags: number): Result;
  munlockall?(): Result;
  mseal?(address: bigint, length: bigint, flags: bigint): Result;
  /** The break after the call. */
  brk?(address: bigint): Result;
  /** A byte a page of which the lowest bit counts, or minus the error number. */
  mincore?(address: bigint, length: bigint): Uint8Array | number;
  maps?(): readonly MapsEntry[];
  load?(address: bigint, size: AccessSize): Result | Fault;
  /** Nothing when it is done. `value` has no more bits than `size` holds. */
  store?(address: bigint, size: AccessSize, value: bigint): Fault | undefined;
  open?(path: string, flags: number, mode: number): Result;
  memfd_create?(name: string, flags: number): Result;
  dup?(fd: number): Result;
  close?(fd: number): Result;
  unlink?(path: string): Result;
  rename?(from: string, to: string): Result;
  mkdir?(path: string, mode: number): Result;
  rmdir?(path: string): Result;
  fcntl?(fd: number, command: number, argument: bigint): Result;
  ftruncate?(fd: number, length: bigint): Result;
  fallocate?(fd: number, mode: number, offset: bigint, length: bigint): Result;
  /** The size, or minus the error number. */
  fstat?(fd: number): Result;
  fsync?(fd: number): Result;
  fdatasync?(fd: number): Result;
  lseek?(fd: number, offset: bigint, whence: number): Result;
  /** What was read, or minus the error number. */
  read?(fd: number, length: number): Uint8Array | number;
  pread?(fd: number, length: number, offset: bigint): Uint8Array | number;
  write?(fd: number, data: Uint8Array): Result;
  pwrite?(fd: number, data: Uint8Array, offset: bigint): Result;
  /** The child, or minus the error number. */
  fork?(): Implementation | number;
  /** This process has ended, with an exit code, or with 128 + the number of the signal that killed it. No call follows. */
  exit?(code: number): void;
  /** Throws if the implementation's own invariants do not hold; called after each call. */
  check?(): void;
}
