/**
 * Named streams of random numbers, all from the machine's one seed.
 *
 * Every random choice (a TLB's replacement, a seek time) draws from the stream that carries its
 * name, so that a new consumer never shifts the numbers of another. The state of each stream can
 * be saved: a restored machine draws what the first would have drawn.
 */

import seedrandom from 'seedrandom';

/** One stream. Its state is a plain value in `state`, taken and set by the snapshot. */
export class RngStream {
  private readonly generator: seedrandom.StatefulPRNG<seedrandom.State.Arc4>;

  constructor(seed: string) {
    this.generator = seedrandom(seed, { state: true });
  }

  /** A whole number from 0 to `bound` - 1. */
  below(bound: number): number {
    return Math.floor(this.generator() * bound);
  }

  /** A fraction in [0, 1). */
  fraction(): number {
    return this.generator();
  }

  /** The saved state, for a snapshot. */
  saveState(): unknown {
    return this.generator.state();
  }

  /** Continues from a state that `saveState` gave. */
  loadState(state: unknown): void {
    const other = seedrandom('', { state: state as seedrandom.State.Arc4 });
    Object.assign(this, { generator: other });
  }
}

/** The streams of one machine, made on first use. */
export class Rng {
  private readonly streams = new Map<string, RngStream>();
  readonly seed: string;

  constructor(seed: string) {
    this.seed = seed;
  }

  stream(name: string): RngStream {
    let stream = this.streams.get(name);
    if (!stream) {
      stream = new RngStream(`${this.seed}/${name}`);
      this.streams.set(name, stream);
    }
    return stream;
  }
}
