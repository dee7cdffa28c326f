/** For tests in examples/: what they import as the package is the source. */
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { packageEntries, ROOT } from './repository.ts';

export default defineConfig({
  resolve: {
    alias: packageEntries().map(({ subpath, source }) => ({
      find: new RegExp(`^${subpath.replace('.', 'faultline')}$`),
      replacement: join(ROOT, source),
    })),
  },
});
