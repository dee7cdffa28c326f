/**
 * Choices made of drawn numbers.
 *
 * Place: under everything that writes a random scenario. fast-check draws and shrinks lists of numbers from 0 to 999; here
 * they become choices, one number each. A list that is too short goes on with zeros, and 0 is always the simplest choice: the first
 * item, the smallest number, "no". So whatever shrinking takes away makes a simpler scenario.
 */

/** Drawn numbers are below this. */
export const DRAW_LIMIT = 1000;

/** An item with how often it comes up, compared with its neighbours. */
export type Weighted<T> = readonly [weight: number, item: T];

export class Draws {
  private readonly numbers: readonly number[];
  private next: number;

  constructor(numbers: readonly number[]) {
    this.numbers = numbers;
    this.next = 0;
  }

  /** A whole number from 0 to `limit` - 1; `limit` is 1 to 1000. */
  below(limit: number): number {
    const drawn = this.numbers[this.next++] ?? 0;
    return drawn % limit;
  }

  /** One of `items`, which are not empty. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }

  /** One of `items`, as often as it weighs. The weights are whole numbers, their sum 1 to 1000. */
  weigh<T>(items: readonly Weighted<T>[]): T {
    const total = items.reduce((sum, [weight]) => sum + weight, 0);
    let left = this.below(total);
    for (const [weight, item] of items) {
      if (left < weight) return item;
      left -= weight;
    }
    return items[0][1];
  }

  /** True `percent` times of a hundred. */
  chance(percent: number): boolean {
    return this.below(100) >= 100 - percent;
  }
}
