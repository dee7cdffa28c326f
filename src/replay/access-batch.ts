/**
 * Decoded accesses as columns, the currency between a parser and whoever runs them.
 *
 * Place: log-scanner.ts fills a batch and hands it on when it is full or a line that is no access
 * comes; access-runner.ts runs it. One batch is used again and again: nothing is allocated per
 * access, and nobody may keep a reference to its columns beyond the call that got them.
 */

/** What an access does. The first three are the machine's own codes. */
export const READ = 0;
export const WRITE = 1;
export const FETCH = 2;
/** A load and a store of the same bytes by one instruction; to the MMU it is a store. */
export const MODIFY = 3;

/** Numbers of accesses by READ, WRITE, FETCH and MODIFY. */
export type AccessKinds = [number, number, number, number];

export class AccessBatch {
  /** Float64Array(capacity): virtual address, exact below 2^53. */
  readonly va: Float64Array;
  /** Uint16Array(capacity): bytes, 1 or more. */
  readonly size: Uint16Array;
  /** Uint8Array(capacity): READ, WRITE, FETCH or MODIFY. */
  readonly kind: Uint8Array;
  /** Rows in use. */
  count: number;
  /** Line number of row 0; row i stands in line `firstLine + i`. */
  firstLine: number;

  constructor(capacity: number) {
    this.va = new Float64Array(capacity);
    this.size = new Uint16Array(capacity);
    this.kind = new Uint8Array(capacity);
    this.count = 0;
    this.firstLine = 1;
  }

  /** A batch of one access. */
  static single(kind: number, va: number, size: number, line: number): AccessBatch {
    const batch = new AccessBatch(1);
    batch.kind[0] = kind;
    batch.va[0] = va;
    batch.size[0] = size;
    batch.count = 1;
    batch.firstLine = line;
    return batch;
  }
}
