/**
 * The block device: blocks of one page each, a queue, and a latency model.
 *
 * Place: the bottom of the file path. It knows only block numbers and bytes: a request carries the
 * bytes to write or receives those read. Submission gives the completion time; the owner of the
 * clock alarm calls `complete` when it is due. Blocks never written hold zeros.
 * Invariant: a request in flight has exactly one alarm pending.
 */

import { assert } from '../assert.ts';
import type { Clock } from '../clock.ts';
import type { DiskConfig } from '../config.ts';
import { RECORD_ID, type Trace } from '../trace.ts';
import type { LatencyModel } from './latency.ts';

/** Alarm kind of a finished request; args: [request id]. */
export const ALARM_IO_DONE = 'disk.done';

export interface BlockRequest {
  readonly id: number;
  readonly block: number;
  readonly write: boolean;
  /** Bytes of the block: copied from here at once for a write, filled in at completion of a read. */
  readonly data: Uint8Array;
  /** What the owner wants back at completion (file and page), untouched here. */
  readonly owner: number;
  readonly index: number;
  failed: boolean;
}

export class BlockDevice {
  readonly blockSize: number;
  readonly blocks: number;
  private readonly clock: Clock;
  private readonly latency: LatencyModel;
  private readonly trace: Trace;
  private readonly contents: Map<number, Uint8Array>;
  private readonly inFlight: Map<number, BlockRequest>;
  private lastId: number;
  private busyUntilNs: number;
  private lastBlock: number;
  /** Requests finished, by direction. */
  reads: number;
  writes: number;

  constructor(config: DiskConfig, blockSize: number, clock: Clock, latency: LatencyModel, trace: Trace) {
    this.blockSize = blockSize;
    this.blocks = config.blocks;
    this.clock = clock;
    this.latency = latency;
    this.trace = trace;
    this.contents = new Map();
    this.inFlight = new Map();
    this.lastId = 0;
    this.busyUntilNs = 0;
    this.lastBlock = 0;
    this.reads = 0;
    this.writes = 0;
  }

  get queueDepth(): number {
    return this.inFlight.size;
  }

  /** Queues a read; its bytes are in the request that `complete` returns. */
  read(block: number, owner: number, index: number): number {
    return this.submit(block, false, new Uint8Array(this.blockSize), owner, index);
  }

  /** Queues a write of `data`, which is copied now. */
  write(block: number, data: Uint8Array, owner: number, index: number): number {
    return this.submit(block, true, data.slice(), owner, index);
  }

  private submit(block: number, write: boolean, data: Uint8Array, owner: number, index: number): number {
    assert(block > 0 && block < this.blocks, `block ${block} is outside the device`);
    const id = ++this.lastId;
    const startNs = Math.max(this.clock.nowNs, this.busyUntilNs);
    const doneNs = startNs + this.latency.serviceNs(this.lastBlock, block, write);
    this.busyUntilNs = startNs + this.latency.occupiedNs(this.lastBlock, block, write);
    this.lastBlock = block;
    this.inFlight.set(id, { id, block, write, data, owner, index, failed: false });
    this.clock.set(doneNs, ALARM_IO_DONE, [id]);
    if (this.trace.mask !== 0) this.trace.emit(RECORD_ID.block_rq_issue, block, 1, write ? 1 : 0, 0);
    return id;
  }

  /** Ends a request whose time has come: moves the bytes and hands the request back. */
  complete(id: number): BlockRequest {
    const request = this.inFlight.get(id);
    assert(request !== undefined, `request ${id} completed twice`);
    this.inFlight.delete(id);
    if (request.write) {
      this.writes++;
      this.contents.set(request.block, request.data);
    } else {
      this.reads++;
      const stored = this.contents.get(request.block);
      if (stored !== undefined) request.data.set(stored);
    }
    return request;
  }

  /** Bytes of a block as they stand on the medium, for tests and the disk image. */
  peek(block: number): Uint8Array {
    return this.contents.get(block)?.slice() ?? new Uint8Array(this.blockSize);
  }

  /** A freed block holds zeros when it is used again (its old bytes belong to nobody). */
  discard(block: number): void {
    this.contents.delete(block);
  }
}
