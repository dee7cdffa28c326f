/**
 * process_vm_readv(2) and process_vm_writev(2).
 *
 * Source: process_vm_readv(2); Linux mm/process_vm_access.c, lib/iov_iter.c, mm/gup.c.
 */

import { EFAULT, EINVAL, EPERM, ESRCH } from '../errno.ts';
import { type Answer, failure, value } from './answer.ts';
import {
  type Errno,
  min,
  offsetIn,
  PAGE_SIZE,
  pageFloor,
  transferMax,
  WORD_BITS,
  wrap,
  ZERO_PAGE,
} from './arithmetic.ts';
import { access, bytesAt, isFault, type Place, touch } from './faults.ts';
import { copyFromUser, copyToUser, isUserRange, numberIn } from './memory-access.ts';
import type { Caller, Process, State } from './state.ts';
import { lives } from './threads.ts';
import { memoryOf } from './vfork.ts';
import { VM_READ, VM_WRITE } from './vm-flags.ts';
import { vmaAt } from './vmas.ts';

export interface Vector {
  readonly address: bigint;
  readonly length: bigint;
}

/** So many vectors in memory at an address. */
export interface VectorList {
  readonly address: bigint;
  readonly count: bigint;
}

type Direction = 'read' | 'write';

const VECTORS_MAX = 1024n;

/** A range in memory is two words, and its length a C `long`. */
function wordBytes(): bigint {
  return BigInt(WORD_BITS / 8);
}

function lengthEnd(): bigint {
  return 1n << BigInt(WORD_BITS - 1);
}

/** Pages that the kernel holds at a time. */
const PINNED_MAX = 1024n;

/**
 * @call process_vm_readv process_vm_writev
 * Moves bytes from the memory of another process (or this one) into own memory, or the other way, and answers how many.
 *
 * Each side is a list of ranges, which are used up in their order; the call ends with the shorter side. It stops at the first byte
 * that cannot be had; what was moved before counts. On the other side a range is taken in pages, all of them touched as by a load
 * or a store, even if the own side is shorter: reading needs PROT_READ itself, writing PROT_WRITE, no stack grows, and a
 * page that both sides of a fork share is copied even to be read. The own side is accessed as by any call.
 *
 * @errors
 * EINVAL: `flags` is not 0
 * EINVAL: more than 1024 ranges, or one whose length is negative as a C `long`
 * EFAULT: the list of the own side cannot be loaded, or names what is beyond user space
 * EINVAL: the other side's list, not looked at if the own side is empty: more than 1024 ranges, or a negative length
 * EFAULT: the other side's list cannot be loaded
 * ESRCH: there is no such process, or it has ended; not asked if the other side is empty
 * EPERM: it runs another program since its execve: user 0 has capabilities again then, which the caller has not
 * EFAULT: not one byte could be moved
 *
 * @differs Processes are all of one user.
 */
export function processVm(
  caller: Caller,
  direction: Direction,
  child: bigint,
  local: VectorList | readonly Vector[],
  remote: VectorList | readonly Vector[],
  flags: bigint,
): Answer {
  if (flags !== 0n) return failure(EINVAL);
  const own = ownVectors(caller, local);
  if (typeof own === 'number') return failure(own);
  if (isEmpty(own)) return value(0n);
  const theirs = vectorsOf(caller, remote, 64);
  if (typeof theirs === 'number') return failure(theirs);
  if (isEmpty(theirs)) return value(0n);
  const thread = caller.state.threads.get(Number(child));
  if (!lives(caller.state, thread)) return failure(ESRCH);
  const owner = caller.state.processes.get(thread.process);
  if (owner?.privileged && !caller.process.privileged) return failure(EPERM);
  return transfer(caller, direction, memoryOf(caller, thread.process), own, theirs);
}

function isEmpty(vectors: readonly Vector[]): boolean {
  return vectors.every(({ length }) => length === 0n);
}

/** A single range is cut to what one call moves before it is checked, several after. */
export function ownVectors(caller: Caller, list: VectorList | readonly Vector[]): readonly Vector[] | Errno {
  const vectors = vectorsOf(caller, list, 32);
  if (typeof vectors === 'number') return vectors;
  const asked =
    vectors.length === 1 ? vectors.map((one) => ({ ...one, length: min(one.length, transferMax()) })) : vectors;
  return asked.every(({ address, length }) => isUserRange(caller.state, address, length)) ? asked : EFAULT;
}

