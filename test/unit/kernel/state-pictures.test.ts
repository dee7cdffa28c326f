import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { withStatePictures } from '../../../scripts/state-pictures.ts';

test("the kernel's README shows what the machine does (npx tsx scripts/state-pictures.ts draws it)", () => {
  const readme = readFileSync(new URL('../../../src/kernel/README.md', import.meta.url), 'utf8');
  expect(readme).toBe(withStatePictures(readme));
});
