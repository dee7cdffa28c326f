/**
 * A small virtual memory that is right: private anonymous pages at fixed addresses. What tests of the property-test kit begin with, and
 * break.
 */
import { EINVAL, ENOMEM, ENOSYS, EPERM } from '../../src/errno.ts';
import { MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, PROT_EXEC, PROT_READ, PROT_WRITE } from '../../src/flags.ts';
import type { AccessSize, Fault, Implementation } from '../../src/testing/testing.ts';

const PAGE = 4096n;
const USER_END = 0x7fff_ffff_f000n;
/** On x86 what may be written or executed may be read. */
const ANY_ACCESS = PROT_READ | PROT_WRITE | PROT_EXEC;

interface Page {
  readonly prot: number;
  readonly bytes: Uint8Array;
}

export class SmallVm implements Implementation {
  protected pages: Map<bigint, Page> = new Map();

  mmap(address: bigint, length: bigint, prot: number, flags: number, _fd: number, offset: bigint): number | bigint {
    if (flags !== (MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)) return -ENOSYS;
    if (length === 0n || address % PAGE !== 0n || offset % PAGE !== 0n) return -EINVAL;
    if (address + length > USER_END) return -ENOMEM;
    if (address < PAGE) return -EPERM;
    for (const page of pagesIn(address, length)) this.pages.set(page, { prot, bytes: new Uint8Array(Number(PAGE)) });
    return address;
  }

  munmap(address: bigint, length: bigint): number {
    if (length === 0n || address % PAGE !== 0n || address + length > USER_END) return -EINVAL;
    for (const page of pagesIn(address, length)) this.pages.delete(page);
    return 0;
  }

  fork(): SmallVm {
    const child = new (this.constructor as new () => SmallVm)();
    child.pages = new Map(
      [...this.pages].map(([number, { prot, bytes }]) => [number, { prot, bytes: bytes.slice() }] as const),
    );
    return child;
  }

  load(address: bigint, size: AccessSize): bigint | Fault {
    const bytes = Array.from({ length: size }, (_, index) => address + BigInt(index));
    const fault = this.faultIn(bytes, ({ prot }) => (prot & ANY_ACCESS) !== 0);
    return fault ?? bytes.reduceRight((value, at) => (value << 8n) | BigInt(this.byteAt(at)), 0n);
  }

  store(address: bigint, size: AccessSize, value: bigint): Fault | undefined {
    const bytes = Array.from({ length: size }, (_, index) => address + BigInt(index));
    const fault = this.faultIn(bytes, ({ prot }) => (prot & PROT_WRITE) !== 0);
    if (fault !== undefined) return fault;
    for (const [index, at] of bytes.entries()) {
      const page = this.pages.get(at / PAGE) as Page;
      page.bytes[Number(at % PAGE)] = Number((value >> BigInt(8 * index)) & 0xffn);
    }
    return undefined;
  }

  private byteAt(address: bigint): number {
    return this.pages.get(address / PAGE)?.bytes[Number(address % PAGE)] ?? 0;
  }

  /** The first of the addresses whose page does not allow the access. */
  private faultIn(addresses: readonly bigint[], allows: (page: Page) => boolean): Fault | undefined {
    for (const address of addresses) {
      const page = this.pages.get(address / PAGE);
      if (page === undefined) return { signal: 'SIGSEGV', code: 'SEGV_MAPERR', address };
      if (!allows(page)) return { signal: 'SIGSEGV', code: 'SEGV_ACCERR', address };
    }
    return undefined;
  }
}

function pagesIn(address: bigint, length: bigint): bigint[] {
  const pages = Number((length + PAGE - 1n) / PAGE);
  return Array.from({ length: pages }, (_, index) => address / PAGE + BigInt(index));
}
