/**
 * Accesses that are more than a load or a store, and the calls between processes: on the simulated machine.
 *
 * Place: part of the table in machine-target.ts, which knows the machine's numbers of processes.
 */

import type { Process } from '../index.ts';
import { type Arguments, result } from './machine-answers.ts';
import type { Answer } from './target.ts';

const NO_TIMEOUT = 0xffff_ffff_ffff_ffffn;

function compareExchange(process: Process, args: Arguments, size: 1 | 2 | 4 | 8): Answer {
  return result(process.compareExchange(args.number(0), size, args.number(1), args.number(2)));
}

function fetchAdd(process: Process, args: Arguments, size: 1 | 2 | 4 | 8): Answer {
  return result(process.fetchAdd(args.number(0), size, args.number(1)));
}

function futex(process: Process, args: Arguments): Answer {
  const timeout = args.number(3) === NO_TIMEOUT ? null : Number(args.number(3));
  const answer = process.sys.futex(args.number(0), args.number(1), args.number(2), timeout);
  return typeof answer === 'number' ? result(answer) : { kind: 'waiting' };
}

export const ATOMIC_HANDLERS = {
  cas8: (_t, p, a) => compareExchange(p, a, 1),
  cas16: (_t, p, a) => compareExchange(p, a, 2),
  cas32: (_t, p, a) => compareExchange(p, a, 4),
  cas64: (_t, p, a) => compareExchange(p, a, 8),
  fetchadd8: (_t, p, a) => fetchAdd(p, a, 1),
  fetchadd16: (_t, p, a) => fetchAdd(p, a, 2),
  fetchadd32: (_t, p, a) => fetchAdd(p, a, 4),
  fetchadd64: (_t, p, a) => fetchAdd(p, a, 8),
  fetch8: (_t, p, a) => result(p.fetch8(a.number(0))),
  futex: (_t, p, a) => futex(p, a),
} satisfies Readonly<Record<string, (target: unknown, process: Process, args: Arguments) => Answer>>;

/** process_vm_readv and process_vm_writev, to or from the process with the machine's number `other`. */
export function processVm(process: Process, direction: 'read' | 'write', other: number, args: Arguments): Answer {
  const number = (place: number): bigint => args.number(place);
  if (args.count === 4) {
    const range = (place: number) => [{ address: number(place), length: number(3) }];
    return result(process.sys.processVm(direction, other, range(1), range(2)));
  }
  const [local, remote] = [1, 3].map((place) => ({ address: number(place), count: number(place + 1) }));
  return result(process.sys.processVm(direction, other, local, remote, number(5)));
}

/** What the program does is its own affair, but its first instruction may kill it: two zero bytes add to the byte at 0. */
export function runFirstInstruction(process: Process, entry: number): void {
  const code = [process.fetch8(entry), process.fetch8(entry + 1)];
  if (code.every((byte) => byte === 0)) process.fetchAdd(0, 1, 0);
}

/** One field of getrusage. */
export function usageOf(process: Process, field: string): Answer {
  const { minorFaults, majorFaults, maxRssKib } = process.getrusage();
  const fields: ReadonlyMap<string, number> = new Map([
    ['ru_minflt', minorFaults],
    ['ru_majflt', majorFaults],
    ['ru_maxrss', maxRssKib],
  ]);
  const found = fields.get(field);
  return found === undefined ? { kind: 'errno', errno: 'EINVAL' } : result(found);
}
