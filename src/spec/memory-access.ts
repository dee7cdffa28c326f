/**
 * Loads and stores, by the program itself and by system calls on its behalf.
 *
 * An access that crosses into another page finds both pages first: it faults on the lowest byte
 * that fails, and then nothing is stored. A system call moves bytes until the first that fails.
 *
 * Source: Intel SDM volume 3A chapters 4 and 6; Linux arch/x86/lib/copy_user_64.S.
 */

import { type Answer, SUCCESS, value } from './answer.ts';
import { offsetIn, PAGE_BYTES, WORD_BITS, wrap } from './arithmetic.ts';
import { type Access, access, bytesAt, type Fault, isFault, type Place } from './faults.ts';
import { raise } from './signals.ts';
import type { Caller, Process, State } from './state.ts';

/** A part of a range of addresses that lies in one page. */
interface Part {
  readonly address: bigint;
  readonly length: number;
}

/** Addresses have fewer bits than registers; what lies between the lower and the upper half is no address at all. */
function isCanonical({ layout }: State, address: bigint): boolean {
  return address < layout.halfEnd || address >= (1n << BigInt(WORD_BITS)) - layout.halfEnd;
}

function* partsOf(address: bigint, length: number): Generator<Part> {
  for (let done = 0; done < length; ) {
    const at = wrap(address + BigInt(done));
    const part = Math.min(length - done, PAGE_BYTES - offsetIn(at));
    yield { address: at, length: part };
    done += part;
  }
}

/** All pages of one access of the processor, or the fault it makes. */
function findAll(state: State, process: Process, address: bigint, length: number, kind: Access): Place[] | Fault {
  if (!isCanonical(state, address) || !isCanonical(state, wrap(address + BigInt(length) - 1n))) {
    return { name: 'SIGSEGV', code: 'SI_KERNEL', address: 0n };
  }
  const places: Place[] = [];
  for (const part of partsOf(address, length)) {
    const found = access(state, process, part.address, kind);
    if (isFault(found)) return found;
    places.push(found);
  }
  return places;
}

/** Puts bytes into a page. */
export function putBytes(place: Place, offset: number, bytes: Uint8Array): void {
  if (bytes.length === 0) return;
  const page = bytesAt(place).slice();
  page.set(bytes, offset);
  place.pages.set(place.page, page);
}

/**
 * @call load8 load16 load32 load64 store8 store16 store32 store64
 * Loads or stores 1, 2, 4 or 8 bytes, the lowest first, as an instruction of the program does.
 *
 * The processor translates the address; where that fails, the kernel resolves the page fault and the access is made
 * again, or it raises a signal (see [sigaction](sigaction.md)), which abandons or kills. An access that crosses into
 * another page finds both pages first: it faults on the lowest byte that fails, and then nothing is stored.
 *
 * @errors none
 */
export function load({ state, process }: Caller, address: bigint, size: number): Answer {
  const places = findAll(state, process, address, size, 'load');
  return Array.isArray(places) ? value(numberAt(places, address, size)) : raise(process, places);
}

/**
 * @call fetch8
 * Fetches an instruction, and answers its first byte.
 *
 * An access of its own kind: the mapping must be executable, whatever else it allows.
 *
 * @errors none
 */
export function fetch({ state, process }: Caller, address: bigint): Answer {
  const places = findAll(state, process, address, 1, 'fetch');
  return Array.isArray(places) ? value(numberAt(places, address, 1)) : raise(process, places);
}

function numberAt(places: readonly Place[], address: bigint, size: number): bigint {
  let number = 0n;
  for (let index = size - 1; index >= 0; index--) number = (number << 8n) | BigInt(byteOf(places, address, index));
  return number;
}

/** A number of `size` bytes that lies in one page. */
export function numberIn(place: Place, address: bigint, size: number): bigint {
  return numberAt([place], address, size);
}

function byteOf(places: readonly Place[], address: bigint, index: number): number {
  const offset = offsetIn(address) + index;
  return bytesAt(places[offset < PAGE_BYTES ? 0 : 1])[offset % PAGE_BYTES];
}

/**
 * See load.
 */
export function store({ state, process }: Caller, address: bigint, size: number, number: bigint): Answer {
  const places = findAll(state, process, address, size, 'store');
  if (!Array.isArray(places)) return raise(process, places);
  putNumber(places, address, size, number);
  return SUCCESS;
}

function putNumber(places: readonly Place[], address: bigint, size: number, number: bigint): void {
  const bytes = Uint8Array.from({ length: size }, (_, index) => Number((number >> BigInt(8 * index)) & 0xffn));
  let done = 0;
  for (const [index, part] of [...partsOf(address, size)].entries()) {
    putBytes(places[index], offsetIn(part.address), bytes.subarray(done, done + part.length));
    done += part.length;
  }
}

