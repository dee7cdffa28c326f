/**
 * Atomic accesses: a load and a store in one that no other task comes between.
 *
 * Place: the public face of the access engine, between plain accesses (process-memory.ts) and the calls (process.ts).
 * The processor asks for the right to store before it looks at what is there: an exchange that does not come
 * about faults, copies and dirties as one that does.
 * Source: Intel SDM 2A CMPXCHG ("the destination operand is written back if the comparison fails"), 2D XADD.
 */

import { ACCESS_WRITE } from '../mmu/access-codes.ts';
import type { Word } from '../units.ts';
import { ProcessMemory, toVa } from './process-memory.ts';

/** In bytes. */
export type AtomicSize = 1 | 2 | 4 | 8;

export class ProcessAtomics extends ProcessMemory {
  /** Stores the low `size` bytes of `desired` if `expected` stands there; what stood there, unsigned. */
  compareExchange(va: Word, size: AtomicSize, expected: Word, desired: Word): bigint {
    const wanted = lowBytes(expected, size);
    return this.modify(va, size, (old) => (old === wanted ? lowBytes(desired, size) : old));
  }

  /** Adds, modulo 2^(8*size); what stood there before, unsigned. */
  fetchAdd(va: Word, size: AtomicSize, amount: Word): bigint {
    return this.modify(va, size, (old) => lowBytes(old + BigInt(amount), size));
  }

  private modify(va: Word, size: AtomicSize, change: (old: bigint) => bigint): bigint {
    const at = toVa(va, this.wordBits);
    if ((at & this.pageMask) > this.pageMask + 1 - size) return this.modifyAcross(at, size, change);
    const first = this.mmu().translateWrite(at);
    const pa = first >= 0 ? first : this.faulted(ACCESS_WRITE, va);
    const bytes = new Uint8Array(size);
    this.ram.read(pa, bytes);
    const old = bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n);
    const changed = change(old);
    this.ram.write(
      pa,
      bytes.map((_, byte) => Number((changed >> BigInt(8 * byte)) & 0xffn)),
    );
    return old;
  }

  private modifyAcross(va: number, size: AtomicSize, change: (old: bigint) => bigint): bigint {
    this.bothPages(va, size, ACCESS_WRITE);
    const old = this.loadAcross(va, size);
    this.storeAcross(va, size, change(old));
    return old;
  }
}

function lowBytes(value: Word, size: AtomicSize): bigint {
  return BigInt.asUintN(8 * size, BigInt(value));
}