function vectorsOf(caller: Caller, list: VectorList | readonly Vector[], bits: number): readonly Vector[] | Errno {
  if (!('count' in list)) return list.every(({ length }) => length < lengthEnd()) ? list : EINVAL;
  const count = BigInt.asUintN(bits, list.count);
  if (count > VECTORS_MAX) return EINVAL;
  if (count === 0n) return [];
  if (!isUserRange(caller.state, list.address, count * 2n * wordBytes())) return EFAULT;
  const vectors: Vector[] = [];
  for (let index = 0n; index < count; index++) {
    const at = list.address + index * 2n * wordBytes();
    const [address, length] = [wordAt(caller, at), wordAt(caller, at + wordBytes())];
    if (address === undefined || length === undefined) return EFAULT;
    if (length >= lengthEnd()) return EINVAL;
    vectors.push({ address, length });
  }
  return vectors;
}

/** A word of the caller, undefined where they cannot be loaded. */
function wordAt({ state, process }: Caller, address: bigint): bigint | undefined {
  let word = 0n;
  for (let byte = wordBytes() - 1n; byte >= 0n; byte--) {
    const place = access(state, process, address + byte, 'load');
    if (isFault(place)) return undefined;
    word = (word << 8n) | numberIn(place, address + byte, 1);
  }
  return word;
}

/** The own side, as far as it has been used up. */
interface Rest {
  vectors: readonly Vector[];
}

function transfer(
  { state, process }: Caller,
  direction: Direction,
  other: Process,
  own: readonly Vector[],
  theirs: readonly Vector[],
): Answer {
  const rest: Rest = { vectors: own.filter(({ length }) => length > 0n) };
  let moved = 0n;
  for (const range of theirs) {
    for (let done = 0n; done < range.length && rest.vectors.length > 0; ) {
      const start = wrap(range.address + done);
      const places = hold(state, other, start, range.length - done, direction);
      if (places.length === 0) return ended(moved);
      const held = min(range.length - done, BigInt(places.length) * PAGE_SIZE - BigInt(offsetIn(start)));
      const count = moveHeld(state, process, direction, rest, places, offsetIn(start), held);
      moved += count;
      if (count < held && rest.vectors.length > 0) return ended(moved);
      done += held;
    }
  }
  return value(moved);
}

function ended(moved: bigint): Answer {
  return moved > 0n ? value(moved) : failure(EFAULT);
}

/** What shows zeros, whatever is stored meanwhile where it was found. */
const ZEROS: Place = { pages: new Map(), page: 0n };

/**
 * The pages of a range, up to the first that cannot be had. They are held as they were found: the page of zeros stays the page of zeros when
 * the own side, in the same memory, puts another in its place; and so does that of a file where a store makes a copy.
 */
function hold(state: State, other: Process, address: bigint, length: bigint, direction: Direction): readonly Place[] {
  const places: Place[] = [];
  const [kind, right] = direction === 'read' ? (['load', VM_READ] as const) : (['store', VM_WRITE] as const);
  const end = address + length;
  for (let page = pageFloor(address); page < end && places.length < PINNED_MAX; page += PAGE_SIZE) {
    const vma = vmaAt(other, page);
    if (vma === undefined || (vma.flags & right) === 0) break;
    const place = touch(state, other, vma, page, kind);
    if (isFault(place)) break;
    places.push(vma.file === undefined && bytesAt(place) === ZERO_PAGE ? ZEROS : place);
  }
  return places;
}

/** Moves `length` bytes between pages that are held and the own side, until that is used up or faults; how many. */
function moveHeld(
  state: State,
  process: Process,
  direction: Direction,
  rest: Rest,
  places: readonly Place[],
  start: number,
  length: bigint,
): bigint {
  const copy = direction === 'read' ? copyToUser : copyFromUser;
  let moved = 0n;
  while (moved < length && rest.vectors.length > 0) {
    const [{ address, length: room }] = rest.vectors;
    const at = start + Number(moved);
    const inPage = Number(PAGE_SIZE) - (at % Number(PAGE_SIZE));
    const chunk = Math.min(Number(min(length - moved, room)), inPage);
    const place = places[Math.floor(at / Number(PAGE_SIZE))];
    const done = copy(state, process, address, place, at % Number(PAGE_SIZE), chunk);
    moved += BigInt(done);
    use(rest, BigInt(done));
    if (done < chunk) break;
  }
  return moved;
}

function use(rest: Rest, bytes: bigint): void {
  const [{ address, length }, ...others] = rest.vectors;
  rest.vectors = bytes === length ? others : [{ address: address + bytes, length: length - bytes }, ...others];
}
