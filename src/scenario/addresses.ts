/**
 * How addresses are printed: relative to something the scenario knows, so that two kernels agree.
 *
 * Addresses below 0x10000 and from the end of user space on are plain, `NULL` is 0. Others are
 * relative to what they lie in: the arena, the heap up to the highest break seen, a region that a
 * call placed (the latest, where several overlap); else to the nearest of these within 1 GiB; else
 * plain. Each process has regions of its own, which its threads share, and inherits those of its
 * parent at fork.
 */

import { assert } from '../assert.ts';
import { DEFAULT_ARENA } from './arena.ts';
import type { Bases } from './target.ts';

const REACH = 1n << 30n;
const PLAIN_BELOW = 0x10000n;
const X86_64_END = 0x7fff_ffff_f000n;
const X86_64_PAGE = 4096n;

/** A range of addresses [start, end) with the name it is printed by. */
interface Region {
  readonly label: string;
  readonly start: bigint;
  readonly end: bigint;
}

/** What one process has seen. */
interface Seen {
  /** In the order they were placed. */
  readonly regions: Region[];
  highestBreak: bigint;
}

export class AddressBook {
  private readonly arena: Region;
  private readonly heapStart: bigint;
  private readonly pageSize: bigint;
  /** Addresses from here on are plain. */
  private readonly plainFrom: bigint;
  /** By process. */
  private readonly seen: Map<number, Seen>;

  /** A book with one process, `main`, that has seen nothing yet. */
  constructor(main: number, { arena, arenaSize, brk: heapStart, pageSize, userEnd }: Bases) {
    this.pageSize = pageSize ?? X86_64_PAGE;
    this.plainFrom = userEnd ?? X86_64_END;
    this.arena = { label: 'A', start: arena, end: arena + (arenaSize ?? DEFAULT_ARENA.size) };
    this.heapStart = heapStart;
    this.seen = new Map([[main, { regions: [], highestBreak: heapStart }]]);
  }

  fork(parent: number, child: number): void {
    const { regions, highestBreak } = this.of(parent);
    this.seen.set(child, { regions: [...regions], highestBreak });
  }

  /** A thread sees what its process does, from now on too. */
  share(process: number, thread: number): void {
    this.seen.set(thread, this.of(process));
  }

  /** Another program: nothing that was placed before is there any more. */
  renew(process: number): void {
    this.seen.set(process, { regions: [], highestBreak: this.heapStart });
  }

  /** Notes that the program break was at `address`. */
  noteBreak(process: number, address: bigint): void {
    const seen = this.of(process);
    if (address > seen.highestBreak) seen.highestBreak = address;
  }

  /** Notes that a call placed `length` bytes at `start`; inside the arena that changes nothing. */
  noteRegion(process: number, label: string, start: bigint, length: bigint): void {
    if (distanceTo(this.arena, start) === 0n) return;
    const pages = (length + this.pageSize - 1n) / this.pageSize;
    this.of(process).regions.push({ label, start, end: start + pages * this.pageSize });
  }

  /** `NULL`, `A+0x10`, `BRK+0x0`, `p`, `p+0x1000`, `p-0x10`, `0x7fff00000000`. */
  format(process: number, address: bigint): string {
    return address === 0n ? 'NULL' : relative(address, this.baseOf(process, address));
  }

  /** `START-END` with both relative to what START is relative to. */
  formatRange(process: number, start: bigint, end: bigint): string {
    const base = this.baseOf(process, start);
    return `${relative(start, base)}-${relative(end, base)}`;
  }

  /** What an address is relative to, undefined for a plain one. */
  private baseOf(process: number, address: bigint): Region | undefined {
    if (address < PLAIN_BELOW || address >= this.plainFrom) return undefined;
    let best: Region | undefined;
    let least = REACH + 1n;
    for (const region of this.candidates(this.of(process))) {
      const distance = distanceTo(region, address);
      if (distance < least) [best, least] = [region, distance];
      if (distance === 0n) break;
    }
    return best;
  }

  /** In order of precedence: the first that holds an address wins, and so does the first of equally near ones. */
  private *candidates(seen: Seen): Generator<Region> {
    yield this.arena;
    yield { label: 'BRK', start: this.heapStart, end: seen.highestBreak + 1n };
    for (let index = seen.regions.length - 1; index >= 0; index--) yield seen.regions[index];
  }

  private of(process: number): Seen {
    const seen = this.seen.get(process);
    assert(seen !== undefined, `process ${process} was never made`);
    return seen;
  }
}

/** How far an address is from the nearest byte of a region, 0 inside. */
function distanceTo(region: Region, address: bigint): bigint {
  if (address < region.start) return region.start - address;
  return address < region.end ? 0n : address - region.end + 1n;
}

function relative(address: bigint, base: Region | undefined): string {
  if (!base) return hex(address);
  const offset = address - base.start;
  if (offset < 0n) return `${base.label}-${hex(-offset)}`;
  // The arena and the heap always show their offset, even 0.
  return offset === 0n && base.label !== 'A' && base.label !== 'BRK' ? base.label : `${base.label}+${hex(offset)}`;
}

/** `0x1f` */
export function hex(value: bigint): string {
  return `0x${value.toString(16)}`;
}
