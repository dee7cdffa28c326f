/**
 * Resource limits of a task: soft and hard, in bytes; Infinity = none.
 *
 * Source: setrlimit(2). What the limits on memory count stands in memory-limits.ts.
 */

import { EINVAL } from '../errno.ts';
import { RLIMIT_AS, RLIMIT_DATA, RLIMIT_FSIZE, RLIMIT_MEMLOCK, RLIMIT_NOFILE, RLIMIT_STACK } from '../flags.ts';
import { toUnsigned, type Word, type WordBits } from '../units.ts';

const NOFILE_DEFAULT = 1024;
/** From here on a limit is none: with 64 bits whatever no file and no memory reaches, with 32 the largest number. */
const UNLIMITED_FROM: Readonly<Record<WordBits, bigint>> = { 64: 2n ** 63n, 32: 2n ** 32n - 1n };

export class Limits {
  /** By RLIMIT_* number: [soft, hard]. */
  private readonly values: Map<number, [number, number]>;

  constructor(memlock: number, stack: number) {
    const none = Number.POSITIVE_INFINITY;
    this.values = new Map([
      [RLIMIT_AS, [none, none]],
      [RLIMIT_DATA, [none, none]],
      [RLIMIT_FSIZE, [none, none]],
      [RLIMIT_STACK, [stack, none]],
      [RLIMIT_MEMLOCK, [memlock, memlock]],
      [RLIMIT_NOFILE, [NOFILE_DEFAULT, 4096]],
    ]);
  }

  soft(resource: number): number {
    return this.values.get(resource)?.[0] ?? Number.POSITIVE_INFINITY;
  }

  hard(resource: number): number {
    return this.values.get(resource)?.[1] ?? Number.POSITIVE_INFINITY;
  }

  /**
   * @call getrlimit
   * Tells the soft limit of a resource, in bytes; Infinity for none.
   *
   * @errors
   * EINVAL: there is no such resource
   *
   * @flags RLIMIT_
   */
  get(resource: number): number {
    return this.values.get(resource)?.[0] ?? -EINVAL;
  }

  /** Sets the soft limit; 0 or a negative errno. */
  setSoft(resource: number, value: Word, bits: WordBits): number {
    const pair = this.values.get(resource);
    if (pair === undefined) return -EINVAL;
    const exact = toUnsigned(value);
    const bytes = exact >= UNLIMITED_FROM[bits] ? Number.POSITIVE_INFINITY : Number(exact);
    if (bytes > pair[1]) return -EINVAL;
    pair[0] = bytes;
    return 0;
  }

  copy(): Limits {
    const copy = new Limits(0, 0);
    for (const [resource, pair] of this.values) copy.values.set(resource, [...pair]);
    return copy;
  }
}
