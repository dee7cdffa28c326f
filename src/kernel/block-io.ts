/**
 * Waiting for the disk, and what a finished request does to the page it was for.
 *
 * Place: the one upward way of the machine room: the clock's alarm names the request, the device
 * hands it back, and the page becomes up to date or clean. A call that waits runs the clock until
 * what it waits for has come.
 * Invariant: a page that is read in or written back has exactly one request in flight.
 */

import { assert } from '../assert.ts';
import type { Clock } from '../clock.ts';
import { type Counters, PGPGIN, PGPGOUT } from '../counters.ts';
import { ALARM_IO_DONE, type BlockDevice, type BlockRequest } from '../disk/block-device.ts';
import { FRAME_UPTODATE, type FrameTable } from '../mmu/frames.ts';
import type { Ram } from '../mmu/ram.ts';
import type { PageCache } from '../pagecache/page-cache.ts';
import { RECORD_ID, type Trace } from '../trace.ts';
import { Inode } from './inode.ts';
import type { OwnerTable } from './owners.ts';

const WAIT_ALARMS_MAX = 10_000_000;

export class BlockIo {
  private readonly clock: Clock;
  private readonly device: BlockDevice;
  private readonly ram: Ram;
  private readonly frames: FrameTable;
  private readonly cache: PageCache;
  private readonly owners: OwnerTable;
  private readonly counters: Counters;
  private readonly trace: Trace;

  constructor(
    clock: Clock,
    device: BlockDevice,
    ram: Ram,
    frames: FrameTable,
    cache: PageCache,
    owners: OwnerTable,
    counters: Counters,
    trace: Trace,
  ) {
    this.clock = clock;
    this.device = device;
    this.ram = ram;
    this.frames = frames;
    this.cache = cache;
    this.owners = owners;
    this.counters = counters;
    this.trace = trace;
    clock.onAlarm(ALARM_IO_DONE, (args) => this.finish(args[0]));
  }

  /** Runs the clock until `done()`. */
  waitUntil(done: () => boolean): void {
    for (let alarms = 0; !done(); alarms++) {
      assert(this.clock.runNext(), 'a call waits for I/O, but nothing is in flight');
      assert(alarms < WAIT_ALARMS_MAX, 'a call waited for more alarms than can be due');
    }
  }

  private finish(id: number): void {
    const request = this.device.complete(id);
    if (this.trace.mask !== 0) {
      this.trace.emit(RECORD_ID.block_rq_complete, request.block, 1, 0, 0);
    }
    if (!this.owners.has(request.owner)) return;
    const inode = this.owners.get(request.owner);
    assert(inode instanceof Inode, 'a block request names something that is no file');
    if (request.write) this.finishWrite(inode, request);
    else this.finishRead(inode, request);
  }

  private finishRead(inode: Inode, request: BlockRequest): void {
    const pfn = inode.cache.get(request.index);
    if (pfn === 0) return;
    this.counters.add(PGPGIN, 1);
    this.ram.write(pfn * this.ram.pageSize, this.device.bytesOf(request.block));
    this.frames.set(pfn, FRAME_UPTODATE);
  }

  private finishWrite(inode: Inode, request: BlockRequest): void {
    this.counters.add(PGPGOUT, 1);
    this.cache.endWriteback(inode.cache, request.index);
  }
}
