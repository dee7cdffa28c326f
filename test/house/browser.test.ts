/**
 * Every entry of the package runs in a browser: it bundles for one, and the bundle loads in a world that has the language and
 * nothing of Node.
 */
import { createContext, runInContext } from 'node:vm';
import { type BuildResult, build } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { inRepository, packageEntries, ROOT } from '../helpers/repository.ts';

/** Bundles `code`, as if it stood in a file of the checkout, into a script that leaves its exports in the global `loaded`. */
async function bundle(code: string): Promise<string> {
  const result: BuildResult<{ write: false }> = await build({
    stdin: { contents: code, resolveDir: ROOT, loader: 'ts' },
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    globalName: 'loaded',
    logLevel: 'silent',
  });
  return result.outputFiles[0]?.text ?? '';
}

/**
 * The names that the script exports when it runs with nothing but ECMAScript and what both hosts have. fast-check keeps the timers; that
 * nothing of Faultline's own does is checked by layering.test.ts.
 */
function exportsInBareWorld(script: string): string[] {
  const world = createContext({ TextEncoder, TextDecoder, setTimeout, clearTimeout });
  runInContext(script, world);
  return Object.keys(runInContext('loaded', world) as object);
}

describe.each(packageEntries())('$subpath', ({ source }) => {
  // An entry may be listed before its room is built; from then on it is tested.
  test.skipIf(!inRepository(source))('bundles for a browser and loads there', async () => {
    const script = await bundle(`export * from './${source}';`);
    expect(exportsInBareWorld(script)).not.toEqual([]);
  });
});

describe('the test itself sees', () => {
  test('a module of Node', async () => {
    await expect(bundle(`import { readFileSync } from 'node:fs'; export { readFileSync };`)).rejects.toThrow('node:fs');
  });

  test.each(['process.pid', 'Buffer.alloc(1)', 'document.title'])('a use of %s', async (expression) => {
    const script = await bundle(`export const value = ${expression};`);
    expect(() => exportsInBareWorld(script)).toThrow('is not defined');
  });
});
