/** Where the checkout lies, and what is in it: for tests that look at the house itself rather than run the machine. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Absolute path of the checkout. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The source files under `folder` of the checkout: repository-relative path with `/` -> text, in order of path. */
export function sourceFiles(folder: string): Map<string, string> {
  const entries = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && /\.[cm]?[jt]sx?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.sort().map((path) => [repositoryPath(path), readFileSync(path, 'utf8')]));
}

/** Whether `path` of the checkout exists. */
export function inRepository(path: string): boolean {
  return existsSync(join(ROOT, path));
}

function repositoryPath(path: string): string {
  return relative(ROOT, path).split(sep).join('/');
}

/** The entries of the package, from `exports` of package.json: subpath (`.`, `./scenario`) and the source file behind it. */
export function packageEntries(): { subpath: string; source: string }[] {
  const { exports } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { default: string }>;
  };
  return Object.entries(exports).flatMap(([subpath, target]) =>
    typeof target === 'string'
      ? []
      : [{ subpath, source: target.default.replace(/^\.\/dist\/(.*)\.js$/, 'src/$1.ts') }],
  );
}
