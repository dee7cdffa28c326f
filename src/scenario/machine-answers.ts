/**
 * What every handler of a call on the simulated machine works with: its arguments, and raw results as answers.
 */

import { errnoName } from '../errno.ts';
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

/** A raw result: the value, or the errno. */
export function result(value: number | bigint): Answer {
  if (value < 0) return { kind: 'errno', errno: errnoName(-Number(value)) };
  return { kind: 'value', value: BigInt(value) };
}
