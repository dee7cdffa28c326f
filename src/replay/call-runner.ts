/**
 * Plays the system calls of one log: what the kernel touched, and what it changed.
 *
 * Place: traced-process.ts hands it each call that returned. A strace, where there is one, is walked along:
 * it adds paths, sizes and structures, and its addresses must agree with the log's.
 */

import { WRITE } from './access-batch.ts';
import type { AddressSpace } from './address-space.ts';
import { failAt } from './bad-line.ts';
import type { ReplayedCall } from './call-context.ts';
import type { Descriptors } from './descriptors.ts';
import { FILE_CALLS } from './file-calls.ts';
import { callVdso, type HiddenVdso } from './image.ts';
import type { RecordedCall } from './log-event.ts';
import { MEMORY_CALLS } from './memory-calls.ts';
import type { StraceCalls, StraceDetail, StraceMatch } from './strace-log.ts';
import { syscallName, syscallNumber } from './syscall-numbers.ts';
import { touchesOf } from './user-memory.ts';

/** Calls whose results are addresses: equal in two recordings of one layout. */
const ADDRESS_CALLS: ReadonlySet<number> = new Set(
  ['mmap', 'mremap', 'brk'].map((name) => syscallNumber(name) as number),
);
const NR_RSEQ = syscallNumber('rseq');
const RSEQ_FLAG_UNREGISTER = 1;
/** Offset of rseq_cs, which the kernel clears on its way back to user mode. */
const RSEQ_CS = 8;

/** Calls that the vdso answers natively; under a recorder that hides it they are system calls. */
const VDSO_CALLS: ReadonlySet<number> = new Set(
  ['clock_gettime', 'gettimeofday', 'time', 'getcpu', 'clock_getres'].map((name) => syscallNumber(name) as number),
);

export interface KernelAreas {
  /** The registered restartable-sequences area, or 0. */
  readonly rseq: number;
  readonly vdso: HiddenVdso | undefined;
}

export class CallRunner {
  private readonly log: string;
  private readonly straceFile: string | undefined;
  private readonly strace: StraceCalls | undefined;
  /** What is the kernel's in the address space now; a forked child has its parent's. */
  areas: KernelAreas;

  constructor(log: string, straceFile: string | undefined, strace: StraceCalls | undefined, areas: KernelAreas) {
    this.log = log;
    this.straceFile = straceFile;
    this.strace = strace;
    this.areas = areas;
  }

  /** The same call in the strace, or undefined. Throws `UserError` if it gave another address there. */
  match(call: RecordedCall, line: number): StraceMatch | undefined {
    const match = this.strace?.match(call.nr);
    if (match === undefined || !ADDRESS_CALLS.has(call.nr)) return match;
    const { result } = call;
    if (result === undefined || match.result === undefined || result < 0 || match.result < 0 || result === match.result)
      return match;
    failAt(
      this.log,
      line,
      `${syscallName(call.nr)} gave 0x${result.toString(16)}, but ${this.straceFile}:${match.line} says 0x${match.result.toString(16)}: the addresses of the two logs disagree; record both with the same layout (setarch -R)`,
    );
  }

  /** Touches user memory as the kernel did, then makes the call. */
  run(space: AddressSpace, descriptors: Descriptors, call: RecordedCall, detail: StraceDetail | undefined): void {
    if (call.result === undefined) return;
    const texts = detail === undefined ? call.texts : detail.texts;
    const known: ReplayedCall = { ...call, result: call.result, texts, size: detail?.size };
    space.noteResident();
    touchesOf(known, (va, bytes, access) => space.process.kernelTouch(va, bytes, access));
    const context = space.context(descriptors);
    const memoryCall = MEMORY_CALLS.get(call.nr);
    if (memoryCall !== undefined) {
      memoryCall(context, known);
      space.mappingsChanged();
    } else FILE_CALLS.get(call.nr)?.(context, known);
    if (call.nr === NR_RSEQ && call.result === 0) this.registerRseq(call);
    const { vdso } = this.areas;
    if (vdso !== undefined && VDSO_CALLS.has(call.nr)) callVdso(space.process, vdso);
  }

  private registerRseq({ args }: RecordedCall): void {
    this.areas = { ...this.areas, rseq: args[2] & RSEQ_FLAG_UNREGISTER ? 0 : args[0] };
  }

  /** After a fork the kernel writes the rseq area on the way back to user mode, in the parent and in the child. */
  touchRseq(space: AddressSpace): void {
    const { rseq } = this.areas;
    if (rseq !== 0) space.process.kernelTouch(rseq + RSEQ_CS, 8, WRITE);
  }
}
