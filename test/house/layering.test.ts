import { expect, test } from 'vitest';
import { sourceFiles } from '../helpers/repository.ts';
import { breaches } from './layering.ts';

test('src keeps the rules of the house', () => {
  const files = sourceFiles('src');
  expect(files.size).toBeGreaterThan(0);
  expect(breaches(files)).toEqual([]);
});
