/**
 * The block device: blocks of one page each, a queue, and a latency model.
 *
 * Place: the bottom of the file path. It knows only block numbers and bytes. Submission gives the completion time; the owner of
 * the clock alarm calls `complete` when it is due. Blocks never written hold zeros.
 *
 *   read     complete() gives what the block holds
 *   write    moves no byte: as with a device that fetches them from memory itself, the block holds what its page in the cache holds
 *   store    the page is about to leave the cache: its bytes come to the medium
 *
 * A block belongs to one page, so nobody can read it while that page is cached; a page that is written back many times is copied
 * once, when it goes.
 * Invariant: a request in flight has exactly one alarm pending.
 */

import { assert } from '../assert.ts';
import type { Clock } from '../clock.ts';
import type { DiskConfig } from '../config.ts';
import { RECORD_ID, type Trace } from '../trace.ts';
import type { LatencyModel } from './latency.ts';

/** Alarm kind of a finished request; args: [request id]. */
export const ALARM_IO_DONE = 'disk.done';

/** Blocks that are allocated together: an ArrayBuffer for each would cost more than its bytes. */
const SLAB_BLOCKS = 64;

/** Valid until the next request: the device uses these objects again. */
export interface BlockRequest {
  block: number;
  write: boolean;
  /** What the owner wants back at completion (file and page), untouched here. */
  owner: number;
  index: number;
  inFlight: boolean;
}

export class BlockDevice {
  readonly blockSize: number;
  readonly blocks: number;
  private readonly clock: Clock;
  private readonly latency: LatencyModel;
  private readonly trace: Trace;
  /** Bytes of SLAB_BLOCKS blocks in a row each; where there is none they are zeros. */
  private readonly slabs: Map<number, Uint8Array>;
  /** Uint8Array(blocks): 1 = written, and its bytes are in its page. */
  private readonly owed: Uint8Array;
  private readonly zeros: Uint8Array;
  /** By id; the ids of those that are not in flight stand in `idle`. */
  private readonly requests: BlockRequest[];
  private readonly idle: number[];
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
    this.slabs = new Map();
    this.owed = new Uint8Array(config.blocks);
    this.zeros = new Uint8Array(blockSize);
    this.requests = [];
    this.idle = [];
    this.busyUntilNs = 0;
    this.lastBlock = 0;
    this.reads = 0;
    this.writes = 0;
  }

  get queueDepth(): number {
    return this.requests.length - this.idle.length;
  }

  /** Queues a read; `bytesOf` has what it brings when it is complete. */
  read(block: number, owner: number, index: number): number {
    return this.submit(block, false, owner, index);
  }

  /** Queues a write of the page that the block belongs to. */
  write(block: number, owner: number, index: number): number {
    return this.submit(block, true, owner, index);
  }

  private submit(block: number, write: boolean, owner: number, index: number): number {
    assert(block > 0 && block < this.blocks, `block ${block} is outside the device`);
    const id = this.newRequest();
    const request = this.requests[id];
    request.block = block;
    request.write = write;
    request.owner = owner;
    request.index = index;
    request.inFlight = true;
    const startNs = Math.max(this.clock.nowNs, this.busyUntilNs);
    const doneNs = startNs + this.latency.serviceNs(this.lastBlock, block, write);
    this.busyUntilNs = startNs + this.latency.occupiedNs(this.lastBlock, block, write);
    this.lastBlock = block;
    this.clock.set(doneNs, ALARM_IO_DONE, [id]);
    if (this.trace.mask !== 0) this.trace.emit(RECORD_ID.block_rq_issue, block, 1, write ? 1 : 0, 0);
    return id;
  }

  private newRequest(): number {
    const id = this.idle.pop();
    if (id !== undefined) return id;
    this.requests.push({ block: 0, write: false, owner: 0, index: 0, inFlight: false });
    return this.requests.length - 1;
  }

  /** Ends a request whose time has come and hands it back. */
  complete(id: number): BlockRequest {
    const request = this.requests[id];
    assert(request.inFlight, `request ${id} completed twice`);
    request.inFlight = false;
    this.idle.push(id);
    if (!request.write) this.reads++;
    else {
      this.writes++;
      this.owed[request.block] = 1;
    }
    return request;
  }

  /** The block was written, and its page has its bytes. */
  owes(block: number): boolean {
    return this.owed[block] === 1;
  }

  /** The page of a block that is owed its bytes hands them over. */
  store(block: number, bytes: Uint8Array): void {
    this.owed[block] = 0;
    this.slabOf(block).set(bytes, (block % SLAB_BLOCKS) * this.blockSize);
  }

  private slabOf(block: number): Uint8Array {
    const number = Math.floor(block / SLAB_BLOCKS);
    const slab = this.slabs.get(number) ?? new Uint8Array(SLAB_BLOCKS * this.blockSize);
    this.slabs.set(number, slab);
    return slab;
  }

  /** Bytes of a block as they stand on the medium: valid until it changes. */
  bytesOf(block: number): Uint8Array {
    const slab = this.slabs.get(Math.floor(block / SLAB_BLOCKS));
    const at = (block % SLAB_BLOCKS) * this.blockSize;
    return slab === undefined ? this.zeros : slab.subarray(at, at + this.blockSize);
  }

  /** A freed block holds zeros when it is used again (its old bytes belong to nobody). */
  discard(block: number): void {
    this.owed[block] = 0;
    const slab = this.slabs.get(Math.floor(block / SLAB_BLOCKS));
    const at = (block % SLAB_BLOCKS) * this.blockSize;
    slab?.fill(0, at, at + this.blockSize);
  }
}
