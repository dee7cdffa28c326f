/**
 * Plays the accesses of one log on an address space.
 *
 * Place: traced-process.ts hands it each batch, and tells it what the next accesses are: the first after an
 * execve, the attempt of an instruction that faults, the first after a signal. From those it works out what
 * the kernel did to the stack just before: what execve put there, and the frame that a signal handler returns
 * through.
 * An access that the machine refuses although the log shows no signal is lost; too many of them mean that log
 * and mappings are of different layouts.
 */

import { type AccessBatch, type AccessKinds, FETCH, MODIFY, WRITE } from './access-batch.ts';
import { type AddressSpace, TOUCH_OOM } from './address-space.ts';
import { failAt } from './bad-line.ts';
import { holds, type Image, readVdsoHeader, touchInitialStack } from './image.ts';
import type { AddressRange } from './log-event.ts';
import { outOfMemory } from './out-of-memory.ts';

/** The red zone below the stack pointer, which a signal frame leaves alone. */
const RED_ZONE = 128;
/** siginfo, ucontext and the old FPU state: a frame has at least so many bytes. */
const FRAME_MIN = 440 + 512;
/** How far back to look for a stack access. */
const LOOK_BACK = 512;
/** The largest stack that a frame is looked for in. */
const STACK_MAX = 2 ** 30;

/** This many lost accesses, if they are this share of all, mean another layout. */
const LOST_MIN = 64;
const LOST_SHARE = 0.01;

export class AccessRunner {
  private readonly log: string;
  private readonly hidden: Readonly<AddressRange>;
  readonly counts: AccessKinds;
  /** Likewise of those that count for their mappings only: hidden ones, and those of instructions that fault. */
  private readonly leftOut: AccessKinds;
  lost: number;
  /** Where the first lost access stands and what it was. */
  firstLost: string | undefined;
  private image: Image | undefined;
  /** The next access is the first after an execve. */
  private starting: boolean;
  private attempting: boolean;
  /** A signal has come: the next store may be a handler's. */
  private signalled: boolean;
  /** The last access to the stack before now, 0 for none. */
  private lastStackVa: number;

  /** Accesses in `hidden`, which may grow, are left out. */
  constructor(log: string, hidden: Readonly<AddressRange>) {
    this.log = log;
    this.hidden = hidden;
    this.counts = [0, 0, 0, 0];
    this.leftOut = [0, 0, 0, 0];
    this.lost = 0;
    this.firstLost = undefined;
    this.image = undefined;
    this.starting = false;
    this.attempting = false;
    this.signalled = false;
    this.lastStackVa = 0;
  }

  /** An execve has made `image`, whose first instruction follows. */
  begin(image: Image): void {
    this.image = image;
    this.starting = true;
    this.lastStackVa = 0;
  }

  /** The accesses until `signalDelivered` are one instruction's, which faults. */
  attempt(): void {
    this.attempting = true;
  }

  signalDelivered(): void {
    this.attempting = false;
    this.signalled = true;
  }

  /**
   * The first accesses after an execve: fills the stack as execve did, and counts faults from here on; false
   * if they are not.
   */
  begins(space: AddressSpace, batch: AccessBatch): boolean {
    if (!this.starting) return false;
    this.start(space, batch);
    return true;
  }

  run(space: AddressSpace, batch: AccessBatch): void {
    if (this.signalled) this.pushFrame(space, batch);
    if (this.attempting) this.tryInstruction(space, batch);
    else this.play(space, batch);
    this.rememberStack(batch);
  }

  private play({ process, tally }: AddressSpace, batch: AccessBatch): void {
    const { va, size, kind, count } = batch;
    for (let from = 0; from < count; ) {
      const to = this.visibleEnd(batch, from);
      tally.add(batch, from, to, this.counts);
      while (from < to) {
        from = process.touchRun(va, size, kind, from, to);
        if (from < to) this.refused(process.refusal, batch, from++);
      }
      while (from < count && this.isHidden(va[from])) from++;
      tally.add(batch, to, from, this.leftOut);
    }
  }

  /** Where the accesses from `from` on that are not hidden end. */
  private visibleEnd({ va, count }: AccessBatch, from: number): number {
    if (this.hidden.end === 0) return count;
    let to = from;
    while (to < count && !this.isHidden(va[to])) to++;
    return to;
  }

  private isHidden(va: number): boolean {
    return va < this.hidden.end && va >= this.hidden.start;
  }

  /** The accesses of an instruction up to the one that faults. */
  private tryInstruction({ process, tally }: AddressSpace, batch: AccessBatch): void {
    const { va, size, kind, count } = batch;
    tally.add(batch, 0, count, this.leftOut);
    for (let i = 0; i < count; i++) {
      this.counts[kind[i]]++;
      if (process.touch(va[i], size[i], kind[i] === MODIFY ? WRITE : kind[i]) < 0) return;
    }
  }

  private refused(result: number, batch: AccessBatch, row: number): void {
    if (result === TOUCH_OOM) outOfMemory(`what the program touches (${this.log}:${batch.firstLine + row})`);
    const line = batch.firstLine + row;
    const what = `0x${batch.va[row].toString(16)}`;
    this.lost++;
    this.firstLost ??= `${this.log}:${line}: ${what}`;
    const all = this.counts.reduce((sum, count) => sum + count, 0);
    if (this.lost < LOST_MIN || this.lost < all * LOST_SHARE) return;
    failAt(
      this.log,
      line,
      `${this.lost} of ${all} accesses so far lie where no mapping allows them (this one at ${what}): the addresses of this log and the mappings disagree; both must be of one recording, or of recordings with address-space randomisation off (setarch -R)`,
    );
  }

  private start(space: AddressSpace, batch: AccessBatch): void {
    const image = this.image as Image;
    this.starting = false;
    const [first] = batch.va;
    if (!holds(image, first)) {
      failAt(
        this.log,
        batch.firstLine,
        `the program's first access, 0x${first.toString(16)}, lies in none of its first mappings: the addresses of this log and of the maps-exec file disagree; both must be of one layout (setarch -R)`,
      );
    }
    for (let i = 0; i < batch.count; i++) {
      if (batch.kind[i] === FETCH) continue;
      if (batch.va[i] >= image.stackStart && batch.va[i] < image.stackEnd)
        touchInitialStack(space.process, image, batch.va[i]);
      break;
    }
    space.process.resetFaults();
    if (image.hiddenVdso !== undefined) readVdsoHeader(space.process, image.hiddenVdso);
  }

  /** If the first store after a signal is far below the last stack access, a handler's frame lies between. */
  private pushFrame(space: AddressSpace, batch: AccessBatch): void {
    this.signalled = false;
    for (let i = 0; i < batch.count; i++) {
      if (batch.kind[i] === FETCH) continue;
      const va = batch.va[i];
      const top = this.lastStackVa - RED_ZONE;
      const isFrame = batch.kind[i] === WRITE && va <= top - FRAME_MIN && this.lastStackVa - va < STACK_MAX;
      if (isFrame) space.process.kernelTouch(va, Math.min(top - va, 2 * FRAME_MIN + 8192), WRITE);
      return;
    }
  }

  private rememberStack({ va, kind, count }: AccessBatch): void {
    const stack = this.image;
    if (stack === undefined) return;
    for (let i = count - 1; i >= Math.max(0, count - LOOK_BACK); i--) {
      if (kind[i] === FETCH || va[i] >= stack.stackEnd || va[i] < stack.stackEnd - STACK_MAX) continue;
      this.lastStackVa = va[i];
      return;
    }
  }
}