/** A load and a store in one, which faults as a store does. Gives what stood there. */
function modify(caller: Caller, address: bigint, size: number, change: (old: bigint) => bigint): Answer {
  const places = findAll(caller.state, caller.process, address, size, 'store');
  if (!Array.isArray(places)) return raise(caller.process, places);
  const old = numberAt(places, address, size);
  putNumber(places, address, size, change(old));
  return value(old);
}

/**
 * @call cas8 cas16 cas32 cas64 fetchadd8 fetchadd16 fetchadd32 fetchadd64
 * Changes 1, 2, 4 or 8 bytes in one access, and answers what stood there before.
 *
 * `casN` stores `new` if it finds `old`; `fetchaddN` adds and wraps. Nobody sees a state in between. The access is a
 * store whether anything is stored or not: it needs the right to write, makes a private copy, and faults as store8
 * does.
 *
 * @errors none
 */
export function compareExchange(
  caller: Caller,
  address: bigint,
  size: number,
  expected: bigint,
  desired: bigint,
): Answer {
  return modify(caller, address, size, (old) => (old === BigInt.asUintN(8 * size, expected) ? desired : old));
}

/** fetchadd8, fetchadd16, fetchadd32, fetchadd64: adds, and wraps. */
export function fetchAdd(caller: Caller, address: bigint, size: number, amount: bigint): Answer {
  return modify(caller, address, size, (old) => old + amount);
}

/**
 * @call copyin copyout
 * Loads or stores many bytes, one by one, upwards.
 *
 * A loop of load8 or store8: what was stored before a fault stays.
 *
 * @errors none
 */
export function copyin({ state, process }: Caller, address: bigint, length: bigint): Answer {
  const bytes = new Uint8Array(Number(length));
  let done = 0;
  for (const part of partsOf(address, bytes.length)) {
    const found = findAll(state, process, part.address, 1, 'load');
    if (!Array.isArray(found)) return raise(process, found);
    const offset = offsetIn(part.address);
    bytes.set(bytesAt(found[0]).subarray(offset, offset + part.length), done);
    done += part.length;
  }
  return { kind: 'bytes', bytes };
}

/**
 * See copyin. What was stored before a fault stays.
 */
export function copyout({ state, process }: Caller, address: bigint, bytes: Uint8Array): Answer {
  let done = 0;
  for (const part of partsOf(address, bytes.length)) {
    const found = findAll(state, process, part.address, 1, 'store');
    if (!Array.isArray(found)) return raise(process, found);
    putBytes(found[0], offsetIn(part.address), bytes.subarray(done, done + part.length));
    done += part.length;
  }
  return SUCCESS;
}

/** Whether a system call takes [address, address + length) for memory of the program; EFAULT if not. */
export function isUserRange(state: State, address: bigint, length: bigint): boolean {
  return address + length <= state.layout.taskSize;
}

/** Moves bytes of the program into a page of a file: as many as can be loaded. */
export function copyFromUser(
  state: State,
  process: Process,
  address: bigint,
  target: Place,
  offset: number,
  length: number,
): number {
  let done = 0;
  for (const part of partsOf(address, length)) {
    const source = access(state, process, part.address, 'load');
    if (isFault(source)) break;
    movePart(
      { place: source, offset: offsetIn(part.address) },
      { place: target, offset: offset + done },
      part.length,
      length,
    );
    done += part.length;
  }
  return done;
}

/** Moves bytes of a page of a file to the program: as many as can be stored. */
export function copyToUser(
  state: State,
  process: Process,
  address: bigint,
  source: Place,
  offset: number,
  length: number,
): number {
  let done = 0;
  for (const part of partsOf(address, length)) {
    const target = access(state, process, part.address, 'store');
    if (isFault(target)) break;
    movePart(
      { place: source, offset: offset + done },
      { place: target, offset: offsetIn(part.address) },
      part.length,
      length,
    );
    done += part.length;
  }
  return done;
}

interface Spot {
  readonly place: Place;
  readonly offset: number;
}

/** Copies within one page each; `total` is the length of the whole copy. */
function movePart(from: Spot, to: Spot, length: number, total: number): void {
  const source = bytesAt(from.place);
  if (from.place.pages !== to.place.pages || from.place.page !== to.place.page) {
    putBytes(to.place, to.offset, source.subarray(from.offset, from.offset + length));
    return;
  }
  const page = source.slice();
  copyUpwards(page, from.offset, to.offset, length, total < 64 ? 8 : 1);
  to.place.pages.set(to.place.page, page);
}

/**
 * A file mapped by the program and read or written through itself: the kernel copies upwards, so
 * that what it has stored may be loaded again. Below 64 bytes it moves words of eight.
 */
function copyUpwards(page: Uint8Array, from: number, to: number, length: number, word: number): void {
  for (let done = 0; done < length; ) {
    const step = length - done >= word ? word : 1;
    page.copyWithin(to + done, from + done, from + done + step);
    done += step;
  }
}
