/**
 * Resource limits of a task: soft and hard, in bytes; Infinity = none.
 *
 * Source: setrlimit(2). What the limits on memory count stands in memory-limits.ts.
 */

import { EINVAL } from '../errno.ts';
import { RLIMIT_AS, RLIMIT_DATA, RLIMIT_FSIZE, RLIMIT_MEMLOCK, RLIMIT_NOFILE, RLIMIT_STACK } from '../flags.ts';
import { toUnsigned, type Word, type WordBits } from '../units.ts';

const NOFILE_DEFAULT = 1024;
/** The resources that are limited here, and one more than the highest of them. */
const LIMITED: ReadonlySet<number> = new Set([
  RLIMIT_AS,
  RLIMIT_DATA,
  RLIMIT_FSIZE,
  RLIMIT_STACK,
  RLIMIT_MEMLOCK,
  RLIMIT_NOFILE,
]);
const RESOURCES = Math.max(...LIMITED) + 1;
/** From here on a limit is none: with 64 bits whatever no file and no memory reaches, with 32 the largest number. */
const UNLIMITED_FROM: Readonly<Record<WordBits, bigint>> = { 64: 2n ** 63n, 32: 2n ** 32n - 1n };

export class Limits {
  /** Float64Array(RESOURCES) each, by RLIMIT_* number; read several times by each call that maps. */
  private readonly softs: Float64Array;
  private readonly hards: Float64Array;

  constructor(memlock: number, stack: number) {
    this.softs = new Float64Array(RESOURCES).fill(Number.POSITIVE_INFINITY);
    this.hards = new Float64Array(RESOURCES).fill(Number.POSITIVE_INFINITY);
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

  hard(resource: number): number {
    return this.hards[resource];
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
    copy.softs.set(this.softs);
    copy.hards.set(this.hards);
    return copy;
  }
}
