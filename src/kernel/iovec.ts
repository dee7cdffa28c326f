/**
 * Lists of ranges that a program hands to a call (struct iovec).
 *
 * Place: under process-vm.ts and vector-calls.ts. A list stands in the program's memory, or comes from whoever uses the machine. Lengths that are
 * negative as a C long are refused, those beyond what one call moves are cut.
 * Source: Linux lib/iov_iter.c __import_iovec, iovec_from_user.
 */

import { EFAULT, EINVAL } from '../errno.ts';
import { toUnsigned, type Word } from '../units.ts';
import { type AccessEngine, BY_KERNEL } from './access.ts';
import type { Placement } from './placement.ts';
import type { Task } from './task.ts';

export interface IoVectorParts {
  readonly engine: AccessEngine;
  readonly placement: Placement;
}

export interface IoVector {
  readonly address: number;
  readonly length: number;
}

/** `count` vectors of two words each in memory at `address`; or the vectors themselves. */
export type IoVectors =
  | { readonly address: Word; readonly count: Word }
  | readonly { readonly address: Word; readonly length: Word }[];

interface Exact {
  readonly address: bigint;
  readonly length: bigint;
}

const VECTOR_BYTES = 16;
const COUNT_MAX = 1024n;
const LENGTH_END = 2n ** 63n;
/** MAX_RW_COUNT: what one call moves at most. */
const MOVED_MAX = 0x7ffff000n;

/** The caller's own ranges, all inside user space; or a negative errno. */
export function importLocal(parts: IoVectorParts, task: Task, vectors: IoVectors): IoVector[] | number {
  const all = exactVectors(parts, task, vectors, 32);
  if (typeof all === 'number') return all;
  const end = BigInt(parts.placement.layout.userEnd);
  let left = MOVED_MAX;
  const local: IoVector[] = [];
  for (const { address, length } of all) {
    // A single range is cut before it is checked, several are checked as they are.
    const checkedLength = all.length === 1 && length > MOVED_MAX ? MOVED_MAX : length;
    if (address + checkedLength > end) return -EFAULT;
    const taken = length < left ? length : left;
    left -= taken;
    local.push({ address: Number(address), length: Number(taken) });
  }
  return local;
}

/** Ranges of another address space, of which nothing is checked yet; or a negative errno. */
export function importRemote(parts: IoVectorParts, task: Task, vectors: IoVectors): IoVector[] | number {
  const all = exactVectors(parts, task, vectors, 64);
  if (typeof all === 'number') return all;
  return all.map(({ address, length }) => ({ address: Number(address), length: Number(length) }));
}

/** The count is a C unsigned int for one side and a long for the other: `bits`. */
function exactVectors(parts: IoVectorParts, task: Task, vectors: IoVectors, bits: number): Exact[] | number {
  if (!('count' in vectors)) {
    const all = vectors.map(({ address, length }) => ({ address: toUnsigned(address), length: toUnsigned(length) }));
    return all.some(({ length }) => length >= LENGTH_END) ? -EINVAL : all;
  }
  const count = BigInt.asUintN(bits, toUnsigned(vectors.count));
  if (count > COUNT_MAX) return -EINVAL;
  if (count === 0n) return [];
  return readVectors(parts, task, toUnsigned(vectors.address), Number(count));
}

function readVectors(parts: IoVectorParts, task: Task, address: bigint, count: number): Exact[] | number {
  const bytes = new Uint8Array(count * VECTOR_BYTES);
  if (address + BigInt(bytes.length) > BigInt(parts.placement.layout.userEnd)) return -EFAULT;
  const there = parts.engine.copyFromUser(task, Number(address), bytes, BY_KERNEL);
  const view = new DataView(bytes.buffer);
  const all: Exact[] = [];
  for (let at = 0; at + VECTOR_BYTES <= there; at += VECTOR_BYTES) {
    const length = view.getBigUint64(at + 8, true);
    if (length >= LENGTH_END) return -EINVAL;
    all.push({ address: view.getBigUint64(at, true), length });
  }
  return all.length < count ? -EFAULT : all;
}
