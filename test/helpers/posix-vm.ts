/** An implementation that does as POSIX says and, wherever POSIX lets it, not as Linux does. */
import { EBADF, EINVAL, ENOMEM, EOPNOTSUPP, EPERM } from '../../src/errno.ts';
import { MAP_FIXED, MS_ASYNC, MS_SYNC, PROT_EXEC } from '../../src/flags.ts';
import type { AccessSize, Fault, Result } from '../../src/testing/testing.ts';
import { MachineVm } from './machine-vm.ts';

const PAGE = 4096n;

function roundUp(length: bigint): bigint {
  return ((length + PAGE - 1n) / PAGE) * PAGE;
}

export class PosixVm extends MachineVm {
  /** Mappings are placed upwards, with a hole behind each. */
  private place = 0x7f00_0000_0000n;

  override mmap(address: bigint, length: bigint, prot: number, flags: number, fd: number, offset: bigint): Result {
    if ((prot & PROT_EXEC) !== 0) return -EOPNOTSUPP;
    if ((flags & MAP_FIXED) !== 0 || length === 0n) return super.mmap(address, length, prot, flags, fd, offset);
    const result = super.mmap(this.place, length, prot, flags | MAP_FIXED, fd, offset);
    if (result >= 0) this.place += roundUp(length) + PAGE;
    return result;
  }

  override munmap(address: bigint, length: bigint): Result {
    const inPage = address % PAGE;
    return super.munmap(address - inPage, length === 0n ? 0n : length + inPage);
  }

  override mprotect(address: bigint, length: bigint, prot: number): Result {
    if (length === 0n) return -EINVAL;
    if ((prot & PROT_EXEC) !== 0) return -EOPNOTSUPP;
    return address % PAGE === 0n && !this.isMapped(address, length) ? -ENOMEM : super.mprotect(address, length, prot);
  }

  override msync(address: bigint, length: bigint, flags: number): Result {
    const how = flags & (MS_ASYNC | MS_SYNC);
    return how === 0 || how === (MS_ASYNC | MS_SYNC) ? -EINVAL : super.msync(address, length, flags);
  }

  override mlock(): Result {
    return -EPERM;
  }

  override mlockall(): Result {
    return -EPERM;
  }

  override load(address: bigint, size: AccessSize): Result | Fault {
    const perms = this.maps().find(({ start, end }) => start <= address && address < end)?.perms;
    if (perms?.startsWith('-w')) return { signal: 'SIGSEGV', code: 'SEGV_ACCERR', address: 0 };
    return super.load(address, size);
  }

  override ftruncate(fd: number, length: bigint): Result {
    const result = super.ftruncate(fd, length);
    return result === -EINVAL && length < 1n << 62n ? -EBADF : result;
  }

  override fork(): PosixVm | number {
    const child = super.fork() as PosixVm | number;
    if (typeof child !== 'number') child.place = this.place;
    return child;
  }

  private isMapped(address: bigint, length: bigint): boolean {
    let at = address;
    for (const { start, end } of this.maps()) if (start <= at && at < end) at = end;
    return at >= address + length;
  }
}

/** As `PosixVm`, but a child begins with zeros in the pages that its parent has mapped at the lowest address. */
export class WrongVm extends PosixVm {
  override fork(): PosixVm | number {
    const child = super.fork();
    const [lowest] = this.maps();
    if (typeof child !== 'number' && lowest?.perms === 'rw-p')
      for (let at = lowest.start; at < lowest.end; at += 8n) child.store(at, 8, 0n);
    return child;
  }
}
