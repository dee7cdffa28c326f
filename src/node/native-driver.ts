/**
 * The driver that asks the real kernel (native/): compiled on demand, once for each state of its sources.
 *
 * Place: the target `linux` of `faultline check`. The sources are part of the package; the program goes to the user's cache folder
 * under the hash of what it was made of, and is moved there whole, so that several processes may compile at once. Where there is no
 * Linux or no compiler, the sentence says so.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { UserError } from '../assert.ts';

/** As far from src/node as from dist/node. */
const SOURCES = fileURLToPath(new URL('../../native/', import.meta.url));

const FLAGS = ['-O1', '-std=gnu11', '-fPIE', '-pie'];

/** What the driver is compiled with and where it is kept. */
export interface DriverOptions {
  /** The compiler's command; the environment's CC, or cc. */
  readonly compiler?: string;
  /** Where compiled drivers are kept. */
  readonly cache?: string;
  /** Operating system and processor, as Node names them. */
  readonly host?: string;
}

/** Path of the compiled driver. Throws `UserError` where it cannot be made. */
export function nativeDriver(options: DriverOptions = {}): string {
  const {
    compiler = process.env['CC'] || 'cc',
    cache = cacheFolder(),
    host = `${process.platform} ${process.arch}`,
  } = options;
  if (host !== 'linux x64') {
    throw new UserError(`the target linux needs Linux on x86-64, and this is ${host}; compare sim and spec instead`);
  }
  const sources = sourceFiles();
  const path = join(cache, `driver-${hashOf(sources, compiler)}`);
  if (!existsSync(path)) compile(compiler, sources, path, cache);
  return path;
}

function sourceFiles(): readonly string[] {
  const names = existsSync(SOURCES) ? readdirSync(SOURCES).filter((name) => /\.[ch]$/.test(name)) : [];
  if (names.length === 0) throw new UserError(`the sources of the driver are missing: ${SOURCES} has no .c files`);
  return names.sort().map((name) => join(SOURCES, name));
}

function hashOf(sources: readonly string[], compiler: string): string {
  const hash = createHash('sha256').update(`${compiler} ${FLAGS.join(' ')}\n`);
  for (const path of sources)
    hash.update(path.slice(SOURCES.length)).update('\0').update(readFileSync(path)).update('\0');
  return hash.digest('hex').slice(0, 16);
}

function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache');
  const folder = join(base, 'faultline');
  if (isUsable(folder)) return folder;
  const user = process.getuid?.() ?? 'user';
  return join(tmpdir(), `faultline-cache-${user}`);
}

function isUsable(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true });
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function compile(compiler: string, sources: readonly string[], path: string, cache: string): void {
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  const folder = mkdtempSync(join(cache, 'build-'));
  try {
    const fresh = join(folder, 'driver');
    const units = sources.filter((source) => source.endsWith('.c'));
    const [command, ...words] = compiler.split(' ').filter((word) => word !== '');
    const { status, stderr, error } = spawnSync(command ?? 'cc', [...words, ...FLAGS, ...units, '-o', fresh], {
      encoding: 'utf8',
    });
    if (error !== undefined)
      throw new UserError(
        `the target linux needs a C compiler, and '${compiler}' does not start; install gcc or set CC`,
      );
    if (status !== 0)
      throw new UserError(`'${compiler}' cannot compile the driver of the target linux: ${firstLine(stderr)}`);
    renameSync(fresh, path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function firstLine(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return (lines.find((line) => line.includes('error')) ?? lines[0] ?? 'it says nothing').trim();
}
