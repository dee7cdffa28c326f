/**
 * Lists of ranges that a program hands to a call (struct iovec).
 *
 * Place: under process-vm.ts and vector-calls.ts. A list stands in the program's memory, or comes from whoever uses the machine. Lengths that are
 * negative as a C long are refused, those beyond what one call moves are cut.
 * Source: Linux lib/iov_iter.c __import_iovec, iovec_from_user.
 */

import { EFAULT, EINVAL } from '../errno.ts';
import { toRegister, toUnsigned, type Word } from '../units.ts';
import { type AccessEngine, BY_KERNEL } from './access.ts';
import type { Placement } from './placement.ts';
import type { Task } from './task.ts';
import { transferMax } from './transfers.ts';

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

const COUNT_MAX = 1024n;

/** From here on a length is negative as a C long. */
function lengthEnd({ mm }: Task): bigint {
  return 2n ** BigInt(mm.wordBits - 1);
}

/** The caller's own ranges, all inside user space; or a negative errno. */
export function importLocal(parts: IoVectorParts, task: Task, vectors: IoVectors): IoVector[] | number {
  const all = exactVectors(parts, task, vectors, 32);
  if (typeof all === 'number') return all;
  const end = BigInt(parts.placement.layout.userEnd);
  const most = BigInt(transferMax(task.mm.pageSize));
  let left = most;
  const local: IoVector[] = [];
  for (const { address, length } of all) {
    // A single range is cut before it is checked, several are checked as they are.
    const checkedLength = all.length === 1 && length > most ? most : length;
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
    const exact = (word: Word): bigint => toUnsigned(toRegister(word, task.mm.wordBits));
    const all = vectors.map(({ address, length }) => ({ address: exact(address), length: exact(length) }));
    return all.some(({ length }) => length >= lengthEnd(task)) ? -EINVAL : all;
  }
  const count = BigInt.asUintN(Math.min(bits, task.mm.wordBits), toUnsigned(vectors.count));
  if (count > COUNT_MAX) return -EINVAL;
  if (count === 0n) return [];
  return readVectors(parts, task, toUnsigned(toRegister(vectors.address, task.mm.wordBits)), Number(count));
}

function readVectors(parts: IoVectorParts, task: Task, address: bigint, count: number): Exact[] | number {
  const wordBytes = task.mm.wordBits / 8;
  const bytes = new Uint8Array(count * 2 * wordBytes);
  if (address + BigInt(bytes.length) > BigInt(parts.placement.layout.userEnd)) return -EFAULT;
  const there = parts.engine.copyFromUser(task, Number(address), bytes, BY_KERNEL);
  const view = new DataView(bytes.buffer);
  const all: Exact[] = [];
  const word = (at: number): bigint =>
    wordBytes === 8 ? view.getBigUint64(at, true) : BigInt(view.getUint32(at, true));
  for (let at = 0; at + 2 * wordBytes <= there; at += 2 * wordBytes) {
    const length = word(at + wordBytes);
    if (length >= lengthEnd(task)) return -EINVAL;
    all.push({ address: word(at), length });
  }
  return all.length < count ? -EFAULT : all;
}
