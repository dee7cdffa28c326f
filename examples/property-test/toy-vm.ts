/**
 * A toy virtual memory: private anonymous pages at fixed addresses. It looks right, and there are three mistakes in it for
 * `checkImplementation` to find (toy-vm.test.ts).
 *
 * What it has methods for is what it is tested with; where it answers ENOSYS the scenario goes on without that call.
 */
import { MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, PROT_EXEC, PROT_READ, PROT_WRITE } from 'faultline';
import type { AccessSize, Fault, Implementation } from 'faultline/testing';

const [ENOMEM, EINVAL, ENOSYS] = [12, 22, 38];
const PAGE = 4096n;
const USER_END = 0x7fff_ffff_f000n;

interface Area {
  readonly start: bigint;
  readonly end: bigint;
  readonly prot: number;
}

export class ToyVm implements Implementation {
  private areas: Area[] = [];
  /** Page number -> bytes. A page that is missing is all zeros. */
  private pages = new Map<bigint, Uint8Array>();

  mmap(address: bigint, length: bigint, prot: number, flags: number, _fd: number, offset: bigint): number | bigint {
    if (flags !== (MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED)) return -ENOSYS;
    if (length === 0n || address % PAGE !== 0n || offset % PAGE !== 0n) return -EINVAL;
    if (length > USER_END || address + length > USER_END) return -ENOMEM;
    this.munmap(address, length);
    this.areas.push({ start: address, end: roundUp(address + length), prot });
    return address;
  }

  munmap(address: bigint, length: bigint): number {
    const end = roundUp(address + length);
    if (length === 0n || address % PAGE !== 0n || end > USER_END) return -EINVAL;
    this.areas = this.areas.flatMap((area) => without(area, address, end));
    for (let page = address / PAGE; page < end / PAGE; page++) this.pages.delete(page);
    return 0;
  }

  fork(): ToyVm {
    const child = new ToyVm();
    child.areas = this.areas;
    child.pages = new Map(this.pages); // mistake 2: the bytes are shared
    return child;
  }

  load(address: bigint, size: AccessSize): bigint | Fault {
    let value = 0n;
    for (let byte = 0n; byte < size; byte++) {
      if (!this.allows(address + byte, PROT_READ | PROT_WRITE | PROT_EXEC)) return this.fault(address + byte);
      const bytes = this.pages.get((address + byte) / PAGE);
      value |= BigInt(bytes?.[Number((address + byte) % PAGE)] ?? 0) << (8n * byte);
    }
    return value;
  }

  store(address: bigint, size: AccessSize, value: bigint): Fault | undefined {
    for (let byte = 0n; byte < size; byte++) {
      // Mistake 3: what was stored before the fault stays.
      if (!this.allows(address + byte, PROT_WRITE)) return this.fault(address + byte);
      const page = (address + byte) / PAGE;
      const bytes = this.pages.get(page) ?? new Uint8Array(Number(PAGE));
      bytes[Number((address + byte) % PAGE)] = Number((value >> (8n * byte)) & 0xffn);
      this.pages.set(page, bytes);
    }
    return undefined;
  }

  private at(address: bigint): Area | undefined {
    return this.areas.find(({ start, end }) => start <= address && address < end);
  }

  private allows(address: bigint, prot: number): boolean {
    return ((this.at(address)?.prot ?? 0) & prot) !== 0;
  }

  private fault(address: bigint): Fault {
    const code = this.at(address) === undefined ? 'SEGV_MAPERR' : 'SEGV_ACCERR';
    return { signal: 'SIGSEGV', code, address };
  }
}

function roundUp(address: bigint): bigint {
  return ((address + PAGE - 1n) / PAGE) * PAGE;
}

/** What is left of an area when [start, end) goes. */
function without(area: Area, start: bigint, end: bigint): Area[] {
  if (area.end <= start || end <= area.start) return [area];
  if (area.start < start) return [{ ...area, end: start }]; // mistake 1: what lies behind `end` is lost
  return area.end > end ? [{ ...area, start: end }] : [];
}
