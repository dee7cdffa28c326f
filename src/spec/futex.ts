/**
 * futex(2): waiting for a word of memory, and waking those who wait.
 *
 * A word is known by a key. With FUTEX_PRIVATE_FLAG that is the process and the address. Without it the page decides,
 * and is made the process's own first, as a store would, if it can be: a page that is (anonymous, or copied) is known by
 * process and address as well, a page of an object by the object.
 *
 * Source: futex(2); Linux kernel/futex/core.c get_futex_key, kernel/futex/waitwake.c.
 */

import { EAGAIN, EFAULT, EINVAL, ENOSYS, ETIMEDOUT } from '../errno.ts';
import { FUTEX_PRIVATE_FLAG, FUTEX_WAIT, FUTEX_WAKE } from '../flags.ts';
import { type Answer, failure, SUCCESS, value } from './answer.ts';
import { type Errno, low32, offsetIn, pageFloor, pageOf } from './arithmetic.ts';
import { type Access, access, isFault, touch } from './faults.ts';
import { numberIn } from './memory-access.ts';
import type { Caller, Process, State, Thread, Vma } from './state.ts';
import { takeNumber } from './state.ts';
import { lives } from './threads.ts';
import { VM_MAYSHARE, VM_READ, VM_WRITE } from './vm-flags.ts';
import { pgoffAt, vmaAt } from './vmas.ts';

const WORD_BYTES = 4n;

/** An absent timeout. */
const FOREVER = (1n << 64n) - 1n;

/**
 * @call futex
 * Waits for a 32-bit word in memory to change, or wakes those who wait for it.
 *
 * `FUTEX_WAIT` sleeps if the word is `val`; the statement prints `waiting`, and so do all of that process or thread until
 * it is woken. Given a `timeout`, in nanoseconds, it fails when that is over. `FUTEX_WAKE` wakes `val` of those who wait
 * for the word, those who came first before the others, at least one, and answers how many it were.
 *
 * Who means the same word: threads of one process by its address, and processes by the page of the file or shared memory
 * that it stands in. `FUTEX_PRIVATE_FLAG` is for threads only and does not look at the page. Without it both operations
 * make a private page the process's own, as a store would.
 *
 * @errors
 * ENOSYS: an operation that is none of these
 * EINVAL: `addr` is no multiple of 4
 * EFAULT: `addr` is beyond user space; without FUTEX_PRIVATE_FLAG: nothing is there, or a page of private memory that
 *   cannot be stored to
 * EFAULT: FUTEX_WAIT: the word cannot be loaded
 * EAGAIN: FUTEX_WAIT: the word is not `val`
 * ETIMEDOUT: FUTEX_WAIT: the timeout is over
 *
 * @flags FUTEX_
 *
 * @differs Other operations (requeueing, bit sets, priority inheritance) are not there: ENOSYS.
 */
export function futex(caller: Caller, address: bigint, op: bigint, number: bigint, timeout: bigint): Answer {
  const command = low32(op) & ~FUTEX_PRIVATE_FLAG;
  if (command !== FUTEX_WAIT && command !== FUTEX_WAKE) return failure(ENOSYS);
  if (address % WORD_BYTES !== 0n) return failure(EINVAL);
  // The end itself passes: of so few bytes the kernel checks only the address.
  if (address > caller.state.layout.taskSize) return failure(EFAULT);
  const isPrivate = (low32(op) & FUTEX_PRIVATE_FLAG) !== 0;
  const key = isPrivate ? `private ${caller.process.memory} ${address}` : sharedKey(caller, address);
  if (typeof key === 'number') return failure(key);
  if (command === FUTEX_WAKE) return wake(caller.state, key, Math.max(1, low32(number)));
  const errno = mustWait(caller, address, number);
  if (errno !== 0) return failure(errno);
  if (timeout !== FOREVER) return failure(ETIMEDOUT);
  caller.thread.waiting = { word: { key, since: takeNumber(caller.state) } };
  return { kind: 'waiting' };
}

function mustWait({ state, process }: Caller, address: bigint, expected: bigint): Errno {
  const word = access(state, process, address, 'load');
  if (isFault(word)) return EFAULT;
  return numberIn(word, address, Number(WORD_BYTES)) === BigInt.asUintN(32, expected) ? 0 : EAGAIN;
}

function wake(state: State, key: string, count: number): Answer {
  const woken = [...state.threads.values()]
    .filter((thread) => thread.waiting?.word?.key === key && lives(state, thread))
    .sort((one, other) => since(one) - since(other))
    .slice(0, count);
  for (const thread of woken) {
    thread.waiting = undefined;
    thread.waited = SUCCESS;
  }
  return value(BigInt(woken.length));
}

function since({ waiting }: Thread): number {
  return waiting?.word?.since ?? 0;
}

function sharedKey({ state, process }: Caller, address: bigint): string | Errno {
  const vma = vmaAt(process, address);
  if (vma === undefined) return EFAULT;
  const isStored = finds(state, process, vma, address, 'store');
  if (!isStored && !finds(state, process, vma, address, 'load')) return EFAULT;
  // What a descriptor of /dev/zero without the right to write is mapped shared with is private memory all the same.
  if (vma.flags & VM_MAYSHARE && vma.file !== undefined) return objectKey(state, vma, address);
  const isOwn = process.pages.has(pageOf(address));
  if (isOwn || vma.file === undefined) return isStored ? `memory ${process.memory} ${address}` : EFAULT;
  return objectKey(state, vma, address);
}

/** The kernel asks for the right itself, not for one that implies it. */
function finds(state: State, process: Process, vma: Vma, address: bigint, kind: Access): boolean {
  const right = kind === 'store' ? VM_WRITE : VM_READ;
  return (vma.flags & right) !== 0 && !isFault(touch(state, process, vma, address, kind));
}

function objectKey(state: State, vma: Vma, address: bigint): string {
  const object = state.openFiles.get(vma.file ?? 0)?.object;
  return `object ${object} ${pgoffAt(vma, pageFloor(address))} ${offsetIn(address)}`;
}
