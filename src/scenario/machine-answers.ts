/**
 * What every handler of a call on the simulated machine works with: its arguments, and raw results as answers.
 */

import { errnoName, isFailure } from '../errno.ts';
import { S_IFDIR, S_IFREG } from '../flags.ts';
import type { Process } from '../index.ts';
import type { Answer, CallArgument } from './target.ts';

/** Arguments of one call, taken by place and kind. */
export class Arguments {
  private readonly args: readonly CallArgument[];

  constructor(args: readonly CallArgument[]) {
    this.args = args;
  }

  get count(): number {
    return this.args.length;
  }

  number(place: number): bigint {
    return this.args[place] as bigint;
  }

  text(place: number): string {
    return this.args[place] as string;
  }

  isBytes(place: number): boolean {
    return this.args[place] instanceof Uint8Array;
  }

  bytes(place: number): Uint8Array {
    return this.args[place] as Uint8Array;
  }
}

/** A raw result: the value, the errno, or that the process waits. */
export function result(value: number | bigint | 'waiting'): Answer {
  if (value === 'waiting') return { kind: 'waiting' };
  if (isFailure(value)) return { kind: 'errno', errno: errnoName(-Number(value)) };
  return { kind: 'value', value: BigInt(value) };
}

/** The links of a directory are the file system's own affair. */
export function fileStatus(status: { readonly mode: number; readonly links: number } | number): Answer {
  if (typeof status === 'number') return result(status);
  const isDirectory = (status.mode & S_IFDIR) !== 0 && (status.mode & S_IFREG) === 0;
  return { kind: 'mode', mode: status.mode, links: isDirectory ? undefined : status.links };
}

/** fcntl with a struct flock: 0, or the lock that stands in the way. */
export function recordLock(process: Process, args: Arguments): Answer {
  const [type, whence, start, length] = [2, 3, 4, 5].map((place) => args.number(place));
  const answer = process.sys.recordLock(args.number(0), args.number(1), { type, whence, start, length });
  return typeof answer === 'object' ? { kind: 'lock', ...answer } : result(answer);
}

/** Two descriptors. */
export function pair(made: readonly [number, number] | number): Answer {
  return typeof made === 'number' ? result(made) : { kind: 'pair', values: [BigInt(made[0]), BigInt(made[1])] };
}
