import { expect, test } from 'vitest';
import { AMOUNTS, CURVES } from '../../../bench/growth/curves.ts';
import { plot } from '../../../bench/growth/plots.ts';

test.each(Object.values(AMOUNTS))('the axis of $name has a mark at each size', (amount) => {
  const outcomes = CURVES.filter((curve) => curve.amount === amount.name).map((curve) => ({
    curve,
    sizes: amount.sizes,
    ns: amount.sizes.map(() => 20),
  }));
  const texts = [...plot(amount, outcomes).matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text);
  expect(texts).toEqual(expect.arrayContaining(amount.sizes.map((size) => size.toLocaleString('en'))));
});
