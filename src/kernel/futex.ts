/**
 * futex(2): FUTEX_WAIT and FUTEX_WAKE.
 *
 * Place: a call of its own. A task that has to wait is put into a queue and makes no more calls until it is woken: the
 * call comes back at once and says so, since nothing in this machine blocks. With a timeout the time passes and the
 * call has failed, for nobody else runs meanwhile.
 *
 * Which word is meant, so that waker and waiter find each other:
 *
 *   FUTEX_PRIVATE_FLAG            address space, address       memory is not looked at
 *   private or anonymous page     address space, address       the page is made the process's own first
 *   page of a file or shared      inode, page, offset
 *   page of zeros, or a copy that cannot be stored to          EFAULT
 *
 * Source: Linux kernel/futex/core.c get_futex_key, kernel/futex/waitwake.c.
 */

import { EAGAIN, EFAULT, EINVAL, ENOSYS, ETIMEDOUT } from '../errno.ts';
import { FUTEX_PRIVATE_FLAG, FUTEX_WAIT, FUTEX_WAKE } from '../flags.ts';
import { ACCESS_READ, ACCESS_WRITE } from '../mmu/access-codes.ts';
import { FRAME_ANON } from '../mmu/frames.ts';
import { toInt, toUnsigned, type Word } from '../units.ts';
import { BY_KERNEL } from './access.ts';
import type { KernelParts } from './kernel.ts';
import { type Task, WAITING } from './task.ts';
import { VM_READ, VM_WRITE } from './vm-flags.ts';

const WORD_BYTES = 4;

/** 0 (woken, which is known later), the number of tasks woken, `WAITING`, or a negative errno. `timeoutNs` null: none. */
export function futex(
  parts: KernelParts,
  task: Task,
  address: Word,
  op: Word,
  value: Word,
  timeoutNs: number | null,
): number | typeof WAITING {
  const command = toInt(op) & ~FUTEX_PRIVATE_FLAG;
  if (command !== FUTEX_WAIT && command !== FUTEX_WAKE) return -ENOSYS;
  const key = keyOf(parts, task, toUnsigned(address), (toInt(op) & FUTEX_PRIVATE_FLAG) !== 0);
  if (typeof key === 'number') return key;
  // A count of 0, or below, wakes one: the kernel looks at it only after the first.
  if (command === FUTEX_WAKE) return parts.futexes.wake(key, Math.max(1, toInt(value)));
  return wait(parts, task, key, Number(toUnsigned(address)), toInt(value) >>> 0, timeoutNs);
}

function wait(
  parts: KernelParts,
  task: Task,
  key: string,
  va: number,
  expected: number,
  timeoutNs: number | null,
): number | typeof WAITING {
  const pa = parts.engine.resolve(task, va, ACCESS_READ, BY_KERNEL);
  if (pa < 0) return -EFAULT;
  if (parts.ram.load32(pa) !== expected) return -EAGAIN;
  if (timeoutNs !== null) {
    parts.clock.advance(timeoutNs);
    return -ETIMEDOUT;
  }
  parts.futexes.add(key, task);
  parts.engine.active = null;
  return WAITING;
}

/** What names the word at `address` for all who mean it; or a negative errno. */
function keyOf(parts: KernelParts, task: Task, address: bigint, isPrivate: boolean): string | number {
  if (address % BigInt(WORD_BYTES) !== 0n) return -EINVAL;
  const va = Number(address);
  // The end itself passes: of so few bytes only the address is checked (arch/x86 access_ok).
  if (va > parts.placement.layout.userEnd) return -EFAULT;
  return isPrivate ? `private ${task.mm.id} ${va}` : sharedKey(parts, task, va);
}

function sharedKey(parts: KernelParts, task: Task, va: number): string | number {
  const { frames, pool, pageSize } = parts;
  const stored = pin(parts, task, va, ACCESS_WRITE);
  const pfn = stored >= 0 ? stored : pin(parts, task, va, ACCESS_READ);
  if (pfn < 0 || pfn === pool.zeroPfn) return -EFAULT;
  if (frames.has(pfn, FRAME_ANON)) return stored < 0 ? -EFAULT : `mm ${task.mm.id} ${va}`;
  return `file ${frames.owner[pfn]} ${frames.index[pfn]} ${va % pageSize}`;
}

/** The frame at `va` as get_user_pages finds it: it asks for the VMA's own rights, and no stack grows for it. */
function pin(parts: KernelParts, task: Task, va: number, access: number): number {
  const vma = task.mm.vmas.containing(va);
  if (vma === null || !(vma.flags & (access === ACCESS_WRITE ? VM_WRITE : VM_READ))) return -1;
  if (parts.engine.resolve(task, va, access, BY_KERNEL) < 0) return -1;
  return parts.tables.frame(parts.tables.lookup(task.mm.root, va));
}
