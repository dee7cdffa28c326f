/**
 * Resource limits of a task: soft and hard, in bytes; Infinity = none.
 *
 * Source: setrlimit(2). What the limits on memory count stands in memory-limits.ts.
 */

import { EINVAL } from '../errno.ts';
import { RLIMIT_AS, RLIMIT_DATA, RLIMIT_FSIZE, RLIMIT_MEMLOCK, RLIMIT_NOFILE, RLIMIT_STACK } from '../flags.ts';
import { toUnsigned, type Word, type WordBits } from '../units.ts';

const NOFILE_DEFAULT = 1024;
/** The resources that are limited here, and as many as there are numbers. */
const LIMITED: ReadonlySet<number> = new Set([
  RLIMIT_AS,
  RLIMIT_DATA,
  RLIMIT_FSIZE,
  RLIMIT_STACK,
  RLIMIT_MEMLOCK,
  RLIMIT_NOFILE,
]);
const NO_LIMITS: readonly number[] = Array.from({ length: Math.max(...LIMITED) + 1 }, () => Number.POSITIVE_INFINITY);
/** From here on a limit is none: with 64 bits whatever no file and no memory reaches, with 32 the largest number. */
const UNLIMITED_FROM: Readonly<Record<WordBits, bigint>> = { 64: 2n ** 63n, 32: 2n ** 32n - 1n };

export class Limits {
  /** By RLIMIT_* number; read several times by each call that maps. */
  private readonly softs: number[];
  private readonly hards: number[];

  constructor(memlock: number, stack: number) {
    this.softs = [...NO_LIMITS];
    this.hards = [...NO_LIMITS];
    this.softs[RLIMIT_STACK] = stack;
    this.softs[RLIMIT_MEMLOCK] = memlock;
    this.hards[RLIMIT_MEMLOCK] = memlock;
    this.softs[RLIMIT_NOFILE] = NOFILE_DEFAULT;
    this.hards[RLIMIT_NOFILE] = 4096;
  }

  /** `resource`: one of those that are limited here. */
  soft(resource: number): number {
    return this.softs[resource];
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
    return LIMITED.has(resource) ? this.softs[resource] : -EINVAL;
  }

  /** Sets the soft limit; 0 or a negative errno. */
  setSoft(resource: number, value: Word, bits: WordBits): number {
    if (!LIMITED.has(resource)) return -EINVAL;
    const exact = toUnsigned(value);
    const bytes = exact >= UNLIMITED_FROM[bits] ? Number.POSITIVE_INFINITY : Number(exact);
    if (bytes > this.hards[resource]) return -EINVAL;
    this.softs[resource] = bytes;
    return 0;
  }

  copy(): Limits {
    const copy = new Limits(0, 0);
    for (const resource of LIMITED) {
      copy.softs[resource] = this.softs[resource];
      copy.hards[resource] = this.hards[resource];
    }
    return copy;
  }
}
